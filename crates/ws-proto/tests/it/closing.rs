//! The closing handshake, started by either side, by both, and by none.

use bytes::Bytes;
use sockeye_types::{Close, CloseCode};
use sockeye_ws_proto::{Ending, Event, Framing, Lapse, ProtocolError, SendError, Upcoming};

use crate::support::{SECOND, Side, assert_refused, close_payload, masked, message, plain};

fn going() -> Close {
    Close::new(CloseCode::GOING_AWAY, "see you").unwrap()
}

#[test]
fn a_close_is_answered_with_its_code_and_both_sides_know_who_started_it() {
    let (mut server, mut client) = (Side::server(), Side::client());
    let bytes = client.close(&going());
    assert!(client.conn.is_closing() && !client.conn.is_open());
    assert_eq!(server.hear(&bytes), Ok(vec![Event::Close(going())]));
    assert_eq!(server.conn.ending(), Some(&Ending::Peer(going())));
    assert!(server.conn.is_over() && server.conn.is_clean());

    let answer = server.said();
    assert_eq!(answer, plain(0x88, &close_payload(1001, "")));
    let told = Close::new(CloseCode::GOING_AWAY, "").unwrap();
    assert_eq!(client.hear(&answer), Ok(vec![Event::Close(told)]));
    assert_eq!(client.conn.ending(), Some(&Ending::Own(going())));
    assert!(client.conn.is_over() && client.conn.is_clean() && client.said().is_empty());
    assert_eq!(client.conn.poll_timeout(), None);
}

#[test]
fn an_empty_close_is_answered_with_an_empty_one() {
    let mut server = Side::server();
    let event = Event::Close(Close::empty());
    assert_eq!(server.hear(&masked(0x88, b"")), Ok(vec![event]));
    assert_eq!(server.said(), plain(0x88, b""));
    assert_eq!(server.conn.ending().unwrap().code(), CloseCode::NO_STATUS);
}

#[test]
fn codes_of_the_registry_and_of_applications_are_accepted() {
    for code in [
        1000, 1003, 1007, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
    ] {
        let mut server = Side::server();
        let events = server
            .hear(&masked(0x88, &close_payload(code, "why")))
            .unwrap();
        assert_eq!(
            events,
            [Event::Close(Close::new(code.into(), "why").unwrap())]
        );
        assert_eq!(server.said(), plain(0x88, &close_payload(code, "")));
    }
}

#[test]
fn illegal_closes_are_refused() {
    for code in [
        0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535,
    ] {
        let error = ProtocolError::CloseCodeIllegal(code.into());
        assert_refused(
            Side::server(),
            &masked(0x88, &close_payload(code, "")),
            error,
        );
    }
    assert_refused(
        Side::server(),
        &masked(0x88, b"\x03"),
        ProtocolError::CloseCodeCut,
    );
    let bad_text = masked(0x88, b"\x03\xe8\xce\xba\xf4\x90");
    assert_refused(Side::server(), &bad_text, ProtocolError::CloseReasonNotText);
    let longest = masked(0x88, &close_payload(1000, &"r".repeat(123)));
    assert_eq!(
        Side::server().hear(&longest).map(|events| events.len()),
        Ok(1)
    );
    let longer = masked(0x88, &close_payload(1000, &"r".repeat(124)));
    assert_refused(Side::server(), &longer, ProtocolError::ControlTooLong);
}

#[test]
fn nothing_is_decoded_after_a_close_and_nothing_is_sent() {
    let mut server = Side::server();
    let bytes = [
        masked(0x88, b""),
        masked(0x81, b"late"),
        masked(0x89, b"late"),
        masked(0x88, b""),
        vec![0xff; 9],
    ]
    .concat();
    assert_eq!(server.hear(&bytes).map(|events| events.len()), Ok(1));
    assert!(server.input.is_empty());
    assert_eq!(server.said(), plain(0x88, b""));

    let scratch = &mut server.scratch;
    let prepared = Framing::PLAIN.prepare(&"x".into(), scratch);
    assert_eq!(
        server.conn.send(&"x".into(), scratch),
        Err(SendError::Closed)
    );
    assert_eq!(
        server.conn.send_prepared(&prepared, scratch),
        Err(SendError::Closed)
    );
    assert_eq!(server.conn.ping(b"", scratch), Err(SendError::Closed));
    assert_eq!(server.conn.pong(b"", scratch), Err(SendError::Closed));
    assert!(server.close(&Close::normal()).is_empty());
}

#[test]
fn closing_twice_sends_one_close_and_keeps_the_first() {
    let mut server = Side::server();
    assert!(!server.close(&going()).is_empty());
    assert!(server.close(&Close::normal()).is_empty());
    assert_eq!(server.conn.ending(), Some(&Ending::Own(going())));
}

#[test]
fn both_sides_may_close_at_once() {
    let (mut server, mut client) = (Side::server(), Side::client());
    let from_server = server.close(&Close::normal());
    let from_client = client.close(&going());
    assert_eq!(server.hear(&from_client), Ok(vec![Event::Close(going())]));
    assert_eq!(
        client.hear(&from_server),
        Ok(vec![Event::Close(Close::normal())])
    );
    for (side, own) in [(&mut server, Close::normal()), (&mut client, going())] {
        assert!(side.said().is_empty() && side.conn.is_clean());
        assert_eq!(side.conn.ending(), Some(&Ending::Own(own)));
    }
}

#[test]
fn messages_still_arrive_between_our_close_and_the_peers_but_no_pong_follows_our_close() {
    let mut server = Side::server();
    server.close(&Close::normal());
    let bytes = [
        masked(0x81, b"on its way"),
        masked(0x89, b"p"),
        masked(0x88, b""),
    ]
    .concat();
    let events = vec![
        message("on its way"),
        Event::Ping(Bytes::from_static(b"p")),
        Event::Close(Close::empty()),
    ];
    assert_eq!(server.hear(&bytes), Ok(events));
    assert!(server.said().is_empty());
}

#[test]
fn a_close_that_is_not_answered_lapses() {
    let mut server = Side::server();
    server.close(&Close::normal());
    assert_eq!(server.conn.poll_timeout(), Some(server.now + 5 * SECOND));
    assert_eq!(server.pass(4 * SECOND), Ok(()));
    server.conn.pause_reading(server.now);
    assert_eq!(server.pass(SECOND), Err(Lapse::CloseUnanswered));
    assert!(server.said().is_empty() && server.conn.is_over());
    assert_eq!(server.conn.ending(), Some(&Ending::Own(Close::normal())));
    assert_eq!(server.pass(SECOND), Err(Lapse::CloseUnanswered));
}

#[test]
fn a_rule_broken_after_our_close_ends_the_conn_without_a_second_close() {
    let mut server = Side::server();
    server.close(&Close::normal());
    assert_eq!(
        server.hear(&masked(0x83, b"")),
        Err(ProtocolError::ReservedOpcode(3))
    );
    assert!(server.said().is_empty() && server.conn.is_over());
    assert_eq!(server.conn.ending(), Some(&Ending::Own(Close::normal())));
}

#[test]
fn bytes_that_end_without_a_close_are_a_lost_connection() {
    let mut server = Side::server();
    server.hear(&masked(0x01, b"half")).unwrap();
    server.conn.handle_eof();
    assert_eq!(server.conn.ending(), Some(&Ending::Lost));
    assert_eq!(server.conn.ending().unwrap().code(), CloseCode::ABNORMAL);
    assert_eq!(
        server.conn.send(&"x".into(), &mut server.scratch),
        Err(SendError::Closed)
    );

    let mut server = Side::server();
    server.close(&going());
    server.conn.handle_eof();
    assert_eq!(server.conn.ending(), Some(&Ending::Own(going())));
    assert!(!server.conn.is_clean());

    let mut server = Side::server();
    server.hear(&masked(0x88, b"")).unwrap();
    server.conn.handle_eof();
    assert_eq!(server.conn.ending(), Some(&Ending::Peer(Close::empty())));
    assert!(server.conn.is_clean());
}

/// Decodes up to what ends the connection.
fn hear_before_end(side: &mut Side) -> (Vec<Event>, Upcoming) {
    let mut events = Vec::new();
    loop {
        let Side {
            conn,
            input,
            scratch,
            now,
        } = side;
        match conn.decode_before_end(input, scratch, *now).unwrap() {
            Upcoming::Event(event) => events.push(event),
            other => return (events, other),
        }
    }
}

#[test]
fn a_close_can_be_left_for_later_and_what_came_before_it_is_answered_first() {
    let (mut server, mut client) = (Side::server(), Side::client());
    let mut bytes = server.send("last words");
    server.conn.ping(b"there?", &mut server.scratch).unwrap();
    bytes.extend(server.said());
    client.input.extend_from_slice(&bytes);
    let heard = vec![message("last words"), Event::Ping(Bytes::from("there?"))];
    assert_eq!(hear_before_end(&mut client), (heard, Upcoming::Nothing));
    client.input.extend_from_slice(&server.close(&going()));
    assert_eq!(hear_before_end(&mut client), (vec![], Upcoming::End));
    assert!(client.conn.is_open());
    let mut answers = client.said();
    answers.extend(client.send("answer"));
    assert_eq!(client.hear(b""), Ok(vec![Event::Close(going())]));
    assert!(client.conn.is_clean());
    assert_eq!(hear_before_end(&mut client), (vec![], Upcoming::Nothing));
    answers.extend(client.said());
    let heard = server.hear(&answers).unwrap();
    assert_eq!(heard.get(1), Some(&message("answer")));
    assert!(server.conn.is_clean());
}

#[test]
fn a_payload_that_breaks_a_rule_can_be_left_for_later_and_what_came_before_it_is_answered_first() {
    let whole = plain(0x81, b"\xff");
    let in_pieces = [plain(0x01, b"a"), plain(0x80, b"\xff")].concat();
    for (wrong, more) in [(&whole, &b""[..]), (&in_pieces, b""), (&whole, b"\x81")] {
        let mut client = Side::client();
        client.input.extend_from_slice(&plain(0x81, b"hi"));
        client.input.extend_from_slice(wrong);
        client.input.extend_from_slice(more);
        let heard = (vec![message("hi")], Upcoming::End);
        assert_eq!(hear_before_end(&mut client), heard);
        assert_eq!(hear_before_end(&mut client), (vec![], Upcoming::End));
        assert!(client.conn.is_open() && !client.input.is_empty());
        let answer = client.send("answer");
        assert_eq!(client.hear(b""), Err(ProtocolError::NotText));
        assert!(client.input.is_empty() && client.conn.is_over());
        let mut server = Side::server();
        let said = [answer, client.said()].concat();
        let heard = server.hear(&said).unwrap();
        assert_eq!(heard.first(), Some(&message("answer")));
        assert!(matches!(heard.get(1), Some(Event::Close(_))));
    }
}

#[test]
fn a_header_that_breaks_a_rule_can_be_left_for_later_and_is_as_wrong_then() {
    for (wrong, error) in [
        (plain(0x83, b""), ProtocolError::ReservedOpcode(3)),
        (plain(0x80, b""), ProtocolError::NothingToContinue),
        (masked(0x81, b"hi"), ProtocolError::MaskForbidden),
    ] {
        let mut client = Side::client();
        client.input.extend_from_slice(&plain(0x81, b"hi"));
        client.input.extend_from_slice(&wrong);
        assert_eq!(
            hear_before_end(&mut client),
            (vec![message("hi")], Upcoming::End)
        );
        assert_eq!(hear_before_end(&mut client), (vec![], Upcoming::End));
        assert!(client.conn.is_open() && client.said().is_empty());
        assert_eq!(client.hear(b""), Err(error));
        assert!(client.conn.is_over());
    }
}
