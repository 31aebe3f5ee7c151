//! What a conn sends: messages, control frames, closes (RFC 6455 §5, §6.1).

use std::time::Instant;

use sockeye_types::{Close, ContextTakeover, Message};

use super::Conn;
use crate::{
    Framing, Prepared, REFERENCED_BYTES, Scratch, SendError,
    closing::close_payload,
    frame::{Coding, Header, MAX_CONTROL_BYTES, Opcode},
    prepared::opcode_of,
    role::Own,
};

impl Conn {
    /// Sends a message in one frame, compressed if that was agreed and it is large enough.
    ///
    /// # Errors
    /// [`SendError::Closed`] after a close.
    #[inline]
    pub fn send(&mut self, message: &Message, scratch: &mut Scratch) -> Result<(), SendError> {
        self.check_open()?;
        let payload = message.as_bytes();
        if let Some(deflate) = &self.deflate
            && payload.len() >= deflate.agreed.min_bytes
        {
            self.send_deflated(message, scratch);
            return Ok(());
        }
        self.put_message(message, scratch);
        Ok(())
    }

    /// Returns how this conn writes messages, for [`Framing::prepare`]; `None` for a client, whose frames all differ by
    /// their masks.
    pub fn framing(&self) -> Option<Framing> {
        match self.role {
            Own::Server => Some(Framing::of(
                self.deflate.as_ref().map(|deflate| &deflate.agreed),
            )),
            Own::Client(_) => None,
        }
    }

    /// Sends a message that was prepared for this conn's [`framing`](Self::framing).
    ///
    /// # Errors
    /// [`SendError::Closed`] after a close; [`SendError::OtherFraming`] if it was prepared for another framing.
    pub fn send_prepared(
        &mut self,
        prepared: &Prepared,
        scratch: &mut Scratch,
    ) -> Result<(), SendError> {
        self.check_open()?;
        if self.framing() != Some(prepared.framing()) {
            return Err(SendError::OtherFraming);
        }
        scratch.out.put_shared(&prepared.bytes);
        if prepared.coding == Coding::Deflated
            && let Some(deflate) = &mut self.deflate
        {
            // The peer's window now holds what our compressor never saw (RFC 7692 §7.2.1).
            deflate.compressor.reset(&mut scratch.codecs);
        }
        Ok(())
    }

    /// Sends a ping with at most 125 bytes of payload.
    ///
    /// # Errors
    /// [`SendError::Closed`] after a close; [`SendError::ControlTooLong`] if the payload is longer.
    pub fn ping(&mut self, payload: &[u8], scratch: &mut Scratch) -> Result<(), SendError> {
        self.send_control(Opcode::Ping, payload, scratch)
    }

    /// Sends a pong that nobody asked for, with at most 125 bytes of payload (RFC 6455 §5.5.3). Pings are answered
    /// without it.
    ///
    /// # Errors
    /// [`SendError::Closed`] after a close; [`SendError::ControlTooLong`] if the payload is longer.
    pub fn pong(&mut self, payload: &[u8], scratch: &mut Scratch) -> Result<(), SendError> {
        self.send_control(Opcode::Pong, payload, scratch)
    }

    /// Starts the closing handshake (RFC 6455 §7.1.2). The peer has
    /// [`close_time`](sockeye_types::Limits::close_time) to answer. After a close, a failure or the end it does
    /// nothing.
    pub fn close(&mut self, close: &Close, scratch: &mut Scratch, now: Instant) {
        if self.closing.is_open() {
            self.put_close(close, scratch);
            let deadline = now.checked_add(self.settings.limits.close_time);
            self.closing.start(close.clone(), deadline);
        }
    }

    fn check_open(&self) -> Result<(), SendError> {
        if self.closing.is_open() {
            Ok(())
        } else {
            Err(SendError::Closed)
        }
    }

    #[inline]
    fn put_message(&mut self, message: &Message, scratch: &mut Scratch) {
        let payload = message.as_bytes();
        let mask = self.role.next_key();
        let header = Header::of_one_frame(opcode_of(message), Coding::Plain, mask, payload);
        if mask.is_none() && payload.len() >= REFERENCED_BYTES {
            header.encode(&mut scratch.out);
            scratch.out.put_bytes(message.clone().into_bytes());
        } else {
            header.encode_with(payload, &mut scratch.out);
        }
    }

    // Its weight shall not burden those who do not compress.
    #[inline(never)]
    fn send_deflated(&mut self, message: &Message, scratch: &mut Scratch) {
        let Some(deflate) = &mut self.deflate else {
            return;
        };
        let payload = message.as_bytes();
        deflate
            .compressor
            .compress(payload, &mut scratch.work, &mut scratch.codecs);
        // With a context kept, the peer has to see what our compressor will refer to.
        let grew = scratch.work.len() >= payload.len();
        if grew && deflate.agreed.compress.context == ContextTakeover::None {
            self.put_message(message, scratch);
        } else {
            let mask = self.role.next_key();
            Header::of_one_frame(opcode_of(message), Coding::Deflated, mask, &scratch.work)
                .encode_with(&scratch.work, &mut scratch.out);
        }
        scratch.clear_work();
    }

    fn send_control(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        scratch: &mut Scratch,
    ) -> Result<(), SendError> {
        self.check_open()?;
        if payload.len() > MAX_CONTROL_BYTES {
            return Err(SendError::ControlTooLong(payload.len()));
        }
        self.put_control(opcode, payload, scratch);
        Ok(())
    }

    pub(super) fn put_close(&mut self, close: &Close, scratch: &mut Scratch) {
        self.put_control(Opcode::Close, &close_payload(close), scratch);
    }

    pub(super) fn put_control(&mut self, opcode: Opcode, payload: &[u8], scratch: &mut Scratch) {
        let mask = self.role.next_key();
        Header::of_one_frame(opcode, Coding::Plain, mask, payload)
            .encode_with(payload, &mut scratch.out);
    }
}
