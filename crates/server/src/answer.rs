//! The body of an answer: whole in memory, or frames as they come.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{Response, StatusCode, response::Parts};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use sockeye_sockjs_proto::RequestError;

use crate::{carried::Receiver, held::Frames};

/// An answer to a request.
pub(crate) type Reply = Response<Answer>;

/// The body of an answer.
///
/// Dropped before its end, it tells the session that it carries, which is over then.
pub struct Answer(Kind);

enum Kind {
    Whole(Full<Bytes>),
    /// Each frame is handed over alone, so that it is one chunk in HTTP/1.1, and none waits for the next.
    Held(Receiver, Frames, Behind),
}

/// What an answer whose frames come as they do follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Behind {
    /// The head of its request, and a body that may not have been read.
    Head,
    /// The request's body, to its end.
    Body,
}

impl Answer {
    /// One whose frames come through a receiver.
    pub(crate) fn held(receiver: Receiver, frames: Frames) -> Self {
        Self(Kind::Held(receiver, frames, Behind::Head))
    }

    /// The same, of a request whose body was read to its end.
    pub(crate) fn held_behind_body(receiver: Receiver, frames: Frames) -> Self {
        Self(Kind::Held(receiver, frames, Behind::Body))
    }

    /// Says whether the request's body is known to have been read to its end.
    pub(crate) fn is_behind_body(&self) -> bool {
        matches!(self.0, Kind::Held(_, _, Behind::Body))
    }

    /// Returns the receiver, if frames come through it.
    pub(crate) fn receiver(&self) -> Option<&Receiver> {
        match &self.0 {
            Kind::Whole(_) => None,
            Kind::Held(receiver, ..) => Some(receiver),
        }
    }

    /// Gives up the receiver, if frames come through it.
    pub(crate) fn into_receiver(self) -> Result<(Receiver, Frames), Self> {
        match self.0 {
            Kind::Whole(_) => Err(self),
            Kind::Held(receiver, frames, _) => Ok((receiver, frames)),
        }
    }
}

/// Waits for the frame of an answer that has only one, so that its head can say how long it is.
///
/// Cancel safety: dropped before it is done, the request is given up, and so is the session that it carries.
pub(crate) async fn whole(reply: Reply) -> Reply {
    let (mut head, answer) = reply.into_parts();
    let answer = match answer.into_receiver() {
        Ok((receiver, Frames::One)) => {
            let frame = receiver.next().await;
            Answer::from(frame_or_refusal(&mut head, frame))
        }
        Ok((receiver, frames)) => Answer::held(receiver, frames),
        Err(answer) => answer,
    };
    Response::from_parts(head, answer)
}

/// Returns the body of an answer that has one frame. A session that was cut has none to say; a success without a frame
/// would make clients ask again at once.
pub(crate) fn frame_or_refusal(head: &mut Parts, frame: Option<Bytes>) -> Bytes {
    frame.unwrap_or_else(|| {
        head.status = StatusCode::SERVICE_UNAVAILABLE;
        Bytes::from(RequestError::GoingAway.to_string())
    })
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

impl Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Kind::Whole(whole) => Pin::new(whole).poll_frame(cx),
            Kind::Held(receiver, ..) => receiver
                .poll_next(cx)
                .map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(whole) => whole.is_end_stream(),
            Kind::Held(receiver, ..) => receiver.is_taken(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(whole) => whole.size_hint(),
            Kind::Held(..) => SizeHint::default(),
        }
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer")
    }
}
