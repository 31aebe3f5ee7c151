//! The closing handshake (RFC 6455 §5.5.1, §7): who closed, with what, and what may still be sent and received.

use std::time::Instant;

use sockeye_types::{Close, CloseCode, Text};

use crate::{Lapse, ProtocolError, frame::MAX_CONTROL_BYTES};

/// How a connection ended: what to report to whoever used it, and who started it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a driver that reports endings must know each"
)]
pub enum Ending {
    /// The peer closed, with this.
    Peer(Close),
    /// We closed, with this. Whether the peer answered says [`Conn::is_clean`](crate::Conn::is_clean).
    Own(Close),
    /// The peer broke a rule.
    Violation(ProtocolError),
    /// A time ran out.
    Lapse(Lapse),
    /// The connection was lost without a close frame.
    Lost,
}

impl Ending {
    /// Returns the code to report: that of the close frame that began the end, or 1006 if there was none.
    pub fn code(&self) -> CloseCode {
        match self {
            Self::Peer(close) | Self::Own(close) => close.code(),
            Self::Violation(error) => error.close_code(),
            Self::Lapse(lapse) => lapse.close_code().unwrap_or(CloseCode::ABNORMAL),
            Self::Lost => CloseCode::ABNORMAL,
        }
    }

    /// Returns the close frame's content, if one side closed by its own will.
    pub fn close(&self) -> Option<&Close> {
        match self {
            Self::Peer(close) | Self::Own(close) => Some(close),
            Self::Violation(_) | Self::Lapse(_) | Self::Lost => None,
        }
    }
}

/// The closing of one conn. Every state but the first knows the [`Ending`], which is settled by the first arrow out of
/// `Open` and never changes.
///
/// ```text
///          start: our close goes out           receive: the peer's close
///   Open ─────────────────────────────> Sent ─────────────────────────────> Closed
///    │ │                                 │ │                                  ^
///    │ └─────────────────────────────────┼─┼──────────────────────────────────┘
///    │    receive: the peer's close,     │ │
///    │    answered at once               │ │
///    │                                   │ │
///    │ fail: the peer broke a rule       │ │
///    ├───────────────────────────────────┼─┼──> Failed
///    │ lapse: a time ran out             │ │
///    ├───────────────────────────────────┼─┴──> Lapsed
///    │ lose: no more bytes               │
///    └───────────────────────────────────┴────> Lost
/// ```
#[derive(Debug)]
pub(crate) enum Closing {
    /// Frames go both ways.
    Open,
    /// Our close is out. What the peer sends before its own still counts.
    Sent(Box<Sent>),
    /// Both closes are out: the TCP connection can end.
    Closed { ending: Box<Ending> },
    /// The peer broke a rule, and was told so unless our close was out before.
    Failed {
        ending: Box<Ending>,
        error: ProtocolError,
    },
    /// A time ran out.
    Lapsed { ending: Box<Ending>, lapse: Lapse },
    /// The peer's bytes ended without its close.
    Lost { ending: Box<Ending> },
}

/// What is known while the peer's close is awaited.
#[derive(Debug)]
pub(crate) struct Sent {
    ending: Ending,
    deadline: Option<Instant>,
}

impl Closing {
    /// Says whether frames may still be sent.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// Says whether our close is out and the peer's awaited.
    pub(crate) fn is_sent(&self) -> bool {
        matches!(self, Self::Sent(_))
    }

    /// Says whether nothing will be sent or received any more.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(self, Self::Open | Self::Sent(_))
    }

    /// Says whether both sides sent their close.
    pub(crate) fn is_clean(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Open => None,
            Self::Sent(sent) => Some(&sent.ending),
            Self::Closed { ending }
            | Self::Failed { ending, .. }
            | Self::Lapsed { ending, .. }
            | Self::Lost { ending } => Some(ending),
        }
    }

    /// Returns until when the peer has to answer our close.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Sent(sent) => sent.deadline,
            Self::Open
            | Self::Closed { .. }
            | Self::Failed { .. }
            | Self::Lapsed { .. }
            | Self::Lost { .. } => None,
        }
    }

    /// Our close goes out.
    pub(crate) fn start(&mut self, close: Close, deadline: Option<Instant>) {
        if self.is_open() {
            let ending = Ending::Own(close);
            *self = Self::Sent(Box::new(Sent { ending, deadline }));
        }
    }

    /// The peer's close came: an answer to ours, or its own will.
    pub(crate) fn receive(&mut self, close: Close) {
        if let Some(ending) = self.leave(Ending::Peer(close)) {
            *self = Self::Closed { ending };
        }
    }

    /// The peer broke a rule.
    pub(crate) fn fail(&mut self, error: ProtocolError) {
        if let Some(ending) = self.leave(Ending::Violation(error)) {
            *self = Self::Failed { ending, error };
        }
    }

    /// A time ran out.
    pub(crate) fn lapse(&mut self, lapse: Lapse) {
        if let Some(ending) = self.leave(Ending::Lapse(lapse)) {
            *self = Self::Lapsed { ending, lapse };
        }
    }

    /// The peer's bytes ended.
    pub(crate) fn lose(&mut self) {
        if let Some(ending) = self.leave(Ending::Lost) {
            *self = Self::Lost { ending };
        }
    }

    /// Returns the ending for a state that is over: the settled one, or `otherwise` if none is. `None` if all is over
    /// already.
    fn leave(&self, otherwise: Ending) -> Option<Box<Ending>> {
        match self {
            Self::Open => Some(Box::new(otherwise)),
            Self::Sent(sent) => Some(Box::new(sent.ending.clone())),
            Self::Closed { .. } | Self::Failed { .. } | Self::Lapsed { .. } | Self::Lost { .. } => {
                None
            }
        }
    }
}

/// Reads a close frame's payload (RFC 6455 §5.5.1, §7.4).
pub(crate) fn parse_close(payload: &[u8]) -> Result<Close, ProtocolError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() {
            Ok(Close::empty())
        } else {
            Err(ProtocolError::CloseCodeCut)
        };
    };
    let code = CloseCode::new(u16::from_be_bytes(*code));
    let reason = Text::try_from(reason.to_vec()).map_err(|_| ProtocolError::CloseReasonNotText)?;
    // The reason of a control frame of 125 bytes is never too long, so the code is all that can be wrong.
    Close::new(code, reason).map_err(|_| ProtocolError::CloseCodeIllegal(code))
}

/// Writes a close frame's payload.
pub(crate) fn close_payload(close: &Close) -> Vec<u8> {
    let mut payload = Vec::with_capacity(MAX_CONTROL_BYTES);
    if !close.is_empty() {
        payload.extend_from_slice(&close.code().as_u16().to_be_bytes());
        payload.extend_from_slice(close.reason().as_bytes());
    }
    payload
}

/// The answer to a close: its code without its reason, and nothing for nothing (RFC 6455 §5.5.1).
pub(crate) fn answer_to(close: &Close) -> Close {
    Close::new(close.code(), Text::default()).unwrap_or_else(|_| Close::empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_close_payload_is_nothing_or_a_legal_code_and_text() {
        assert_eq!(parse_close(b""), Ok(Close::empty()));
        assert_eq!(parse_close(b"\x03"), Err(ProtocolError::CloseCodeCut));
        assert_eq!(
            parse_close(b"\x03\xe8\xff"),
            Err(ProtocolError::CloseReasonNotText)
        );
        let going = Close::new(CloseCode::GOING_AWAY, "bye").unwrap();
        assert_eq!(parse_close(b"\x03\xe9bye"), Ok(going));
    }

    #[test]
    fn the_codes_of_the_registry_are_accepted_and_the_others_refused() {
        for code in 0..=u16::MAX {
            let parsed = parse_close(&code.to_be_bytes());
            let code = CloseCode::new(code);
            if code.is_sendable() {
                assert_eq!(parsed.unwrap().code(), code);
            } else {
                assert_eq!(parsed, Err(ProtocolError::CloseCodeIllegal(code)));
            }
        }
    }

    #[test]
    fn an_answer_has_the_code_and_not_the_reason() {
        assert_eq!(answer_to(&Close::empty()), Close::empty());
        let answer = answer_to(&Close::going_away());
        assert_eq!(
            (answer.code(), answer.reason().as_str()),
            (CloseCode::GOING_AWAY, "")
        );
    }

    #[derive(Clone, Copy, Debug)]
    enum Arrow {
        Start,
        Receive,
        Fail,
        Lapse,
        Lose,
    }

    proptest! {
        #[test]
        fn the_first_arrow_settles_the_ending_and_what_is_over_stays_over(
            arrows in prop::collection::vec(prop::sample::select(vec![
                Arrow::Start, Arrow::Receive, Arrow::Fail, Arrow::Lapse, Arrow::Lose,
            ]), 1..8),
        ) {
            let mut closing = Closing::Open;
            let (mut settled, mut over) = (None, false);
            for arrow in arrows {
                let (error, lapse) = (ProtocolError::NotText, Lapse::MessageTooSlow);
                let ending = match arrow {
                    Arrow::Start => { closing.start(Close::normal(), None); Ending::Own(Close::normal()) }
                    Arrow::Receive => { closing.receive(Close::empty()); Ending::Peer(Close::empty()) }
                    Arrow::Fail => { closing.fail(error); Ending::Violation(error) }
                    Arrow::Lapse => { closing.lapse(lapse); Ending::Lapse(lapse) }
                    Arrow::Lose => { closing.lose(); Ending::Lost }
                };
                let clean = !over && matches!(arrow, Arrow::Receive) || over && closing.is_clean();
                over |= !matches!(arrow, Arrow::Start);
                settled.get_or_insert(ending);
                prop_assert_eq!(closing.ending(), settled.as_ref());
                prop_assert_eq!((closing.is_over(), closing.is_clean()), (over, clean));
                prop_assert!(!closing.is_open() && closing.is_sent() != over);
            }
        }
    }
}
