//! What can go wrong on a conn, sorted by blame: the peer broke a rule, a time ran out, the caller erred.

use sockeye_types::{Close, CloseCode, Text};
use thiserror::Error;

/// The peer broke a rule. The conn has answered with a close frame of [`close_code`](Self::close_code), and every later
/// [`decode`](crate::Conn::decode) gives the same error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A reserved bit is set that no extension gave a meaning (RFC 6455 §5.2).
    #[error("a reserved bit is set")]
    ReservedBit,
    /// The compression bit is set on a control frame or a continuation (RFC 7692 §6).
    #[error("the compression bit belongs on a message's first frame only")]
    MisplacedCompressionBit,
    /// An opcode without a meaning: 0x3 to 0x7 or 0xB to 0xF (RFC 6455 §5.2).
    #[error("opcode {0:#x} is reserved")]
    ReservedOpcode(u8),
    /// A client sent a frame without a mask (RFC 6455 §5.1).
    #[error("a client must mask its frames")]
    MaskMissing,
    /// A server sent a frame with a mask (RFC 6455 §5.1).
    #[error("a server must not mask its frames")]
    MaskForbidden,
    /// A length is written in more bytes than it needs (RFC 6455 §5.2).
    #[error("the frame's length is not written in the shortest form")]
    LengthNotMinimal,
    /// A length has its highest bit set (RFC 6455 §5.2).
    #[error("the frame's length has more than 63 bits")]
    LengthTooLarge,
    /// A control frame came in fragments (RFC 6455 §5.5).
    #[error("a control frame must not be fragmented")]
    ControlFragmented,
    /// A control frame's payload has more than 125 bytes (RFC 6455 §5.5).
    #[error("a control frame has more than 125 bytes")]
    ControlTooLong,
    /// A continuation came with no message to continue (RFC 6455 §5.4).
    #[error("there is no message to continue")]
    NothingToContinue,
    /// A new message began before the last fragment of the one before (RFC 6455 §5.4).
    #[error("a message began within another")]
    MessageInterrupted,
    /// A close frame's payload is one byte: half a code (RFC 6455 §5.5.1).
    #[error("a close code has two bytes")]
    CloseCodeCut,
    /// A close frame carries a code that may not be sent (RFC 6455 §7.4).
    #[error("close code {} must not be sent", .0.as_u16())]
    CloseCodeIllegal(CloseCode),
    /// A close frame's reason is not UTF-8 (RFC 6455 §5.5.1).
    #[error("the close reason is not UTF-8")]
    CloseReasonNotText,
    /// A text message is not UTF-8 (RFC 6455 §8.1).
    #[error("text is not UTF-8")]
    NotText,
    /// A compressed message can't be inflated (RFC 7692 §7.2.2).
    #[error("compressed data is corrupt")]
    CorruptDeflate,
    /// A frame is larger than [`frame_bytes`](sockeye_types::Limits::frame_bytes).
    #[error("the frame is too big")]
    FrameTooBig,
    /// A message is larger than [`message_bytes`](sockeye_types::Limits::message_bytes).
    #[error("the message is too big")]
    MessageTooBig,
    /// A message comes in more frames than [`fragments`](sockeye_types::Limits::fragments).
    #[error("the message has too many fragments")]
    TooManyFragments,
    /// More control frames came within a second than
    /// [`control_frames_per_second`](sockeye_types::Limits::control_frames_per_second).
    #[error("too many control frames")]
    TooManyControlFrames,
}

impl ProtocolError {
    /// Returns the code the conn closes with (RFC 6455 §7.4.1).
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::ReservedBit
            | Self::MisplacedCompressionBit
            | Self::ReservedOpcode(_)
            | Self::MaskMissing
            | Self::MaskForbidden
            | Self::LengthNotMinimal
            | Self::LengthTooLarge
            | Self::ControlFragmented
            | Self::ControlTooLong
            | Self::NothingToContinue
            | Self::MessageInterrupted
            | Self::CloseCodeCut
            | Self::CloseCodeIllegal(_) => CloseCode::PROTOCOL_ERROR,
            Self::CloseReasonNotText | Self::NotText | Self::CorruptDeflate => {
                CloseCode::INVALID_PAYLOAD
            }
            Self::FrameTooBig | Self::MessageTooBig => CloseCode::MESSAGE_TOO_BIG,
            Self::TooManyFragments | Self::TooManyControlFrames => CloseCode::POLICY_VIOLATION,
        }
    }

    /// Returns what the peer is told.
    pub(crate) fn close(self) -> Close {
        told(self.close_code(), self.to_string())
    }
}

/// A time ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Lapse {
    /// A message took longer than [`message_time`](sockeye_types::Limits::message_time).
    #[error("the message took too long")]
    MessageTooSlow,
    /// No byte came within the [`deadline`](sockeye_types::Heartbeat::deadline) of a ping.
    #[error("no sign of life")]
    HeartbeatMissed,
    /// The peer didn't answer a close within [`close_time`](sockeye_types::Limits::close_time).
    #[error("the close was not answered")]
    CloseUnanswered,
}

impl Lapse {
    /// Returns the code the conn closes with; `None` where a close was sent before.
    pub const fn close_code(self) -> Option<CloseCode> {
        match self {
            Self::MessageTooSlow => Some(CloseCode::POLICY_VIOLATION),
            Self::HeartbeatMissed => Some(CloseCode::INTERNAL_ERROR),
            Self::CloseUnanswered => None,
        }
    }

    /// Returns what the peer is told, if anything.
    pub(crate) fn close(self) -> Option<Close> {
        self.close_code().map(|code| told(code, self.to_string()))
    }
}

/// The caller asked for what can't be sent. Nothing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// A close was sent or the connection has ended: nothing may follow (RFC 6455 §5.5.1).
    #[error("the connection is closed for sending")]
    Closed,
    /// The message was prepared for another framing than this conn's.
    #[error("the message was prepared for another framing")]
    OtherFraming,
    /// A ping or pong carries this many bytes, more than 125 (RFC 6455 §5.5).
    #[error("a ping or pong carries at most 125 bytes, not {0}")]
    ControlTooLong(usize),
}

fn told(code: CloseCode, words: String) -> Close {
    Close::new(code, Text::from(words)).unwrap_or_else(|_| Close::internal_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_has_a_close_that_may_be_sent() {
        for error in [
            ProtocolError::ReservedOpcode(0xf),
            ProtocolError::CloseCodeIllegal(CloseCode::new(65_535)),
            ProtocolError::MisplacedCompressionBit,
            ProtocolError::LengthNotMinimal,
            ProtocolError::TooManyControlFrames,
        ] {
            assert_eq!(error.close().code(), error.close_code());
            assert_eq!(error.close().reason().as_str(), error.to_string());
        }
        for lapse in [Lapse::MessageTooSlow, Lapse::HeartbeatMissed] {
            assert_eq!(lapse.close().map(|close| close.code()), lapse.close_code());
        }
        assert_eq!(Lapse::CloseUnanswered.close(), None);
    }
}
