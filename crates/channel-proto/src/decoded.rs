//! A frame, taken apart into its messages.

use std::marker::PhantomData;

use bytes::{Buf, Bytes};
use memchr::memchr;
use thiserror::Error;

use crate::{Codec, Wire};

/// A frame holds something that is no message. Ends the connection with
/// [`Disconnect::BadRequest`](crate::Disconnect::BadRequest).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The frame, or a line of it, is empty.
    #[error("a message is empty")]
    Empty,
    /// Not a message in this codec.
    #[error("not a message of the protocol")]
    Malformed,
    /// A message is longer than what is left of the frame.
    #[error("a message is cut off")]
    CutOff,
    /// The frame holds more messages than it may.
    #[error("too many messages in a frame")]
    TooMany,
}

/// The messages of a frame: see [`Codec::decode`].
#[derive(Debug)]
pub struct Decoded<T> {
    codec: Codec,
    /// What is not read yet; nothing after the last message, and after an error.
    rest: Option<Bytes>,
    /// How many messages may still come.
    left: usize,
    messages: PhantomData<T>,
}

impl<T: Wire> Decoded<T> {
    pub(crate) fn new(codec: Codec, mut rest: Bytes) -> Self {
        if codec == Codec::Json && rest.last() == Some(&b'\n') {
            rest.truncate(rest.len() - 1);
        }
        Self {
            codec,
            rest: Some(rest),
            left: usize::MAX,
            messages: PhantomData,
        }
    }

    /// Ends with [`DecodeError::TooMany`] behind so many messages, if there are more.
    #[must_use]
    pub fn at_most(mut self, messages: usize) -> Self {
        self.left = messages;
        self
    }

    /// The next message, and what follows it.
    fn split(&self, rest: Bytes) -> Result<(T, Option<Bytes>), DecodeError> {
        if self.left == 0 {
            return Err(DecodeError::TooMany);
        }
        let (message, rest) = match self.codec {
            Codec::Json => line(rest),
            Codec::Protobuf => delimited(rest)?,
        };
        if self.codec == Codec::Json && message.is_empty() {
            return Err(DecodeError::Empty);
        }
        Ok((self.codec.decode_one(&message)?, rest))
    }
}

impl<T: Wire> Iterator for Decoded<T> {
    type Item = Result<T, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let split = self.split(rest);
        self.left = self.left.saturating_sub(1);
        Some(split.map(|(message, rest)| {
            self.rest = rest;
            message
        }))
    }
}

/// A line, and what follows its end.
fn line(mut rest: Bytes) -> (Bytes, Option<Bytes>) {
    match memchr(b'\n', &rest) {
        Some(at) => {
            let line = rest.split_to(at);
            rest.advance(1);
            (line, Some(rest))
        }
        None => (rest, None),
    }
}

/// A message behind its length, and what follows it.
fn delimited(mut rest: Bytes) -> Result<(Bytes, Option<Bytes>), DecodeError> {
    if rest.is_empty() {
        return Err(DecodeError::Empty);
    }
    let length = prost::decode_length_delimiter(&mut rest).map_err(|_| DecodeError::Malformed)?;
    if length > rest.len() {
        return Err(DecodeError::CutOff);
    }
    let message = rest.split_to(length);
    Ok((message, Some(rest).filter(|rest| !rest.is_empty())))
}
