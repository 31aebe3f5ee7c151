//! `--reconnect`: what is lost comes back, and what can't is given up.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::{Child, ChildStderr},
    sync::{Arc, Mutex},
    thread,
};

use crate::{Server, expect, kill, rest, shake_hands, sockeye, talk, text};

/// An address that stays, in front of a server that does not.
struct Relay {
    address: SocketAddr,
    target: Arc<Mutex<String>>,
}

impl Relay {
    fn to(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let target = Arc::new(Mutex::new(server.address.clone()));
        let found = Arc::clone(&target);
        thread::spawn(move || {
            for client in listener.incoming() {
                let target = found.lock().unwrap().clone();
                // Where no server is, the client is dropped.
                if let (Ok(client), Ok(server)) = (client, TcpStream::connect(target)) {
                    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                    thread::spawn(move || copy(from, to));
                    thread::spawn(move || copy(server, client));
                }
            }
        });
        Self { address, target }
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Both);
}

fn start(args: &[&str]) -> (Child, BufReader<ChildStderr>) {
    let args = [&["connect", "--reconnect"], args].concat();
    let mut child = sockeye(&args).spawn().unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    (child, stderr)
}

/// Waits for a note that begins so.
fn wait_for(stderr: &mut impl BufRead, note: &str) -> String {
    let mut line = String::new();
    while !line.starts_with(note) {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "no {note:?}");
    }
    line
}

fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("ws://{}/", listener.local_addr().unwrap())
}

#[test]
fn what_is_said_while_the_server_is_away_is_heard_once_when_it_is_back() {
    let mut server = Server::start();
    let relay = Relay::to(&server);
    let url = format!("ws://{}/echo", relay.address);
    let (mut child, mut stderr) = start(&["-n3", &url]);
    let mut stdin = child.stdin.take().unwrap();
    let mut heard = BufReader::new(child.stdout.take().unwrap()).lines();
    wait_for(&mut stderr, "* connected");
    stdin.write_all(b"before\n").unwrap();
    assert_eq!(heard.next().unwrap().unwrap(), "before");

    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let lost = wait_for(&mut stderr, "* lost: 1006");
    assert!(lost.contains("; trying again in "), "{lost}");
    stdin.write_all("그동안\n".as_bytes()).unwrap();
    wait_for(&mut stderr, "* lost: the server ended the connection");
    let server = Server::start();
    relay.target.lock().unwrap().clone_from(&server.address);
    wait_for(&mut stderr, "* connected again\n");
    assert_eq!(heard.next().unwrap().unwrap(), "그동안");
    stdin.write_all(b"after\n").unwrap();
    assert_eq!(heard.next().unwrap().unwrap(), "after");
    assert!(heard.next().is_none());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn it_gives_up_after_so_many_attempts_with_the_status_of_the_last() {
    let output = talk(&["--reconnect", "--attempts", "2", &nobody()], b"");
    expect(&output, 3, b"");
    let said = text(&output.stderr);
    assert_eq!(said.matches("; trying again in ").count(), 1, "{said}");
    assert_eq!(
        said.matches("* can't connect to 127.0.0.1: ").count(),
        1,
        "{said}"
    );

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let cutting = thread::spawn(move || {
        for _ in 0..2 {
            shake_hands(&mut listener.accept().unwrap().0);
        }
    });
    let args = [
        "--reconnect",
        "--attempts",
        "2",
        "--linger",
        "forever",
        &url,
    ];
    let output = talk(&args, b"");
    assert_eq!(output.status.code(), Some(6), "{output:?}");
    cutting.join().unwrap();
    let useless = talk(&["--attempts", "2", &nobody()], b"");
    assert_eq!(useless.status.code(), Some(2), "{useless:?}");
}

#[test]
fn what_would_only_be_refused_again_is_not_tried_again() {
    let server = Server::start();
    let output = talk(&["--reconnect", &server.url("/nowhere")], b"");
    expect(&output, 4, b"");
    let said = text(&output.stderr);
    assert!(
        said.contains("404") && !said.contains("trying again"),
        "{said}"
    );
}

#[test]
fn a_signal_ends_the_wait_for_the_next_attempt() {
    let (mut child, mut stderr) = start(&[&nobody()]);
    wait_for(&mut stderr, "* lost: can't connect to 127.0.0.1: ");
    kill("INT", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest(&mut stderr).ends_with("* closed while there was no connection\n"));
}
