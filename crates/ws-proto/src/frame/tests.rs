//! Headers to bytes and back, and every rule a header alone can break.

use bytes::Buf;
use proptest::prelude::*;

use super::*;

fn refused(bytes: &[u8], sender: Sender) -> ProtocolError {
    Header::parse(bytes, sender).unwrap_err()
}

#[test]
fn what_the_first_two_bytes_do_wrong_is_found_without_the_others() {
    use ProtocolError as E;
    for (bytes, error) in [
        ([0xa1, 0x80], E::ReservedBit),
        ([0x91, 0x80], E::ReservedBit),
        ([0x83, 0x80], E::ReservedOpcode(0x3)),
        ([0x87, 0x80], E::ReservedOpcode(0x7)),
        ([0x8b, 0x80], E::ReservedOpcode(0xb)),
        ([0x8f, 0x80], E::ReservedOpcode(0xf)),
        ([0x81, 0x05], E::MaskMissing),
        ([0x09, 0x80], E::ControlFragmented),
        ([0x88, 0xfe], E::ControlTooLong),
        ([0x8a, 0xff], E::ControlTooLong),
    ] {
        assert_eq!(refused(&bytes, Sender::Client), error, "{bytes:x?}");
    }
    assert_eq!(refused(&[0x82, 0x80], Sender::Server), E::MaskForbidden);
}

#[test]
fn a_length_stands_in_its_shortest_form_of_at_most_63_bits() {
    use ProtocolError as E;
    let with = |length: u64| [&[0x82, 127][..], &length.to_be_bytes()].concat();
    assert_eq!(
        refused(&[0x82, 126, 0, 125], Sender::Server),
        E::LengthNotMinimal
    );
    assert_eq!(refused(&with(65_535), Sender::Server), E::LengthNotMinimal);
    assert_eq!(refused(&with(1 << 63), Sender::Server), E::LengthTooLarge);
    for length in [65_536, u64::MAX >> 1] {
        let (header, size) = Header::parse(&with(length), Sender::Server)
            .unwrap()
            .unwrap();
        assert_eq!((header.payload_bytes, size), (length, 10));
    }
}

proptest! {
    #[test]
    fn a_header_survives_the_wire_and_no_part_of_it_is_enough(
        (opcode, fin) in prop_oneof![
            (prop::sample::select(vec![Opcode::Continuation, Opcode::Text, Opcode::Binary]),
             prop::sample::select(vec![Fin::Last, Fin::MoreToCome])),
            (prop::sample::select(vec![Opcode::Ping, Opcode::Pong, Opcode::Close]), Just(Fin::Last)),
        ],
        coding in prop::sample::select(vec![Coding::Plain, Coding::Deflated]),
        mask: Option<[u8; 4]>,
        length in prop_oneof![
            0..126_u64, 126..65_536_u64, 65_536..u64::MAX >> 1,
            prop::sample::select(vec![125_u64, 126, 65_535, 65_536]),
        ],
    ) {
        let payload_bytes = if opcode.is_control() { length % 126 } else { length };
        let header = Header { opcode, fin, coding, mask, payload_bytes };
        let sender = if mask.is_some() { Sender::Client } else { Sender::Server };
        let mut out = Output::default();
        header.encode(&mut out);
        let bytes = out.copy_to_bytes(out.len());
        prop_assert_eq!(Header::parse(&bytes, sender), Ok(Some((header, bytes.len()))));
        for cut in 0..bytes.len() {
            prop_assert_eq!(Header::parse(&bytes[..cut], sender), Ok(None));
        }
    }
}
