//! What a command asks for, by name.

use sockeye_channel_proto::Request;

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
