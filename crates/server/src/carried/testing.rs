//! A session without a driver, for tests of what takes its frames.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use sockeye_endpoint::BinaryOverText;
use sockeye_sockjs_proto::{Framing, Length, Receive, SessionMachine, Times};
use sockeye_types::Transport;

use super::{
    line::{self, Asks, Joined},
    receiver::Receiver,
    table::Bound,
    wire::Wire,
};
use crate::driver::clock;

/// A session without a driver.
pub(crate) struct Line(Arc<line::Line>);

impl Line {
    pub(crate) fn of_one() -> Self {
        let times = Times {
            heartbeat: Duration::MAX,
            disconnect_delay: Duration::MAX,
        };
        let machine = SessionMachine::new(times, clock());
        let transport = Transport::XhrStreaming;
        Self(line::Line::new(transport, Bound::default(), 0, machine))
    }

    /// A receiver that gets these frames, the last of which ends its response.
    pub(crate) fn receiver<const N: usize>(&self, frames: [String; N]) -> Receiver {
        let by = Receive::XhrStreaming;
        let asks = Asks {
            wire: Wire::SockJs {
                by,
                framing: Framing::of(by, None).unwrap(),
                binary: BinaryOverText::Close,
            },
            length: Length::Bytes(frames.iter().map(String::len).sum()),
        };
        let Joined::Receives(receiver) = self.0.attach(asks, clock()) else {
            panic!("it has a receiver");
        };
        for frame in frames {
            self.0.lock().send(Bytes::from(frame), clock());
        }
        receiver
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.0.lock().machine.gone().is_some()
    }
}
