//! The messages of the protocol, each once: the derives make both codecs of them. Numbers are those of `client.proto`.
//!
//! In JSON, what is zero is left out, but for a few fields that clients read without asking whether they are there.

mod command;
mod publication;
mod push;
mod read;
mod reply;

pub use command::{
    Command, ConnectRequest, EmulationRequest, FilterNode, HistoryRequest, PresenceRequest,
    PresenceStatsRequest, PublishRequest, RefreshRequest, RpcRequest, SendRequest,
    SubRefreshRequest, SubscribeRequest, UnsubscribeRequest,
};
pub use publication::{ClientInfo, Publication, StreamPosition};
pub use push::{
    ConnectPush, DisconnectPush, JoinPush, MessagePush, Push, RefreshPush, SubscribePush,
    UnsubscribePush,
};
pub use reply::{
    ConnectResult, Empty, Error, HistoryResult, PresenceResult, PresenceStatsResult, RefreshResult,
    Reply, RpcResult, SubRefreshResult, SubscribeResult,
};

pub(crate) use read::{object, or_default};

/// For `skip_serializing_if`: says whether a value is what it is when nobody sets it.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
