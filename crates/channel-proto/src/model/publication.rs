//! What a channel carries: publications, and who said them.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};

use super::{is_default, object, or_default};
use crate::raw;

/// A place in a channel's stream: right behind the publication with this offset.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamPosition {
    /// How many publications the stream had by then; 0 before the first.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint64, tag = "1")]
    pub offset: u64,
    /// Which stream it is: another epoch means that offsets begin anew.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "2")]
    pub epoch: String,
}

/// Who is behind a connection, as others may see it.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientInfo {
    /// The user; empty for nobody in particular.
    #[serde(deserialize_with = "or_default")]
    #[prost(string, tag = "1")]
    pub user: String,
    /// The connection.
    #[serde(deserialize_with = "or_default")]
    #[prost(string, tag = "2")]
    pub client: String,
    /// What the token or a hook says of the connection.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "3")]
    pub conn_info: Bytes,
    /// What the token or a hook says of it in this channel.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "4")]
    pub chan_info: Bytes,
}

/// One entry of a channel.
#[derive(Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Publication {
    /// The payload, untouched.
    #[serde(with = "raw", skip_serializing_if = "Bytes::is_empty")]
    #[prost(bytes = "bytes", tag = "4")]
    pub data: Bytes,
    /// Who published it, if a client did.
    #[serde(deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    #[prost(message, optional, tag = "5")]
    pub info: Option<ClientInfo>,
    /// Its place in the stream, from 1; 0 if the channel keeps none.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint64, tag = "6")]
    pub offset: u64,
    /// What filters look at.
    #[serde(
        deserialize_with = "or_default",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    #[prost(btree_map = "string, string", tag = "7")]
    pub tags: BTreeMap<String, String>,
    /// The payload is a patch of the payload before.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "8")]
    pub delta: bool,
    /// When it was published, in milliseconds since 1970.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(int64, tag = "9")]
    pub time: i64,
    /// Its channel, if that is not the one of the push.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "10")]
    pub channel: String,
    /// What it is the latest of, where subscribers that lag get the latest for each key.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "11")]
    pub key: String,
    /// The key is gone.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(bool, tag = "12")]
    pub removed: bool,
    /// Where the key stands in an order.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(sint64, tag = "13")]
    pub score: i64,
    /// The epoch of its stream, in the first publication of one.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(string, tag = "14")]
    pub epoch: String,
    /// Which version of the document it is.
    #[serde(deserialize_with = "or_default", skip_serializing_if = "is_default")]
    #[prost(uint64, tag = "16")]
    pub version: u64,
}
