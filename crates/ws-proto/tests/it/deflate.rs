//! Compressed messages: both ways, in fragments, prepared, and meant to do harm.

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use sockeye_types::{ContextTakeover, Deflate, Limits, Message, WindowBits};
use sockeye_ws_proto::{Event, ProtocolError, Role, Settings};

use crate::support::{Side, Wire, agree, assert_refused, client_role, masked, message, payload_of};

const FRAGMENT: u8 = 0x41;
const WHOLE: u8 = 0xc1;

fn text() -> String {
    "the same words again and again, ".repeat(40)
}

/// Bytes that no compressor makes smaller.
fn noise() -> impl Iterator<Item = u8> {
    std::iter::successors(Some(2_463_534_242_u32), |state| {
        let state = state ^ (state << 13);
        let state = state ^ (state >> 17);
        Some(state ^ (state << 5))
    })
    .map(|state| state.to_be_bytes()[1])
}

/// A server's compressed payload is as good as a client's: both agreed on the same for both directions.
fn deflated(message: impl Into<Message>) -> Vec<u8> {
    let (mut server, _) = Side::pair(Wire::Deflated);
    let bytes = server.send(message);
    assert_eq!(bytes[0] & 0x40, 0x40, "not compressed");
    payload_of(&bytes).to_vec()
}

fn server() -> Side {
    Side::pair(Wire::Deflated).0
}

fn limited(limits: Limits) -> Side {
    let (agreed, _) = agree(&Deflate::default(), Deflate::default());
    Side::new(
        Role::Server,
        Settings::default().limits(limits),
        Some(agreed),
    )
}

#[test]
fn messages_are_compressed_from_the_least_size_on_and_arrive_as_they_were() {
    for wire in [Wire::Deflated, Wire::DeflatedWithContext] {
        let (mut server, mut client) = Side::pair(wire);
        for text in [text(), text(), "é".repeat(128), "x".repeat(300_000)] {
            let bytes = server.send(text.as_str());
            assert_eq!((bytes[0], bytes.len() < text.len()), (WHOLE, true));
            assert_eq!(client.hear(&bytes), Ok(vec![message(text.as_str())]));
            let bytes = client.send(text.as_bytes());
            assert_eq!(bytes[0], 0xc2);
            assert_eq!(server.hear(&bytes), Ok(vec![message(text.as_bytes())]));
        }
        let short = server.send("s".repeat(255));
        assert_eq!(short[0], 0x81);
        assert_eq!(client.hear(&short), Ok(vec![message("s".repeat(255))]));
    }
}

#[test]
fn a_context_makes_the_second_message_small_and_none_makes_it_the_first() {
    let (mut server, _) = Side::pair(Wire::DeflatedWithContext);
    assert!(server.send(text()).len() > server.send(text()).len());
    let (mut server, _) = Side::pair(Wire::Deflated);
    assert_eq!(server.send(text()), server.send(text()));
}

#[test]
fn what_compression_does_not_make_smaller_is_sent_as_it_is() {
    let noise: Vec<u8> = noise().take(1000).collect();
    let (mut server, mut client) = Side::pair(Wire::Deflated);
    let bytes = server.send(noise.as_slice());
    assert_eq!((bytes[0], bytes.len()), (0x82, 1004));
    assert_eq!(client.hear(&bytes), Ok(vec![message(noise)]));
}

#[test]
fn what_grows_by_compression_is_not_refused_for_that() {
    let limits = Limits::default().message_bytes(1000).frame_bytes(1000);
    let bytes: Vec<u8> = noise().take(1000).collect();
    // A stored block (RFC 1951 §3.2.4), and the first byte of the empty one that ends a message (RFC 7692 §7.2.1).
    let stored = [&[0x00, 0xe8, 0x03, 0x17, 0xfc][..], &bytes, &[0x00]].concat();
    let whole = Ok(vec![message(bytes)]);
    assert_eq!(limited(limits).hear(&masked(0xc2, &stored)), whole);
    let fragments = [masked(0x42, b""), masked(0x80, &stored)].concat();
    assert_eq!(limited(limits).hear(&fragments), whole);

    let header = |first, bytes| masked(first, &vec![0; bytes])[..8].to_vec();
    assert_eq!(limited(limits).hear(&header(0xc2, 1206)), Ok(vec![]));
    assert_refused(
        limited(limits),
        &header(0xc2, 1207),
        ProtocolError::FrameTooBig,
    );
    let continued = [masked(0x42, b""), header(0x80, 1207)].concat();
    assert_refused(limited(limits), &continued, ProtocolError::FrameTooBig);
    // A message that says it is plain is measured as such.
    assert_refused(
        limited(limits),
        &header(0x82, 1001),
        ProtocolError::FrameTooBig,
    );
}

#[test]
fn a_compressed_message_may_come_in_fragments_with_control_frames_between() {
    for wire in [Wire::Deflated, Wire::DeflatedWithContext] {
        let (mut server, mut other) = (Side::pair(wire).0, Side::pair(wire).0);
        for _ in 0..3 {
            let bytes = other.send(text());
            let (head, tail) = payload_of(&bytes).split_at(9);
            let bytes = [
                masked(FRAGMENT, head),
                masked(0x89, b"ping"),
                masked(0x00, b""),
                masked(0x80, tail),
            ]
            .concat();
            let ping = Event::Ping(Bytes::from_static(b"ping"));
            assert_eq!(server.hear(&bytes), Ok(vec![ping, message(text())]));
        }
    }
}

#[test]
fn the_compression_bit_belongs_on_the_first_frame_of_a_message_only() {
    let error = ProtocolError::MisplacedCompressionBit;
    for first in [0xc8, 0xc9, 0xca, 0xc0, 0x40] {
        assert_refused(server(), &masked(first, b""), error);
    }
    let continuation = [masked(FRAGMENT, &deflated(text())), masked(0xc0, b"")].concat();
    assert_refused(server(), &continuation, error);
    assert_refused(server(), &masked(0xe1, b""), ProtocolError::ReservedBit);
}

#[test]
fn a_bomb_is_stopped_at_the_limit_while_it_inflates() {
    let zeros = vec![0; 1 << 20];
    let bomb = deflated(zeros.as_slice());
    assert!(bomb.len() < zeros.len() / 50);
    let exact = Limits::default().message_bytes(zeros.len());
    assert_eq!(
        limited(exact).hear(&masked(0xc2, &bomb)),
        Ok(vec![message(zeros.as_slice())])
    );
    let less = Limits::default().message_bytes(zeros.len() - 1);
    let too_big = ProtocolError::MessageTooBig;
    assert_refused(limited(less), &masked(0xc2, &bomb), too_big);

    let small = Limits::default().message_bytes(1000);
    let half = &masked(0xc2, &bomb)[..bomb.len() / 2];
    assert_refused(limited(small), half, too_big);
    let fragments = [masked(0x42, &bomb[..10]), masked(0x00, &bomb[10..])].concat();
    assert_refused(limited(small), &fragments, too_big);
}

#[test]
fn corrupt_and_cut_data_is_refused() {
    let corrupt = ProtocolError::CorruptDeflate;
    assert_refused(server(), &masked(0xc2, b"\xff\xff\xff\xff"), corrupt);
    let cut = deflated(text());
    assert_refused(server(), &masked(WHOLE, &cut[..cut.len() - 5]), corrupt);
}

#[test]
fn inflated_text_is_refused_at_its_first_bad_byte() {
    let mut bad = text().into_bytes();
    bad.extend(b"\xff");
    bad.extend(noise().take(20_000));
    let bad = deflated(bad);
    assert_refused(server(), &masked(WHOLE, &bad), ProtocolError::NotText);
    // What is behind the bad byte does not compress, so that half of the frame holds the byte.
    let half = &masked(WHOLE, &bad)[..bad.len() / 2];
    assert_refused(server(), half, ProtocolError::NotText);
    assert_refused(server(), &masked(FRAGMENT, &bad), ProtocolError::NotText);
}

#[test]
fn a_prepared_message_may_come_between_messages_that_share_a_context() {
    for wire in [Wire::Deflated, Wire::DeflatedWithContext] {
        let (mut server, mut client) = Side::pair(wire);
        let framing = server.conn.framing().unwrap();
        let other = "other words, ".repeat(90);
        for between in [other.as_str(), "short", &text()] {
            // The second time the compressor would refer to the first, and miss it by what came between.
            let first = server.send(text());
            assert_eq!(client.hear(&first), Ok(vec![message(text())]));
            let prepared = framing.prepare(&between.into(), &mut server.scratch);
            server
                .conn
                .send_prepared(&prepared, &mut server.scratch)
                .unwrap();
            assert_eq!(client.hear(&server.said()), Ok(vec![message(between)]));
            let second = server.send(text());
            assert_eq!(client.hear(&second), Ok(vec![message(text())]));
        }
    }
}

#[test]
fn what_compression_does_not_make_smaller_is_prepared_as_it_is() {
    let (mut server, mut client) = Side::pair(Wire::Deflated);
    let noise: Vec<u8> = noise().take(1000).collect();
    let framing = server.conn.framing().unwrap();
    let prepared = framing.prepare(&noise.as_slice().into(), &mut server.scratch);
    assert_eq!(prepared.wire_bytes(), 1004);
    server
        .conn
        .send_prepared(&prepared, &mut server.scratch)
        .unwrap();
    assert_eq!(client.hear(&server.said()), Ok(vec![message(noise)]));
}

#[test]
fn conns_share_prepared_messages_if_their_compressors_obey_the_same_window() {
    let framing = |bits| {
        let deflate = Deflate::default().windows(WindowBits::new(bits).unwrap(), WindowBits::MAX);
        let (agreed, _) = agree(&deflate, Deflate::default());
        Side::new(Role::Server, Settings::default(), Some(agreed))
            .conn
            .framing()
            .unwrap()
    };
    assert_eq!(framing(12), framing(12));
    assert_ne!(framing(12), framing(15));
}

#[test]
fn a_compressor_refers_no_further_back_than_the_window_that_was_agreed_on() {
    let twice: Vec<u8> = noise().take(600).chain(noise().take(600)).collect();
    let sizes = [9, 10].map(|bits| {
        let window = WindowBits::new(bits).unwrap();
        let kept = ContextTakeover::Kept;
        let asked = Deflate::default()
            .windows(WindowBits::MAX, window)
            .contexts(kept, kept);
        let (agreed, _) = agree(&Deflate::default().contexts(kept, kept), asked);
        let mut server = Side::new(Role::Server, Settings::default(), Some(agreed));
        let bytes = server.send(twice.as_slice());
        assert_eq!(bytes[0], 0xc2);
        bytes.len()
    });
    assert!(sizes[0] >= 1200 && sizes[1] < 700, "{sizes:?}");
}

fn settings() -> impl Strategy<Value = Deflate> {
    let context = || prop::sample::select(vec![ContextTakeover::Kept, ContextTakeover::None]);
    let window = || (9..=15_u8).prop_map(|bits| WindowBits::new(bits).unwrap());
    (
        1..=9_u8,
        0..40_usize,
        (context(), context()),
        (window(), window()),
    )
        .prop_map(|(level, least, contexts, windows)| {
            Deflate::default()
                .level(level)
                .min_bytes(least)
                .contexts(contexts.0, contexts.1)
                .windows(windows.0, windows.1)
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_was_agreed_on_messages_arrive_as_they_were_however_they_are_cut(
        (ours, theirs) in (settings(), settings()),
        messages in vec(prop_oneof![
            "[a-c가-나]{0,60}".prop_map(Message::from),
            vec(0..4_u8, 0..5000).prop_map(Message::from),
        ], 0..8),
        sizes in vec(1..400_usize, 1..5),
    ) {
        let (at_server, at_client) = agree(&ours, theirs);
        let mut server = Side::new(Role::Server, Settings::default(), Some(at_server));
        let mut client = Side::new(client_role(), Settings::default(), Some(at_client));
        for (one, other) in [(0, 1), (1, 0)] {
            let mut sides = [&mut server, &mut client];
            let bytes: Vec<u8> = messages.iter().flat_map(|message| sides[one].send(message.clone())).collect();
            let (mut rest, mut told) = (&bytes[..], Vec::new());
            for size in sizes.iter().cycle() {
                let (piece, behind) = rest.split_at(rest.len().min(*size));
                told.extend(sides[other].hear(piece).unwrap());
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            let expected: Vec<Event> = messages.iter().cloned().map(Event::Message).collect();
            prop_assert_eq!(told, expected);
        }
    }
}
