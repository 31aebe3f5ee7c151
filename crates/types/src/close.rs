//! What a close frame says: a code and a reason.

use std::fmt;

use thiserror::Error;

use crate::{CloseCode, Text};

/// The longest reason a close frame can carry, in bytes: 125 less the code (RFC 6455 §5.5).
pub const MAX_REASON_BYTES: usize = 123;

/// What a close frame says (RFC 6455 §5.5.1): a code that may be sent and a short reason, or nothing at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    code: CloseCode,
    reason: Text,
}

/// What was asked for can't stand in a close frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidClose {
    /// The code may not be sent: see [`CloseCode::is_sendable`].
    #[error("close code {0} may not be sent")]
    NotSendable(CloseCode),
    /// The reason has this many bytes, more than [`MAX_REASON_BYTES`].
    #[error("a close reason of {0} bytes is longer than {MAX_REASON_BYTES}")]
    ReasonTooLong(usize),
}

impl Close {
    /// Makes a close with a code and a reason of at most [`MAX_REASON_BYTES`] bytes.
    ///
    /// # Errors
    /// [`InvalidClose`] if the code may not be sent or the reason is too long.
    pub fn new(code: CloseCode, reason: impl Into<Text>) -> Result<Self, InvalidClose> {
        let reason = reason.into();
        if !code.is_sendable() {
            return Err(InvalidClose::NotSendable(code));
        }
        if reason.len() > MAX_REASON_BYTES {
            return Err(InvalidClose::ReasonTooLong(reason.len()));
        }
        Ok(Self { code, reason })
    }

    /// A close frame without a code; it reads as [`CloseCode::NO_STATUS`].
    pub const fn empty() -> Self {
        Self {
            code: CloseCode::NO_STATUS,
            reason: Text::from_static(""),
        }
    }

    /// 1000 without a reason.
    pub const fn normal() -> Self {
        Self {
            code: CloseCode::NORMAL,
            reason: Text::from_static(""),
        }
    }

    /// 1001: the server shuts down.
    pub const fn going_away() -> Self {
        Self {
            code: CloseCode::GOING_AWAY,
            reason: Text::from_static("going away"),
        }
    }

    /// 1011: the handler failed. What failed stays in the log.
    pub const fn internal_error() -> Self {
        Self {
            code: CloseCode::INTERNAL_ERROR,
            reason: Text::from_static("internal error"),
        }
    }

    /// 1013: the peer reads too slowly for what is sent to it.
    pub const fn slow_consumer() -> Self {
        Self {
            code: CloseCode::TRY_AGAIN_LATER,
            reason: Text::from_static("slow consumer"),
        }
    }

    /// Returns the code; [`CloseCode::NO_STATUS`] if there is none.
    pub fn code(&self) -> CloseCode {
        self.code
    }

    /// Returns the reason; often empty.
    pub fn reason(&self) -> &Text {
        &self.reason
    }

    /// Says whether the frame carries neither code nor reason.
    pub fn is_empty(&self) -> bool {
        self.code == CloseCode::NO_STATUS
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason.is_empty() {
            write!(f, "{}", self.code)
        } else {
            write!(f, "{}: {}", self.code, self.reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_fits_at_its_limit_and_not_one_byte_beyond() {
        let longest = "r".repeat(MAX_REASON_BYTES);
        assert_eq!(
            Close::new(CloseCode::NORMAL, longest.as_str())
                .unwrap()
                .reason(),
            &longest.as_str()
        );
        let refused = Close::new(CloseCode::NORMAL, longest + "r").unwrap_err();
        assert_eq!(refused, InvalidClose::ReasonTooLong(124));
    }

    #[test]
    fn a_code_that_may_not_be_sent_is_refused() {
        let refused = Close::new(CloseCode::ABNORMAL, "").unwrap_err();
        assert_eq!(refused, InvalidClose::NotSendable(CloseCode::ABNORMAL));
    }

    #[test]
    fn the_ready_made_closes_are_ones_that_may_be_sent() {
        for close in [
            Close::normal(),
            Close::going_away(),
            Close::internal_error(),
            Close::slow_consumer(),
        ] {
            assert_eq!(Close::new(close.code(), close.reason().clone()), Ok(close));
        }
        assert!(Close::empty().is_empty());
    }
}
