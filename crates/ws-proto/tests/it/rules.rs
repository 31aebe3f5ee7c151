//! Every rule of frames and messages that a peer can break, and what it is told.

use sockeye_ws_proto::ProtocolError;

use crate::support::{Side, assert_refused, frame, masked, plain};

#[test]
fn frames_that_break_a_rule_by_themselves_are_refused() {
    for (bytes, error) in [
        (masked(0xa1, b""), ProtocolError::ReservedBit),
        (masked(0x91, b""), ProtocolError::ReservedBit),
        (masked(0xf1, b""), ProtocolError::ReservedBit),
        (masked(0x83, b""), ProtocolError::ReservedOpcode(0x3)),
        (masked(0x8b, b""), ProtocolError::ReservedOpcode(0xb)),
        (plain(0x81, b"text"), ProtocolError::MaskMissing),
        (masked(0x09, b""), ProtocolError::ControlFragmented),
        (masked(0x89, &[0; 126]), ProtocolError::ControlTooLong),
        (masked(0x88, &[0; 126]), ProtocolError::ControlTooLong),
        (vec![0x82, 0xfe, 0, 5], ProtocolError::LengthNotMinimal),
        (
            vec![0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0],
            ProtocolError::LengthTooLarge,
        ),
    ] {
        assert_refused(Side::server(), &bytes, error);
    }
}

#[test]
fn the_compression_bit_means_nothing_where_compression_was_not_agreed_on() {
    for first in [0xc1, 0xc2, 0xc0, 0xc8, 0xc9, 0xca] {
        assert_refused(
            Side::server(),
            &masked(first, b""),
            ProtocolError::ReservedBit,
        );
    }
}

#[test]
fn fragments_out_of_order_are_refused() {
    let nothing = ProtocolError::NothingToContinue;
    assert_refused(Side::server(), &masked(0x80, b"x"), nothing);
    assert_refused(Side::server(), &masked(0x00, b"x"), nothing);
    for second in [0x01, 0x81, 0x02, 0x82] {
        let bytes = [masked(0x01, b"x"), masked(second, b"y")].concat();
        assert_refused(Side::server(), &bytes, ProtocolError::MessageInterrupted);
    }
    let after_the_last = [masked(0x01, b"x"), masked(0x80, b"y"), masked(0x80, b"z")].concat();
    assert_refused(Side::server(), &after_the_last, nothing);
}

#[test]
fn a_client_refuses_masked_frames_and_masks_its_refusal() {
    let mut client = Side::client();
    let refused = client.hear(&masked(0x81, b"text"));
    assert_eq!(refused, Err(ProtocolError::MaskForbidden));
    let close = client.said();
    assert_eq!((close[0], close[1] & 0x80), (0x88, 0x80));
}

#[test]
fn what_came_before_the_broken_rule_still_counts() {
    let mut server = Side::server();
    server.input.extend(masked(0x81, b"good"));
    server.input.extend(masked(0x83, b"bad"));
    let first = server
        .conn
        .decode(&mut server.input, &mut server.scratch, server.now);
    assert!(matches!(first, Ok(Some(_))));
    assert_eq!(server.hear(b""), Err(ProtocolError::ReservedOpcode(0x3)));
}

#[test]
fn a_zero_key_is_a_mask_like_any_other() {
    let bytes = frame(0x81, Some([0; 4]), b"plain to see");
    assert_eq!(
        Side::server().hear(&bytes).map(|events| events.len()),
        Ok(1)
    );
}
