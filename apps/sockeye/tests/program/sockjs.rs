//! The program's endpoints over SockJS, as `[sockjs]` has it.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Stdio},
};

use crate::{behind, get, sockeye};

/// A program that is killed with the test.
struct Program {
    child: Child,
    public: String,
}

impl Program {
    fn with(variables: &[(&str, &str)]) -> Self {
        let mut child = sockeye(&["--listen", "127.0.0.1:0"])
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
        let public = behind(&mut printed, "listens on ");
        Self { child, public }
    }

    /// What a POST is answered.
    fn post(&self, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.public).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_is_said_by_polling_all_hear_and_bytes_come_back_as_they_went() {
    let program = Program::with(&[]);
    let sent = r#"["안녕","data:application/octet-stream;base64,AQID"]"#;
    for endpoint in ["/say", "/echo"] {
        let session = format!("{endpoint}/000/one");
        let opened = program.post(&format!("{session}/xhr"), "");
        assert!(opened.ends_with("o\n"), "{opened}");
        let taken = program.post(&format!("{session}/xhr_send"), sent);
        assert!(taken.starts_with("HTTP/1.1 204"), "{taken}");
        let heard = program.post(&format!("{session}/xhr"), "");
        assert!(heard.ends_with(&format!("a{sent}\n")), "{heard}");
    }
}

#[test]
fn the_page_is_where_it_was_and_the_greeting_a_slash_further() {
    let program = Program::with(&[]);
    assert!(get(&program.public, "/say").contains("<!doctype html>"));
    assert!(get(&program.public, "/say/").contains("Welcome to SockJS!"));
    assert!(get(&program.public, "/echo").contains("Welcome to SockJS!"));
}

#[test]
fn it_offers_what_is_named_and_nothing_once_it_is_off() {
    let polling = Program::with(&[("SOCKEYE_SOCKJS_TRANSPORTS", "xhr-polling")]);
    assert!(get(&polling.public, "/say/info").contains(r#""websocket":false"#));
    let is = |path: &str, status: &str| {
        let answer = polling.post(path, "");
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    };
    is("/say/000/one/xhr", "200");
    is("/say/000/two/xhr_streaming", "404");
    let off = Program::with(&[("SOCKEYE_SOCKJS_ENABLED", "false")]);
    assert!(get(&off.public, "/say/info").starts_with("HTTP/1.1 404"));
    assert!(get(&off.public, "/say").contains("<!doctype html>"));
}
