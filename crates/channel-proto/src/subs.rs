//! Subscriptions in a map, in Protobuf, where one of them is all zeros.
//!
//! Protobuf may leave such a value out of its entry, and `prost` does. The Protobuf of JavaScript then reads `null`, and
//! the SDK fails on it. So here the value is written: as one of no bytes.

use bytes::BytesMut;
use prost::Message;

use crate::{ConnectPush, ConnectResult, Push, Reply, SubscribeResult, prepared::put_field};

// Keys of fields in `client.proto` whose values have a length: `number << 3 | 2`.
const REPLY_CONNECT: u8 = 5 << 3 | 2;
const REPLY_CONNECT_SUBS: u8 = 6 << 3 | 2;
const PUSH_CONNECT: u8 = 10 << 3 | 2;
const PUSH_CONNECT_SUBS: u8 = 4 << 3 | 2;
const ENTRY_KEY: u8 = 1 << 3 | 2;
const ENTRY_VALUE: u8 = 2 << 3 | 2;

type Subs = std::collections::BTreeMap<String, SubscribeResult>;

/// The reply, if it has such a subscription.
pub(crate) fn reply(reply: &Reply) -> Option<BytesMut> {
    let (connect, zeros) = reply.connect.as_ref().and_then(|connect| {
        let (subs, zeros) = split(&connect.subs)?;
        let connect = ConnectResult {
            subs,
            ..connect.clone()
        };
        Some((connect.encode_to_vec(), zeros))
    })?;
    let rest = Reply {
        connect: None,
        ..reply.clone()
    };
    let keys = [REPLY_CONNECT, REPLY_CONNECT_SUBS];
    Some(join(&rest.encode_to_vec(), keys, &connect, &zeros))
}

/// The push, if it has such a subscription.
pub(crate) fn push(push: &Push) -> Option<BytesMut> {
    let (connect, zeros) = push.connect.as_ref().and_then(|connect| {
        let (subs, zeros) = split(&connect.subs)?;
        let connect = ConnectPush {
            subs,
            ..connect.clone()
        };
        Some((connect.encode_to_vec(), zeros))
    })?;
    let rest = Push {
        connect: None,
        ..push.clone()
    };
    let keys = [PUSH_CONNECT, PUSH_CONNECT_SUBS];
    Some(join(&rest.encode_to_vec(), keys, &connect, &zeros))
}

/// The subscriptions that are not all zeros, and the channels of those that are; nothing if there are none of these.
fn split(subs: &Subs) -> Option<(Subs, Vec<&str>)> {
    let zero = SubscribeResult::default();
    let is_zero = |(channel, sub): (_, &SubscribeResult)| (*sub == zero).then_some(channel);
    let zeros: Vec<&str> = subs
        .iter()
        .map(|(channel, sub)| (channel.as_str(), sub))
        .filter_map(is_zero)
        .collect();
    if zeros.is_empty() {
        return None;
    }
    let rest = subs.iter().filter(|(_, sub)| **sub != zero);
    let rest = rest.map(|(channel, sub)| (channel.clone(), sub.clone()));
    Some((rest.collect(), zeros))
}

/// The message: its other fields, and the connect with its entries.
fn join(rest: &[u8], [connect_key, subs_key]: [u8; 2], connect: &[u8], zeros: &[&str]) -> BytesMut {
    let mut connect = BytesMut::from(connect);
    for channel in zeros {
        let mut entry = BytesMut::new();
        put_field(ENTRY_KEY, channel.as_bytes(), &mut entry);
        put_field(ENTRY_VALUE, &[], &mut entry);
        put_field(subs_key, &entry, &mut connect);
    }
    let mut message = BytesMut::from(rest);
    put_field(connect_key, &connect, &mut message);
    message
}
