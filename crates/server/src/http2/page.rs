//! The body of a response, piece by piece.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use super::activity::Activity;

/// How much is handed over at once.
const PIECE_BYTES: usize = 16 << 10;

/// A page that says whenever a piece of it leaves: so a connection that takes a large one slowly is told from one that
/// takes nothing.
pub(crate) struct Page {
    page: Full<Bytes>,
    piece: Bytes,
    activity: Activity,
}

impl Page {
    pub(crate) fn new(page: Full<Bytes>, activity: Activity) -> Self {
        let piece = Bytes::new();
        Self {
            page,
            piece,
            activity,
        }
    }
}

impl Body for Page {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.activity.touch();
        if self.piece.is_empty() {
            match Pin::new(&mut self.page).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    self.piece = frame.into_data().unwrap_or_default();
                }
                other => return other,
            }
        }
        let bytes = self.piece.len().min(PIECE_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.piece.split_to(bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.piece.is_empty() && self.page.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.page.size_hint().exact().unwrap_or_default();
        SizeHint::with_exact(rest + self.piece.len() as u64)
    }
}
