//! Whether a connection begins as HTTP/2 does, without taking anything from it.

use std::io;

use tokio::{io::Interest, net::TcpStream};

/// What a client in HTTP/2 sends first (RFC 9113 §3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Looks at the first bytes as they arrive, until they can be told from HTTP/1.1.
///
/// Cancel safety: dropped before it is done, nothing is lost.
///
/// # Errors
/// Those of the socket.
pub(crate) async fn is_ahead(stream: &TcpStream) -> io::Result<bool> {
    let mut seen = [0; PREFACE.len()];
    loop {
        let count = stream.peek(&mut seen).await?;
        let (seen, expected) = (seen.get(..count), PREFACE.get(..count));
        if seen != expected || count == 0 {
            return Ok(false);
        }
        if count == PREFACE.len() {
            return Ok(true);
        }
        // What is there stays there, and would be found again at once. The runtime is to wait for more; a worker's has
        // one thread, so that nothing can have been heard of in between.
        let _ = stream.try_io(Interest::READABLE, || {
            io::Result::<()>::Err(io::ErrorKind::WouldBlock.into())
        });
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{Future, poll_fn},
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
    };

    use tokio::{io::AsyncWriteExt, net::TcpListener, task::yield_now};

    use super::*;

    #[tokio::test]
    async fn what_was_looked_at_is_not_looked_at_again_until_there_is_more() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(addr).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        client.write_all(&PREFACE[..5]).await.unwrap();
        stream.readable().await.unwrap();

        let polls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&polls);
        let ahead = tokio::spawn(async move {
            let mut ahead = Box::pin(is_ahead(&stream));
            poll_fn(|cx| {
                counted.fetch_add(1, Ordering::Relaxed);
                ahead.as_mut().poll(cx)
            })
            .await
        });
        for _ in 0..1000 {
            yield_now().await;
        }
        let polls = polls.load(Ordering::Relaxed);
        assert!((1..10).contains(&polls), "{polls}");
        client.write_all(&PREFACE[5..]).await.unwrap();
        assert!(ahead.await.unwrap().unwrap());
    }
}
