//! Each limit, met exactly and then by one more.

use sockeye_types::Limits;
use sockeye_ws_proto::{Lapse, ProtocolError};

use crate::support::{SECOND, Side, assert_refused, close_code, masked, message};

fn limits() -> Limits {
    Limits::default()
}

#[test]
fn a_frame_larger_than_its_limit_is_refused_at_its_header() {
    let limits = limits().frame_bytes(100);
    let mut server = Side::limited(limits);
    assert_eq!(
        server
            .hear(&masked(0x82, &[0; 100]))
            .map(|events| events.len()),
        Ok(1)
    );
    let header = &masked(0x82, &[0; 101])[..6];
    assert_refused(Side::limited(limits), header, ProtocolError::FrameTooBig);
    let header = [masked(0x02, b""), masked(0x80, &[0; 101])[..6].to_vec()].concat();
    assert_refused(Side::limited(limits), &header, ProtocolError::FrameTooBig);
}

#[test]
fn a_message_larger_than_its_limit_is_refused_at_the_header_that_exceeds_it() {
    let limits = limits().message_bytes(100);
    let fragments = [masked(0x02, &[1; 60]), masked(0x80, &[1; 40])].concat();
    let whole = Ok(vec![message(vec![1; 100])]);
    assert_eq!(Side::limited(limits).hear(&fragments), whole);
    assert_eq!(Side::limited(limits).hear(&masked(0x82, &[1; 100])), whole);

    let too_big = ProtocolError::MessageTooBig;
    let header = &masked(0x82, &[0; 101])[..6];
    assert_refused(Side::limited(limits), header, too_big);
    let header = [masked(0x02, &[1; 60]), masked(0x80, &[1; 41])[..6].to_vec()].concat();
    assert_refused(Side::limited(limits), &header, too_big);
}

#[test]
fn a_length_that_no_memory_could_hold_is_only_too_big() {
    let header = [&[0x82, 0xff, 0x7f][..], &[0xff; 7], &[0; 4]].concat();
    assert_refused(Side::server(), &header, ProtocolError::FrameTooBig);
}

#[test]
fn an_endless_stream_of_empty_fragments_ends_at_the_limit() {
    let limits = limits().fragments(4);
    let four = [
        masked(0x01, b""),
        masked(0x00, b"").repeat(2),
        masked(0x80, b""),
    ]
    .concat();
    assert_eq!(Side::limited(limits).hear(&four), Ok(vec![message("")]));
    let five = [masked(0x01, b""), masked(0x00, b"").repeat(4)].concat();
    assert_refused(
        Side::limited(limits),
        &five,
        ProtocolError::TooManyFragments,
    );
}

#[test]
fn a_flood_of_control_frames_ends_at_the_limit_of_its_second() {
    let limits = limits().control_frames_per_second(3);
    let mut server = Side::limited(limits);
    for _ in 0..5 {
        assert_eq!(
            server
                .hear(&masked(0x89, b"").repeat(3))
                .map(|events| events.len()),
            Ok(3)
        );
        server.now += SECOND;
    }
    for flood in [masked(0x89, b"").repeat(4), masked(0x8a, b"").repeat(4)] {
        let mut server = Side::limited(limits);
        assert_eq!(
            server.hear(&flood),
            Err(ProtocolError::TooManyControlFrames)
        );
    }
}

#[test]
fn a_message_that_drips_is_cut_when_its_time_is_over() {
    let whole = masked(0x82, &[0; 20]);
    let fragment = [masked(0x02, b"x"), masked(0x00, b"y")].concat();
    for begun in [&whole[..1], &whole[..4], &whole[..9], &fragment] {
        let mut server = Side::limited(limits().message_time(20 * SECOND));
        server.hear(begun).unwrap();
        for _ in 0..19 {
            assert_eq!(server.pass(SECOND), Ok(()));
        }
        assert_eq!(server.pass(SECOND), Err(Lapse::MessageTooSlow));
        assert_eq!(
            close_code(&server.said()),
            Lapse::MessageTooSlow.close_code().unwrap()
        );
        assert_eq!(server.pass(SECOND), Err(Lapse::MessageTooSlow));
        assert!(server.said().is_empty() && server.conn.is_over());
        assert_eq!(server.hear(&whole), Ok(vec![]));
    }
}

#[test]
fn control_frames_within_a_slow_message_do_not_buy_it_time() {
    let mut server = Side::limited(limits().message_time(20 * SECOND));
    server.hear(&masked(0x02, b"x")).unwrap();
    for _ in 0..19 {
        server.pass(SECOND).unwrap();
        server.hear(&masked(0x89, b"")).unwrap();
    }
    assert_eq!(server.pass(SECOND), Err(Lapse::MessageTooSlow));
}

#[test]
fn each_message_has_its_own_time_also_if_the_next_has_begun() {
    let whole = masked(0x82, b"slow");
    let fragments = [masked(0x02, b"slow"), masked(0x80, b"ly")].concat();
    for bytes in [whole, fragments] {
        let mut server = Side::limited(limits().message_time(5 * SECOND));
        let (head, tail) = bytes.split_at(7);
        server.hear(head).unwrap();
        for _ in 0..10 {
            server.pass(4 * SECOND).unwrap();
            let next_begun = [tail, head].concat();
            assert_eq!(server.hear(&next_begun).map(|events| events.len()), Ok(1));
        }
        server.hear(tail).unwrap();
        assert_eq!(server.pass(10 * SECOND), Ok(()));
    }
}

#[test]
fn time_in_which_the_driver_does_not_read_is_not_the_messages() {
    let mut server = Side::limited(limits().message_time(5 * SECOND));
    server.hear(&masked(0x02, b"x")).unwrap();
    server.pass(4 * SECOND).unwrap();
    server.conn.pause_reading(server.now);
    assert_eq!(server.conn.poll_timeout(), None);
    server.pass(100 * SECOND).unwrap();
    server.conn.resume_reading(server.now);
    assert_eq!(server.conn.poll_timeout(), Some(server.now + SECOND));
    assert_eq!(server.pass(SECOND), Err(Lapse::MessageTooSlow));
}
