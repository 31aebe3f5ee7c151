//! `--verbose`: the heads of the handshake and every frame, as they come and go.

use std::fmt::Write;

use http::{HeaderMap, HeaderName, Request, Response, header};
use sockeye::client::{Direction, FrameHead, Observer, Reached};

use super::{
    screen::Screen,
    show::{escaped, hex},
};

/// What is not shown: it would end up in logs and on other people's screens.
const SECRETS: [HeaderName; 4] = [
    header::AUTHORIZATION,
    header::COOKIE,
    header::PROXY_AUTHORIZATION,
    header::SET_COOKIE,
];

/// Notes what it sees.
#[derive(Debug)]
pub(crate) struct Watch(pub(crate) Screen);

impl Observer for Watch {
    fn on_dialed(&self, reached: &Reached) {
        let mut text = format!("* reached {}", reached.peer_addr);
        if let Some(proxy) = &reached.via {
            text += ", the proxy ";
            text += &escaped(proxy);
        }
        if let Some(secured) = &reached.secured {
            text += ", ";
            text += &escaped(&secured.to_string());
        }
        self.0.note(&text);
    }

    fn on_request(&self, request: &Request<()>) {
        let start = format!(
            "{} {} {:?}",
            request.method(),
            request.uri(),
            request.version()
        );
        self.0
            .note(&head(Direction::Sent, &start, request.headers()));
    }

    fn on_response(&self, response: &Response<()>) {
        let start = format!("{:?} {}", response.version(), response.status());
        self.0
            .note(&head(Direction::Received, &start, response.headers()));
    }

    fn on_frame(&self, direction: Direction, frame: FrameHead) {
        self.0.note(&of_frame(direction, &frame));
    }
}

fn arrow(direction: Direction) -> char {
    match direction {
        Direction::Sent => '>',
        Direction::Received => '<',
    }
}

fn head(direction: Direction, start: &str, headers: &HeaderMap) -> String {
    let arrow = arrow(direction);
    let mut text = format!("{arrow} {}\n", escaped(start));
    for (name, value) in headers {
        let value = if SECRETS.contains(name) || value.is_sensitive() {
            "(not shown)".into()
        } else {
            String::from_utf8_lossy(value.as_bytes())
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{arrow} {name}: {}", escaped(&value));
    }
    text
}

/// A line such as `> text, fin, rsv 4, masked, 11 bytes`.
fn of_frame(direction: Direction, frame: &FrameHead) -> String {
    let mut text = format!("{} {}", arrow(direction), opcode(frame.opcode));
    if frame.fin {
        text += ", fin";
    }
    if frame.rsv != 0 {
        // Writing to a string does not fail.
        let _ = write!(text, ", rsv {:03b}", frame.rsv);
    }
    if frame.masked {
        text += ", masked";
    }
    let _ = write!(text, ", {} bytes", frame.length);
    match (&frame.control, frame.opcode) {
        (Some(payload), CLOSE) => text += &of_close(payload),
        (Some(payload), _) if !payload.is_empty() => {
            let _ = write!(text, ": {}", hex(payload));
        }
        _ => {}
    }
    text
}

/// RFC 6455 §5.2.
const CLOSE: u8 = 0x8;

fn opcode(opcode: u8) -> String {
    match opcode {
        0x0 => "continuation".to_owned(),
        0x1 => "text".to_owned(),
        0x2 => "binary".to_owned(),
        CLOSE => "close".to_owned(),
        0x9 => "ping".to_owned(),
        0xa => "pong".to_owned(),
        other => format!("opcode {other:#x}"),
    }
}

fn of_close(payload: &[u8]) -> String {
    match payload.split_first_chunk::<2>() {
        Some((code, reason)) => {
            let reason = String::from_utf8_lossy(reason);
            format!(": {} {}", u16::from_be_bytes(*code), escaped(&reason))
                .trim_end()
                .to_owned()
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_head_shows_everything_but_secrets_and_steers_no_terminal() {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("session=1"));
        headers.insert(header::SET_COOKIE, HeaderValue::from_static("session=2"));
        let hostile = HeaderValue::from_bytes("\u{9b}31m안".as_bytes()).unwrap();
        headers.insert(header::SERVER, hostile);
        assert_eq!(
            head(
                Direction::Received,
                "HTTP/1.1 101 Switching Protocols",
                &headers
            ),
            "< HTTP/1.1 101 Switching Protocols\n< cookie: (not shown)\n< set-cookie: (not shown)\n< server: \\u{9b}31m안\n"
        );
    }

    #[test]
    fn a_close_shows_its_code_and_reason() {
        assert_eq!(of_close(b""), "");
        assert_eq!(of_close(&[0x03, 0xe8]), ": 1000");
        let bye = Bytes::from_static(b"\x0f\xa1bye\x1b");
        assert_eq!(of_close(&bye), ": 4001 bye\\u{1b}");
        let forged = b"\x0f\xa1bye\n< text";
        assert_eq!(of_close(forged), ": 4001 bye\\u{a}< text");
    }

    #[test]
    fn opcodes_have_their_names_also_reserved_ones() {
        assert_eq!(opcode(0x1), "text");
        assert_eq!(opcode(0xb), "opcode 0xb");
    }
}
