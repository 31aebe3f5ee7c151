//! Reads the frames of SockJS's HTTP transports, however they arrive, and compares their messages with a [`Ring`].

use super::{Carrier, Ring, Wrong};

/// Longest frame that is held until it is whole.
const FRAME_LIMIT: usize = 4 << 20;

/// Compares everything that a session receives with its [`Ring`].
#[derive(Debug)]
pub(super) struct Frames {
    /// What stands before each frame in its line.
    before: &'static [u8],
    /// A line that has begun.
    held: Vec<u8>,
    /// Messages that came before.
    number: usize,
    is_open: bool,
}

impl Frames {
    pub(super) fn of(carrier: Carrier) -> Self {
        Self {
            before: if carrier == Carrier::EventSource {
                b"data: "
            } else {
                b""
            },
            held: Vec::new(),
            number: 0,
            is_open: false,
        }
    }

    /// Says whether the session's `o` has come.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Reads all of `bytes` and returns how many messages ended.
    pub(super) fn take(&mut self, bytes: &[u8], ring: &Ring) -> Result<usize, Wrong> {
        let mut messages = 0;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.held.len() + piece.len() > FRAME_LIMIT {
                return Err(Wrong::Frame);
            }
            if piece.ends_with(b"\n") && self.held.is_empty() {
                messages += self.line(piece, ring)?;
                continue;
            }
            self.held.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                let line = std::mem::take(&mut self.held);
                messages += self.line(&line, ring)?;
                self.held = line;
                self.held.clear();
            }
        }
        Ok(messages)
    }

    fn line(&mut self, line: &[u8], ring: &Ring) -> Result<usize, Wrong> {
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return Ok(0);
        }
        let frame = line.strip_prefix(self.before).ok_or(Wrong::Frame)?;
        match frame {
            [b'o'] if !self.is_open => {
                self.is_open = true;
                Ok(0)
            }
            // A heartbeat, or the 2,048 of them that begin a stream.
            [b'h', ..] => Ok(0),
            [b'a', array @ ..] => match self.array(array, ring)? {
                0 => Err(Wrong::Frame),
                messages => Ok(messages),
            },
            [b'c', ..] => Err(Wrong::Closed),
            _ => Err(Wrong::Frame),
        }
    }

    /// Compares an array of messages, of letters and digits alone, which no server has to escape. Returns how many.
    pub(super) fn array(&mut self, array: &[u8], ring: &Ring) -> Result<usize, Wrong> {
        let first = self.number;
        let mut array = match array {
            [b'[', b']'] => return Ok(0),
            [b'[', array @ .., b']'] => array,
            _ => return Err(Wrong::Frame),
        };
        loop {
            let size = ring.size();
            let [b'"', rest @ ..] = array else {
                return Err(Wrong::Frame);
            };
            match (rest.get(..size), rest.get(size)) {
                (Some(message), Some(b'"')) if message == ring.payload(self.number) => {}
                (Some(_), Some(b'"')) => return Err(Wrong::Content(self.number)),
                _ => return Err(Wrong::Length(self.number)),
            }
            self.number += 1;
            array = match rest.get(size + 1..) {
                Some([]) => return Ok(self.number - first),
                Some([b',', rest @ ..]) => rest,
                _ => return Err(Wrong::Frame),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Kind;

    fn ring() -> Ring {
        Ring::new(Kind::Text, 8, 2)
    }

    fn text(number: usize) -> String {
        String::from_utf8(ring().payload(number).to_vec()).unwrap()
    }

    #[test]
    fn any_split_of_the_bytes_counts_the_same_messages() {
        let (a, b, c) = (text(0), text(1), text(2));
        let lines = format!(
            "{}\no\na[\"{a}\"]\nh\na[\"{b}\",\"{c}\"]\n",
            "h".repeat(2048)
        );
        let events = format!("\r\ndata: o\r\n\r\ndata: a[\"{a}\",\"{b}\",\"{c}\"]\r\n\r\n");
        for (carrier, bytes) in [
            (Carrier::XhrStreaming, lines),
            (Carrier::EventSource, events),
        ] {
            for step in 1..100 {
                let mut frames = Frames::of(carrier);
                let chunks = bytes.as_bytes().chunks(step);
                let counted: usize = chunks.map(|c| frames.take(c, &ring()).unwrap()).sum();
                assert_eq!(counted, 3, "in steps of {step}");
                assert!(frames.is_open());
            }
        }
    }

    #[test]
    fn a_wrong_echo_is_a_failure() {
        let (a, b) = (text(0), text(1));
        for (frame, wrong) in [
            (format!("a[\"{b}\"]\n"), Wrong::Content(0)),
            (format!("a[\"{a}\",\"{a}\"]\n"), Wrong::Content(1)),
            (format!("a[\"{a}x\"]\n"), Wrong::Length(0)),
            ("a[\"0000\"]\n".to_owned(), Wrong::Length(0)),
            (format!("a[\"{a}\",]\n"), Wrong::Frame),
            (format!("a[\"{a}\"x]\n"), Wrong::Frame),
            ("a[]\n".to_owned(), Wrong::Frame),
            ("x\n".to_owned(), Wrong::Frame),
            ("c[3000,\"Go away!\"]\n".to_owned(), Wrong::Closed),
        ] {
            let taken = Frames::of(Carrier::Xhr).take(frame.as_bytes(), &ring());
            assert_eq!(taken, Err(wrong), "{frame}");
        }
        let taken = Frames::of(Carrier::EventSource).take(b"o\n", &ring());
        assert_eq!(taken, Err(Wrong::Frame));
    }
}
