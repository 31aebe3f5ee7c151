//! What a `c` frame says.

use sockeye_types::{Close, CloseCode, InvalidClose, MAX_REASON_BYTES, Text};

/// What a `c` frame says. Unlike a [`Close`] it may have any code: SockJS has one that WebSocket has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseFrame {
    /// Why, as a number.
    pub code: CloseCode,
    /// Why, in words.
    pub reason: Text,
}

impl CloseFrame {
    /// The session has a receiver already, and keeps it.
    pub const ANOTHER_CONNECTION: Self = Self {
        code: CloseCode::new(2010),
        reason: Text::from_static("Another connection still open"),
    };

    /// The session's receiver was cut off, and the session with it.
    pub const INTERRUPTED: Self = Self {
        code: CloseCode::new(1002),
        reason: Text::from_static("Connection interrupted"),
    };

    /// Makes a [`Close`] of it, for those who speak WebSocket. A reason that is too long for that is cut.
    ///
    /// # Errors
    /// [`InvalidClose::NotSendable`] if WebSocket has no such code.
    pub fn to_close(&self) -> Result<Close, InvalidClose> {
        let end = self.reason.floor_char_boundary(MAX_REASON_BYTES);
        Close::new(self.code, self.reason.get(..end).unwrap_or_default())
    }
}

impl From<&Close> for CloseFrame {
    /// A close without a code becomes 1000, as with the reference server: a `c` frame always has one.
    fn from(close: &Close) -> Self {
        if close.is_empty() {
            return Self {
                code: CloseCode::NORMAL,
                reason: Text::from_static("Normal closure"),
            };
        }
        Self {
            code: close.code(),
            reason: close.reason().clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters_and_a_foreign_code_is_refused() {
        let frame = CloseFrame {
            code: CloseCode::new(3000),
            reason: "한".repeat(50).into(),
        };
        assert_eq!(
            frame.to_close().unwrap().reason(),
            &"한".repeat(41).as_str()
        );
        let refused = CloseFrame::ANOTHER_CONNECTION.to_close();
        assert_eq!(
            refused,
            Err(InvalidClose::NotSendable(CloseCode::new(2010)))
        );
        assert_eq!(
            CloseFrame::from(&Close::going_away()).to_close(),
            Ok(Close::going_away())
        );
    }
}
