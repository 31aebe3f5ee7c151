//! Reading JSON that is more than strings, as far as a client needs it: objects of what is known, and passing the rest.

use super::Reader;
use crate::BodyError;

impl Reader<'_> {
    /// Reads an object. For each member `read` is called with its key, and reads the value.
    pub(crate) fn object(
        &mut self,
        mut read: impl FnMut(&mut Self, &str) -> Result<(), BodyError>,
    ) -> Result<(), BodyError> {
        self.skip_space();
        self.required(b'{')?;
        self.items(b'}', |reader| {
            let key = reader.string(usize::MAX)?;
            reader.skip_space();
            reader.required(b':')?;
            reader.skip_space();
            read(reader, &key)
        })
    }

    /// Passes a value that nests at most this deep.
    pub(crate) fn skip_value(&mut self, depth: u8) -> Result<(), BodyError> {
        let inner = depth.checked_sub(1).ok_or(BodyError::Broken)?;
        match self.peek() {
            Some(b'"') => self.string(usize::MAX).map(drop),
            Some(b'{') => self.object(|reader, _| reader.skip_value(inner)),
            Some(b'[') => {
                self.required(b'[')?;
                self.items(b']', |reader| reader.skip_value(inner))
            }
            _ => self.skip_scalar(),
        }
    }

    /// Passes a word if it is the next.
    pub(crate) fn word(&mut self, word: &str) -> bool {
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// Reads an integer without a sign.
    pub(crate) fn number(&mut self) -> Result<u16, BodyError> {
        let digits = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest.get(..digits).and_then(|text| text.parse().ok());
        self.skip(digits);
        number.ok_or(BodyError::Broken)
    }

    /// Passes a byte that must be there.
    pub(crate) fn required(&mut self, byte: u8) -> Result<(), BodyError> {
        self.take(byte).then_some(()).ok_or(BodyError::Broken)
    }

    fn items(
        &mut self,
        end: u8,
        mut read: impl FnMut(&mut Self) -> Result<(), BodyError>,
    ) -> Result<(), BodyError> {
        self.skip_space();
        if self.take(end) {
            return Ok(());
        }
        loop {
            self.skip_space();
            read(self)?;
            self.skip_space();
            if self.take(end) {
                return Ok(());
            }
            self.required(b',')?;
        }
    }

    /// Passes a number or a word, without a look at which: nobody reads it.
    fn skip_scalar(&mut self) -> Result<(), BodyError> {
        let is_part =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        let len = self.rest.bytes().take_while(is_part).count();
        self.skip(len);
        if len == 0 {
            return Err(BodyError::Broken);
        }
        Ok(())
    }
}
