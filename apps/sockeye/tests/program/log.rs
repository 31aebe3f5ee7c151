//! What the program logs: why each session ended, in spans if they are asked for, and nothing that a peer could forge.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, ChildStderr, Stdio},
};

use super::sockeye;

struct Logged {
    child: Child,
    address: String,
    lines: BufReader<ChildStderr>,
}

impl Logged {
    fn start(filter: &str) -> Self {
        let mut child = sockeye(&["--listen", "127.0.0.1:0"])
            .env("RUST_LOG", filter)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        printed.read_line(&mut line).unwrap();
        child.stdout = Some(printed.into_inner());
        let lines = BufReader::new(child.stderr.take().unwrap());
        let address = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self {
            child,
            address,
            lines,
        }
    }

    /// Opens a session on a path that ends with `tail`, and closes it with a reason.
    fn visit(&self, tail: &str, reason: &[u8]) {
        let mut peer = TcpStream::connect(&self.address).unwrap();
        write!(
            peer,
            "GET /echo{tail} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n",
            self.address
        )
        .unwrap();
        let length = u8::try_from(2 + reason.len()).unwrap();
        let close = [&[0x88, 0x80 | length, 0, 0, 0, 0, 0x0f, 0xa1], reason].concat();
        peer.write_all(&close).unwrap();
        peer.read_to_end(&mut Vec::new()).unwrap();
    }

    /// Reads on to the line that holds a word.
    fn line_with(&mut self, word: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "no {word:?}");
            if line.contains(word) {
                return line;
            }
        }
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_session_that_ends_is_one_line_that_its_peer_can_not_forge() {
    let mut logged = Logged::start("warn,sockeye=info");
    logged.visit(
        "?token=secret",
        b"bye\r\n2026 INFO \x1b[31mforged\" x=\xe2\x80\xa8",
    );
    let line = logged.line_with("session ended");
    for part in [
        "path=\"/echo\"",
        "code=4001",
        "initiator=\"peer\"",
        r#"reason="bye\r\n2026 INFO \u{1b}[31mforged\" x=\u{2028}""#,
    ] {
        assert!(line.contains(part), "no {part} in {line}");
    }
    assert!(
        !line.contains("secret") && !line.contains('\u{1b}'),
        "{line}"
    );
}

#[test]
fn spans_tell_of_which_connection_and_session_a_line_is() {
    let mut logged = Logged::start("sockeye_server=debug");
    logged.visit("", b"");
    let opened = logged.line_with("session opened");
    let (spans, _) = opened.split_once("sockeye_server").unwrap();
    let connection = spans.find("connection{peer=127.0.0.1:").unwrap();
    let session = spans.find("session{id=").unwrap();
    assert!(connection < session, "{opened}");
    let ended = logged.line_with("session ended");
    assert!(
        ended.contains(&spans[session..]),
        "{spans} is not in {ended}"
    );

    let mut peer = TcpStream::connect(&logged.address).unwrap();
    let request = format!(
        "GET /echo HTTP/1.1\r\nHost: {}\r\nOrigin: https://evil.example\r\nUpgrade: websocket\r\n\r\n",
        logged.address
    );
    peer.write_all(request.as_bytes()).unwrap();
    let refused = logged.line_with("handshake refused");
    assert!(refused.contains("connection{peer="), "{refused}");
}
