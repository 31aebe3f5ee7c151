//! Channels: named logs with subscribers, over any [`Broker`].

mod agenda;
mod allowance;
mod api;
mod broker;
mod channel_name;
mod channels;
mod client;
mod client_id;
#[cfg(feature = "contract")]
pub mod contract;
mod credentials;
mod emulated;
mod handler;
mod hooks;
mod hub;
mod memory_broker;
mod namespace;
mod presence;
mod random;
mod recovery;
mod registry;
mod rights;
mod settings;
mod settings_rule;
mod stream;
mod tally;
mod timing;
pub mod token;

pub use api::{ApiError, Connection, NodeStats, PublishOrder, Whom};
pub use broker::{
    Announcement, Broker, BrokerError, Deliver, Durability, History, Order, PublishOptions,
    Published, Read, Reply, Retention, Suppressed,
};
pub use channel_name::{ChannelName, InvalidChannel, Separators};
pub use channels::{Channels, NoRandomness};
pub use client_id::ClientId;
pub use credentials::{
    BadToken, ConnectionGrant, Credentials, ServerSubscription, SubscriptionGrant, Verified,
};
pub use emulated::{Emulation, NotEmulation};
pub use handler::ClientHandler;
pub use hooks::{
    Caller, Calling, Connecting, HookReply, Hooks, PublishGrant, Publishing, Refreshed, Refused,
    Subscribing,
};
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
pub use sockeye_channel_proto::{ClientInfo, ErrorCode, Publication, StreamPosition};
pub use tally::{Slow, Tally};
pub use timing::{Times, Timing};
