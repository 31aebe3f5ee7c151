//! A stream of an HTTP/2 connection as the byte stream of a session.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::activity::Alive;

/// How much one write takes: what fits one frame. hyper keeps a copy of each write, and up to four of them.
const WRITE_BYTES: usize = 16 << 10;

/// Bounds how much hyper copies of what is written, and gathers small pieces into one frame.
#[derive(Debug)]
pub(crate) struct SessionStream<S = TokioIo<Upgraded>> {
    io: S,
    /// The connection is not idle as long as this is here, if it is one of ours.
    _alive: Option<Alive>,
}

impl SessionStream {
    pub(crate) fn new(upgraded: Upgraded, alive: Option<Alive>) -> Self {
        Self {
            io: TokioIo::new(upgraded),
            _alive: alive,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SessionStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SessionStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let buf = buf.get(..WRITE_BYTES).unwrap_or(buf);
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // Nothing is gathered for a stream that would not take it.
        ready!(Pin::new(&mut self.io).poll_flush(cx))?;
        let mut gathered = Vec::with_capacity(WRITE_BYTES);
        for piece in pieces {
            let room = WRITE_BYTES - gathered.len();
            gathered.extend_from_slice(piece.get(..room).unwrap_or(piece));
        }
        self.poll_write(cx, &gathered)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn pieces_are_gathered_up_to_what_one_write_takes() {
        let (io, mut peer) = tokio::io::duplex(1 << 20);
        let mut stream = SessionStream { io, _alive: None };
        let large = vec![7; WRITE_BYTES];
        let pieces = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"c")];
        assert_eq!(stream.write_vectored(&pieces).await.unwrap(), 3);
        let pieces = [IoSlice::new(b"d"), IoSlice::new(&large)];
        assert_eq!(stream.write_vectored(&pieces).await.unwrap(), WRITE_BYTES);
        assert_eq!(
            stream.write(&[8; WRITE_BYTES + 1]).await.unwrap(),
            WRITE_BYTES
        );
        drop(stream);
        let mut taken = Vec::new();
        peer.read_to_end(&mut taken).await.unwrap();
        assert_eq!(
            (&taken[..4], taken.len()),
            (&b"abcd"[..], 3 + 2 * WRITE_BYTES)
        );
    }
}
