//! What a command asks for, when all rules about its fields are applied; and commands made of it.

use crate::{
    Command, ConnectRequest, HistoryRequest, PresenceRequest, PresenceStatsRequest, PublishRequest,
    RefreshRequest, RpcRequest, SendRequest, SubRefreshRequest, SubscribeRequest,
    UnsubscribeRequest,
};

/// What a command asks for: see [`Command::request`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Asks for the connection.
    Connect(Box<ConnectRequest>),
    /// Subscribes to a channel.
    Subscribe(Box<SubscribeRequest>),
    /// Ends a subscription.
    Unsubscribe(UnsubscribeRequest),
    /// Publishes into a channel.
    Publish(PublishRequest),
    /// Asks who is there.
    Presence(PresenceRequest),
    /// Asks how many are there.
    PresenceStats(PresenceStatsRequest),
    /// Reads what was published.
    History(HistoryRequest),
    /// Calls the application.
    Rpc(RpcRequest),
    /// Says something that wants no reply.
    Send(SendRequest),
    /// Brings a new token for the connection.
    Refresh(RefreshRequest),
    /// Brings a new token for a subscription.
    SubRefresh(SubRefreshRequest),
    /// Answers a ping: nothing at all is set.
    Pong,
    /// Breaks the protocol: it asks for nothing that there is, or wants a reply and has no number. Ends the connection
    /// with [`Disconnect::BadRequest`](crate::Disconnect::BadRequest).
    Invalid,
}

impl Command {
    /// Makes a command of a number and a request. The number is 0 for [`Request::Send`] and [`Request::Pong`].
    pub fn new(id: u32, request: Request) -> Self {
        let mut command = Self {
            id,
            ..Self::default()
        };
        match request {
            Request::Connect(request) => command.connect = Some(*request),
            Request::Subscribe(request) => command.subscribe = Some(*request),
            Request::Unsubscribe(request) => command.unsubscribe = Some(request),
            Request::Publish(request) => command.publish = Some(request),
            Request::Presence(request) => command.presence = Some(request),
            Request::PresenceStats(request) => command.presence_stats = Some(request),
            Request::History(request) => command.history = Some(request),
            Request::Rpc(request) => command.rpc = Some(request),
            Request::Send(request) => command.send = Some(request),
            Request::Refresh(request) => command.refresh = Some(request),
            Request::SubRefresh(request) => command.sub_refresh = Some(request),
            Request::Pong | Request::Invalid => {}
        }
        command
    }

    /// Returns what is asked for. If several requests are set, the first wins, in the order of [`Request`]'s variants.
    pub fn request(self) -> Request {
        let has_number = self.id != 0;
        match self.winner() {
            Some(send @ Request::Send(_)) => send,
            Some(request) if has_number => request,
            None if !has_number => Request::Pong,
            _ => Request::Invalid,
        }
    }

    /// The request that wins; [`Request::Invalid`] for what nobody may use any more.
    fn winner(self) -> Option<Request> {
        let connect = self.connect.map(Box::new).map(Request::Connect);
        connect
            .or_else(|| self.subscribe.map(Box::new).map(Request::Subscribe))
            .or_else(|| self.unsubscribe.map(Request::Unsubscribe))
            .or_else(|| self.publish.map(Request::Publish))
            .or_else(|| self.presence.map(Request::Presence))
            .or_else(|| self.presence_stats.map(Request::PresenceStats))
            .or_else(|| self.history.map(Request::History))
            .or_else(|| self.rpc.map(Request::Rpc))
            .or_else(|| self.send.map(Request::Send))
            .or_else(|| self.refresh.map(Request::Refresh))
            .or_else(|| self.sub_refresh.map(Request::SubRefresh))
            .or_else(|| self.ping.map(|_| Request::Invalid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Empty;

    fn publish() -> PublishRequest {
        PublishRequest {
            channel: "news".to_owned(),
            ..PublishRequest::default()
        }
    }

    #[test]
    fn of_several_requests_the_first_in_order_wins() {
        let all = [
            Request::Connect(Box::default()),
            Request::Subscribe(Box::default()),
            Request::Unsubscribe(UnsubscribeRequest::default()),
            Request::Publish(publish()),
            Request::Presence(PresenceRequest::default()),
            Request::PresenceStats(PresenceStatsRequest::default()),
            Request::History(HistoryRequest::default()),
            Request::Rpc(RpcRequest::default()),
            Request::Send(SendRequest::default()),
            Request::Refresh(RefreshRequest::default()),
            Request::SubRefresh(SubRefreshRequest::default()),
        ];
        let mut command = Command {
            id: 1,
            ping: Some(Empty {}),
            ..Command::default()
        };
        for request in all.into_iter().rev() {
            let alone = Command::new(1, request.clone());
            assert_eq!(alone.clone().request(), request);
            let mut both = prost::Message::encode_to_vec(&command);
            both.extend(prost::Message::encode_to_vec(&alone));
            command = prost::Message::decode(&both[..]).unwrap();
            assert_eq!(command.clone().request(), request);
        }
    }

    #[test]
    fn only_a_pong_and_a_send_go_without_a_number() {
        assert_eq!(Command::default().request(), Request::Pong);
        let send = Request::Send(SendRequest::default());
        assert_eq!(Command::new(0, send.clone()).request(), send);
        let publish = Request::Publish(publish());
        assert_eq!(Command::new(0, publish).request(), Request::Invalid);
    }

    #[test]
    fn a_ping_of_a_client_and_a_number_alone_break_the_protocol() {
        assert_eq!(Command::new(3, Request::Pong).request(), Request::Invalid);
        for id in [0, 3] {
            let ping = Command {
                id,
                ping: Some(Empty {}),
                ..Command::default()
            };
            assert_eq!(ping.request(), Request::Invalid);
        }
    }
}
