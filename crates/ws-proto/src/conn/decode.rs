//! What a conn receives: bytes to frames to events (RFC 6455 §5, §6.2).

use std::time::Instant;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Conn, Deflating};
use crate::{
    Event, ProtocolError, Scratch,
    assembly::{Assembly, COPIED_BYTES, Inflating, Kind, message_of},
    closing::{answer_to, parse_close},
    deflate::Codecs,
    frame::{Coding, Fin, Header, Opcode},
    keepalive::Answers,
    mask, utf8,
};

/// A frame whose header was consumed.
#[derive(Debug)]
pub(super) struct Frame {
    part: Part,
    mask: Option<[u8; 4]>,
    /// How many payload bytes it has.
    len: usize,
    /// How many of them were unmasked.
    unmasked: usize,
    /// How many of the unmasked ones were found to be whole characters, where that is checked in the input.
    checked: usize,
}

/// What a frame is part of; it decides where its payload waits to be whole.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// A whole plain message: waits in the input.
    Message(Kind),
    /// A piece of an assembly: each byte leaves the input as it comes.
    Piece(Fin),
    /// A control frame: waits in the input.
    Control(Opcode),
    /// Whatever it was, it breaks a rule, and nobody was told of that yet.
    Broken(ProtocolError),
}

/// What [`Conn::decode_before_end`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a driver must handle each")]
pub enum Upcoming {
    /// This was received.
    Event(Event),
    /// More bytes must arrive.
    Nothing,
    /// A frame that ends the connection stands before the rest.
    End,
}

/// How far the input is decoded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Starved,
    /// Up to a header that ends the connection.
    End,
}

/// What the next header came to.
enum Next {
    Frame(Frame),
    Starved,
    /// It ends the connection, and stays where it is.
    End,
}

/// What came of the bytes at hand.
enum Step {
    Event(Event),
    /// A frame was consumed, and there is nothing to tell yet.
    Consumed,
    /// The frame is not whole.
    Starved(Frame),
}

impl Conn {
    /// Takes what is whole from `input`: one event, or `None` if more bytes must arrive. To be called until it gives
    /// `None`.
    ///
    /// What it leaves in `input` must be there again in the next call, with new bytes behind it: it may have been
    /// unmasked already. After a close nothing is decoded, and `input` is emptied.
    ///
    /// # Errors
    /// [`ProtocolError`] if the peer broke a rule, as soon as the bytes at hand show it. The close frame was appended,
    /// and every later call gives the same error.
    #[inline]
    pub fn decode(
        &mut self,
        input: &mut BytesMut,
        scratch: &mut Scratch,
        now: Instant,
    ) -> Result<Option<Event>, ProtocolError> {
        self.hear(input, now);
        if let Some(message) = self.take_whole(input) {
            return Ok(Some(Event::Message(message)));
        }
        match self.decode_until(Until::Starved, input, scratch, now)? {
            Upcoming::Event(event) => Ok(Some(event)),
            Upcoming::Nothing | Upcoming::End => Ok(None),
        }
    }

    /// Does what [`decode`](Self::decode) does, but stops before what ends the connection: the peer's close, or
    /// whatever breaks a rule. That is answered as soon as it is decoded, and nothing is sent behind the answer: a
    /// driver lets what came before it have its own answer first, and then decodes on. Until then there is something
    /// in `input`.
    ///
    /// # Errors
    /// [`ProtocolError`] if the peer broke a rule, and `decode` has told so already.
    #[inline]
    pub fn decode_before_end(
        &mut self,
        input: &mut BytesMut,
        scratch: &mut Scratch,
        now: Instant,
    ) -> Result<Upcoming, ProtocolError> {
        self.hear(input, now);
        if let Some(message) = self.take_whole(input) {
            return Ok(Upcoming::Event(Event::Message(message)));
        }
        self.decode_until(Until::End, input, scratch, now)
    }

    /// Keeps a broken rule for whoever decodes on.
    #[cold]
    fn withhold(&mut self, error: ProtocolError, input: &mut BytesMut) -> Upcoming {
        self.frame = Some(Box::new(Frame {
            part: Part::Broken(error),
            mask: None,
            len: 0,
            unmasked: 0,
            checked: 0,
        }));
        if input.is_empty() {
            // Its last byte is gone, and who has no input does not decode.
            input.put_u8(0);
        }
        self.left_bytes = input.len();
        Upcoming::End
    }

    /// Bytes that were not there before are a sign of life.
    #[inline]
    pub(super) fn hear(&mut self, input: &BytesMut, now: Instant) {
        if input.len() > self.left_bytes {
            self.keepalive.hear(now);
        }
    }

    /// Decodes whatever comes, as the bytes that are there allow.
    #[inline(never)]
    fn decode_until(
        &mut self,
        until: Until,
        input: &mut BytesMut,
        scratch: &mut Scratch,
        now: Instant,
    ) -> Result<Upcoming, ProtocolError> {
        let decoded = if !self.closing.is_over() {
            match (self.next_event(until, input, scratch, now), until) {
                (Err(error), Until::Starved) => Err(self.fail(error, input, scratch)),
                (Err(error), Until::End) => Ok(self.withhold(error, input)),
                (decoded, _) => decoded,
            }
        } else {
            input.clear();
            self.closing.failure().map_or(Ok(Upcoming::Nothing), Err)
        };
        self.left_bytes = input.len();
        decoded
    }

    /// Returns how many bytes are still missing until the frame in progress is whole; 0 between frames. The driver may
    /// make that much room in its buffer, within bounds of its own.
    pub fn wanted(&self) -> usize {
        self.frame.as_ref().map_or(0, |frame| match frame.part {
            Part::Message(_) | Part::Control(_) => frame.len.saturating_sub(self.left_bytes),
            Part::Piece(_) => frame.len - frame.unmasked,
            Part::Broken(_) => 0,
        })
    }

    #[inline]
    fn next_event(
        &mut self,
        until: Until,
        input: &mut BytesMut,
        scratch: &mut Scratch,
        now: Instant,
    ) -> Result<Upcoming, ProtocolError> {
        loop {
            let frame = match self.next_frame(until, input)? {
                Next::Frame(frame) => frame,
                Next::Starved => break,
                Next::End => return Ok(Upcoming::End),
            };
            let step = match frame.part {
                Part::Message(kind) => self.message(kind, frame, input)?,
                Part::Piece(fin) => self.piece(fin, frame, input, &mut scratch.codecs)?,
                Part::Control(opcode) => match control_payload(frame, input) {
                    Ok(payload) => self.control(opcode, payload, scratch, now)?,
                    Err(frame) => Step::Starved(frame),
                },
                Part::Broken(error) => return Err(error),
            };
            match step {
                Step::Event(event) => return Ok(Upcoming::Event(event)),
                Step::Consumed => {}
                Step::Starved(frame) => {
                    self.frame = Some(Box::new(frame));
                    break;
                }
            }
        }
        if let Some(assembly) = &mut self.assembly {
            assembly.check()?;
        }
        self.note_progress(input, now);
        Ok(Upcoming::Nothing)
    }

    /// What has begun to arrive has until `message_time` after its first byte. Between messages nothing is due.
    fn note_progress(&mut self, input: &BytesMut, now: Instant) {
        if self.frame.is_none() && self.assembly.is_none() && input.is_empty() {
            self.message_due = None;
        } else if self.message_due.is_none() {
            let begun = self.origin.moment(now);
            self.message_due = Some(begun.later_by(self.settings.limits.message_time));
        }
    }

    /// Returns the frame in progress, or consumes the next header.
    #[inline]
    fn next_frame(&mut self, until: Until, input: &mut BytesMut) -> Result<Next, ProtocolError> {
        if let Some(frame) = self.frame.take() {
            return Ok(Next::Frame(*frame));
        }
        match self.next_header(until, input) {
            // Judged again, it is found as wrong as before.
            Err(_) if until == Until::End => Ok(Next::End),
            next => next,
        }
    }

    #[inline]
    fn next_header(&mut self, until: Until, input: &mut BytesMut) -> Result<Next, ProtocolError> {
        let Some((header, header_bytes)) = Header::parse(input, self.role.peer())? else {
            return Ok(Next::Starved);
        };
        if until == Until::End && header.opcode == Opcode::Close {
            return Ok(Next::End);
        }
        let part = self.admit(&header)?;
        input.advance(header_bytes);
        Ok(Next::Frame(Frame {
            part,
            mask: header.mask,
            // Where a payload is longer than memory has addresses, `admit` has refused it.
            len: usize::try_from(header.payload_bytes).map_err(|_| ProtocolError::FrameTooBig)?,
            unmasked: 0,
            checked: 0,
        }))
    }

    /// A message in one plain frame: the way almost all of them come.
    #[inline]
    fn message(
        &mut self,
        kind: Kind,
        mut frame: Frame,
        input: &mut BytesMut,
    ) -> Result<Step, ProtocolError> {
        frame.unmask_in(input);
        if input.len() < frame.len {
            if kind == Kind::Text {
                let fresh = input.get(frame.checked..).unwrap_or_default();
                frame.checked += utf8::whole_characters(fresh)?;
            }
            return Ok(Step::Starved(frame));
        }
        let payload = take_payload(input, frame.len);
        self.message_due = None;
        Ok(Step::Event(Event::Message(message_of(kind, payload)?)))
    }

    /// A fragment, or a frame of a compressed message.
    fn piece(
        &mut self,
        fin: Fin,
        mut frame: Frame,
        input: &mut BytesMut,
        codecs: &mut Codecs,
    ) -> Result<Step, ProtocolError> {
        let Some(mut assembly) = self.assembly.take() else {
            return Err(ProtocolError::NothingToContinue);
        };
        let limit = self.settings.limits.message_bytes;
        let arrived = input.len().min(frame.len - frame.unmasked);
        let piece = input.get_mut(..arrived).unwrap_or_default();
        if let Some(key) = frame.mask {
            mask::apply(piece, key, frame.unmasked);
        }
        let deflate = self.deflate.as_deref_mut();
        assembly.push(piece, inflating(&assembly, deflate, codecs, limit))?;
        input.advance(arrived);
        frame.unmasked += arrived;
        if frame.unmasked < frame.len {
            self.assembly = Some(assembly);
            return Ok(Step::Starved(frame));
        }
        if fin == Fin::MoreToCome {
            // Before the next frame is looked at: what is told must not depend on how the bytes were cut.
            assembly.check()?;
            self.assembly = Some(assembly);
            return Ok(Step::Consumed);
        }
        let deflate = self.deflate.as_deref_mut();
        let inflating = inflating(&assembly, deflate, codecs, limit);
        let message = assembly.finish(inflating)?;
        self.message_due = None;
        Ok(Step::Event(Event::Message(message)))
    }

    fn control(
        &mut self,
        opcode: Opcode,
        payload: Bytes,
        scratch: &mut Scratch,
        now: Instant,
    ) -> Result<Step, ProtocolError> {
        let limit = self.settings.limits.control_frames_per_second;
        let now = self.origin.moment(now);
        if self.allowance.take(limit, now).is_err() {
            return Err(ProtocolError::TooManyControlFrames);
        }
        if self.assembly.is_none() {
            self.message_due = None;
        }
        let event = match opcode {
            Opcode::Close => {
                let close = parse_close(&payload)?;
                if self.closing.is_open() {
                    self.put_close(&answer_to(&close), scratch);
                }
                self.closing.receive(close.clone());
                self.let_go();
                Event::Close(close)
            }
            Opcode::Pong => match self.keepalive.hear_pong(&payload, now) {
                Answers::Heartbeat => return Ok(Step::Consumed),
                Answers::Other => Event::Pong(payload),
            },
            Opcode::Ping | Opcode::Continuation | Opcode::Text | Opcode::Binary => {
                // A peer that received our close discards what follows it (RFC 6455 §1.4), or calls it an error.
                if self.closing.is_open() {
                    self.put_control(Opcode::Pong, &payload, scratch);
                }
                Event::Ping(payload)
            }
        };
        Ok(Step::Event(event))
    }

    #[cold]
    fn fail(
        &mut self,
        error: ProtocolError,
        input: &mut BytesMut,
        scratch: &mut Scratch,
    ) -> ProtocolError {
        if self.closing.is_open() {
            self.put_close(&error.close(), scratch);
        }
        self.closing.fail(error);
        self.let_go();
        input.clear();
        self.left_bytes = 0;
        error
    }
}

impl Frame {
    /// Unmasks what has arrived of a payload that waits in the input.
    #[inline]
    fn unmask_in(&mut self, input: &mut BytesMut) {
        let arrived = input.len().min(self.len);
        if let Some(key) = self.mask {
            let fresh = input.get_mut(self.unmasked..arrived).unwrap_or_default();
            mask::apply(fresh, key, self.unmasked);
        }
        self.unmasked = arrived;
    }
}

/// Takes the payload of a control frame, or gives the frame back if it is not whole.
fn control_payload(mut frame: Frame, input: &mut BytesMut) -> Result<Bytes, Frame> {
    if input.len() < frame.len {
        return Err(frame);
    }
    frame.unmask_in(input);
    Ok(take_payload(input, frame.len))
}

/// Takes a payload from the input: by a copy of its exact size if it is small, by reference otherwise.
#[inline]
fn take_payload(input: &mut BytesMut, len: usize) -> Bytes {
    if len > COPIED_BYTES {
        return input.split_to(len).freeze();
    }
    let payload = Bytes::copy_from_slice(input.get(..len).unwrap_or_default());
    input.advance(len);
    payload
}

/// Returns what inflates an assembly's payload; `None` if it is plain.
fn inflating<'a>(
    assembly: &Assembly,
    deflate: Option<&'a mut Deflating>,
    codecs: &'a mut Codecs,
    limit: usize,
) -> Option<Inflating<'a>> {
    let deflate = deflate.filter(|_| assembly.coding() == Coding::Deflated)?;
    Some(Inflating {
        decompressor: &mut deflate.decompressor,
        codecs,
        limit,
    })
}
