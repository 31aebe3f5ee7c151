//! Spans reach a collector, if the environment names one.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::Stdio,
    thread,
};

use crate::{behind, echo, session, shake_hands, sockeye, terminate};

/// Takes one request; returns its first line and its body.
fn collect(collector: &TcpListener) -> (String, Vec<u8>) {
    let (stream, _) = collector.accept().unwrap();
    let mut reader = BufReader::new(stream);
    let mut request = String::new();
    reader.read_line(&mut request).unwrap();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let line = line.trim().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    reader.get_mut().write_all(answer).unwrap();
    (request, body)
}

fn holds(body: &[u8], text: &str) -> bool {
    body.windows(text.len())
        .any(|found| found == text.as_bytes())
}

#[test]
fn a_collector_gets_the_spans_of_a_session_before_the_program_ends() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let collected = thread::spawn(move || collect(&collector));
    let mut child = sockeye(&["--listen", "127.0.0.1:0"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
        // Only the end sends.
        .env("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let public = behind(&mut printed, "listens on ");
    let mut session = session(&public);
    echo(&mut session);
    terminate(&child);
    let (request, body) = collected.join().unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(request, "POST /v1/traces HTTP/1.1\r\n");
    for text in [
        "service.name",
        "sockeye",
        "connection",
        "handshake",
        "session",
    ] {
        assert!(holds(&body, text), "no {text:?} in {} bytes", body.len());
    }
}

#[test]
fn a_collector_gets_the_spans_of_commands_and_of_what_they_publish() {
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", collector.local_addr().unwrap());
    let collected = thread::spawn(move || collect(&collector));
    let mut child = sockeye(&["--listen", "127.0.0.1:0"])
        .env("SOCKEYE_BROKER_MEMORY", "true")
        .env("SOCKEYE_CHANNELS_DANGER_INSECURE", "true")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)
        .env("OTEL_BSP_SCHEDULE_DELAY", "3600000")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let public = behind(&mut printed, "listens on ");
    let mut client = TcpStream::connect(public).unwrap();
    assert!(shake_hands(&mut client, "/connection/websocket").starts_with("HTTP/1.1 101"));
    let commands = concat!(
        r#"{"id":1,"connect":{}}"#,
        "\n",
        r#"{"id":2,"publish":{"channel":"traced","data":{}}}"#
    );
    let length = u8::try_from(commands.len()).unwrap();
    assert!(length < 126);
    client
        .write_all(&[0x81, 0x80 | length, 0, 0, 0, 0])
        .unwrap();
    client.write_all(commands.as_bytes()).unwrap();
    let (mut heard, mut bytes) = (Vec::new(), [0; 1024]);
    while !holds(&heard, r#""id":2,"publish":{}"#) {
        let count = client.read(&mut bytes).unwrap();
        assert_ne!(count, 0, "{}", String::from_utf8_lossy(&heard));
        heard.extend(&bytes[..count]);
    }
    terminate(&child);
    let (_, body) = collected.join().unwrap();
    assert!(child.wait().unwrap().success());
    for text in [
        "command",
        "kind",
        "publish",
        "traced",
        "outcome",
        "published",
    ] {
        assert!(holds(&body, text), "no {text:?} in {} bytes", body.len());
    }
}

#[test]
fn a_collector_that_can_not_be_followed_keeps_nobody_from_serving() {
    let mut child = sockeye(&["--listen", "127.0.0.1:0"])
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "no address")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut logged = BufReader::new(child.stderr.take().unwrap()).lines();
    behind(&mut logged, "spans are not ");
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    echo(&mut session(&behind(&mut printed, "listens on ")));
    terminate(&child);
    assert!(child.wait().unwrap().success());
}
