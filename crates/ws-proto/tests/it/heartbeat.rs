//! Pings after silence, and what counts as life.

use sockeye_types::{Close, CloseCode, Heartbeat};
use sockeye_ws_proto::{Ending, Event, Lapse, Role, Settings};

use crate::support::{SECOND, Side, close_code, masked};

#[test]
fn a_silent_peer_is_pinged_and_its_pong_is_not_told_but_timed() {
    let (mut server, mut client) = (Side::server(), Side::client());
    assert_eq!(server.conn.poll_timeout(), Some(server.now + 25 * SECOND));
    server.pass(25 * SECOND).unwrap();
    let ping = server.said();
    assert_eq!(ping[0], 0x89);
    assert_eq!(client.hear(&ping).map(|events| events.len()), Ok(1));
    let pong = client.said();
    server.now += SECOND;
    assert_eq!(server.hear(&pong), Ok(vec![]));
    assert_eq!(server.conn.round_trip(), Some(SECOND));
    assert_eq!(server.conn.poll_timeout(), Some(server.now + 25 * SECOND));
}

#[test]
fn a_peer_that_stays_silent_is_given_up() {
    let mut server = Side::server();
    server.pass(25 * SECOND).unwrap();
    server.said();
    assert_eq!(server.pass(9 * SECOND), Ok(()));
    assert_eq!(server.pass(SECOND), Err(Lapse::HeartbeatMissed));
    assert_eq!(close_code(&server.said()), CloseCode::INTERNAL_ERROR);
    assert_eq!(
        server.conn.ending(),
        Some(&Ending::Lapse(Lapse::HeartbeatMissed))
    );
    assert_eq!(server.pass(SECOND), Err(Lapse::HeartbeatMissed));
    assert_eq!(server.conn.poll_timeout(), None);
}

#[test]
fn any_byte_is_life_also_half_a_header() {
    let mut server = Side::server();
    server.pass(24 * SECOND).unwrap();
    server.hear(&[0x81]).unwrap();
    server.pass(24 * SECOND).unwrap();
    assert!(server.said().is_empty());
    server.pass(SECOND).unwrap();
    assert!(!server.said().is_empty());
    server.now += 9 * SECOND;
    server.hear(&[0x80]).unwrap();
    assert_eq!(server.pass(SECOND), Ok(()));
}

#[test]
fn decoding_what_was_there_already_is_no_sign_of_life() {
    let mut server = Side::server();
    server.hear(&[0x81]).unwrap();
    server.now += 20 * SECOND;
    server.hear(&[]).unwrap();
    server.pass(5 * SECOND).unwrap();
    assert!(!server.said().is_empty());
}

#[test]
fn pongs_that_nobody_asked_for_are_told() {
    let mut server = Side::server();
    server.pass(25 * SECOND).unwrap();
    let events = server.hear(&masked(0x8a, b"other")).unwrap();
    assert!(matches!(&events[..], [Event::Pong(payload)] if payload == "other"));
    assert_eq!(server.conn.round_trip(), None);
}

#[test]
fn while_the_driver_does_not_read_nobody_is_pinged_or_given_up() {
    let mut server = Side::server();
    server.pass(25 * SECOND).unwrap();
    server.said();
    server.pass(9 * SECOND).unwrap();
    server.conn.pause_reading(server.now);
    server.pass(500 * SECOND).unwrap();
    server.conn.resume_reading(server.now);
    assert_eq!(server.conn.poll_timeout(), Some(server.now + SECOND));
    assert_eq!(server.pass(SECOND), Err(Lapse::HeartbeatMissed));
}

#[test]
fn without_a_heartbeat_an_idle_conn_waits_for_nothing() {
    let settings = Settings::default().heartbeat(Heartbeat::off());
    let server = Side::new(Role::Server, settings, None);
    assert_eq!(server.conn.poll_timeout(), None);
}

#[test]
fn after_our_close_only_its_answer_is_waited_for() {
    let mut server = Side::server();
    server.pass(25 * SECOND).unwrap();
    server.close(&Close::normal());
    server.pass(4 * SECOND).unwrap();
    assert!(server.said().is_empty());
    assert_eq!(server.pass(SECOND), Err(Lapse::CloseUnanswered));
}
