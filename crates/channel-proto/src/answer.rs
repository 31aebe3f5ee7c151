//! Replies and pushes, made: one function a kind.

use bytes::Bytes;

use crate::{
    ClientInfo, ConnectPush, ConnectResult, Disconnect, DisconnectPush, Empty, Error, ErrorCode,
    HistoryResult, JoinPush, MessagePush, PresenceResult, PresenceStatsResult, Publication, Push,
    RefreshPush, RefreshResult, Reply, RpcResult, SubRefreshResult, SubscribePush, SubscribeResult,
    Unsubscribe, UnsubscribePush,
};

impl From<ErrorCode> for Error {
    fn from(code: ErrorCode) -> Self {
        Self {
            code: code.code(),
            message: code.reason().to_owned(),
            temporary: code.is_temporary(),
        }
    }
}

impl From<Disconnect> for DisconnectPush {
    fn from(disconnect: Disconnect) -> Self {
        Self {
            code: disconnect.code(),
            reason: disconnect.reason().to_owned(),
            reconnect: disconnect.reconnects(),
        }
    }
}

impl From<Unsubscribe> for UnsubscribePush {
    fn from(unsubscribe: Unsubscribe) -> Self {
        Self {
            code: unsubscribe.code(),
            reason: unsubscribe.reason().to_owned(),
        }
    }
}

impl From<Push> for Reply {
    fn from(push: Push) -> Self {
        Self {
            push: Some(push),
            ..Self::default()
        }
    }
}

/// Makes a function for each result that a reply can carry.
macro_rules! results {
    ($($(#[$doc:meta])* $name:ident: $result:ty,)+) => {
        $($(#[$doc])*
        pub fn $name(id: u32, result: $result) -> Self {
            Self {
                id,
                $name: Some(result),
                ..Self::default()
            }
        })+
    };
}

impl Reply {
    /// A ping: nothing at all. It stands as `{}` in JSON, as one zero byte in Protobuf.
    pub fn ping() -> Self {
        Self::default()
    }

    /// A refusal: an [`ErrorCode`], or an [`Error`] of the application's.
    pub fn error(id: u32, error: impl Into<Error>) -> Self {
        Self {
            id,
            error: Some(error.into()),
            ..Self::default()
        }
    }

    /// It is subscribed no more.
    pub fn unsubscribe(id: u32) -> Self {
        Self {
            id,
            unsubscribe: Some(Empty {}),
            ..Self::default()
        }
    }

    /// It is published.
    pub fn publish(id: u32) -> Self {
        Self {
            id,
            publish: Some(Empty {}),
            ..Self::default()
        }
    }

    results! {
        /// It is connected.
        connect: ConnectResult,
        /// It is subscribed.
        subscribe: SubscribeResult,
        /// Who is there.
        presence: PresenceResult,
        /// How many are there.
        presence_stats: PresenceStatsResult,
        /// What was published.
        history: HistoryResult,
        /// What the application answers.
        rpc: RpcResult,
        /// The connection lives longer.
        refresh: RefreshResult,
        /// The subscription lives longer.
        sub_refresh: SubRefreshResult,
    }
}

impl Push {
    /// About a channel: nothing yet.
    fn about(channel: impl Into<String>) -> Self {
        Self {
            channel: channel.into(),
            ..Self::default()
        }
    }

    /// A publication in a channel.
    pub fn publication(channel: impl Into<String>, publication: Publication) -> Self {
        Self {
            r#pub: Some(publication),
            ..Self::about(channel)
        }
    }

    /// Somebody subscribed to a channel.
    pub fn join(channel: impl Into<String>, info: ClientInfo) -> Self {
        Self {
            join: Some(JoinPush { info: Some(info) }),
            ..Self::about(channel)
        }
    }

    /// Somebody is no longer subscribed to a channel.
    pub fn leave(channel: impl Into<String>, info: ClientInfo) -> Self {
        Self {
            leave: Some(JoinPush { info: Some(info) }),
            ..Self::about(channel)
        }
    }

    /// The server ended the subscription to a channel.
    pub fn unsubscribe(channel: impl Into<String>, why: impl Into<UnsubscribePush>) -> Self {
        Self {
            unsubscribe: Some(why.into()),
            ..Self::about(channel)
        }
    }

    /// The server subscribed the connection to a channel.
    pub fn subscribe(channel: impl Into<String>, subscription: SubscribePush) -> Self {
        Self {
            subscribe: Some(subscription),
            ..Self::about(channel)
        }
    }

    /// A message that belongs to no channel.
    pub fn message(data: Bytes) -> Self {
        Self {
            message: Some(MessagePush { data }),
            ..Self::default()
        }
    }

    /// The connection is accepted, where no command asked for it.
    pub fn connect(accepted: ConnectPush) -> Self {
        Self {
            connect: Some(accepted),
            ..Self::default()
        }
    }

    /// The server ends the connection, where the transport has no close of its own.
    pub fn disconnect(why: impl Into<DisconnectPush>) -> Self {
        Self {
            disconnect: Some(why.into()),
            ..Self::default()
        }
    }

    /// The connection lives longer, or shorter.
    pub fn refresh(deadline: RefreshPush) -> Self {
        Self {
            refresh: Some(deadline),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_in_words_what_its_number_says_and_whether_to_try_again() {
        let error = Reply::error(4, ErrorCode::Internal).error.unwrap();
        assert_eq!((error.code, error.temporary), (100, true));
        assert_eq!(error.message, "internal server error");
        let error = Reply::error(4, ErrorCode::PermissionDenied).error.unwrap();
        assert_eq!((error.code, error.temporary), (103, false));
    }

    #[test]
    fn a_disconnect_says_whether_to_come_back() {
        let push = Push::disconnect(Disconnect::Shutdown).disconnect.unwrap();
        assert_eq!((push.code, push.reconnect), (3001, true));
        let push = Push::disconnect(Disconnect::BadRequest).disconnect.unwrap();
        assert_eq!((push.code, push.reconnect), (3501, false));
        let push = Push::unsubscribe("news", Unsubscribe::Insufficient);
        assert_eq!(push.unsubscribe.unwrap().reason, "insufficient state");
    }
}
