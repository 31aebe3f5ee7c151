//! The body of a response, piece by piece.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::{
    activity::{Activity, Alive},
    answer::Answer,
};

/// How much is handed over at once.
const PIECE_BYTES: usize = 16 << 10;

/// A page that says whenever a piece of it leaves: so a connection that takes a large one slowly is told from one that
/// takes nothing.
pub(crate) struct Page {
    page: Answer,
    piece: Bytes,
    activity: Activity,
}

impl Page {
    /// `alive` was counted for the request; frames go on being counted until they end.
    pub(crate) fn new(page: Answer, activity: Activity, alive: Alive) -> Self {
        let piece = Bytes::new();
        if let Some(receiver) = page.receiver() {
            receiver.keep(alive);
        }
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
        if self.page.receiver().is_some() {
            return Pin::new(&mut self.page).poll_frame(cx);
        }
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
        if self.page.receiver().is_some() {
            return SizeHint::default();
        }
        let rest = self.page.size_hint().exact().unwrap_or_default();
        SizeHint::with_exact(rest + self.piece.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, time::Duration};

    use tokio::time::{Instant, advance};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_not_idle_while_pieces_of_a_page_leave() {
        let activity = Activity::default();
        let bytes = Bytes::from(vec![b'p'; 5 * PIECE_BYTES / 2]);
        let mut page = Page::new(bytes.clone().into(), activity.clone(), activity.begin());
        assert_eq!(page.size_hint().exact(), Some(bytes.len() as u64));
        let start = Instant::now();
        let leaves = tokio::spawn(async move {
            let mut left = Vec::new();
            while let Some(frame) = poll_fn(|cx| Pin::new(&mut page).poll_frame(cx)).await {
                left.push(frame.unwrap().into_data().unwrap());
                advance(Duration::from_secs(8)).await;
            }
            assert!(page.is_end_stream());
            left
        });
        activity.idle(Duration::from_secs(10)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(3 * 8 + 10));
        let left = leaves.await.unwrap();
        assert_eq!(left.len(), 3);
        assert_eq!(left.concat(), bytes);
    }
}
