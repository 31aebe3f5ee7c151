//! What a command asks for, by name.

use sockeye_channel_proto::Request;

/// The channel that it is about, if it is about one.
pub(super) fn channel(request: &Request) -> Option<&str> {
    let channel = match request {
        Request::Subscribe(it) => &it.channel,
        Request::Unsubscribe(it) => &it.channel,
        Request::Publish(it) => &it.channel,
        Request::Presence(it) => &it.channel,
        Request::PresenceStats(it) => &it.channel,
        Request::History(it) => &it.channel,
        Request::SubRefresh(it) => &it.channel,
        _ => return None,
    };
    Some(channel)
}

/// The name that counts and logs use.
pub(super) const fn name(request: &Request) -> &'static str {
    match request {
        Request::Connect(_) => "connect",
        Request::Subscribe(_) => "subscribe",
        Request::Unsubscribe(_) => "unsubscribe",
        Request::Publish(_) => "publish",
        Request::Presence(_) => "presence",
        Request::PresenceStats(_) => "presence_stats",
        Request::History(_) => "history",
        Request::Rpc(_) => "rpc",
        Request::Send(_) => "send",
        Request::Refresh(_) => "refresh",
        Request::SubRefresh(_) => "sub_refresh",
        Request::Pong => "pong",
        _ => "invalid",
    }
}
