//! Clients that speak plain HTTP to a port that speaks TLS: they are told so.

use std::io;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy, sink},
    net::TcpStream,
};

const ANSWER: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\
    content-type: text/plain; charset=utf-8\r\n\
    x-content-type-options: nosniff\r\n\
    content-length: 23\r\n\
    connection: close\r\n\
    \r\n\
    this port speaks https\n";

/// How much of a request is thrown away, so that the answer is not lost to a reset.
const DISCARDED_BYTES: u64 = 64 << 10;

/// What a client seems to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum First {
    /// It begins with a letter, as every method does; a TLS record begins with its type, which is none (RFC 8446 §5.1).
    PlainHttp,
    Other,
}

/// Looks at a client's first byte, and leaves it there.
///
/// Cancel safe: nothing is read.
pub(super) async fn first(stream: &TcpStream) -> io::Result<First> {
    let mut byte = [0; 1];
    stream.peek(&mut byte).await?;
    let [byte] = byte;
    Ok(First::of(byte))
}

impl First {
    fn of(byte: u8) -> Self {
        if byte.is_ascii_uppercase() {
            Self::PlainHttp
        } else {
            Self::Other
        }
    }
}

/// Answers with 400, and lets the client read it.
pub(super) async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(ANSWER).await?;
    stream.shutdown().await?;
    copy(&mut stream.take(DISCARDED_BYTES), &mut sink()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_that_tls_begins_with_is_taken_for_http_and_every_method_is() {
        for record in 0..b'A' {
            assert_eq!(First::of(record), First::Other, "{record}");
        }
        // An old client's hello has the highest bit set (RFC 5246 §E.2).
        for record in 0x80..=0xff {
            assert_eq!(First::of(record), First::Other, "{record}");
        }
        for method in [
            "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PRI", "PUT", "TRACE",
        ] {
            assert_eq!(
                First::of(method.as_bytes()[0]),
                First::PlainHttp,
                "{method}"
            );
        }
    }

    #[test]
    fn the_answer_is_as_long_as_it_says() {
        let text = str::from_utf8(ANSWER).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())));
    }
}
