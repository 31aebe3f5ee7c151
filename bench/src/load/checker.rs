//! Reads what a server sends, however it arrives, and compares it with what must come.

use thiserror::Error;

use super::{FrameHeader, OpCode, Ring, deflate::Inflater};

/// The server sent something other than what it had to: the measurement is void.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Wrong {
    /// A frame header that a server may not write.
    #[error("the server wrote a frame header it may not write")]
    Header,
    /// A message of another kind than was sent.
    #[error("message {0} came back as another kind of message")]
    Kind(usize),
    /// A message that is shorter or longer than what was sent.
    #[error("message {0} came back with another length")]
    Length(usize),
    /// A message with other bytes than were sent.
    #[error("message {0} came back with other bytes")]
    Content(usize),
    /// What is no response of HTTP/1.1 on a connection that is kept.
    #[error("the server wrote what is no response")]
    Http,
    /// Another status than the one that says that all is well.
    #[error("the server answered with status {0}")]
    Status(u16),
    /// What is no frame of SockJS, or no array of strings.
    #[error("the server wrote what is no frame of messages")]
    Frame,
    /// A deflated message that does not inflate to what was sent.
    #[error("the server deflated a message wrongly")]
    Deflated,
    /// The server closed in the middle of the row.
    #[error("the server closed the connection")]
    Closed,
}

/// What one batch of bytes held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Messages that ended, all of them right.
    pub messages: usize,
    /// Pings, each of which wants a pong.
    pub pings: usize,
}

/// Where a stream of frames stands.
///
/// ```text
/// Header --data frame--> Data --all its bytes--> Header
/// Header --control frame--> Control --all its bytes--> Header
/// ```
#[derive(Debug)]
enum State {
    /// Between frames; the bytes of a header that is not all there.
    Header(Vec<u8>),
    /// In a data frame: its bytes still to come, and whether it ends its message.
    Data { left: usize, is_final: bool },
    /// In a control frame: its bytes still to come.
    Control { left: usize },
}

/// Compares everything that arrives on one connection with its [`Ring`].
#[derive(Debug)]
pub struct Checker {
    state: State,
    /// Messages that ended before.
    number: usize,
    /// Bytes of the message that has begun, if one has.
    matched: Option<usize>,
    /// What inflates the message that has begun, if it is deflated, and has inflated those before.
    inflater: Option<Box<Inflater>>,
    is_deflated: bool,
}

impl Default for Checker {
    fn default() -> Self {
        Self {
            state: State::Header(Vec::new()),
            number: 0,
            matched: None,
            inflater: None,
            is_deflated: false,
        }
    }
}

impl Checker {
    /// Reads all of `bytes`.
    ///
    /// # Errors
    /// [`Wrong`] at the first byte that differs from what must come.
    pub fn take(&mut self, mut bytes: &[u8], ring: &Ring) -> Result<Tally, Wrong> {
        let mut tally = Tally::default();
        // An empty frame ends without a byte of payload, so the state decides when to stop, not only the input.
        loop {
            bytes = match &mut self.state {
                State::Header(_) if bytes.is_empty() => return Ok(tally),
                State::Header(held) => {
                    let Some((header, rest)) = complete(held, bytes)? else {
                        return Ok(tally);
                    };
                    self.begin(header, ring, &mut tally)?;
                    rest
                }
                State::Data { left, is_final } => {
                    let (now, rest) = bytes.split_at(bytes.len().min(*left));
                    *left -= now.len();
                    let (is_over, ends_message) = (*left == 0, *left == 0 && *is_final);
                    self.compare(now, ring)?;
                    if is_over {
                        self.state = State::Header(Vec::new());
                    }
                    if ends_message {
                        self.finish(ring)?;
                        tally.messages += 1;
                    }
                    if !is_over {
                        return Ok(tally);
                    }
                    rest
                }
                State::Control { left } => {
                    let (now, rest) = bytes.split_at(bytes.len().min(*left));
                    *left -= now.len();
                    if *left > 0 {
                        return Ok(tally);
                    }
                    self.state = State::Header(Vec::new());
                    rest
                }
            };
        }
    }

    fn begin(&mut self, header: FrameHeader, ring: &Ring, tally: &mut Tally) -> Result<(), Wrong> {
        let left = header.length;
        match header.opcode {
            OpCode::Close => return Err(Wrong::Closed),
            OpCode::Ping => tally.pings += 1,
            OpCode::Pong => {}
            data => {
                let expected = match self.matched {
                    Some(_) => OpCode::Continuation,
                    None => ring.opcode(),
                };
                if data != expected {
                    return Err(Wrong::Kind(self.number));
                }
                let may_be = ring.is_deflated() && self.matched.is_none();
                if header.is_deflated && !may_be {
                    return Err(Wrong::Header);
                }
                if self.matched.is_none() {
                    self.matched = Some(0);
                    self.is_deflated = header.is_deflated;
                }
                self.state = State::Data {
                    left,
                    is_final: header.is_final,
                };
                return Ok(());
            }
        }
        self.state = State::Control { left };
        Ok(())
    }

    fn compare(&mut self, bytes: &[u8], ring: &Ring) -> Result<(), Wrong> {
        if self.is_deflated {
            let inflater = self
                .inflater
                .get_or_insert_with(|| Box::new(Inflater::new()));
            inflater.take(bytes);
            return Ok(());
        }
        let start = self.matched.unwrap_or(0);
        let end = start + bytes.len();
        let expected = ring
            .payload(self.number)
            .get(start..end)
            .ok_or(Wrong::Length(self.number))?;
        if expected != bytes {
            return Err(Wrong::Content(self.number));
        }
        self.matched = Some(end);
        Ok(())
    }

    fn finish(&mut self, ring: &Ring) -> Result<(), Wrong> {
        if self.is_deflated
            && let Some(inflater) = &mut self.inflater
        {
            let plain = inflater.finish(ring.size())?;
            if plain != ring.payload(self.number) {
                return Err(Wrong::Content(self.number));
            }
            self.matched = Some(plain.len());
        }
        if self.matched.take() != Some(ring.size()) {
            return Err(Wrong::Length(self.number));
        }
        self.number += 1;
        Ok(())
    }
}

/// Reads a header whose first bytes may be held from before. If it is not all there, holds what there is.
fn complete<'b>(
    held: &mut Vec<u8>,
    bytes: &'b [u8],
) -> Result<Option<(FrameHeader, &'b [u8])>, Wrong> {
    if held.is_empty()
        && let Some(header) = FrameHeader::parse(bytes)?
    {
        let (_, rest) = bytes.split_at(header.size);
        return Ok(Some((header, rest)));
    }
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        held.push(*byte);
        rest = after;
        if let Some(header) = FrameHeader::parse(held)? {
            return Ok(Some((header, rest)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Kind;

    const SIZE: usize = 300;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = u16::try_from(payload.len()).unwrap();
        let mut frame = vec![first, 126];
        frame.extend(length.to_be_bytes());
        frame.extend(payload);
        frame
    }

    fn ring() -> Ring {
        Ring::new(Kind::Binary, SIZE, 2)
    }

    #[test]
    fn any_split_of_the_bytes_counts_the_same_messages() {
        let ring = ring();
        let mut bytes = frame(0x82, ring.payload(0));
        bytes.extend(frame(0x02, &ring.payload(1)[..200]));
        bytes.extend([0x89, 2, b'h', b'i', 0x00, 0]);
        bytes.extend(frame(0x80, &ring.payload(1)[200..]));
        for step in 1..bytes.len() {
            let mut checker = Checker::default();
            let (mut messages, mut pings) = (0, 0);
            for chunk in bytes.chunks(step) {
                let tally = checker.take(chunk, &ring).unwrap();
                messages += tally.messages;
                pings += tally.pings;
            }
            assert_eq!((messages, pings), (2, 1), "in steps of {step}");
        }
    }

    #[test]
    fn empty_messages_are_counted() {
        let ring = Ring::new(Kind::Text, 0, 1);
        let tally = Checker::default().take(&[0x81, 0, 0x81, 0], &ring);
        assert_eq!(tally.unwrap().messages, 2);
    }

    #[test]
    fn a_wrong_echo_is_a_failure() {
        let ring = ring();
        let mut spoilt = frame(0x82, ring.payload(0));
        *spoilt.last_mut().unwrap() ^= 1;
        let mut long = ring.payload(0).to_vec();
        long.push(0);
        for (bytes, wrong) in [
            (spoilt, Wrong::Content(0)),
            (frame(0x82, ring.payload(1)), Wrong::Content(0)),
            (frame(0x82, &ring.payload(0)[1..]), Wrong::Content(0)),
            (frame(0x82, &ring.payload(0)[..SIZE - 1]), Wrong::Length(0)),
            (frame(0x82, &long), Wrong::Length(0)),
            (frame(0x81, ring.payload(0)), Wrong::Kind(0)),
            (vec![0x88, 0], Wrong::Closed),
        ] {
            assert_eq!(Checker::default().take(&bytes, &ring), Err(wrong));
        }
    }
}
