//! How a talk ended, as the program's exit status.

use std::process::ExitCode;

use sockeye::{
    CloseCode,
    client::{Cause, Closed, ConnectError, Initiator},
};

use super::line::End;

/// How a talk ended. The statuses are those of the command's help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Closed as asked, or by the server with 1000.
    Done,
    /// This side failed: a file, the input, a command.
    Failed,
    /// The server can't be reached.
    Unreachable,
    /// The handshake was refused.
    Refused,
    /// The server closed with another code than 1000.
    ClosedOtherwise,
    /// There was no close, or the heartbeat was missed.
    Lost,
    /// The server broke the protocol or a limit.
    Violated,
    /// A signal ended it.
    Signal(u8),
}

/// The number of SIGINT, which Ctrl-C sends.
pub(crate) const SIGINT: u8 = 2;
/// The number of SIGTERM.
pub(crate) const SIGTERM: u8 = 15;

impl Verdict {
    /// Returns the exit status.
    pub(crate) fn status(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Unreachable => 3,
            Self::Refused => 4,
            Self::ClosedOtherwise => 5,
            Self::Lost => 6,
            Self::Violated => 7,
            Self::Signal(number) => 128 + number,
        })
    }

    /// Judges a connection that could not be opened.
    pub(crate) fn of_error(error: &ConnectError) -> Self {
        match error {
            ConnectError::Refused { .. } | ConnectError::Handshake(_) => Self::Refused,
            ConnectError::Blocked(blocked) => {
                blocked.last().map_or(Self::Unreachable, Self::of_error)
            }
            _ => Self::Unreachable,
        }
    }

    /// Judges the end of a line; what was lost last counts if this side left meanwhile.
    pub(crate) fn of_end(end: &End) -> Self {
        match end {
            End::Closed(closed) | End::Left(Some(Cause::Closed(closed))) => Self::of_closed(closed),
            End::Unconnected(error) | End::Left(Some(Cause::Connect(error))) => {
                Self::of_error(error)
            }
            End::Left(None) => Self::Unreachable,
        }
    }

    /// Judges the end of a connection.
    pub(crate) fn of_closed(closed: &Closed) -> Self {
        match closed.initiator {
            Initiator::Peer if matches!(closed.code, CloseCode::NORMAL | CloseCode::NO_STATUS) => {
                Self::Done
            }
            Initiator::Peer => Self::ClosedOtherwise,
            Initiator::Client => Self::Done,
            // The codes of broken rules and limits; those of a time that ran out are others, or none.
            Initiator::Engine
                if matches!(
                    closed.code,
                    CloseCode::PROTOCOL_ERROR
                        | CloseCode::UNSUPPORTED_DATA
                        | CloseCode::INVALID_PAYLOAD
                        | CloseCode::MESSAGE_TOO_BIG
                        | CloseCode::EXTENSION_REQUIRED
                ) =>
            {
                Self::Violated
            }
            _ => Self::Lost,
        }
    }
}

#[cfg(test)]
mod tests {
    use sockeye::Close;

    use super::*;

    #[test]
    fn the_end_of_a_connection_decides_the_status() {
        let closed = |code: u16, initiator| {
            let close = Close::new(CloseCode::new(code), "").unwrap();
            Verdict::of_closed(&Closed::new(&close, initiator))
        };
        assert_eq!(closed(1000, Initiator::Peer), Verdict::Done);
        assert_eq!(closed(1001, Initiator::Peer), Verdict::ClosedOtherwise);
        assert_eq!(closed(4001, Initiator::Client), Verdict::Done);
        assert_eq!(closed(1002, Initiator::Engine), Verdict::Violated);
        assert_eq!(closed(1009, Initiator::Engine), Verdict::Violated);
        assert_eq!(closed(1011, Initiator::Engine), Verdict::Lost);
        let none = Closed::new(&Close::empty(), Initiator::Peer);
        assert_eq!(Verdict::of_closed(&none), Verdict::Done);
    }
}
