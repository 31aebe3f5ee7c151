//! Why a command is not done: an error that the connection survives, or one that ends it.

use std::borrow::Cow;

use serde_json::value::RawValue;
use sockeye_channel_proto::{Disconnect, Error, ErrorCode};

use crate::{BrokerError, InvalidChannel, hooks::Refused, hub::JoinError};

/// Why a command is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is answered with an error.
    Error(Error),
    /// The connection ends.
    Close(Ending),
}

/// With which code and words a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) code: u32,
    pub(crate) reason: Cow<'static, str>,
}

impl Ending {
    /// Takes words from outside. Clients take a reason that is JSON for advice, and trip over one that is empty.
    pub(crate) fn new(code: u32, reason: Cow<'static, str>) -> Self {
        let reason = said(reason, "disconnected");
        let is_json = serde_json::from_str::<&RawValue>(&reason).is_ok();
        let reason = if is_json {
            format!("disconnected: {reason}").into()
        } else {
            reason
        };
        Self { code, reason }
    }
}

impl From<Disconnect> for Ending {
    fn from(code: Disconnect) -> Self {
        Self {
            code: code.code(),
            reason: code.reason().into(),
        }
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self::Error(Error {
            code: code.code(),
            message: code.reason().to_owned(),
            temporary: code.is_temporary(),
        })
    }
}

impl From<Disconnect> for Refusal {
    fn from(code: Disconnect) -> Self {
        Self::Close(code.into())
    }
}

impl From<InvalidChannel> for Refusal {
    fn from(invalid: InvalidChannel) -> Self {
        invalid.code().into()
    }
}

impl From<BrokerError> for Refusal {
    fn from(error: BrokerError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "a broker failed");
        ErrorCode::Internal.into()
    }
}

impl From<JoinError> for Refusal {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Broker(error) => error.into(),
            JoinError::Missed => Disconnect::InsufficientState.into(),
            JoinError::Already => ErrorCode::AlreadySubscribed.into(),
            JoinError::Ended => Disconnect::ConnectionClosed.into(),
        }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Error {
                code,
                message,
                temporary,
            } => Self::Error(Error {
                code,
                message: said(message, "refused").into_owned(),
                temporary,
            }),
            Refused::Disconnect { code, reason } => Self::Close(Ending::new(code, reason)),
            Refused::Failed(error) => {
                tracing::error!(error = &*error as &dyn std::error::Error, "a hook failed");
                ErrorCode::Internal.into()
            }
        }
    }
}

/// Clients trip over an empty reason.
fn said(words: Cow<'static, str>, instead: &'static str) -> Cow<'static, str> {
    if words.is_empty() {
        instead.into()
    } else {
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_never_empty_and_never_json() {
        for (reason, said) in [
            ("", "disconnected"),
            ("123", "disconnected: 123"),
            ("\"x\"", "disconnected: \"x\""),
            ("by hand", "by hand"),
        ] {
            assert_eq!(Ending::new(4000, reason.into()).reason, said);
        }
    }
}
