//! The opening handshake as a client without choices does it (RFC 6455 §4.1): always the same key.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, ensure};

use super::{Meter, Target, stream::Stream};

/// The key of the RFC's own example, and the answer to it (RFC 6455 §1.3).
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Longest response head that is read.
const HEAD_LIMIT: usize = 4096;

/// How long a server may take to answer while connections are opened one by one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects and shakes hands, blocking, with `TCP_NODELAY` set.
pub(super) fn open(target: Target) -> anyhow::Result<(Stream<TcpStream>, Meter)> {
    let socket = TcpStream::connect(target.server).context("the server does not accept")?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut stream = Stream::over(socket, target.security)?;
    let request = request(target);
    stream.write_all(&request)?;
    let mut head = Vec::new();
    let mut buffer = [0; HEAD_LIMIT];
    while !is_answered(&head)? {
        let length = stream
            .read(&mut buffer)
            .context("the server does not answer the handshake")?;
        ensure!(
            length > 0,
            "the server closed the connection in the handshake"
        );
        head.extend(buffer.iter().take(length));
    }
    if target.offer.is_some() {
        let head = str::from_utf8(&head)?.to_ascii_lowercase();
        ensure!(
            head.contains("\r\nsec-websocket-extensions: permessage-deflate"),
            "the server does not deflate"
        );
    }
    let meter = Meter {
        sent: request.len() as u64,
        received: head.len() as u64,
        requests: 1,
    };
    Ok((stream, meter))
}

/// Returns the request, whole.
pub(super) fn request(target: Target) -> Vec<u8> {
    target.upgrade(KEY)
}

/// Says whether the response is there whole. What is wrong with it is an error.
pub(super) fn is_answered(head: &[u8]) -> anyhow::Result<bool> {
    if !head.ends_with(b"\r\n\r\n") {
        ensure!(head.len() < HEAD_LIMIT, "the response head does not end");
        return Ok(false);
    }
    let head = str::from_utf8(head).context("the response head is not text")?;
    ensure!(
        head.starts_with("HTTP/1.1 101 ") && head.contains(ACCEPT),
        "the server refused the handshake: {}",
        head.lines().next().unwrap_or_default()
    );
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_101_with_the_right_answer_to_the_key_will_do() {
        let right =
            format!("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n");
        assert!(is_answered(right.as_bytes()).unwrap());
        for end in 0..right.len() {
            assert!(!is_answered(&right.as_bytes()[..end]).unwrap());
        }
        assert!(is_answered(right.replace("s3p", "S3P").as_bytes()).is_err());
        assert!(is_answered(b"HTTP/1.1 404 Not Found\r\n\r\n").is_err());
    }
}
