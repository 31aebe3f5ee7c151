//! One connection: its handshake, then frames in and their answers out.

use std::{
    io::{IoSlice, IoSliceMut},
    mem,
    num::NonZeroUsize,
};

use rustix::{
    fd::OwnedFd,
    io::{Errno, readv},
    net::{RecvFlags, recv},
};

use crate::{
    frame::{Head, LONGEST, LONGEST_MASKED},
    handshake::{self, Asked},
    wire::{Gone, Owned, Pool, Wire},
};

/// Bytes of the buffer that everything is read into.
pub(crate) const BUFFER: usize = 256 << 10;

/// Frames longer than this are received into a buffer of their own once their header is there.
const LARGE: usize = 32 << 10;

/// Answers of at least this size are sent from where they lie; shorter ones are copied together.
const GATHERED: usize = 8 << 10;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Kit {
    /// What was read.
    pub(crate) buffer: Vec<u8>,
    /// Answers to it, copied together.
    pub(crate) out: Vec<u8>,
    pub(crate) pool: Pool,
}

/// A client.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) wire: Wire,
    pub(crate) stage: Stage,
    /// A request or a short frame that is not all there.
    rest: Vec<u8>,
    /// A large frame that is not all there.
    large: Option<Box<Large>>,
    /// Bytes of payload of the last frame, if they were more than the shared buffer holds: the next may well be like it.
    expected: Option<NonZeroUsize>,
}

/// `Http --request with a key--> Echo or Broadcast`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Http,
    Echo,
    Broadcast,
}

/// A frame that is received into a buffer of its own, with room for its answer's header before the payload.
#[derive(Debug)]
struct Large {
    head: Head,
    buffer: Vec<u8>,
    /// Bytes of payload that are there.
    filled: usize,
}

/// What one read came to.
#[derive(Debug)]
pub(crate) struct Read {
    /// Bytes of the shared buffer.
    pub(crate) bytes: usize,
    /// The large frame that was begun before and is now whole, as its answer.
    pub(crate) finished: Option<Owned>,
    /// Whether the socket had no more.
    pub(crate) is_drained: bool,
}

impl Conn {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self {
            wire: Wire::new(socket),
            stage: Stage::Http,
            rest: Vec::new(),
            large: None,
            expected: None,
        }
    }

    /// Reads once into a buffer for a frame like the last one, so that nothing has to be copied into it.
    fn read_expected(
        &mut self,
        length: usize,
        buffer: &mut Vec<u8>,
        pool: &mut Pool,
    ) -> Result<Option<Read>, Gone> {
        let mut front = [0; LONGEST_MASKED];
        let mut own = pool.take(LONGEST + length);
        let payload = own.get_mut(LONGEST..LONGEST + length).unwrap_or_default();
        let both = &mut [IoSliceMut::new(&mut front), IoSliceMut::new(payload)];
        let Some(bytes) = taken(readv(&self.wire.socket, both))? else {
            pool.give(own);
            return Ok(None);
        };
        let mut read = Read {
            bytes: 0,
            finished: None,
            is_drained: bytes < LONGEST_MASKED + length,
        };
        let head = Head::parse(front.get(..bytes).unwrap_or(&front));
        if let Some(head) = head.filter(|head| head.length == length) {
            let mut large = Large {
                head,
                buffer: own,
                filled: bytes.saturating_sub(LONGEST_MASKED),
            };
            if large.lacking().is_empty() {
                read.finished = Some(large.finish());
            } else {
                self.large = Some(Box::new(large));
            }
            return Ok(Some(read));
        }
        // It was not: it is read as if it had come into the shared buffer, which may have to grow for that once.
        self.expected = None;
        buffer.resize(buffer.len().max(bytes), 0);
        let room = buffer.split_at_mut_checked(bytes.min(LONGEST_MASKED));
        let (at, after) = room.unwrap_or_default();
        at.copy_from_slice(front.get(..at.len()).unwrap_or_default());
        let payload = own.get(LONGEST..).unwrap_or_default();
        for (to, from) in after.iter_mut().zip(payload).take(bytes - at.len()) {
            *to = *from;
        }
        pool.give(own);
        read.bytes = bytes;
        Ok(Some(read))
    }

    /// Reads once: what a large frame lacks straight into it, all else into the shared buffer behind what was left over.
    pub(crate) fn read(
        &mut self,
        buffer: &mut Vec<u8>,
        pool: &mut Pool,
    ) -> Result<Option<Read>, Gone> {
        let held = self.rest.len();
        if let Some(length) = self.expected
            && held == 0
            && self.large.is_none()
        {
            return self.read_expected(length.get(), buffer, pool);
        }
        let (read, asked) = if let Some(large) = &mut self.large {
            let lacking = large.lacking();
            let asked = lacking.len() + buffer.len();
            let both = &mut [IoSliceMut::new(lacking), IoSliceMut::new(buffer)];
            (readv(&self.wire.socket, both), asked)
        } else {
            let (front, room) = buffer.split_at_mut_checked(held).ok_or(Gone)?;
            front.copy_from_slice(&self.rest);
            let asked = room.len();
            let read = recv(&self.wire.socket, room, RecvFlags::empty());
            (read.map(|(read, _)| read), asked)
        };
        let Some(bytes) = taken(read)? else {
            return Ok(None);
        };
        self.rest = Vec::new();
        let into_large = self.large.as_mut().map_or(0, |large| large.fill(bytes));
        let finished = self.large.take_if(|large| large.lacking().is_empty());
        Ok(Some(Read {
            bytes: held + bytes - into_large,
            finished: finished.map(|large| large.finish()),
            is_drained: bytes < asked,
        }))
    }

    /// Answers requests, and returns how many bytes came after the one that made this a WebSocket.
    pub(crate) fn shake_hands(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, Gone> {
        out.clear();
        let mut bytes = bytes;
        while self.stage == Stage::Http
            && let Some(length) = handshake::length(bytes)
            && let Some((request, rest)) = bytes.split_at_checked(length)
        {
            self.stage = match handshake::answer(request, out) {
                Asked::Page => Stage::Http,
                Asked::Echo => Stage::Echo,
                Asked::Broadcast => Stage::Broadcast,
            };
            bytes = rest;
        }
        if self.stage == Stage::Http {
            self.rest = bytes.to_vec();
            bytes = &[];
        }
        if !out.is_empty() {
            self.wire.send(out)?;
        }
        Ok(bytes.len())
    }

    /// Answers all frames that are whole, in one send unless small and large ones come mixed.
    pub(crate) fn echo(
        &mut self,
        mut finished: Option<Owned>,
        mut bytes: &mut [u8],
        out: &mut Vec<u8>,
        pool: &mut Pool,
    ) -> Result<(), Gone> {
        out.clear();
        let mut pieces: Vec<IoSlice<'_>> = Vec::new();
        let mut is_over = false;
        while let Some(head) = Head::parse(bytes)
            && head.frame() <= bytes.len()
        {
            let (frame, rest) = mem::take(&mut bytes).split_at_mut(head.frame());
            bytes = rest;
            if frame.len() < GATHERED {
                if !pieces.is_empty() {
                    self.wire.send_gathered(finished.take(), &pieces, pool)?;
                    pieces.clear();
                }
                head.answer_copied(frame.get(head.size..).unwrap_or_default(), out);
                is_over |= head.is_close();
            } else {
                if !out.is_empty() {
                    let small = [IoSlice::new(out)];
                    self.wire.send_gathered(finished.take(), &small, pool)?;
                    out.clear();
                }
                pieces.push(IoSlice::new(head.answer_in_place(frame)));
            }
        }
        if finished.is_some() || !pieces.is_empty() {
            // One of the two is empty.
            if !out.is_empty() {
                pieces.push(IoSlice::new(out));
            }
            self.wire.send_gathered(finished, &pieces, pool)?;
        } else if !out.is_empty() {
            self.wire.send(out)?;
        }
        self.hold(bytes, pool);
        if is_over { Err(Gone) } else { Ok(()) }
    }

    /// Writes all frames that are whole to `out` for everyone; says whether the client is done.
    pub(crate) fn say(
        &mut self,
        finished: Option<Owned>,
        mut bytes: &[u8],
        out: &mut Vec<u8>,
        pool: &mut Pool,
    ) -> Result<(), Gone> {
        out.clear();
        if let Some(large) = finished {
            out.extend_from_slice(large.bytes());
            pool.give(large.buffer);
        }
        while let Some(head) = Head::parse(bytes)
            && let Some((frame, rest)) = bytes.split_at_checked(head.frame())
        {
            bytes = rest;
            if head.is_close() {
                let mut answer = Vec::new();
                head.answer_copied(frame.get(head.size..).unwrap_or_default(), &mut answer);
                self.wire.send(&answer)?;
                return Err(Gone);
            }
            head.answer_copied(frame.get(head.size..).unwrap_or_default(), out);
        }
        self.hold(bytes, pool);
        Ok(())
    }

    /// Keeps the front of a frame whose end is not there.
    fn hold(&mut self, bytes: &[u8], pool: &mut Pool) {
        match Head::parse(bytes) {
            Some(head) if head.frame() > LARGE => {
                let payload = bytes.get(head.size..).unwrap_or_default();
                let mut large = Large {
                    head,
                    buffer: pool.take(LONGEST + head.length),
                    filled: 0,
                };
                if let Some(front) = large.lacking().get_mut(..payload.len()) {
                    front.copy_from_slice(payload);
                }
                large.filled = payload.len();
                self.expected = NonZeroUsize::new(head.length).filter(|_| head.frame() > BUFFER);
                self.large = Some(Box::new(large));
            }
            _ if bytes.is_empty() => {}
            _ => self.rest = bytes.to_vec(),
        }
    }
}

/// Tells "not now" from bytes, and both from an end.
fn taken(read: Result<usize, Errno>) -> Result<Option<usize>, Gone> {
    match read {
        Ok(0) => Err(Gone),
        Ok(bytes) => Ok(Some(bytes)),
        Err(Errno::AGAIN | Errno::INTR) => Ok(None),
        Err(_) => Err(Gone),
    }
}

impl Large {
    fn lacking(&mut self) -> &mut [u8] {
        let (from, to) = (LONGEST + self.filled, LONGEST + self.head.length);
        self.buffer.get_mut(from..to).unwrap_or_default()
    }

    /// Notes that so many bytes were read, and returns how many of them are its own.
    fn fill(&mut self, bytes: usize) -> usize {
        let own = bytes.min(self.lacking().len());
        self.filled += own;
        own
    }

    fn finish(self) -> Owned {
        let Self {
            head, mut buffer, ..
        } = self;
        let to = LONGEST + head.length;
        let frame = buffer.get_mut(..to).unwrap_or_default();
        let from = to - head.answer_in_place(frame).len();
        Owned { buffer, from, to }
    }
}
