//! Channels: named logs with subscribers, over any [`Broker`].

mod broker;
mod channel_name;
#[allow(dead_code, reason = "the connections that use it are another part")]
mod client_id;
#[cfg(feature = "contract")]
pub mod contract;
#[allow(
    dead_code,
    unused_imports,
    reason = "the connections that use it are another part"
)]
mod hub;
mod memory_broker;
mod namespace;
mod presence;
mod random;
#[allow(dead_code, reason = "the connections that use it are another part")]
mod recovery;
mod rights;
mod settings;
mod settings_rule;
mod stream;

pub use broker::{
    Announcement, Broker, BrokerError, Deliver, Durability, History, Order, PublishOptions,
    Published, Read, Reply, Retention, Suppressed,
};
pub use channel_name::{ChannelName, InvalidChannel, Separators};
pub use client_id::ClientId;
pub use memory_broker::{MemoryBroker, MemoryLimits};
pub use namespace::{
    Access, Anonymous, ChannelRegex, Circle, DataFormat, DeltaType, Grant, JoinLeave, Namespace,
    OverflowPolicy, RecoveryMode,
};
pub use presence::{MemoryPresence, Presence, PresenceReply, PresenceStats};
pub use rights::{
    Asked, Asker, Continuity, Granted, Override, Source, Standing, SubscriptionToken, Trust,
    Verdict, grant, may_call, may_publish, may_read_history, may_read_presence, may_subscribe,
};
pub use settings::{
    AnonymousConnect, CheckedSettings, NamedBy, PersonalChannel, PersonalConnections, Rpc, Settings,
};
pub use settings_rule::{InvalidSetting, InvalidSettings, SettingPlace, SettingRule};
pub use sockeye_channel_proto::{ClientInfo, Publication, StreamPosition};
