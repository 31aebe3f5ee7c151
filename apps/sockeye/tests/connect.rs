//! `sockeye connect` in pipes: what goes out, what comes in, and with which status it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "connect/edges.rs"]
mod edges;
#[path = "connect/proxy.rs"]
mod proxy;
#[path = "connect/reconnect.rs"]
mod reconnect;
#[path = "connect/sockjs.rs"]
mod sockjs;
#[path = "connect/tls.rs"]
mod tls;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

fn sockeye(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.args(args).env_clear();
    // Commands of `--exec` are looked up.
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A server on a port of its own.
struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(flags: &[&str]) -> Self {
        let mut child = sockeye(&[&["--listen", "127.0.0.1:0"], flags].concat())
            .env("RUST_LOG", "off")
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let address = first.rsplit(' ').next().unwrap().to_owned();
        Self { child, address }
    }

    fn url(&self, path: &str) -> String {
        format!("ws://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program on an input, to its end.
fn talk(args: &[&str], input: &[u8]) -> Output {
    run(&mut sockeye(&[&["connect"], args].concat()), input)
}

fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that has ended reads no more: it says why by its status.
    let writer = thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

#[track_caller]
fn expect(output: &Output, status: i32, printed: &[u8]) {
    let errors = text(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{errors}");
    assert_eq!(output.stdout, printed, "{errors}");
}

#[test]
fn lines_go_out_as_messages_and_come_back_as_lines() {
    let server = Server::start();
    let output = talk(
        &["-n", "3", &server.url("/echo")],
        "one\n안녕\n/ping\n".as_bytes(),
    );
    expect(&output, 0, "one\n안녕\n/ping\n".as_bytes());
    assert!(
        text(&output.stderr).contains("* closed: 1000"),
        "{output:?}"
    );
}

#[test]
fn the_end_of_the_input_ends_the_talk_once_nothing_more_arrives() {
    let server = Server::start();
    let output = talk(
        &["--quiet", "--linger", "300ms", &server.url("/echo")],
        b"hello",
    );
    expect(&output, 0, b"hello\n");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn bytes_go_out_in_hex_base64_and_files_and_come_back_as_they_were() {
    let server = Server::start();
    let url = server.url("/echo");
    expect(
        &talk(&["-n1", "--send-as", "hex", &url], b"00 ff 0a"),
        0,
        b"\x00\xff\x0a",
    );
    let args = ["-n1", "--send-as", "base64", "--binary-as", "hex", &url];
    expect(&talk(&args, b"AP8="), 0, b"00 ff\n");
    let args = ["-n1", "--send-as", "binary", "--input", "whole", &url];
    expect(&talk(&args, b"a\n\0b"), 0, b"a\n\0b");
    let file = std::env::temp_dir().join(format!("sockeye-connect-{}", std::process::id()));
    let bytes: Vec<u8> = (0..300_000_u32)
        .flat_map(u32::to_le_bytes)
        .take(1 << 20)
        .collect();
    std::fs::write(&file, &bytes).unwrap();
    let output = talk(&["-n1", "--file", file.to_str().unwrap(), &url], b"");
    std::fs::remove_file(&file).unwrap();
    expect(&output, 0, &bytes);
}

#[test]
fn json_tells_kind_and_content() {
    let server = Server::start();
    let url = server.url("/echo");
    let args = ["-n2", "--json", "-m", "a\"b", "-m", "c", &url];
    let lines = "{\"kind\":\"text\",\"text\":\"a\\\"b\"}\n{\"kind\":\"text\",\"text\":\"c\"}\n";
    expect(&talk(&args, b""), 0, lines.as_bytes());
}

#[test]
fn a_command_hears_each_message_and_what_it_prints_is_shown_or_sent() {
    let server = Server::start();
    let url = server.url("/echo");
    let args = ["-n1", "--exec", "tr a-z A-Z", "-m", "hi", &url];
    expect(&talk(&args, b""), 0, b"HI");
    // The answer to the answer is what is counted last.
    let args = [
        "-n3",
        "--exec",
        "sed s/^/x/",
        "--exec-reply",
        "-m",
        "hi",
        "-v",
        &url,
    ];
    let output = talk(&args, b"");
    expect(&output, 0, b"");
    let seen = text(&output.stderr);
    assert!(seen.matches("< text").count() >= 3, "{seen}");
}

#[test]
fn verbose_shows_heads_frames_and_the_closing_handshake() {
    let server = Server::start();
    let args = [
        "-v",
        "-n1",
        "-m",
        "hello",
        "--no-deflate",
        "--close",
        "4001:bye",
        "-H",
        "X-One: 1",
    ];
    let output = talk(
        &[
            &args[..],
            &["-H", "Authorization: Bearer SECRET", &server.url("/echo")],
        ]
        .concat(),
        b"",
    );
    expect(&output, 0, b"hello\n");
    let seen = text(&output.stderr);
    for line in [
        "> GET /echo HTTP/1.1\n",
        "> x-one: 1\n",
        "< HTTP/1.1 101 Switching Protocols\n",
        "> text, fin, masked, 5 bytes\n",
        "< text, fin, 5 bytes\n",
        "> close, fin, masked, 5 bytes: 4001 bye\n",
        "< close, fin, 2 bytes: 4001\n",
    ] {
        assert!(seen.contains(line), "no {line:?} in\n{seen}");
    }
    assert!(!seen.contains("SECRET"), "{seen}");
}

#[test]
fn the_status_tells_how_it_ended() {
    let server = Server::start();
    let refused = talk(&["-q", &server.url("/nowhere")], b"");
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    assert!(text(&refused.stderr).contains("404"), "{refused:?}");
    let foreign = talk(
        &["--origin", "https://evil.example", &server.url("/echo")],
        b"",
    );
    assert_eq!(foreign.status.code(), Some(4), "{foreign:?}");
    assert!(text(&foreign.stderr).contains("403"), "{foreign:?}");

    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let unreachable = talk(&[&format!("ws://{nobody}/")], b"");
    assert_eq!(unreachable.status.code(), Some(3), "{unreachable:?}");

    let too_large = talk(
        &["--message-bytes", "8 B", &server.url("/echo")],
        b"123456789\n",
    );
    assert_eq!(too_large.status.code(), Some(1), "{too_large:?}");
    assert!(
        text(&too_large.stderr).contains("--message-bytes"),
        "{too_large:?}"
    );

    let wrong = talk(&["http://example.com/"], b"");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        text(&wrong.stderr).contains("write ws:// for http://"),
        "{wrong:?}"
    );
}

#[test]
fn a_server_that_leaves_is_told_from_one_that_is_lost() {
    let mut server = Server::start();
    let (mut child, mut stderr) = open(&[&server.url("/say")]);
    kill("TERM", server.child.id());
    assert_eq!(child.wait().unwrap().code(), Some(5));
    assert!(rest(&mut stderr).contains("1001"));
    server.child.wait().unwrap();

    let mut server = Server::start();
    let (mut child, _stderr) = open(&[&server.url("/say")]);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(6));
}

#[test]
fn a_signal_closes_the_talk_in_order() {
    let server = Server::start();
    let (mut child, mut stderr) = open(&[&server.url("/say")]);
    kill("INT", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest(&mut stderr).contains("closed: 1000"));
}

#[test]
fn a_signal_ends_a_talk_whose_command_does_not_end() {
    let server = Server::start();
    let endless = "echo begun >&2; exec 2>&-; exec tail -f /dev/null";
    let url = server.url("/echo");
    let (mut child, mut stderr) = open(&["-m", "hi", "--exec", endless, &url]);
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    kill("TERM", child.id());
    let (end, ended) = mpsc::channel();
    thread::spawn(move || end.send(rest(&mut stderr)));
    let ended = ended.recv_timeout(Duration::from_secs(20));
    let _ = child.kill();
    assert!(ended.unwrap().contains("* closed: 1000"));
    assert_eq!(child.wait().unwrap().code(), Some(143));
}

#[test]
fn a_peer_that_breaks_the_protocol_is_blamed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let peer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        shake_hands(&mut stream);
        // A reserved opcode (RFC 6455 §5.2).
        stream.write_all(&[0x83, 0x00]).unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let output = talk(&["--linger", "forever", &url], b"");
    assert_eq!(output.status.code(), Some(7), "{output:?}");
    peer.join().unwrap();
}

/// Starts a talk and waits until it is connected.
fn open(args: &[&str]) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = sockeye(&[&["connect", "--linger", "forever"], args].concat())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    assert!(line.starts_with("* connected"), "{line}");
    (child, stderr)
}

fn rest(stderr: &mut impl Read) -> String {
    let mut text = String::new();
    stderr.read_to_string(&mut text).unwrap();
    text
}

fn kill(signal: &str, process: u32) {
    let sent = Command::new("kill")
        .args(["-s", signal, &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Answers an opening handshake as a server does.
fn shake_hands(stream: &mut (impl Read + Write)) {
    let accept = accept_value(&read_head(stream));
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .unwrap();
    stream.flush().unwrap();
}

fn read_head(stream: &mut impl Read) -> String {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

fn accept_value(head: &str) -> String {
    let key = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .starts_with("sec-websocket-key:")
                .then(|| line[18..].trim())
        })
        .unwrap();
    let digest = Sha1::new_with_prefix(key)
        .chain_update("258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
        .finalize();
    BASE64_STANDARD.encode(digest)
}
