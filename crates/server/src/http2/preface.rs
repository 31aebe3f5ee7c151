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
