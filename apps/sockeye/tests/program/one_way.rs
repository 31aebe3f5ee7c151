//! Clients that only listen, on each of their paths: told who they are, and at the end why it ends.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use crate::{running::Running, shake_hands, sockeye};

/// Reads on until the words came.
fn until(stream: &mut TcpStream, heard: &mut Vec<u8>, words: &str) {
    let mut bytes = [0; 1024];
    while !String::from_utf8_lossy(heard).contains(words) {
        let count = stream.read(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(heard);
        assert_ne!(count, 0, "no {words:?} in:\n{text}");
        heard.extend(&bytes[..count]);
    }
}

#[test]
fn a_listener_is_told_who_it_is_over_each_transport_and_why_it_ends() {
    let program = Running::start(
        sockeye(&["--listen", "127.0.0.1:0"])
            .env("SOCKEYE_CHANNELS_ONE_WAY", "true")
            .env("SOCKEYE_CHANNELS_ANONYMOUS", "anybody"),
    );
    let address = program.told("sockeye listens on ").to_owned();
    let connect = || TcpStream::connect(&address).unwrap();
    let mut events = connect();
    let request = "GET /connection/uni_sse?cf_connect={} HTTP/1.1\r\nHost: h\r\n\r\n";
    events.write_all(request.as_bytes()).unwrap();
    let mut lines = connect();
    let request =
        "POST /connection/uni_http_stream HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}";
    lines.write_all(request.as_bytes()).unwrap();
    let mut socket = connect();
    assert!(shake_hands(&mut socket, "/connection/uni_websocket").starts_with("HTTP/1.1 101"));
    socket.write_all(b"\x81\x82\0\0\0\0{}").unwrap();
    let mut heard = [const { Vec::new() }; 3];
    for (stream, heard) in [&mut events, &mut lines, &mut socket]
        .into_iter()
        .zip(&mut heard)
    {
        until(stream, heard, r#"{"connect":{"client":""#);
    }
    program.signal("TERM");
    for (stream, heard) in [&mut events, &mut lines].into_iter().zip(&mut heard) {
        until(
            stream,
            heard,
            r#"{"disconnect":{"code":3001,"reason":"shutdown""#,
        );
    }
    until(&mut socket, &mut heard[2], "shutdown");
    assert!(String::from_utf8_lossy(&heard[0]).contains("data: {\"connect\""));
}

#[test]
fn without_the_setting_there_are_no_such_paths() {
    let program = Running::start(&mut sockeye(&["--listen", "127.0.0.1:0"]));
    let address = program.told("sockeye listens on ").to_owned();
    let mut socket = TcpStream::connect(&address).unwrap();
    let refused = shake_hands(&mut socket, "/connection/uni_websocket");
    assert!(refused.starts_with("HTTP/1.1 404"), "{refused}");
}
