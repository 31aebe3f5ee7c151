//! What clients ask.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::{Empty, StreamPosition, is_default, object, or_default};
use crate::{quoted, raw};

/// What a client asks: one of its fields beside the number is set.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Command {
    /// The number that the reply will carry; 0 where none is wanted.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// Asks for the connection; always the first.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "4")]
    pub connect: Option<ConnectRequest>,
    /// Subscribes to a channel.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "5")]
    pub subscribe: Option<SubscribeRequest>,
    /// Ends a subscription.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "6")]
    pub unsubscribe: Option<UnsubscribeRequest>,
    /// Publishes into a channel.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "7")]
    pub publish: Option<PublishRequest>,
    /// Asks who is there.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "8")]
    pub presence: Option<PresenceRequest>,
    /// Asks how many are there.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "9")]
    pub presence_stats: Option<PresenceStatsRequest>,
    /// Reads what was published.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "10")]
    pub history: Option<HistoryRequest>,
    /// Nobody may use it any more.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "11")]
    pub ping: Option<Empty>,
    /// Says something that wants no reply.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "12")]
    pub send: Option<SendRequest>,
    /// Calls the application behind the server.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "13")]
    pub rpc: Option<RpcRequest>,
    /// Brings a new token for the connection.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "14")]
    pub refresh: Option<RefreshRequest>,
    /// Brings a new token for a subscription.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "15")]
    pub sub_refresh: Option<SubRefreshRequest>,
}

/// Who wants to connect.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectRequest {
    /// A connection token (JWT); empty without one.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub token: String,
    /// Whatever the application wants to know.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "2")]
    pub data: Bytes,
    /// Where the client was in the channels that the server had subscribed it to.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[prost(btree_map = "string, message", tag = "3")]
    pub subs: BTreeMap<String, SubscribeRequest>,
    /// What the client is.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "4")]
    pub name: String,
    /// Which version of it.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "5")]
    pub version: String,
    /// Headers that a browser can't set.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[prost(btree_map = "string, string", tag = "6")]
    pub headers: BTreeMap<String, String>,
    /// Features that the client offers.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int64, tag = "7")]
    pub flag: i64,
    /// A dictionary that it has.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "8")]
    pub dict: String,
    /// Which compression it wants.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "9")]
    pub profile: String,
}

/// To what a client subscribes, and where it was.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of its own on the wire"
)]
#[serde(default)]
pub struct SubscribeRequest {
    /// The channel.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub channel: String,
    /// A subscription token (JWT); empty without one.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub token: String,
    /// It wants what it missed since `epoch` and `offset`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "3")]
    pub recover: bool,
    /// The epoch it knows.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "6")]
    pub epoch: String,
    /// The last offset it has.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint64, tag = "7")]
    pub offset: u64,
    /// Whatever the application wants to know.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "8")]
    pub data: Bytes,
    /// The server should watch that nothing is missed.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "9")]
    pub positioned: bool,
    /// It wants to be able to recover.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "10")]
    pub recoverable: bool,
    /// It wants to hear who comes and leaves.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "11")]
    pub join_leave: bool,
    /// The kind of delta it can read: `fossil`.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "12")]
    pub delta: String,
    /// Which publications it wants, by their tags.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "13")]
    pub tf: Option<FilterNode>,
    /// Features that the client offers.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int64, tag = "14")]
    pub flag: i64,
    /// The kind of subscription; 0 for a stream.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int32, tag = "15")]
    pub r#type: i32,
    /// How far a map subscription is.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int32, tag = "16")]
    pub phase: i32,
    /// The next page of a map.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "17")]
    pub cursor: String,
    /// Its size.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int32, tag = "18")]
    pub limit: i32,
    /// Its order.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "19")]
    pub asc: bool,
}

/// A filter by tags: a comparison, or some of them joined.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterNode {
    /// How its nodes are joined: `and`, `or`, `not`; empty for a comparison.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub op: String,
    /// The tag.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub key: String,
    /// How it is compared: `eq`, `neq`, `in`, …
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "3")]
    pub cmp: String,
    /// With what.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "4")]
    pub val: String,
    /// With which set.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[prost(string, repeated, tag = "5")]
    pub vals: Vec<String>,
    /// What is joined.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[prost(message, repeated, tag = "6")]
    pub nodes: Vec<Self>,
}

/// Which subscription ends.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct UnsubscribeRequest {
    /// The channel.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub channel: String,
}

/// What a client publishes.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PublishRequest {
    /// The channel.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub channel: String,
    /// The payload.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "2")]
    pub data: Bytes,
    /// 0 into a stream.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int32, tag = "3")]
    pub r#type: i32,
    /// What it is the latest of.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "4")]
    pub key: String,
    /// The key is gone.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "5")]
    pub removed: bool,
}

/// Where a client asks who is there.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceRequest {
    /// The channel.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub channel: String,
}

/// Where a client asks how many are there.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceStatsRequest {
    /// The channel.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub channel: String,
}

/// Which publications a client asks for.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryRequest {
    /// The channel.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub channel: String,
    /// How many at most; 0 for the position only, less for as many as allowed.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int32, tag = "7")]
    pub limit: i32,
    /// Behind which they stand; before which, if it is reversed.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "8")]
    pub since: Option<StreamPosition>,
    /// The latest first.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "9")]
    pub reverse: bool,
}

/// Something that wants no reply.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SendRequest {
    /// The payload.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
}

/// A call of the application behind the server.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RpcRequest {
    /// The payload.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
    /// What is called.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub method: String,
}

/// A new token.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshRequest {
    /// The token.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub token: String,
}

/// A new token for a subscription.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SubRefreshRequest {
    /// The channel.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub channel: String,
    /// The token.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub token: String,
    /// 0 to refresh.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int32, tag = "3")]
    pub r#type: i32,
}

/// Commands of a session whose stream is a response.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct EmulationRequest {
    /// The server it is on.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub node: String,
    /// Its secret.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub session: String,
    /// The commands, framed as on any transport; in JSON they stand in a string.
    #[serde(with = "quoted", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "3")]
    pub data: Bytes,
}
