//! What clients are answered.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::{ClientInfo, Publication, Push, is_default, object, or_default};
use crate::raw;

/// An answer, or a push: an error, a result, a push, or nothing at all for a ping.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Reply {
    /// The number of the command; 0 if there was none.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// Why it was refused.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "2")]
    pub error: Option<Error>,
    /// What the client is told unasked.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "4")]
    pub push: Option<Push>,
    /// It is connected.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "5")]
    pub connect: Option<ConnectResult>,
    /// It is subscribed.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "6")]
    pub subscribe: Option<SubscribeResult>,
    /// It is subscribed no more.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "7")]
    pub unsubscribe: Option<Empty>,
    /// It is published: where the channel keeps a durable stream, on disk.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "8")]
    pub publish: Option<Empty>,
    /// Who is there.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "9")]
    pub presence: Option<PresenceResult>,
    /// How many are there.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "10")]
    pub presence_stats: Option<PresenceStatsResult>,
    /// What was published.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "11")]
    pub history: Option<HistoryResult>,
    /// Nobody uses it any more.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "12")]
    pub ping: Option<Empty>,
    /// What the application answers.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "13")]
    pub rpc: Option<RpcResult>,
    /// The connection lives longer.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "14")]
    pub refresh: Option<RefreshResult>,
    /// The subscription lives longer.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "15")]
    pub sub_refresh: Option<SubRefreshResult>,
}

/// A result without anything in it.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Empty {}

/// Why a command was refused.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Error {
    /// See [`ErrorCode`](crate::ErrorCode).
    #[serde(deserialize_with = "or_default")]
    #[prost(uint32, tag = "1")]
    pub code: u32,
    /// The same in words.
    #[serde(deserialize_with = "or_default")]
    #[prost(string, tag = "2")]
    pub message: String,
    /// Trying again later may help.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "3")]
    pub temporary: bool,
}

/// An accepted connection.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectResult {
    /// The connection.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub client: String,
    /// What the server is.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub version: String,
    /// The connection ends unless the client refreshes it.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "3")]
    pub expires: bool,
    /// In so many seconds.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint32, tag = "4")]
    pub ttl: u32,
    /// What the client should know at the start.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "5")]
    pub data: Bytes,
    /// Subscriptions that the server made.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[prost(btree_map = "string, message", tag = "6")]
    pub subs: BTreeMap<String, SubscribeResult>,
    /// How often the server pings, in seconds.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint32, tag = "7")]
    pub ping: u32,
    /// Pings want an answer.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "8")]
    pub pong: bool,
    /// The secret by which a session over HTTP is found.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "9")]
    pub session: String,
    /// The server.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "10")]
    pub node: String,
    /// The server's time, in milliseconds since 1970.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int64, tag = "11")]
    pub time: i64,
    /// Features that are agreed on.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int64, tag = "12")]
    pub flag: i64,
}

/// A subscription, and what was missed.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of its own on the wire"
)]
#[serde(default)]
pub struct SubscribeResult {
    /// It ends unless the client refreshes it.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "1")]
    pub expires: bool,
    /// In so many seconds.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint32, tag = "2")]
    pub ttl: u32,
    /// What is missed can be recovered.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "3")]
    pub recoverable: bool,
    /// The epoch of the stream.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "6")]
    pub epoch: String,
    /// What was missed.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    #[prost(message, repeated, tag = "7")]
    pub publications: Vec<Publication>,
    /// Nothing is missing.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "8")]
    pub recovered: bool,
    /// The position: of the client before `publications`, if it recovered; else of the stream.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint64, tag = "9")]
    pub offset: u64,
    /// The server watches that nothing is missed.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "10")]
    pub positioned: bool,
    /// What the subscriber should know at the start.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "11")]
    pub data: Bytes,
    /// The client asked to recover.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "12")]
    pub was_recovering: bool,
    /// Payloads may be deltas.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "13")]
    pub delta: bool,
    /// A number instead of the channel in pushes.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int64, tag = "14")]
    pub id: i64,
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
}

/// Who is in a channel.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceResult {
    /// By connection.
    #[serde(deserialize_with = "or_default")]
    #[prost(btree_map = "string, message", tag = "1")]
    pub presence: BTreeMap<String, ClientInfo>,
}

/// How many are in a channel.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceStatsResult {
    /// Connections.
    #[serde(deserialize_with = "or_default")]
    #[prost(uint32, tag = "1")]
    pub num_clients: u32,
    /// Users: each once.
    #[serde(deserialize_with = "or_default")]
    #[prost(uint32, tag = "2")]
    pub num_users: u32,
}

/// What was published.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryResult {
    /// In the order that was asked for.
    #[serde(deserialize_with = "or_default")]
    #[prost(message, repeated, tag = "1")]
    pub publications: Vec<Publication>,
    /// The epoch of the stream.
    #[serde(deserialize_with = "or_default")]
    #[prost(string, tag = "2")]
    pub epoch: String,
    /// Its top.
    #[serde(deserialize_with = "or_default")]
    #[prost(uint64, tag = "3")]
    pub offset: u64,
}

/// What the application answers.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RpcResult {
    /// The payload.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
}

/// A connection that lives longer.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshResult {
    /// The connection.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub client: String,
    /// What the server is.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub version: String,
    /// It ends unless it is refreshed again.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "3")]
    pub expires: bool,
    /// In so many seconds.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint32, tag = "4")]
    pub ttl: u32,
}

/// A subscription that lives longer.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SubRefreshResult {
    /// It ends unless it is refreshed again.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "1")]
    pub expires: bool,
    /// In so many seconds.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint32, tag = "2")]
    pub ttl: u32,
}
