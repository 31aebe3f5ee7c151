//! A byte stream of which something was read already.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A byte stream of which something was read already, and is read again.
#[derive(Debug)]
pub(crate) struct Rewound<S> {
    ahead: Bytes,
    stream: S,
}

impl<S> Rewound<S> {
    /// Puts what was read before the rest of a stream.
    pub(crate) fn new(ahead: Bytes, stream: S) -> Self {
        Self { ahead, stream }
    }

    /// Puts back what was read of it since: a copy, since what is read into is large.
    pub(crate) fn put_back(mut self, read: &[u8]) -> Self {
        if !read.is_empty() {
            self.ahead = [read, &self.ahead].concat().into();
        }
        self
    }

    /// Returns the stream alone, to ask about it.
    pub(crate) fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Returns the stream, and what comes before it.
    pub(crate) fn into_parts(self) -> (S, Bytes) {
        (self.stream, self.ahead)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let bytes = self.ahead.len().min(into.remaining());
        into.put_slice(self.ahead.get(..bytes).unwrap_or_default());
        self.ahead.advance(bytes);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewound<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn what_was_read_comes_first_and_once() {
        let rest: &[u8] = b" world";
        let mut stream = Rewound::new(Bytes::from_static(b"hello"), rest);
        let mut two = [0; 2];
        stream.read_exact(&mut two).await.unwrap();
        assert_eq!(&two, b"he");
        let mut read = String::new();
        stream.read_to_string(&mut read).await.unwrap();
        assert_eq!(read, "llo world");
        assert_eq!(stream.into_parts().1, "");
    }

    #[test]
    fn what_is_put_back_comes_before_what_was_ahead() {
        let stream = Rewound::new(Bytes::from_static(b"c"), ());
        let stream = stream.put_back(b"").put_back(b"ab");
        assert_eq!(stream.into_parts().1, "abc");
        let stream = Rewound::new(Bytes::new(), ()).put_back(b"a");
        assert_eq!(stream.into_parts().1, "a");
    }
}
