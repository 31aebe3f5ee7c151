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
///
/// All states but the first are behind one pointer: nearly every conn is open.
#[derive(Debug)]
pub(crate) enum Closing {
    /// Frames go both ways.
    Open,
    /// The end has begun.
    Begun(Box<Begun>),
}

/// The states of [`Closing`] behind the first.
#[derive(Debug)]
pub(crate) struct Begun {
    ending: Ending,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Our close is out. What the peer sends before its own still counts.
    Sent { deadline: Option<Instant> },
    /// Both closes are out: the TCP connection can end.
    Closed,
    /// The peer broke a rule, and was told so unless our close was out before.
    Failed(ProtocolError),
    /// A time ran out.
    Lapsed(Lapse),
    /// The peer's bytes ended without its close.
    Lost,
}

impl Closing {
    /// Says whether frames may still be sent.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// Says whether our close is out and the peer's awaited.
    pub(crate) fn is_sent(&self) -> bool {
        matches!(self.state(), Some(State::Sent { .. }))
    }

    /// Says whether nothing will be sent or received any more.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        !self.is_open() && !self.is_sent()
    }

    /// Says whether both sides sent their close.
    pub(crate) fn is_clean(&self) -> bool {
        matches!(self.state(), Some(State::Closed))
    }

    pub(crate) fn ending(&self) -> Option<&Ending> {
        match self {
            Self::Open => None,
            Self::Begun(begun) => Some(&begun.ending),
        }
    }

    /// Returns until when the peer has to answer our close.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.state() {
            Some(State::Sent { deadline }) => deadline,
            _ => None,
        }
    }

    /// Returns the rule that the peer broke.
    pub(crate) fn failure(&self) -> Option<ProtocolError> {
        match self.state() {
            Some(State::Failed(error)) => Some(error),
            _ => None,
        }
    }

    /// Returns the time that ran out.
    pub(crate) fn lapsed(&self) -> Option<Lapse> {
        match self.state() {
            Some(State::Lapsed(lapse)) => Some(lapse),
            _ => None,
        }
    }

    /// Our close goes out.
    pub(crate) fn start(&mut self, close: Close, deadline: Option<Instant>) {
        if self.is_open() {
            self.enter(State::Sent { deadline }, Ending::Own(close));
        }
    }

    /// The peer's close came: an answer to ours, or its own will.
    pub(crate) fn receive(&mut self, close: Close) {
        self.enter(State::Closed, Ending::Peer(close));
    }

    /// The peer broke a rule.
    pub(crate) fn fail(&mut self, error: ProtocolError) {
        self.enter(State::Failed(error), Ending::Violation(error));
    }

    /// A time ran out.
    pub(crate) fn lapse(&mut self, lapse: Lapse) {
        self.enter(State::Lapsed(lapse), Ending::Lapse(lapse));
    }

    /// The peer's bytes ended.
    pub(crate) fn lose(&mut self) {
        self.enter(State::Lost, Ending::Lost);
    }

    /// Goes on to a state, unless all is over. The ending is settled already unless this is the first arrow.
    fn enter(&mut self, state: State, ending: Ending) {
        match self {
            Self::Open => *self = Self::Begun(Box::new(Begun { ending, state })),
            Self::Begun(begun) => {
                if let State::Sent { .. } = begun.state {
                    begun.state = state;
                }
            }
        }
    }

    fn state(&self) -> Option<State> {
        match self {
            Self::Open => None,
            Self::Begun(begun) => Some(begun.state),
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
