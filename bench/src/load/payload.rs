//! What messages hold: each differs from the next, so that a lost, doubled or swapped one is seen.

use clap::ValueEnum;

use super::OpCode;

/// What messages are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the generator matches on every kind"
)]
pub enum Kind {
    /// Binary messages of bytes that are mostly not UTF-8.
    Binary,
    /// Text messages of ASCII.
    Text,
    /// Text messages of Hangul, Greek and emoji: two, three and four bytes a character.
    NonAsciiText,
    /// Text messages of JSON, sent deflated (RFC 7692), each by itself.
    DeflatedJson,
}

impl Kind {
    /// Says whether messages are sent deflated.
    pub const fn is_deflated(self) -> bool {
        matches!(self, Self::DeflatedJson)
    }

    /// Returns the opcode of such a message's first frame.
    pub const fn opcode(self) -> OpCode {
        match self {
            Self::Binary => OpCode::Binary,
            Self::Text | Self::NonAsciiText | Self::DeflatedJson => OpCode::Text,
        }
    }
}

/// Makes the payload of message `number`, exactly `size` bytes long; numbers differ from 4 bytes on.
pub fn payload(kind: Kind, size: usize, number: usize) -> Vec<u8> {
    let mut bytes = format!("{:04x}", number & 0xffff).into_bytes();
    match kind {
        Kind::Binary => {
            let mut random = fastrand::Rng::with_seed(number as u64);
            bytes.resize_with(size.max(bytes.len()), || random.u8(..));
        }
        Kind::Text => {
            let letters = (b'a'..=b'z').cycle().skip(number % 26);
            bytes.extend(letters.take(size.saturating_sub(bytes.len())));
        }
        Kind::NonAsciiText => {
            for letter in "메시지 αβγ 🐟 ".chars().cycle().skip(number % 13) {
                let mut utf8 = [0; 4];
                let utf8 = letter.encode_utf8(&mut utf8).as_bytes();
                if bytes.len() + utf8.len() > size {
                    break;
                }
                bytes.extend(utf8);
            }
            bytes.resize(size.max(bytes.len()), b'.');
        }
        Kind::DeflatedJson => bytes = json(size, number),
    }
    bytes.truncate(size);
    bytes
}

/// Makes an array of small records that are alike, as programs send them.
fn json(size: usize, number: usize) -> Vec<u8> {
    const ROOMS: [&str; 5] = ["lobby", "kitchen", "garden", "harbour", "attic"];
    let mut random = fastrand::Rng::with_seed(number as u64);
    let mut bytes = b"[".to_vec();
    loop {
        let record = format!(
            "{}{{\"id\":{},\"room\":\"{}\",\"user\":\"u{}\",\"x\":{:.3},\"y\":{:.3},\"online\":{}}}",
            if bytes.len() > 1 { "," } else { "" },
            random.u32(..),
            ROOMS.get(random.usize(..ROOMS.len())).unwrap_or(&""),
            random.u16(..),
            random.f64() * 1000.0,
            random.f64() * 1000.0,
            random.bool(),
        );
        if bytes.len() + record.len() >= size {
            break;
        }
        bytes.extend(record.as_bytes());
    }
    bytes.resize(size.saturating_sub(1).max(bytes.len()), b' ');
    bytes.push(b']');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_payload_has_its_size_and_text_is_utf8() {
        for size in [0, 1, 3, 4, 5, 31, 32, 1000, 1024] {
            for kind in [
                Kind::Binary,
                Kind::Text,
                Kind::NonAsciiText,
                Kind::DeflatedJson,
            ] {
                for number in 0..30 {
                    let bytes = payload(kind, size, number);
                    assert_eq!(bytes.len(), size);
                    assert!(kind == Kind::Binary || str::from_utf8(&bytes).is_ok());
                }
            }
        }
    }

    #[test]
    fn json_is_json() {
        for size in [2, 1024, 16 << 10] {
            let bytes = payload(Kind::DeflatedJson, size, 3);
            let records: Vec<serde_json::Value> = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(records.is_empty(), size == 2);
        }
    }

    #[test]
    fn neighbours_differ() {
        for kind in [Kind::Binary, Kind::Text, Kind::NonAsciiText] {
            assert_ne!(payload(kind, 32, 7), payload(kind, 32, 8));
        }
    }
}
