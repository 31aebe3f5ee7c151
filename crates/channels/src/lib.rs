//! Channels: named logs with subscribers, over any [`Broker`].

mod broker;
#[cfg(feature = "contract")]
pub mod contract;
mod memory_broker;
mod random;
mod stream;

pub use broker::{
    Announcement, Broker, BrokerError, Deliver, Durability, History, Order, PublishOptions,
    Published, Read, Reply, Retention, Suppressed,
};
pub use memory_broker::{MemoryBroker, MemoryLimits};
pub use sockeye_channel_proto::{ClientInfo, Publication, StreamPosition};
