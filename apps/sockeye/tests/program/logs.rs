//! What peers write can't forge a line of the log, nor colour the terminal that shows it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Stdio,
};

use crate::{behind, session, shake_hands, sockeye, terminate};

#[test]
fn a_hostile_reason_and_a_hostile_path_stay_within_their_line() {
    let mut child = sockeye(&["--listen", "127.0.0.1:0"])
        .env("RUST_LOG", "warn,sockeye=debug")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let public = behind(&mut printed, "listens on ");

    // What HTTP lets through: quotes, and in UTF-8 a control character, an end of line, a turn of direction.
    let path = "/\"forged-path=\"\u{9b}31m\u{2028}\u{202e}";
    let mut refused = TcpStream::connect(&public).unwrap();
    assert!(shake_hands(&mut refused, path).starts_with("HTTP/1.1 404"));

    let mut hostile = session(&public);
    let reason =
        "x\" code=9\r\n2026-01-01T00:00:00Z ERROR forged-reason \u{1b}[31m\u{9b}1m\u{2028}";
    let mut close = vec![
        0x88,
        0x80 | u8::try_from(reason.len() + 2).unwrap(),
        0,
        0,
        0,
        0,
    ];
    close.extend(1000_u16.to_be_bytes());
    close.extend(reason.as_bytes());
    hostile.write_all(&close).unwrap();
    let mut rest = Vec::new();
    hostile.read_to_end(&mut rest).unwrap();
    assert_eq!(rest[0], 0x88);

    terminate(&child);
    let mut logged = String::new();
    let mut errors = child.stderr.take().unwrap();
    errors.read_to_string(&mut logged).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    for hidden in ['\r', '\u{1b}', '\u{9b}', '\u{2028}', '\u{202e}'] {
        assert!(!logged.contains(hidden), "{hidden:?} in:\n{logged}");
    }
    for (forged, event, quoted) in [
        ("forged-path", "handshake refused", "\\\"forged-path=\\\""),
        ("forged-reason", "session ended", "x\\\" code=9\\r\\n2026"),
    ] {
        let lines: Vec<_> = logged
            .lines()
            .filter(|line| line.contains(forged))
            .collect();
        assert!(!lines.is_empty(), "{logged}");
        for line in lines {
            assert!(line.contains(event) && line.contains(quoted), "{line}");
            assert!(!line.starts_with("2026-01-01T00:00:00Z ERROR"), "{line}");
        }
    }
}
