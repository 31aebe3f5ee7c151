//! A program that is told to end serves on for `drain_time`, so that a load balancer can look elsewhere first.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Child, Stdio},
};

use crate::{behind, echo, get, session, sockeye, terminate, until_ready};

/// Serves with a time to drain; returns the public address, the internal one, and what is logged.
fn start(
    drain_time: &str,
) -> (
    Child,
    String,
    String,
    impl Iterator<Item = std::io::Result<String>>,
) {
    let mut child = sockeye(&["--listen", "127.0.0.1:0", "--internal-listen", "0"])
        .env("SOCKEYE_SERVER_DRAIN_TIME", drain_time)
        .env("SOCKEYE_LIMITS_CLOSE_TIME", "1h")
        .env("SOCKEYE_SERVER_SHUTDOWN_TIME", "1h")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut logged = BufReader::new(child.stderr.take().unwrap()).lines();
    let public = behind(&mut printed, "listens on ");
    let internal = behind(&mut logged, "address=");
    (child, public, internal, logged)
}

#[test]
fn a_program_that_drains_is_not_ready_and_serves_all_until_a_second_signal() {
    let (mut child, public, internal, mut logged) = start("1h");
    let mut old = session(&public);
    until_ready(&internal);
    terminate(&child);
    behind(&mut logged, "draining");
    assert!(get(&internal, "/ready").starts_with("HTTP/1.1 503"));
    assert!(get(&internal, "/health").starts_with("HTTP/1.1 200"));
    echo(&mut old);
    echo(&mut session(&public));
    assert_eq!(child.try_wait().unwrap(), None);
    terminate(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn sessions_are_closed_once_the_program_has_drained() {
    let (mut child, public, _, mut logged) = start("100ms");
    let mut session = session(&public);
    terminate(&child);
    behind(&mut logged, "draining");
    behind(&mut logged, "closing every session");
    let mut close = [0; 4];
    session.read_exact(&mut close).unwrap();
    assert_eq!((close[0], &close[2..]), (0x88, &1001_u16.to_be_bytes()[..]));
    session
        .write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9])
        .unwrap();
    drop(session);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
