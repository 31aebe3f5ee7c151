//! Messages of every size both ways, in one frame or in many, with control frames in between.

use bytes::Bytes;
use sockeye_types::Message;
use sockeye_ws_proto::{Conn, Event, Framing, SendError};

use crate::support::{Side, masked, message, plain};

#[test]
fn messages_of_every_length_form_pass_both_ways() {
    let (mut server, mut client) = (Side::server(), Side::client());
    for size in [
        0,
        1,
        7,
        125,
        126,
        127,
        4096,
        32_768,
        32_769,
        65_535,
        65_536,
        1 << 20,
    ] {
        let binary = Message::from(vec![0xa5; size]);
        let text = Message::from("é".repeat(size / 2));
        for sent in [binary, text] {
            let bytes = client.send(sent.clone());
            assert_eq!(server.hear(&bytes), Ok(vec![message(sent.clone())]));
            let bytes = server.send(sent.clone());
            assert_eq!(client.hear(&bytes), Ok(vec![message(sent)]));
        }
    }
    assert!(server.input.is_empty() && client.input.is_empty());
}

#[test]
fn a_client_masks_each_frame_with_its_own_key_and_a_server_masks_none() {
    let (mut server, mut client) = (Side::server(), Side::client());
    let (first, second) = (client.send("same"), client.send("same"));
    assert_eq!((first[1], second[1]), (0x84, 0x84));
    assert_ne!(first[2..6], second[2..6]);
    assert_eq!(server.send("same"), plain(0x81, b"same"));
}

#[test]
fn messages_that_arrive_together_are_told_one_by_one() {
    let mut server = Side::server();
    let bytes = [masked(0x81, b"a"), masked(0x82, b"b"), masked(0x81, b"")].concat();
    let events = vec![message("a"), message(&b"b"[..]), message("")];
    assert_eq!(server.hear(&bytes), Ok(events));
}

#[test]
fn fragments_make_one_message_and_pings_between_them_are_answered_at_once() {
    let mut server = Side::server();
    let bytes = [
        masked(0x01, b"one "),
        masked(0x89, b"ping"),
        masked(0x00, b"message"),
        masked(0x8a, b"pong"),
        masked(0x80, b""),
    ]
    .concat();
    let events = vec![
        Event::Ping(Bytes::from_static(b"ping")),
        Event::Pong(Bytes::from_static(b"pong")),
        message("one message"),
    ];
    assert_eq!(server.hear(&bytes), Ok(events));
    assert_eq!(server.said(), plain(0x8a, b"ping"));
}

#[test]
fn pings_and_pongs_carry_up_to_125_bytes() {
    let (mut server, mut client) = (Side::server(), Side::client());
    let payload = [b'p'; 126];
    client
        .conn
        .ping(&payload[..125], &mut client.scratch)
        .unwrap();
    let ping = client.said();
    let event = Event::Ping(Bytes::copy_from_slice(&payload[..125]));
    assert_eq!(server.hear(&ping), Ok(vec![event]));
    let pong = server.said();
    let event = Event::Pong(Bytes::copy_from_slice(&payload[..125]));
    assert_eq!(client.hear(&pong), Ok(vec![event]));
    for refused in [
        client.conn.ping(&payload, &mut client.scratch),
        client.conn.pong(&payload, &mut client.scratch),
    ] {
        assert_eq!(refused, Err(SendError::ControlTooLong(126)));
    }
    assert!(client.said().is_empty());
}

#[test]
fn a_small_message_does_not_keep_the_read_buffer_alive_and_a_large_one_is_not_copied() {
    let mut server = Side::server();
    server.input.reserve(256 << 10);
    let buffer = server.input.as_ptr() as usize..server.input.as_ptr() as usize + (256 << 10);
    let bytes = [masked(0x82, &[1; 32 << 10]), masked(0x82, &[2; 33 << 10])].concat();
    let events = server.hear(&bytes).unwrap();
    let [Event::Message(small), Event::Message(large)] = &events[..] else {
        panic!("{events:?}");
    };
    assert!(!buffer.contains(&(small.as_bytes().as_ptr() as usize)));
    assert!(buffer.contains(&(large.as_bytes().as_ptr() as usize)));
}

#[test]
fn what_the_driver_should_make_room_for_is_what_the_frame_lacks() {
    let bytes = masked(0x82, &[1; 1000]);
    for (arrived, wanted) in [(7, 0), (8, 1000), (10, 998), (1007, 1), (1008, 0)] {
        let mut server = Side::server();
        server.hear(&bytes[..arrived]).unwrap();
        assert_eq!(server.conn.wanted(), wanted, "{arrived}");
    }
}

#[test]
fn fragments_leave_the_input_as_they_come_and_other_messages_when_they_are_whole() {
    let mut server = Side::server();
    server.hear(&masked(0x02, &[1; 1000])[..108]).unwrap();
    assert_eq!((server.conn.wanted(), server.input.len()), (900, 0));
    let mut server = Side::server();
    server.hear(&masked(0x82, &[1; 1000])[..108]).unwrap();
    assert_eq!((server.conn.wanted(), server.input.len()), (900, 100));
}

#[test]
fn a_prepared_message_is_the_message_for_every_conn_of_its_framing() {
    let mut server = Side::server();
    let framing = server.conn.framing().unwrap();
    assert_eq!(framing, Framing::PLAIN);
    for text in ["short".to_owned(), "long".repeat(10_000)] {
        let prepared = framing.prepare(&text.as_str().into(), &mut server.scratch);
        server
            .conn
            .send_prepared(&prepared, &mut server.scratch)
            .unwrap();
        let bytes = server.said();
        assert_eq!(bytes.len(), prepared.wire_bytes());
        assert_eq!(Side::client().hear(&bytes), Ok(vec![message(text)]));
    }
}

#[test]
fn a_client_has_no_framing_and_refuses_what_was_prepared() {
    let mut client = Side::client();
    assert_eq!(client.conn.framing(), None);
    let prepared = Framing::PLAIN.prepare(&"x".into(), &mut client.scratch);
    let refused = client.conn.send_prepared(&prepared, &mut client.scratch);
    assert_eq!(refused, Err(SendError::OtherFraming));
    assert!(client.said().is_empty());
}

#[test]
fn a_conn_is_small_and_moves_between_threads() {
    fn assert_send<T: Send>() {}
    assert_send::<(Conn, sockeye_ws_proto::Scratch)>();
    assert!(size_of::<Conn>() <= 128, "{}", size_of::<Conn>());
}
