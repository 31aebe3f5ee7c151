//! What clients are told unasked.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::{
    ClientInfo, ConnectResult, Publication, SubscribeResult, is_default, object, or_default,
};
use crate::raw;

/// What a client is told unasked: one of its fields beside the channel is set.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Push {
    /// A number instead of the channel, where that was agreed on.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int64, tag = "1")]
    pub id: i64,
    /// The channel, if it is about one.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub channel: String,
    /// A publication.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "4")]
    pub r#pub: Option<Publication>,
    /// Somebody subscribed.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "5")]
    pub join: Option<JoinPush>,
    /// Somebody is no longer subscribed.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "6")]
    pub leave: Option<JoinPush>,
    /// The server ended the subscription.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "7")]
    pub unsubscribe: Option<UnsubscribePush>,
    /// A message that belongs to no channel.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "8")]
    pub message: Option<MessagePush>,
    /// The server subscribed the connection.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "9")]
    pub subscribe: Option<SubscribePush>,
    /// The connection is accepted, where no command asked for it.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "10")]
    pub connect: Option<ConnectPush>,
    /// The server ends the connection, where the transport has no close of its own.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "11")]
    pub disconnect: Option<DisconnectPush>,
    /// The connection lives longer, or shorter.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "12")]
    pub refresh: Option<RefreshPush>,
}

/// Who came or left.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct JoinPush {
    /// Who.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "1")]
    pub info: Option<ClientInfo>,
}

/// Why a subscription ended.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct UnsubscribePush {
    /// See [`Unsubscribe`](crate::Unsubscribe).
    #[serde(deserialize_with = "or_default")]
    #[prost(uint32, tag = "2")]
    pub code: u32,
    /// The same in words.
    #[serde(deserialize_with = "or_default")]
    #[prost(string, tag = "3")]
    pub reason: String,
}

/// A message that belongs to no channel.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct MessagePush {
    /// The payload.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
}

/// A subscription that the server made.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscribePush {
    /// What is missed can be recovered.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "1")]
    pub recoverable: bool,
    /// The epoch of the stream.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "4")]
    pub epoch: String,
    /// Its top.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint64, tag = "5")]
    pub offset: u64,
    /// The server watches that nothing is missed.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "6")]
    pub positioned: bool,
    /// What the subscriber should know at the start.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "7")]
    pub data: Bytes,
}

/// An accepted connection: see [`ConnectResult`](crate::ConnectResult).
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectPush {
    /// The connection.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "1")]
    pub client: String,
    /// What the server is.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub version: String,
    /// What the client should know at the start.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "3")]
    pub data: Bytes,
    /// Subscriptions that the server made.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[prost(btree_map = "string, message", tag = "4")]
    pub subs: BTreeMap<String, SubscribeResult>,
    /// The connection ends unless it is refreshed.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "5")]
    pub expires: bool,
    /// In so many seconds.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint32, tag = "6")]
    pub ttl: u32,
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
}

/// Why the connection ends.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct DisconnectPush {
    /// See [`Disconnect`](crate::Disconnect).
    #[serde(deserialize_with = "or_default")]
    #[prost(uint32, tag = "1")]
    pub code: u32,
    /// The same in words.
    #[serde(deserialize_with = "or_default")]
    #[prost(string, tag = "2")]
    pub reason: String,
    /// The client should come back.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "3")]
    pub reconnect: bool,
}

/// A new deadline of the connection.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshPush {
    /// It ends unless it is refreshed.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "1")]
    pub expires: bool,
    /// In so many seconds.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint32, tag = "2")]
    pub ttl: u32,
}

impl From<ConnectResult> for ConnectPush {
    /// What a client that only listens is told instead of a reply.
    fn from(result: ConnectResult) -> Self {
        Self {
            client: result.client,
            version: result.version,
            data: result.data,
            subs: result.subs,
            expires: result.expires,
            ttl: result.ttl,
            ping: result.ping,
            pong: result.pong,
            session: result.session,
            node: result.node,
            time: result.time,
        }
    }
}
