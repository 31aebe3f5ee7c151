//! Text is refused at its first bad byte, wherever that arrives.

use sockeye_ws_proto::ProtocolError;

use crate::support::{Side, assert_refused, masked, message};

/// Text in three scripts with a bad sequence behind: 0xF4 0x90 is above U+10FFFF.
const BAD: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited";
const FIRST_BAD: usize = 12;

#[test]
fn bad_text_is_refused_in_one_frame_and_across_fragments() {
    assert_refused(Side::server(), &masked(0x81, BAD), ProtocolError::NotText);
    let bytes = [masked(0x01, &BAD[..5]), masked(0x80, &BAD[5..])].concat();
    assert_refused(Side::server(), &bytes, ProtocolError::NotText);
    assert_refused(
        Side::server(),
        &masked(0x81, b"cut \xe2\x82"),
        ProtocolError::NotText,
    );
}

#[test]
fn the_first_bad_byte_is_refused_while_the_frame_still_arrives() {
    let header_bytes = 6;
    for first in [0x81, 0x01] {
        let bytes = masked(first, BAD);
        let mut server = Side::server();
        for byte in &bytes[..header_bytes + FIRST_BAD] {
            assert_eq!(server.hear(&[*byte]), Ok(vec![]));
        }
        let bad = &bytes[header_bytes + FIRST_BAD..=header_bytes + FIRST_BAD];
        assert_eq!(server.hear(bad), Err(ProtocolError::NotText));
    }
}

#[test]
fn a_fragment_that_ends_in_a_bad_beginning_is_refused_before_the_next_one() {
    let mut server = Side::server();
    assert_eq!(server.hear(&masked(0x01, &BAD[..FIRST_BAD])), Ok(vec![]));
    let bad = masked(0x00, &BAD[FIRST_BAD..=FIRST_BAD]);
    assert_eq!(server.hear(&bad), Err(ProtocolError::NotText));
}

#[test]
fn a_bad_fragment_is_refused_before_a_ping_behind_it_is_answered() {
    let bytes = [masked(0x01, b"\xff"), masked(0x89, b"")].concat();
    assert_refused(Side::server(), &bytes, ProtocolError::NotText);
}

#[test]
fn characters_may_be_cut_by_fragments_anywhere() {
    let text = "κόσμε – 한글 – 😀😀 – ".repeat(9);
    let bytes = text.as_bytes();
    for cut in 0..=bytes.len() {
        let mut server = Side::server();
        let (head, tail) = bytes.split_at(cut);
        let frames = [masked(0x01, head), masked(0x89, b""), masked(0x80, tail)];
        assert_eq!(server.hear(&frames[0]), Ok(vec![]));
        assert_eq!(server.hear(&frames[1]).map(|events| events.len()), Ok(1));
        assert_eq!(server.hear(&frames[2]), Ok(vec![message(text.as_str())]));
    }
}

#[test]
fn binary_messages_may_hold_any_bytes() {
    let bytes = [masked(0x02, BAD), masked(0x80, b"\xff")].concat();
    let whole = [BAD, b"\xff"].concat();
    assert_eq!(Side::server().hear(&bytes), Ok(vec![message(whole)]));
}
