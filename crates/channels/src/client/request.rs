//! What a command asks for: one thing, whatever else it says.

use sockeye_channel_proto::{
    Command, ConnectRequest, HistoryRequest, PresenceRequest, PresenceStatsRequest, PublishRequest,
    RefreshRequest, RpcRequest, SendRequest, SubRefreshRequest, SubscribeRequest,
    UnsubscribeRequest,
};

/// What a command asks for.
#[derive(Debug)]
pub(super) enum Request {
    Connect(Box<ConnectRequest>),
    Subscribe(Box<SubscribeRequest>),
    Unsubscribe(UnsubscribeRequest),
    Publish(PublishRequest),
    Presence(PresenceRequest),
    PresenceStats(PresenceStatsRequest),
    History(HistoryRequest),
    Rpc(RpcRequest),
    Send(SendRequest),
    Refresh(RefreshRequest),
    SubRefresh(SubRefreshRequest),
    /// The answer to a ping.
    Pong,
    /// Nothing, or what nobody may ask any more.
    Nothing,
}

impl Request {
    /// Of several, the first in this order is asked for; the order is the reference's.
    pub(super) fn of(command: Command) -> Self {
        let is_pong = command.id == 0 && command.ping.is_none();
        None.or_else(|| command.connect.map(|it| Self::Connect(it.into())))
            .or_else(|| command.subscribe.map(|it| Self::Subscribe(it.into())))
            .or_else(|| command.unsubscribe.map(Self::Unsubscribe))
            .or_else(|| command.publish.map(Self::Publish))
            .or_else(|| command.presence.map(Self::Presence))
            .or_else(|| command.presence_stats.map(Self::PresenceStats))
            .or_else(|| command.history.map(Self::History))
            .or_else(|| command.rpc.map(Self::Rpc))
            .or_else(|| command.send.map(Self::Send))
            .or_else(|| command.refresh.map(Self::Refresh))
            .or_else(|| command.sub_refresh.map(Self::SubRefresh))
            .unwrap_or(if is_pong { Self::Pong } else { Self::Nothing })
    }

    /// The name that counts and logs use.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Connect(_) => "connect",
            Self::Subscribe(_) => "subscribe",
            Self::Unsubscribe(_) => "unsubscribe",
            Self::Publish(_) => "publish",
            Self::Presence(_) => "presence",
            Self::PresenceStats(_) => "presence_stats",
            Self::History(_) => "history",
            Self::Rpc(_) => "rpc",
            Self::Send(_) => "send",
            Self::Refresh(_) => "refresh",
            Self::SubRefresh(_) => "sub_refresh",
            Self::Pong => "pong",
            Self::Nothing => "nothing",
        }
    }
}
