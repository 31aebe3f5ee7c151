//! A socket as it was accepted. Most have their first request with them, and go to the reactor or are closed without the
//! runtime ever watching them: two calls to the system less.

use std::{
    io,
    net::TcpStream as StdTcpStream,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::socket::Socket;
use crate::driver::Stream;

/// A socket that the runtime watches from when it has to be waited for.
///
/// ```text
///              nothing to read, or something to write
///   Unwatched ───────────────────────────────────► Watched
///        └────── the runtime can't watch it ─────► Lost
/// ```
#[derive(Debug)]
pub(crate) struct Fresh(State);

#[derive(Debug)]
enum State {
    Unwatched(Socket),
    Watched(TcpStream),
    Lost,
}

impl Fresh {
    /// Takes a socket that does not block.
    pub(super) fn new(stream: StdTcpStream) -> Self {
        Self(State::Unwatched(Socket::untold(stream)))
    }

    /// Gives the socket to the runtime, in which this is called.
    ///
    /// # Errors
    /// The system's error if it can't be watched.
    pub(crate) fn into_watched(mut self) -> io::Result<TcpStream> {
        self.watch()?;
        match self.0 {
            State::Watched(stream) => Ok(stream),
            State::Unwatched(_) | State::Lost => Err(lost()),
        }
    }

    /// Gives the socket up, watched by nobody.
    ///
    /// # Errors
    /// The system's error if the runtime does not let it go.
    pub(crate) fn into_std(self) -> io::Result<StdTcpStream> {
        match self.0 {
            State::Unwatched(socket) => Ok(socket.into_std()),
            State::Watched(stream) => stream.into_std(),
            State::Lost => Err(lost()),
        }
    }

    /// Has the runtime watch it.
    fn watch(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        if let State::Unwatched(_) = self.0
            && let State::Unwatched(socket) = std::mem::replace(&mut self.0, State::Lost)
        {
            self.0 = State::Watched(TcpStream::from_std(socket.into_std())?);
        }
        match &mut self.0 {
            State::Watched(stream) => Ok(Pin::new(stream)),
            State::Unwatched(_) | State::Lost => Err(lost()),
        }
    }
}

impl From<TcpStream> for Fresh {
    fn from(stream: TcpStream) -> Self {
        Self(State::Watched(stream))
    }
}

fn lost() -> io::Error {
    io::ErrorKind::NotConnected.into()
}

impl Stream for Fresh {}

impl AsyncRead for Fresh {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let State::Unwatched(socket) = &mut self.0
            && let Poll::Ready(done) = Pin::new(socket).poll_read(cx, into)
        {
            return Poll::Ready(done);
        }
        self.watch()?.poll_read(cx, into)
    }
}

impl AsyncWrite for Fresh {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.watch()?.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A socket keeps nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.watch()?.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write, net::TcpListener};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    fn pair() -> (StdTcpStream, Fresh) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = StdTcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        (client, Fresh::new(stream))
    }

    #[tokio::test]
    async fn what_is_there_is_read_unwatched_and_what_follows_is_waited_for() {
        let (mut client, mut fresh) = pair();
        client.write_all(b"one").unwrap();
        let mut room = [0; 8];
        assert_eq!(fresh.read(&mut room).await.unwrap(), 3);
        assert!(matches!(fresh.0, State::Unwatched(_)));
        let ((), read) = tokio::join!(
            async { client.write_all(b"four").unwrap() },
            fresh.read(&mut room)
        );
        assert_eq!((read.unwrap(), &room[..4]), (4, &b"four"[..]));
        assert!(matches!(fresh.0, State::Watched(_)));
    }

    #[tokio::test]
    async fn who_says_nothing_is_waited_for_and_heard() {
        let (mut client, mut fresh) = pair();
        let mut room = [0; 8];
        let (read, ()) = tokio::join!(fresh.read(&mut room), async {
            client.write_all(b"late").unwrap();
        });
        assert_eq!(read.unwrap(), 4);
        drop(client);
        assert_eq!(fresh.read(&mut room).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_end_is_found_unwatched_and_a_write_is_watched() {
        let (client, mut fresh) = pair();
        drop(client);
        assert_eq!(fresh.read(&mut [0; 8]).await.unwrap(), 0);
        let (mut client, mut fresh) = pair();
        fresh.write_all(b"heard").await.unwrap();
        drop(fresh.into_watched().unwrap());
        let mut heard = String::new();
        io::Read::read_to_string(&mut client, &mut heard).unwrap();
        assert_eq!(heard, "heard");
    }
}
