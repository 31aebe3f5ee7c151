//! The rows: what is done, and how often.

use sockeye_channel_proto::Codec;

use crate::{channels, driver, engine, group, outbox, sockjs};

/// Work of one kind.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What a round has of what is counted: messages, deliveries, handshakes.
    pub(crate) operations: u32,
    /// How many rounds are enough for a steady figure.
    pub(crate) rounds: u32,
    pub(crate) work: fn(u32) -> anyhow::Result<()>,
}

/// So many messages arrive in one read, where they are small.
pub(crate) const BATCH: u32 = 64;
/// So many where they are large.
pub(crate) const LARGE_BATCH: u32 = 4;
/// So many messages in a body, or in a frame that has several.
pub(crate) const BODY: u32 = 16;
/// So many conns or sessions hear a broadcast.
pub(crate) const CROWD: u32 = 1000;

/// So many members of a group hear a broadcast.
pub(crate) const MEMBERS: u32 = 100;
/// So many broadcasts come at once, where they do.
pub(crate) const BURST: u32 = 16;

/// Every row.
pub(crate) const ROWS: &[Row] = &[
    small("decode-text-32", |rounds| engine::decode_text(32, rounds)),
    small("decode-text-1k", |rounds| {
        engine::decode_text(1 << 10, rounds)
    }),
    large("decode-text-64k", |rounds| {
        engine::decode_text(64 << 10, rounds)
    }),
    small("decode-binary-32", |rounds| {
        engine::decode_binary(32, rounds)
    }),
    small("decode-binary-1k", |rounds| {
        engine::decode_binary(1 << 10, rounds)
    }),
    large("decode-binary-64k", |rounds| {
        engine::decode_binary(64 << 10, rounds)
    }),
    small("decode-ping", engine::decode_ping),
    Row {
        name: "decode-deflated-1k",
        operations: BATCH,
        rounds: 50,
        work: engine::inflate,
    },
    small("encode-32", |rounds| engine::encode(32, rounds)),
    small("encode-1k", |rounds| engine::encode(1 << 10, rounds)),
    large("encode-64k", |rounds| engine::encode(64 << 10, rounds)),
    Row {
        name: "encode-deflated-1k",
        operations: BATCH,
        rounds: 50,
        work: engine::deflate,
    },
    small("echo-32", engine::echo),
    Row {
        name: "fan-out-128",
        operations: CROWD,
        rounds: 20,
        work: engine::fan_out,
    },
    small("client-encode-32", |rounds| {
        engine::client_encode(32, rounds)
    }),
    small("client-encode-1k", |rounds| {
        engine::client_encode(1 << 10, rounds)
    }),
    large("client-encode-64k", |rounds| {
        engine::client_encode(64 << 10, rounds)
    }),
    small("utf8-32", |rounds| engine::utf8(32, rounds)),
    small("utf8-1k", |rounds| engine::utf8(1 << 10, rounds)),
    large("utf8-64k", |rounds| engine::utf8(64 << 10, rounds)),
    small("outbox-32", outbox::pass),
    Row {
        name: "handshake",
        operations: 1,
        rounds: 500,
        work: engine::handshake,
    },
    small("driver-echo-32", driver::echo),
    Row {
        name: "group-128",
        operations: MEMBERS,
        rounds: 200,
        work: |rounds| group::fan_out(1, rounds),
    },
    Row {
        name: "group-16x128",
        operations: MEMBERS * BURST,
        rounds: 50,
        work: |rounds| group::fan_out(BURST, rounds),
    },
    small("sockjs-streaming-128", sockjs::streaming),
    small("sockjs-streaming-16x128", sockjs::batch),
    small("sockjs-eventsource-128", sockjs::eventsource),
    small("sockjs-htmlfile-128", sockjs::script),
    Row {
        name: "sockjs-fan-out-128",
        operations: CROWD,
        rounds: 20,
        work: sockjs::fan_out,
    },
    Row {
        name: "sockjs-read-16x128",
        operations: BODY,
        rounds: 500,
        work: sockjs::read,
    },
    small("channels-decode-publish-json", |rounds| {
        channels::decode_publish(Codec::Json, rounds)
    }),
    small("channels-decode-publish-protobuf", |rounds| {
        channels::decode_publish(Codec::Protobuf, rounds)
    }),
    small("channels-encode-published-json", |rounds| {
        channels::encode_published(Codec::Json, rounds)
    }),
    small("channels-encode-published-protobuf", |rounds| {
        channels::encode_published(Codec::Protobuf, rounds)
    }),
    small("channels-encode-push-json", |rounds| {
        channels::encode_push(Codec::Json, rounds)
    }),
    small("channels-encode-push-protobuf", |rounds| {
        channels::encode_push(Codec::Protobuf, rounds)
    }),
    small("channels-copy-push-json", |rounds| {
        channels::copy_push(Codec::Json, rounds)
    }),
    small("channels-copy-push-protobuf", |rounds| {
        channels::copy_push(Codec::Protobuf, rounds)
    }),
];

const fn small(name: &'static str, work: fn(u32) -> anyhow::Result<()>) -> Row {
    Row {
        name,
        operations: BATCH,
        rounds: 200,
        work,
    }
}

const fn large(name: &'static str, work: fn(u32) -> anyhow::Result<()>) -> Row {
    Row {
        name,
        operations: LARGE_BATCH,
        rounds: 50,
        work,
    }
}
