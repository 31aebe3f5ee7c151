//! How one receiver has its frames: as SockJS writes them, or messages as they are.

use bytes::{Bytes, BytesMut};
use sockeye_endpoint::{BinaryOverText, Outgoing, Shared};
use sockeye_sockjs_proto::{CloseFrame, Framing, Receive};
use sockeye_types::Close;

use crate::{
    sockjs::{self, IsBinary},
    streams::StreamWire,
};

/// How one receiver has its frames.
#[derive(Debug)]
pub(crate) enum Wire {
    SockJs {
        by: Receive,
        framing: Framing,
        binary: BinaryOverText,
    },
    /// No frames but messages; what SockJS has further is silent.
    Stream(StreamWire),
}

impl Wire {
    /// Returns what precedes the frames, if anything.
    pub(crate) fn prelude(&self) -> Option<Bytes> {
        match self {
            Self::SockJs { framing, .. } => framing.prelude(),
            Self::Stream(stream) => stream.prelude(),
        }
    }

    /// Appends what tells a receiver that another one is there.
    pub(crate) fn refuse(&self, out: &mut BytesMut) {
        match self {
            Self::SockJs { framing, .. } => {
                framing.close_frame(&CloseFrame::ANOTHER_CONNECTION, out);
            }
            Self::Stream(_) => {}
        }
    }

    /// Appends what opens the session.
    pub(crate) fn open(&self, out: &mut BytesMut) {
        match self {
            Self::SockJs { framing, .. } => framing.open(out),
            Self::Stream(_) => {}
        }
    }

    /// Appends what says that the server is there.
    pub(crate) fn heartbeat(&self, out: &mut BytesMut) {
        match self {
            Self::SockJs { framing, .. } => framing.heartbeat(out),
            Self::Stream(_) => {}
        }
    }

    /// Appends what closes the session.
    pub(crate) fn close(&self, close: &Close, out: &mut BytesMut) {
        match self {
            Self::SockJs { framing, .. } => framing.close(close, out),
            Self::Stream(stream) => stream.close(close, out),
        }
    }

    /// Writes messages. Those that can not be written are left out.
    ///
    /// # Errors
    /// [`IsBinary`] if there were such.
    pub(crate) fn frame(
        &self,
        messages: &mut dyn Iterator<Item = Outgoing>,
        out: &mut BytesMut,
    ) -> Result<(), IsBinary> {
        match self {
            Self::SockJs {
                framing, binary, ..
            } => sockjs::frame(framing, messages, *binary, out),
            Self::Stream(stream) => stream.frame(messages, out),
        }
    }

    /// Frames a broadcast that goes out alone, unless that was done for another session; `None` if each session has a
    /// frame of its own.
    ///
    /// # Errors
    /// [`IsBinary`] if it can not be written.
    pub(crate) fn shared_frame(&self, shared: &Shared) -> Result<Option<Bytes>, IsBinary> {
        match self {
            Self::SockJs {
                by,
                framing,
                binary,
            } => sockjs::shared_frame(shared, *by, framing, *binary),
            Self::Stream(stream) => stream.shared(shared).map(Some),
        }
    }
}
