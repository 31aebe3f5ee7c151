//! What frames go over a wire, for whoever watches it: heads alone, without judging them.

use bytes::Bytes;

use crate::{frame::MAX_CONTROL_BYTES, mask};

/// The longest header: two bytes, eight of length, four of mask (RFC 6455 §5.2).
const MAX_HEADER_BYTES: usize = 14;

/// What stands before a frame's payload (RFC 6455 §5.2), as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrameHead {
    /// Whether the frame is its message's last.
    pub fin: bool,
    /// The three reserved bits, 0 to 7. RSV1, which marks a compressed message, is 4.
    pub rsv: u8,
    /// The opcode, 0x0 to 0xf.
    pub opcode: u8,
    /// Whether the payload is masked.
    pub masked: bool,
    /// The payload's length in bytes, on the wire.
    pub length: u64,
    /// The payload of a control frame, without its mask; `None` for other frames, and for a control frame that breaks
    /// the rule of 125 bytes.
    pub control: Option<Bytes>,
}

/// Reads the frames of one direction of a connection, in whatever pieces its bytes come.
///
/// It judges nothing: what breaks a rule is told as it stands. It holds no more than one header and the payload of one
/// control frame.
#[derive(Debug, Default)]
pub struct FrameScanner {
    state: State,
}

#[derive(Debug)]
enum State {
    /// So much of a header has come.
    Header(Partial<MAX_HEADER_BYTES>),
    /// A control frame's payload is coming.
    Control {
        head: FrameHead,
        key: [u8; 4],
        payload: Box<Partial<MAX_CONTROL_BYTES>>,
    },
    /// So many bytes of a payload are still to come.
    Skip(u64),
}

impl Default for State {
    fn default() -> Self {
        Self::Header(Partial::default())
    }
}

impl FrameScanner {
    /// Makes a scanner that stands before the first frame.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes off the front of `bytes`, up to where the next head is known: `None` if they hold none. A control
    /// frame is told when its payload is whole, any other with its header. To be called until it gives `None`.
    pub fn scan(&mut self, bytes: &mut &[u8]) -> Option<FrameHead> {
        loop {
            match &mut self.state {
                State::Skip(left) => {
                    let here = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    *left -= here as u64;
                    *bytes = bytes.get(here..).unwrap_or_default();
                    if *left > 0 {
                        return None;
                    }
                    self.state = State::default();
                }
                State::Header(header) => {
                    let (head, key) = header.take_header(bytes)?;
                    let is_control = head.opcode & 0x8 != 0;
                    if is_control && head.length <= MAX_CONTROL_BYTES as u64 {
                        let payload = Box::default();
                        self.state = State::Control { head, key, payload };
                    } else {
                        self.state = State::Skip(head.length);
                        return Some(head);
                    }
                }
                State::Control { head, key, payload } => {
                    let wanted = usize::try_from(head.length).unwrap_or_default();
                    payload.fill(wanted, bytes)?;
                    let whole = payload.bytes.get_mut(..wanted).unwrap_or_default();
                    mask::apply(whole, *key, 0);
                    let head = FrameHead {
                        control: Some(Bytes::copy_from_slice(whole)),
                        ..head.clone()
                    };
                    self.state = State::default();
                    return Some(head);
                }
            }
        }
    }
}

/// Bytes that come in pieces.
#[derive(Debug)]
struct Partial<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Default for Partial<N> {
    fn default() -> Self {
        Self {
            bytes: [0; N],
            len: 0,
        }
    }
}

impl<const N: usize> Partial<N> {
    /// Takes bytes until there are `wanted`; `None` if there are not.
    fn fill(&mut self, wanted: usize, from: &mut &[u8]) -> Option<()> {
        let missing = wanted.saturating_sub(self.len).min(from.len());
        let (taken, rest) = from.split_at_checked(missing)?;
        self.bytes
            .get_mut(self.len..self.len + missing)?
            .copy_from_slice(taken);
        self.len += missing;
        *from = rest;
        (self.len >= wanted).then_some(())
    }
}

impl Partial<MAX_HEADER_BYTES> {
    /// Takes a header, and the mask's key in it; `None` if it is not whole.
    fn take_header(&mut self, from: &mut &[u8]) -> Option<(FrameHead, [u8; 4])> {
        self.fill(2, from)?;
        let [first, second, ..] = self.bytes;
        let (masked, short) = (second & 0x80 != 0, second & 0x7f);
        let length_bytes = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let key_bytes = if masked { 4 } else { 0 };
        self.fill(2 + length_bytes + key_bytes, from)?;
        let (_, rest) = self.bytes.split_at(2);
        let (length, rest) = rest.split_at(length_bytes);
        let length = match short {
            126 | 127 => length
                .iter()
                .fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte)),
            _ => u64::from(short),
        };
        let key = if masked {
            *rest.first_chunk::<4>()?
        } else {
            [0; 4]
        };
        let head = FrameHead {
            fin: first & 0x80 != 0,
            rsv: first >> 4 & 0x7,
            opcode: first & 0xf,
            masked,
            length,
            control: None,
        };
        Some((head, key))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scan_all(pieces: &[&[u8]]) -> Vec<FrameHead> {
        let mut scanner = FrameScanner::new();
        let mut heads = Vec::new();
        for mut piece in pieces.iter().copied() {
            heads.extend(std::iter::from_fn(|| scanner.scan(&mut piece)));
            assert!(piece.is_empty());
        }
        heads
    }

    #[test]
    fn heads_are_told_with_the_payload_of_control_frames_unmasked() {
        let hello = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        let ping = [
            0x89, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        let big = [0x42, 0x7e, 0x01, 0x00];
        let heads = scan_all(&[&hello, &ping, &big]);
        let told: Vec<_> = heads
            .iter()
            .map(|head| (head.fin, head.rsv, head.opcode, head.masked, head.length))
            .collect();
        assert_eq!(
            told,
            [
                (true, 0, 1, true, 5),
                (true, 0, 9, true, 5),
                (false, 4, 2, false, 256)
            ]
        );
        assert_eq!(heads[1].control.as_deref(), Some(&b"Hello"[..]));
        assert_eq!(heads[0].control, None);
    }

    #[test]
    fn a_control_frame_that_is_too_long_is_told_without_its_payload() {
        let mut bytes = vec![0x89, 126, 0, 126];
        bytes.extend([7; 126]);
        bytes.extend([0x8a, 0]);
        let heads = scan_all(&[&bytes]);
        assert_eq!((heads[0].length, heads[0].control.as_deref()), (126, None));
        assert_eq!(heads[1].control.as_deref(), Some(&[][..]));
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_heads(
            bytes in prop::collection::vec(prop_oneof![Just(0x81), Just(0x89), Just(2), Just(126), any::<u8>()], 0..300),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            at.extend([0, bytes.len()]);
            at.sort_unstable();
            let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            prop_assert_eq!(scan_all(&pieces), scan_all(&[&bytes]));
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(scan_all(&single), scan_all(&[&bytes]));
        }
    }
}
