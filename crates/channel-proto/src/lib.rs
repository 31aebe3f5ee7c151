//! The Centrifuge client protocol as data: what clients ask ([`Command`]), what they are answered ([`Reply`]), and what
//! they are told unasked ([`Push`]). One model, two codecs: JSON and Protobuf.
//!
//! Payloads are bytes that pass through untouched. No sockets, no clock; who may do what stands elsewhere.

mod answer;
mod codec;
mod codes;
mod decoded;
mod emulation;
mod filter;
pub mod fossil;
mod model;
mod prepared;
mod quoted;
mod raw;
mod request;
mod subs;

pub use codec::{Codec, NotJson, Wire};
pub use codes::{Disconnect, ErrorCode, Unsubscribe, reconnects};
pub use decoded::{DecodeError, Decoded};
pub use emulation::read_emulation;
pub use filter::{Filter, InvalidFilter, MAX_FILTER_DEPTH, MAX_FILTER_NODES, MAX_FILTER_VALUES};
pub use model::{
    ClientInfo, Command, ConnectPush, ConnectRequest, ConnectResult, DisconnectPush, Empty,
    EmulationRequest, Error, FilterNode, HistoryRequest, HistoryResult, JoinPush, MessagePush,
    PresenceRequest, PresenceResult, PresenceStatsRequest, PresenceStatsResult, Publication,
    PublishRequest, Push, RefreshPush, RefreshRequest, RefreshResult, Reply, RpcRequest, RpcResult,
    SendRequest, StreamPosition, SubRefreshRequest, SubRefreshResult, SubscribePush,
    SubscribeRequest, SubscribeResult, UnsubscribePush, UnsubscribeRequest,
};
pub use prepared::Prepared;
pub use request::Request;
