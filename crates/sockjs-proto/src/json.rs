//! Reading the messages that a client sends: a JSON array of strings (RFC 8259), and nothing else.

use sockeye_types::Text;

use crate::{BodyError, percent, run};

mod value;

/// What one body may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyLimits {
    /// How many messages.
    pub messages: usize,
    /// How many bytes of UTF-8 each of them may have, without quotes and escapes.
    pub message_bytes: usize,
}

/// Reads a JSON array of strings.
///
/// Halves of surrogate pairs are joined; one that stands alone becomes U+FFFD, for a message is UTF-8.
///
/// # Errors
/// [`BodyError`] names the first thing that is wrong.
pub fn read_strings(json: &[u8], limits: BodyLimits) -> Result<Vec<Text>, BodyError> {
    let mut reader = Reader::new(json)?;
    reader.skip_space();
    if !reader.take(b'[') {
        return Err(reader.not_expected());
    }
    let messages = reader.strings(limits)?;
    reader.end()?;
    Ok(messages)
}

/// Reads the messages in one text message of a framed WebSocket: an array, or one string alone. An empty one has none.
///
/// # Errors
/// [`BodyError`] names the first thing that is wrong.
pub fn read_frame_text(text: &str, limits: BodyLimits) -> Result<Vec<Text>, BodyError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = Reader::of(text);
    reader.skip_space();
    let messages = if reader.take(b'[') {
        reader.strings(limits)?
    } else if reader.peek() == Some(b'"') && limits.messages == 0 {
        return Err(BodyError::TooManyMessages);
    } else {
        vec![reader.string(limits.message_bytes)?]
    };
    reader.end()?;
    Ok(messages)
}

/// A place in a JSON text.
pub(crate) struct Reader<'a> {
    rest: &'a str,
    /// Where a string with escapes is put together.
    scratch: String,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(json: &'a [u8]) -> Result<Self, BodyError> {
        if json.is_empty() {
            return Err(BodyError::PayloadExpected);
        }
        let json = simdutf8::basic::from_utf8(json).map_err(|_| BodyError::Broken)?;
        Ok(Self::of(json))
    }

    pub(crate) fn of(json: &'a str) -> Self {
        Self {
            rest: json,
            scratch: String::new(),
        }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    /// Passes a byte of ASCII if it is the next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.skip(1);
        }
        is_next
    }

    pub(crate) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.skip(1);
        }
    }

    /// Says that only white space is left.
    pub(crate) fn end(&mut self) -> Result<(), BodyError> {
        self.skip_space();
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(BodyError::Broken),
        }
    }

    /// Reads what follows the `[` of an array of strings, and its `]`.
    pub(crate) fn strings(&mut self, limits: BodyLimits) -> Result<Vec<Text>, BodyError> {
        let mut strings = Vec::new();
        self.skip_space();
        if self.take(b']') {
            return Ok(strings);
        }
        loop {
            self.skip_space();
            if strings.len() >= limits.messages && self.peek() == Some(b'"') {
                return Err(BodyError::TooManyMessages);
            }
            strings.push(self.string(limits.message_bytes)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(strings);
            }
            if !self.take(b',') {
                return Err(BodyError::Broken);
            }
        }
    }

    /// Reads a string of at most `max_bytes`.
    pub(crate) fn string(&mut self, max_bytes: usize) -> Result<Text, BodyError> {
        if !self.take(b'"') {
            return Err(self.not_expected());
        }
        let plain = self.plain(max_bytes)?;
        if self.take(b'"') {
            return Ok(plain.into());
        }
        self.scratch.clear();
        self.scratch.push_str(plain);
        while !self.take(b'"') {
            if !self.take(b'\\') {
                return Err(BodyError::Broken);
            }
            let char = self.escaped()?;
            let room = max_bytes - self.scratch.len().min(max_bytes);
            if char.len_utf8() > room {
                return Err(BodyError::MessageTooBig);
            }
            self.scratch.push(char);
            let plain = self.plain(room - char.len_utf8())?;
            self.scratch.push_str(plain);
        }
        Ok(self.scratch.as_str().into())
    }

    /// Passes what stands for itself.
    fn plain(&mut self, max_bytes: usize) -> Result<&'a str, BodyError> {
        let len = run::until(self.rest.as_bytes(), |byte| {
            (byte < 0x20) | (byte == b'"') | (byte == b'\\')
        });
        if len > max_bytes {
            return Err(BodyError::MessageTooBig);
        }
        let (plain, rest) = self.rest.split_at_checked(len).ok_or(BodyError::Broken)?;
        self.rest = rest;
        Ok(plain)
    }

    /// Reads what follows a backslash.
    fn escaped(&mut self) -> Result<char, BodyError> {
        let byte = self.peek().ok_or(BodyError::Broken)?;
        let char = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unit().map(|unit| self.joined(unit)),
            _ => return Err(BodyError::Broken),
        };
        self.skip(1);
        Ok(char)
    }

    /// Makes a character of a unit of UTF-16 and, if it takes two, of the next escape.
    fn joined(&mut self, unit: u16) -> char {
        if let Some(char) = char::from_u32(unit.into()) {
            return char;
        }
        let before = self.rest;
        let pair = self.take(b'\\').then(|| self.unit().ok()).flatten();
        let joined = pair.and_then(|low| char::decode_utf16([unit, low]).next()?.ok());
        joined.unwrap_or_else(|| {
            // The next escape is read again, for itself.
            self.rest = before;
            char::REPLACEMENT_CHARACTER
        })
    }

    /// Reads `uxxxx`.
    fn unit(&mut self) -> Result<u16, BodyError> {
        let [b'u', digits @ ..] = self.rest.as_bytes() else {
            return Err(BodyError::Broken);
        };
        let digits = digits.first_chunk::<4>().ok_or(BodyError::Broken)?;
        let unit = digits.iter().try_fold(0, |unit, digit| {
            Some(unit << 4 | u16::from(percent::hex(*digit)?))
        });
        self.skip(5);
        unit.ok_or(BodyError::Broken)
    }

    /// Says what is wrong where something else was to begin.
    fn not_expected(&self) -> BodyError {
        match self.peek() {
            Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9') => BodyError::PayloadExpected,
            _ if ["true", "false", "null"]
                .iter()
                .any(|word| self.rest.starts_with(word)) =>
            {
                BodyError::PayloadExpected
            }
            _ => BodyError::Broken,
        }
    }

    /// Passes bytes that are known to be ASCII.
    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
