//! Limits at their edges, and peers and readers that do not do their part.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread::{self, JoinHandle},
};

use crate::{Server, expect, rest, shake_hands, sockeye, talk, text};

/// A server for one connection, and its address.
fn peer(serve: impl FnOnce(TcpStream) + Send + 'static) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let serving = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        shake_hands(&mut stream);
        serve(stream);
    });
    (url, serving)
}

#[test]
fn a_command_that_fails_is_told_and_remembered_and_the_talk_goes_on() {
    let server = Server::start();
    let args = ["-n2", "--exec", "cat; exit 3", &server.url("/echo")];
    let output = talk(&args, b"a\nb\n");
    expect(&output, 1, b"ab");
    let said = text(&output.stderr);
    assert_eq!(
        said.matches("ended with exit status: 3").count(),
        2,
        "{said}"
    );
}

#[test]
fn what_comes_after_the_last_that_counts_is_not_shown() {
    let server = Server::start();
    expect(
        &talk(&["-n2", &server.url("/echo")], b"a\nb\nc\n"),
        0,
        b"a\nb\n",
    );
    let none = talk(&["-n0", &server.url("/echo")], b"");
    assert_eq!(none.status.code(), Some(2), "{none:?}");
}

#[test]
fn without_linger_the_end_of_the_input_is_the_end() {
    let server = Server::start();
    expect(&talk(&["--linger", "0s", &server.url("/say")], b""), 0, b"");
}

#[test]
fn nul_bytes_part_messages_that_hold_lines() {
    let server = Server::start();
    let args = ["-n2", "--json", "--input", "nul", &server.url("/echo")];
    let lines = "{\"kind\":\"text\",\"text\":\"a\\nb\"}\n{\"kind\":\"text\",\"text\":\"c\"}\n";
    expect(&talk(&args, b"a\nb\0c"), 0, lines.as_bytes());
}

#[test]
fn a_server_that_never_answers_is_not_waited_for_longer_than_asked() {
    // The system accepts for it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let output = talk(&["--connect-time", "200ms", &url], b"");
    expect(&output, 3, b"");
    assert_eq!(
        text(&output.stderr),
        "* it took too long to get a response\n"
    );
}

#[test]
fn who_reads_no_further_ends_the_talk_quietly() {
    let server = Server::start();
    let args = ["connect", "-q", "--linger", "forever", &server.url("/echo")];
    let mut child = sockeye(&args).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let line = vec![b'x'; 1 << 19];
    stdin.write_all(&line).unwrap();
    stdin.write_all(b"\n").unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    drop(stdout);
    // Half a megabyte is more than a pipe holds: the rest of it finds nobody.
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(rest(&mut child.stderr.take().unwrap()), "");
}

/// A text frame of so many bytes (RFC 6455 §5.2), whose length takes 64 bits.
fn frame(bytes: u64) -> Vec<u8> {
    let mut frame = vec![0x81, 127];
    frame.extend(bytes.to_be_bytes());
    frame.resize(frame.len() + usize::try_from(bytes).unwrap(), b'x');
    frame
}

#[test]
fn a_message_of_the_largest_size_passes_and_one_byte_more_does_not() {
    const MOST: u64 = 1 << 16;
    for (bytes, status) in [(MOST, 0), (MOST + 1, 7)] {
        let (url, serving) = peer(move |mut stream| {
            let _ = stream.write_all(&frame(bytes));
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let output = talk(
            &["-n1", "--no-deflate", "--message-bytes", "64 KiB", &url],
            b"",
        );
        assert_eq!(
            output.status.code(),
            Some(status),
            "{}",
            text(&output.stderr)
        );
        let shown = if status == 0 { bytes + 1 } else { 0 };
        assert_eq!(u64::try_from(output.stdout.len()).unwrap(), shown);
        serving.join().unwrap();
    }
}

#[test]
fn a_server_that_answers_no_ping_is_lost() {
    let (url, serving) = peer(|mut stream| {
        // Takes everything and answers nothing.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let args = [
        "--linger",
        "forever",
        "--ping",
        "100ms",
        "--ping-deadline",
        "200ms",
        &url,
    ];
    let output = talk(&args, b"");
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    serving.join().unwrap();
}

#[test]
fn a_refusal_is_shown_with_what_the_server_says_about_it() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let refuse = |listener: &TcpListener| {
        let (mut stream, _) = listener.accept().unwrap();
        crate::read_head(&mut stream);
        let body = "\nmembers \x1b[31monly\nask at the door\n";
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 403 Forbidden\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
    };
    let refusing = thread::spawn(move || {
        refuse(&listener);
        refuse(&listener);
    });
    let output = talk(&[&url], b"");
    expect(&output, 4, b"");
    let line = "* the server answered with 403 Forbidden: members \\u{1b}[31monly\n";
    assert_eq!(text(&output.stderr), line);
    let output = talk(&["-v", &url], b"");
    assert_eq!(output.status.code(), Some(4));
    assert!(
        text(&output.stderr).contains("only\nask at the door\n"),
        "{output:?}"
    );
    refusing.join().unwrap();
}
