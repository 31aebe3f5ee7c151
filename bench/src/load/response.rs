//! Responses of HTTP/1.1 (RFC 9112) as a generator needs them: the status, the body without its chunks, and the end.

use super::Wrong;

/// Longest head, or line between chunks, that is read.
const HEAD_LIMIT: usize = 8192;

/// What comes next in a stream of responses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'b> {
    /// The head is there whole.
    Head { status: u16 },
    /// Bytes of the body.
    Body(&'b [u8]),
    /// The response is over, and what becomes of the connection.
    End(After),
}

/// What becomes of a connection after a response (RFC 9112 §9.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum After {
    /// It carries the next request.
    KeepAlive,
    /// The server closes it.
    Close,
}

/// Where a stream of responses stands.
///
/// ```text
/// Head --Content-Length--> Length --all its bytes--> Head
/// Head --chunked--> Size --a size--> Chunk --its bytes--> Size
///                   Size --0--> Trailer --empty line--> Head
/// ```
#[derive(Debug)]
enum State {
    Head,
    Length {
        left: usize,
    },
    Size,
    Chunk {
        /// Bytes of the chunk to come, without the line end after it.
        left: usize,
    },
    /// After a chunk's bytes: its line end.
    ChunkEnd,
    Trailer,
}

/// Takes a stream of responses apart, however it arrives.
#[derive(Debug)]
pub(super) struct ResponseReader {
    state: State,
    after: After,
    /// A head or line that has begun.
    held: Vec<u8>,
}

impl Default for ResponseReader {
    fn default() -> Self {
        Self {
            state: State::Head,
            after: After::KeepAlive,
            held: Vec::new(),
        }
    }
}

impl ResponseReader {
    /// Takes the next part off the front of `bytes`; `None` when they are used up.
    pub(super) fn next<'b>(&mut self, bytes: &mut &'b [u8]) -> Result<Option<Part<'b>>, Wrong> {
        loop {
            match &mut self.state {
                State::Head => {
                    return Ok(match self.until(b"\r\n\r\n", bytes)? {
                        Some(head) => Some(self.begin(&head)?),
                        None => None,
                    });
                }
                State::Length { left: 0 } => return Ok(Some(self.end())),
                State::Length { left } => return Ok(some_of(left, bytes)),
                State::Chunk { left: 0 } => self.state = State::ChunkEnd,
                State::Chunk { left } => return Ok(some_of(left, bytes)),
                State::ChunkEnd => match self.until(b"\r\n", bytes)? {
                    Some(line) if line == b"\r\n" => self.state = State::Size,
                    Some(_) => return Err(Wrong::Http),
                    None => return Ok(None),
                },
                State::Size => match self.until(b"\r\n", bytes)? {
                    Some(line) => self.state = sized(&line)?,
                    None => return Ok(None),
                },
                State::Trailer => match self.until(b"\r\n", bytes)? {
                    Some(line) if line == b"\r\n" => return Ok(Some(self.end())),
                    Some(_) => {}
                    None => return Ok(None),
                },
            }
        }
    }

    /// Takes everything up to and with the mark, once it is there.
    fn until(&mut self, mark: &[u8], bytes: &mut &[u8]) -> Result<Option<Vec<u8>>, Wrong> {
        while let Some((byte, rest)) = bytes.split_first() {
            self.held.push(*byte);
            *bytes = rest;
            if *byte == b'\n' && self.held.ends_with(mark) {
                return Ok(Some(std::mem::take(&mut self.held)));
            }
            if self.held.len() > HEAD_LIMIT {
                return Err(Wrong::Http);
            }
        }
        Ok(None)
    }

    fn begin(&mut self, head: &[u8]) -> Result<Part<'static>, Wrong> {
        let head = str::from_utf8(head).map_err(|_| Wrong::Http)?;
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|line| line.get(..3)?.parse().ok())
            .ok_or(Wrong::Http)?;
        self.after = After::KeepAlive;
        let mut body = (status == 204).then_some(State::Length { left: 0 });
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                let left = value.parse().map_err(|_| Wrong::Http)?;
                body.get_or_insert(State::Length { left });
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                body = Some(State::Size);
            } else if name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close")
            {
                self.after = After::Close;
            }
        }
        // A body that only the end of the connection ends is none that a kept connection may have.
        self.state = body.ok_or(Wrong::Http)?;
        Ok(Part::Head { status })
    }

    fn end(&mut self) -> Part<'static> {
        self.state = State::Head;
        Part::End(self.after)
    }
}

fn some_of<'b>(left: &mut usize, bytes: &mut &'b [u8]) -> Option<Part<'b>> {
    let (now, rest) = bytes.split_at(bytes.len().min(*left));
    *bytes = rest;
    *left -= now.len();
    (!now.is_empty()).then_some(Part::Body(now))
}

fn sized(line: &[u8]) -> Result<State, Wrong> {
    let line = str::from_utf8(line).map_err(|_| Wrong::Http)?;
    let digits = line.trim_end().split(';').next().unwrap_or_default();
    match usize::from_str_radix(digits, 16) {
        Ok(0) => Ok(State::Trailer),
        Ok(left) => Ok(State::Chunk { left }),
        Err(_) => Err(Wrong::Http),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESPONSES: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc\
        HTTP/1.1 204 No Content\r\nX: y\r\n\r\n\
        HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nConnection: close\r\n\r\n\
        2\r\nde\r\n0\r\n\r\n\
        HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

    fn told(step: usize) -> String {
        let (mut reader, mut told) = (ResponseReader::default(), String::new());
        for mut bytes in RESPONSES.chunks(step) {
            while let Some(part) = reader.next(&mut bytes).unwrap() {
                match part {
                    Part::Head { status } => told += &format!("{status}:"),
                    Part::Body(bytes) => told += str::from_utf8(bytes).unwrap(),
                    Part::End(After::KeepAlive) => told += ";",
                    Part::End(After::Close) => told += "!",
                }
            }
        }
        told
    }

    #[test]
    fn any_split_of_the_bytes_tells_the_same_responses() {
        for step in 1..=RESPONSES.len() {
            assert_eq!(
                told(step),
                "200:abc;204:;200:de!404:;",
                "in steps of {step}"
            );
        }
    }

    #[test]
    fn what_is_no_response_is_refused() {
        for bytes in [
            "SSH-2.0\r\n\r\n",
            "HTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
        ] {
            let mut bytes = bytes.as_bytes();
            let mut reader = ResponseReader::default();
            let first = reader.next(&mut bytes);
            assert!(first.is_err() || reader.next(&mut bytes).is_err());
        }
    }
}
