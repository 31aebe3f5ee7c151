//! The body of an answer: whole in memory, or frames as they come.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use crate::sockjs::Receiver;

/// An answer to a request.
pub(crate) type Reply = Response<Answer>;

/// The body of an answer.
///
/// Dropped before its end, it tells the session that it carries, which is over then.
pub struct Answer(Kind);

enum Kind {
    Whole(Full<Bytes>),
    /// Each frame is handed over alone, so that it is one chunk in HTTP/1.1, and none waits for the next.
    Frames(Receiver),
}

impl Answer {
    /// Returns the receiver, if frames come through it.
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        match &self.0 {
            Kind::Whole(_) => None,
            Kind::Frames(receiver) => Some(receiver),
        }
    }
}

impl From<Full<Bytes>> for Answer {
    fn from(whole: Full<Bytes>) -> Self {
        Self(Kind::Whole(whole))
    }
}

impl From<Bytes> for Answer {
    fn from(whole: Bytes) -> Self {
        Self(Kind::Whole(Full::new(whole)))
    }
}

impl From<Receiver> for Answer {
    fn from(receiver: Receiver) -> Self {
        Self(Kind::Frames(receiver))
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Kind::Whole(whole) => Pin::new(whole).poll_frame(cx),
            Kind::Frames(receiver) => receiver
                .poll_next(cx)
                .map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(whole) => whole.is_end_stream(),
            Kind::Frames(receiver) => receiver.is_taken(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(whole) => whole.size_hint(),
            Kind::Frames(_) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}
