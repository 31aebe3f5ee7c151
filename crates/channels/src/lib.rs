//! Channels: named logs with subscribers, over any [`Broker`].

mod broker;
pub mod token;

pub use broker::{
    Announcement, Broker, BrokerError, Deliver, Durability, History, Order, PublishOptions,
    Published, Read, Reply, Retention, Suppressed,
};
pub use sockeye_channel_proto::{ClientInfo, Publication, StreamPosition};
