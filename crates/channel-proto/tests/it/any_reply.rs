//! Any reply and any push, drawn from any bytes.

use sockeye_channel_proto::{
    ClientInfo, ConnectPush, ConnectResult, DisconnectPush, Empty, Error, HistoryResult, JoinPush,
    MessagePush, PresenceResult, PresenceStatsResult, Publication, Push, RefreshPush,
    RefreshResult, Reply, RpcResult, SubRefreshResult, SubscribePush, SubscribeResult,
    UnsubscribePush,
};

use crate::any::Draw;

impl Draw<'_> {
    pub(crate) fn reply(&mut self) -> Reply {
        Reply {
            id: self.u32(),
            error: self.maybe(|draw| Error {
                code: draw.u32(),
                message: draw.text(),
                temporary: draw.flag(),
            }),
            push: self.maybe(Self::push),
            connect: self.maybe(Self::connected),
            subscribe: self.maybe(Self::subscribed),
            unsubscribe: self.maybe(|_| Empty {}),
            publish: self.maybe(|_| Empty {}),
            presence: self.maybe(|draw| PresenceResult {
                presence: draw.map(Self::info),
            }),
            presence_stats: self.maybe(|draw| PresenceStatsResult {
                num_clients: draw.u32(),
                num_users: draw.u32(),
            }),
            history: self.maybe(Self::history),
            ping: self.maybe(|_| Empty {}),
            rpc: self.maybe(|draw| RpcResult {
                data: draw.payload(),
            }),
            refresh: self.maybe(|draw| RefreshResult {
                client: draw.text(),
                version: draw.text(),
                expires: draw.flag(),
                ttl: draw.u32(),
            }),
            sub_refresh: self.maybe(|draw| SubRefreshResult {
                expires: draw.flag(),
                ttl: draw.u32(),
            }),
        }
    }

    pub(crate) fn push(&mut self) -> Push {
        let join = |draw: &mut Self| JoinPush {
            info: draw.maybe(Self::info),
        };
        Push {
            id: self.i64(),
            channel: self.text(),
            r#pub: self.maybe(Self::publication),
            join: self.maybe(join),
            leave: self.maybe(join),
            unsubscribe: self.maybe(|draw| UnsubscribePush {
                code: draw.u32(),
                reason: draw.text(),
            }),
            message: self.maybe(|draw| MessagePush {
                data: draw.payload(),
            }),
            subscribe: self.maybe(|draw| SubscribePush {
                recoverable: draw.flag(),
                epoch: draw.text(),
                offset: draw.number(),
                positioned: draw.flag(),
                data: draw.payload(),
            }),
            connect: self.maybe(Self::connect_push),
            disconnect: self.maybe(|draw| DisconnectPush {
                code: draw.u32(),
                reason: draw.text(),
                reconnect: draw.flag(),
            }),
            refresh: self.maybe(|draw| RefreshPush {
                expires: draw.flag(),
                ttl: draw.u32(),
            }),
        }
    }

    pub(crate) fn publication(&mut self) -> Publication {
        Publication {
            data: self.payload(),
            info: self.maybe(Self::info),
            offset: self.number(),
            tags: self.map(Self::text),
            delta: self.flag(),
            time: self.i64(),
            channel: self.text(),
            key: self.text(),
            removed: self.flag(),
            score: self.i64(),
            epoch: self.text(),
            version: self.number(),
        }
    }

    pub(crate) fn subscribed(&mut self) -> SubscribeResult {
        SubscribeResult {
            expires: self.flag(),
            ttl: self.u32(),
            recoverable: self.flag(),
            epoch: self.text(),
            publications: self.list(Self::publication),
            recovered: self.flag(),
            offset: self.number(),
            positioned: self.flag(),
            data: self.payload(),
            was_recovering: self.flag(),
            delta: self.flag(),
            id: self.i64(),
            r#type: self.i32(),
            phase: self.i32(),
            cursor: self.text(),
        }
    }

    pub(crate) fn history(&mut self) -> HistoryResult {
        HistoryResult {
            publications: self.list(Self::publication),
            epoch: self.text(),
            offset: self.number(),
        }
    }

    fn info(&mut self) -> ClientInfo {
        ClientInfo {
            user: self.text(),
            client: self.text(),
            conn_info: self.payload(),
            chan_info: self.payload(),
        }
    }

    fn connected(&mut self) -> ConnectResult {
        ConnectResult {
            client: self.text(),
            version: self.text(),
            expires: self.flag(),
            ttl: self.u32(),
            data: self.payload(),
            subs: self.map(Self::subscribed),
            ping: self.u32(),
            pong: self.flag(),
            session: self.text(),
            node: self.text(),
            time: self.i64(),
            flag: self.i64(),
        }
    }

    fn connect_push(&mut self) -> ConnectPush {
        ConnectPush {
            client: self.text(),
            version: self.text(),
            data: self.payload(),
            subs: self.map(Self::subscribed),
            expires: self.flag(),
            ttl: self.u32(),
            ping: self.u32(),
            pong: self.flag(),
            session: self.text(),
            node: self.text(),
            time: self.i64(),
        }
    }
}
