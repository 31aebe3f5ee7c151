//! The name of a connection.

use std::fmt;

use crate::random;

/// Names one connection for as long as it lives: a random UUID (RFC 9562 §5.4). Others may see it; it is no secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId([u8; 16]);

impl ClientId {
    /// Makes a name that nothing else has. `None` if the operating system has no randomness.
    pub(crate) fn random() -> Option<Self> {
        let mut bytes = random::secret().ok()?;
        let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
        *version = *version & 0x0f | 0x40;
        *variant = *variant & 0x3f | 0x80;
        Some(Self(bytes))
    }

    /// Reads a name as it is printed; `None` if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut digits = text.bytes().filter(|byte| *byte != b'-');
        let mut digit = || char::from(digits.next()?).to_digit(16);
        let mut bytes = [0; 16];
        for byte in &mut bytes {
            *byte = u8::try_from(digit()? << 4 | digit()?).ok()?;
        }
        let id = Self(bytes);
        (id.to_string() == text.to_ascii_lowercase()).then_some(id)
    }

    /// A share of a whole in 256ths, different for each: so that not all clients do the same at the same time.
    pub(crate) const fn share(self) -> u8 {
        let [share, ..] = self.0;
        share
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            let dash = if matches!(at, 4 | 6 | 8 | 10) {
                "-"
            } else {
                ""
            };
            write!(f, "{dash}{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_uuid_of_version_four_and_is_read_back() {
        for _ in 0..100 {
            let id = ClientId::random().unwrap();
            let text = id.to_string();
            assert_eq!((text.len(), text.as_bytes()[14]), (36, b'4'));
            assert!(b"89ab".contains(&text.as_bytes()[19]), "{text}");
            assert_eq!(ClientId::parse(&text), Some(id));
        }
        assert_eq!(ClientId::parse("no"), None);
        assert_eq!(ClientId::parse(&"0".repeat(36)), None);
    }
}
