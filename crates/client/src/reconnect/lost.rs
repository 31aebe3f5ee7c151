//! Why a connection was lost or never was, and whether it is worth another attempt.

use std::{fmt, sync::Arc, time::Duration};

use http::StatusCode;
use sockeye_types::CloseCode;

use super::backoff::AskedFor;
use crate::{Closed, ConnectError, DialError, Initiator, TlsError};

/// A connection was lost, or an attempt failed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Lost {
    /// Why.
    pub cause: Cause,
    /// How many attempts in a row have failed; 0 when a connection was lost that had been stable.
    pub failures: u32,
    /// After how long the next attempt is made; `None` if there is none. Not known yet when a verdict is asked for.
    pub next: Option<Duration>,
}

/// Why there is no connection any more, or none yet.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "it was there or it was not")]
pub enum Cause {
    /// It was there, and ended.
    Closed(Closed),
    /// It could not be made.
    Connect(Arc<ConnectError>),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(closed) => closed.fmt(f),
            Self::Connect(error) => error.fmt(f),
        }
    }
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Come back, after what the [`Backoff`](crate::Backoff) says.
    Retry,
    /// Come back after `least` at the earliest, spread over `spread`, or over the backoff's range if that is longer.
    /// `least` is bounded by [`max_asked`](crate::Backoff::max_asked).
    RetryAfter {
        /// The shortest wait.
        least: Duration,
        /// Over how long the many clients of one server spread their attempts.
        spread: Duration,
    },
    /// Stay away.
    GiveUp,
}

/// How long a server that restarts is left alone: 5 to 30 s, as the registry's entry for 1012 asks.
const RESTART: Verdict = Verdict::RetryAfter {
    least: Duration::from_secs(5),
    spread: Duration::from_secs(25),
};

impl Verdict {
    /// What is done unless [`retry`](crate::Reconnecting::retry) says otherwise.
    ///
    /// Given up: what would only fail again. The caller's own mistakes, in settings of TLS and proxies
    /// too; statuses 3xx and 4xx, but for 408, 425 and 429;
    /// a handshake or a frame that breaks the rules; the closes 1000, 1002, 1003, 1007, 1008, 1009 and 1010; and the
    /// caller's own close. Everything else is tried again: other closes, 3000 to 4999 among them, lost networks, missed
    /// heartbeats. `Retry-After` of a 429 or 503 is obeyed, and so is 1012 (5 to 30 s) and 1013 (at least 5 s).
    pub fn of(lost: &Lost) -> Self {
        match &lost.cause {
            Cause::Closed(closed) => Self::of_closed(closed),
            Cause::Connect(error) => Self::of_error(error),
        }
    }

    fn of_closed(closed: &Closed) -> Self {
        let (code, initiator) = (closed.code, closed.initiator);
        match (code, initiator) {
            (_, Initiator::Client) => Self::GiveUp,
            // A message that took too long is the network's matter.
            (CloseCode::POLICY_VIOLATION, Initiator::Engine) => Self::Retry,
            (CloseCode::SERVICE_RESTART | CloseCode::TRY_AGAIN_LATER, _) => RESTART,
            (
                CloseCode::NORMAL
                | CloseCode::PROTOCOL_ERROR
                | CloseCode::UNSUPPORTED_DATA
                | CloseCode::INVALID_PAYLOAD
                | CloseCode::POLICY_VIOLATION
                | CloseCode::MESSAGE_TOO_BIG
                | CloseCode::EXTENSION_REQUIRED,
                _,
            ) => Self::GiveUp,
            _ => Self::Retry,
        }
    }

    fn of_error(error: &ConnectError) -> Self {
        match error {
            ConnectError::Refused(refused) => match refused.status() {
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                    refused.retry_after().map_or(Self::Retry, |least| {
                        let spread = Duration::ZERO;
                        Self::RetryAfter { least, spread }
                    })
                }
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY => Self::Retry,
                status if status.is_client_error() || status.is_redirection() => Self::GiveUp,
                _ => Self::Retry,
            },
            ConnectError::InvalidAddress(_)
            | ConnectError::InvalidRequest(_)
            | ConnectError::InvalidHeader(_)
            | ConnectError::NoRandomness
            | ConnectError::Redirect(..)
            | ConnectError::Handshake(_) => Self::GiveUp,
            ConnectError::Dial(error) => Self::of_dialing(error),
            // The weakest transport was the last, and asks least of what is in between.
            ConnectError::Blocked(blocked) => blocked.last().map_or(Self::Retry, Self::of_error),
            ConnectError::Timeout(_)
            | ConnectError::Lost(_)
            | ConnectError::Response(_)
            | ConnectError::Ended(_)
            | ConnectError::NotSockJs => Self::Retry,
        }
    }

    /// A network that keeps us from the server may show a certificate of its own: that passes. Settings do not.
    fn of_dialing(error: &DialError) -> Self {
        match error {
            DialError::ProxyVariable { .. }
            | DialError::Tls {
                source:
                    TlsError::Pem { .. }
                    | TlsError::NoRoots(_)
                    | TlsError::ClientCertificate(_)
                    | TlsError::Mixed
                    | TlsError::ServerName,
                ..
            } => Self::GiveUp,
            DialError::Unreachable(_)
            | DialError::Proxy { .. }
            | DialError::Tls { .. }
            | DialError::Stream(_) => Self::Retry,
        }
    }

    /// What it asks for beside the backoff's own wait; `None` if it is to stay away.
    pub(crate) fn asked(self) -> Option<AskedFor> {
        match self {
            Self::Retry => Some(AskedFor::default()),
            Self::RetryAfter { least, spread } => Some(AskedFor { least, spread }),
            Self::GiveUp => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::Response;
    use sockeye_types::Close;

    use super::*;
    use crate::{InvalidAddress, Refused, Stage};

    fn of(cause: Cause) -> Verdict {
        Verdict::of(&Lost {
            cause,
            failures: 0,
            next: None,
        })
    }

    fn closed(code: u16, initiator: Initiator) -> Verdict {
        let close = Close::new(CloseCode::new(code), "").unwrap();
        of(Cause::Closed(Closed::new(&close, initiator)))
    }

    fn refused(status: u16, retry_after: Option<&str>) -> Verdict {
        let mut response = Response::builder().status(status);
        if let Some(seconds) = retry_after {
            response = response.header("retry-after", seconds);
        }
        let response = response.body(()).unwrap();
        let body = Bytes::new();
        let error = ConnectError::Refused(Box::new(Refused { response, body }));
        of(Cause::Connect(Arc::new(error)))
    }

    #[test]
    fn closes_that_would_only_come_again_are_given_up() {
        for code in [1000, 1002, 1003, 1007, 1008, 1009, 1010] {
            assert_eq!(closed(code, Initiator::Peer), Verdict::GiveUp, "{code}");
        }
        for code in [1001, 1011, 1014, 3000, 4000, 4999] {
            assert_eq!(closed(code, Initiator::Peer), Verdict::Retry, "{code}");
        }
        assert_eq!(closed(1012, Initiator::Peer), RESTART);
        assert_eq!(closed(1013, Initiator::Peer), RESTART);
        assert_eq!(closed(4000, Initiator::Client), Verdict::GiveUp);
        assert_eq!(closed(1008, Initiator::Engine), Verdict::Retry);
        assert_eq!(of(Cause::Closed(Closed::lost("cut"))), Verdict::Retry);
    }

    #[test]
    fn refusals_that_would_only_come_again_are_given_up_and_retry_after_is_obeyed() {
        for status in [301, 400, 401, 403, 404, 426] {
            assert_eq!(refused(status, Some("1")), Verdict::GiveUp, "{status}");
        }
        for status in [200, 408, 425, 429, 500, 502, 503] {
            assert_eq!(refused(status, None), Verdict::Retry, "{status}");
        }
        for status in [429, 503] {
            let after = Verdict::RetryAfter {
                least: Duration::from_secs(7),
                spread: Duration::ZERO,
            };
            assert_eq!(refused(status, Some("7")), after, "{status}");
            assert_eq!(refused(status, Some("tomorrow")), Verdict::Retry);
        }
    }

    #[test]
    fn the_callers_mistakes_are_given_up_and_the_networks_are_not() {
        let error = |error: ConnectError| of(Cause::Connect(Arc::new(error)));
        assert_eq!(error(InvalidAddress::Scheme.into()), Verdict::GiveUp);
        assert_eq!(error(ConnectError::Timeout(Stage::Dial)), Verdict::Retry);
        let tls = |source| {
            let host = "sockeye.test".to_owned();
            error(DialError::Tls { host, source }.into())
        };
        assert_eq!(tls(TlsError::Mixed), Verdict::GiveUp);
        assert_eq!(tls(TlsError::NotTls), Verdict::Retry);
    }
}
