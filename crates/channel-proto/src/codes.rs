//! The protocol's numbers: errors, disconnects, unsubscribes.

use std::fmt;

/// Makes an enum of numbers with words.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident: $($(#[$variant_doc:meta])* $variant:ident = $code:literal $words:literal,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_doc])* $variant = $code,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Returns the number on the wire.
            pub const fn code(self) -> u32 {
                self as u32
            }

            /// Returns the words that go with it. They are never empty, and no JSON: clients parse a reason.
            pub const fn reason(self) -> &'static str {
                match self {
                    $(Self::$variant => $words,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.reason())
            }
        }
    };
}

codes! {
    /// Why a command was refused; the connection goes on, unless the command was the connect.
    ErrorCode:
    /// Something failed here.
    Internal = 100 "internal server error",
    /// Nobody may do so without credentials.
    Unauthorized = 101 "unauthorized",
    /// The channel's namespace is not configured.
    UnknownChannel = 102 "unknown channel",
    /// This client may not do so.
    PermissionDenied = 103 "permission denied",
    /// There is no such method to call.
    MethodNotFound = 104 "method not found",
    /// It has that subscription.
    AlreadySubscribed = 105 "already subscribed",
    /// Too many of something.
    LimitExceeded = 106 "limit exceeded",
    /// The command makes no sense.
    BadRequest = 107 "bad request",
    /// The feature is off.
    NotAvailable = 108 "not available",
    /// The client should bring a new token.
    TokenExpired = 109 "token expired",
    /// What was asked for has expired.
    Expired = 110 "expired",
    /// The client asks too often.
    TooManyRequests = 111 "too many requests",
    /// The position is of another stream, or too old.
    UnrecoverablePosition = 112 "unrecoverable position",
}

codes! {
    /// Why the server ends a connection.
    Disconnect:
    /// It was closed.
    ConnectionClosed = 3000 "connection closed",
    /// The server stops.
    Shutdown = 3001 "shutdown",
    /// Something failed here.
    ServerError = 3004 "internal server error",
    /// The connection's token expired.
    Expired = 3005 "connection expired",
    /// A token of a subscription that the server made expired.
    SubscriptionExpired = 3006 "subscription expired",
    /// The client reads too slowly.
    Slow = 3008 "slow",
    /// The client can't be written to.
    WriteError = 3009 "write error",
    /// Something was missed in a channel that the server had subscribed it to.
    InsufficientState = 3010 "insufficient state",
    /// The server wants it to come back.
    ForceReconnect = 3011 "force reconnect",
    /// It did not answer a ping in time.
    NoPong = 3012 "no pong",
    /// It asks too often.
    TooManyRequests = 3013 "too many requests",
    /// Whatever it knows is void.
    StateInvalidated = 3014 "state invalidated",
    /// Its token is none.
    InvalidToken = 3500 "invalid token",
    /// It broke the protocol.
    BadRequest = 3501 "bad request",
    /// It did not say who it is in time.
    Stale = 3502 "stale",
    /// The server wants it to stay away.
    ForceDisconnect = 3503 "force disconnect",
    /// There are too many connections, of all or of this user.
    ConnectionLimit = 3504 "connection limit",
    /// It has too many channels.
    ChannelLimit = 3505 "channel limit",
    /// A payload that is no JSON was meant for a client that reads nothing else.
    InappropriateProtocol = 3506 "inappropriate protocol",
    /// It may not connect.
    PermissionDenied = 3507 "permission denied",
    /// Nothing here takes what it sent.
    NotAvailable = 3508 "not available",
    /// It made too many errors.
    TooManyErrors = 3509 "too many errors",
}

codes! {
    /// Why the server ends a subscription.
    Unsubscribe:
    /// The client asked for it.
    Client = 0 "client unsubscribed",
    /// The connection ended.
    Disconnected = 1 "disconnected",
    /// The server wants it.
    Server = 2000 "server unsubscribe",
    /// Something was missed: the client should recover.
    Insufficient = 2500 "insufficient state",
    /// The subscription's token expired.
    Expired = 2501 "subscription expired",
    /// Whatever the client knows of the channel is void.
    StateInvalidated = 2502 "state invalidated",
}

impl ErrorCode {
    /// Says whether trying again later may help.
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::Internal | Self::TooManyRequests)
    }
}

impl Disconnect {
    /// Says whether a client with such a code comes back by itself: see [`reconnects`].
    pub const fn reconnects(self) -> bool {
        reconnects(self.code())
    }
}

/// Says whether a client that was disconnected with a code comes back by itself: not from 3500 to 3999, nor from 4500
/// to 4999.
pub const fn reconnects(code: u32) -> bool {
    !matches!(code, 3500..=3999 | 4500..=4999)
}
