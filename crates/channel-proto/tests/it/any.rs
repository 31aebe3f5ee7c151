//! Any command, drawn from any bytes: fewer and smaller bytes make a simpler one, so that proptest can shrink it.

use std::collections::BTreeMap;

use bytes::Bytes;
use sockeye_channel_proto::{
    Command, ConnectRequest, Empty, FilterNode, HistoryRequest, PresenceRequest,
    PresenceStatsRequest, PublishRequest, RefreshRequest, RpcRequest, SendRequest, StreamPosition,
    SubRefreshRequest, SubscribeRequest, UnsubscribeRequest,
};

/// Bytes to draw from; zeros when they are used up.
pub(crate) struct Draw<'a>(pub(crate) &'a [u8]);

impl Draw<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Zero, small, or at an edge.
    pub(crate) fn number(&mut self) -> u64 {
        match self.byte() % 8 {
            0..4 => 0,
            4 => self.byte().into(),
            5 => u64::MAX,
            6 => 1 << (self.byte() % 64),
            _ => u64::from_le_bytes([0; 8].map(|_| self.byte())),
        }
    }

    pub(crate) fn u32(&mut self) -> u32 {
        u32::try_from(self.number() & 0xffff_ffff).unwrap()
    }

    pub(crate) fn i64(&mut self) -> i64 {
        self.number().cast_signed()
    }

    pub(crate) fn i32(&mut self) -> i32 {
        self.u32().cast_signed()
    }

    pub(crate) fn text(&mut self) -> String {
        const TEXTS: [&str; 12] = [
            "",
            "a",
            "news",
            "\"",
            "\\",
            "\n",
            "\0",
            "\u{7f}",
            "é",
            "\u{2028}",
            "😀",
            "</script>",
        ];
        let pieces = self.byte() % 4;
        (0..pieces)
            .map(|_| TEXTS[usize::from(self.byte()) % TEXTS.len()])
            .collect()
    }

    /// Nothing, or JSON without a line feed.
    pub(crate) fn payload(&mut self) -> Bytes {
        const PAYLOADS: [&str; 10] = [
            "",
            "0",
            "null",
            "\"\"",
            "{}",
            "[ ]",
            "-1.50e+07",
            r#""\u00e9\ud800\n""#,
            r#"{"a": [{},"é"]}"#,
            "1e400",
        ];
        Bytes::from_static(PAYLOADS[usize::from(self.byte()) % PAYLOADS.len()].as_bytes())
    }

    pub(crate) fn maybe<T>(&mut self, some: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.flag().then(|| some(self))
    }

    pub(crate) fn list<T>(&mut self, mut each: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let length = self.byte() % 4;
        (0..length).map(|_| each(self)).collect()
    }

    pub(crate) fn map<T>(&mut self, mut each: impl FnMut(&mut Self) -> T) -> BTreeMap<String, T> {
        let length = self.byte() % 4;
        (0..length).map(|_| (self.text(), each(self))).collect()
    }

    pub(crate) fn command(&mut self) -> Command {
        Command {
            id: self.u32(),
            connect: self.maybe(Self::connect),
            subscribe: self.maybe(Self::subscribe),
            unsubscribe: self.maybe(|draw| UnsubscribeRequest {
                channel: draw.text(),
            }),
            publish: self.maybe(|draw| PublishRequest {
                channel: draw.text(),
                data: draw.payload(),
                r#type: draw.i32(),
                key: draw.text(),
                removed: draw.flag(),
            }),
            presence: self.maybe(|draw| PresenceRequest {
                channel: draw.text(),
            }),
            presence_stats: self.maybe(|draw| PresenceStatsRequest {
                channel: draw.text(),
            }),
            history: self.maybe(|draw| HistoryRequest {
                channel: draw.text(),
                limit: draw.i32(),
                since: draw.maybe(|draw| StreamPosition {
                    offset: draw.number(),
                    epoch: draw.text(),
                }),
                reverse: draw.flag(),
            }),
            ping: self.maybe(|_| Empty {}),
            send: self.maybe(|draw| SendRequest {
                data: draw.payload(),
            }),
            rpc: self.maybe(|draw| RpcRequest {
                data: draw.payload(),
                method: draw.text(),
            }),
            refresh: self.maybe(|draw| RefreshRequest { token: draw.text() }),
            sub_refresh: self.maybe(|draw| SubRefreshRequest {
                channel: draw.text(),
                token: draw.text(),
                r#type: draw.i32(),
            }),
        }
    }

    pub(crate) fn connect(&mut self) -> ConnectRequest {
        ConnectRequest {
            token: self.text(),
            data: self.payload(),
            subs: self.map(Self::subscribe),
            name: self.text(),
            version: self.text(),
            headers: self.map(Self::text),
            flag: self.i64(),
            dict: self.text(),
            profile: self.text(),
        }
    }

    fn subscribe(&mut self) -> SubscribeRequest {
        SubscribeRequest {
            channel: self.text(),
            token: self.text(),
            recover: self.flag(),
            epoch: self.text(),
            offset: self.number(),
            data: self.payload(),
            positioned: self.flag(),
            recoverable: self.flag(),
            join_leave: self.flag(),
            delta: self.text(),
            tf: self.maybe(|draw| draw.filter(3)),
            flag: self.i64(),
            r#type: self.i32(),
            phase: self.i32(),
            cursor: self.text(),
            limit: self.i32(),
            asc: self.flag(),
        }
    }

    fn filter(&mut self, depth: usize) -> FilterNode {
        FilterNode {
            op: self.text(),
            key: self.text(),
            cmp: self.text(),
            val: self.text(),
            vals: self.list(Self::text),
            nodes: match depth {
                0 => Vec::new(),
                _ => self.list(|draw| draw.filter(depth - 1)),
            },
        }
    }
}
