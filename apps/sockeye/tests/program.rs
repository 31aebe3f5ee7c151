//! The program as an operator meets it: what it prints, and with which status it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[cfg(target_os = "linux")]
#[path = "program/bench.rs"]
mod bench;
#[cfg(unix)]
#[path = "program/counted.rs"]
mod counted;
#[cfg(unix)]
#[path = "program/draining.rs"]
mod draining;
#[cfg(unix)]
#[path = "program/logs.rs"]
mod logs;
#[cfg(unix)]
#[path = "program/one_way.rs"]
mod one_way;
#[cfg(unix)]
#[path = "program/otlp.rs"]
mod otlp;
#[cfg(unix)]
#[path = "program/reload.rs"]
mod reload;
#[cfg(unix)]
#[path = "program/running.rs"]
mod running;
#[cfg(unix)]
#[path = "program/sockjs.rs"]
mod sockjs;
#[cfg(unix)]
#[path = "program/tls.rs"]
mod tls;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
};

/// The program, with nothing in its environment that could set anything.
fn sockeye(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command.args(args).env_clear().env("NO_COLOR", "1");
    command
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    done(sockeye(args).output().unwrap())
}

fn done(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn check_config_prints_ok_and_a_file_that_makes_the_same_settings() {
    let (status, printed, errors) = run(&["check-config"]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert!(printed.starts_with("# ok\n"), "{printed}");
    assert!(printed.contains("listen = \"0.0.0.0:8080\""), "{printed}");

    let path = std::env::temp_dir().join(format!("sockeye-{}.toml", std::process::id()));
    std::fs::File::create(&path)
        .unwrap()
        .write_all(printed.as_bytes())
        .unwrap();
    let again = run(&["check-config", "--config", path.to_str().unwrap()]);
    let by_variable = sockeye(&["check-config"])
        .env("SOCKEYE_CONFIG", &path)
        .output();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(again, (Some(0), printed.clone(), String::new()));
    assert_eq!(done(by_variable.unwrap()).1, printed);
}

#[test]
fn check_config_says_who_is_let_in_that_has_shown_nothing_for_it() {
    let output = sockeye(&["check-config"])
        .env("SOCKEYE_CHANNELS_DANGER_INSECURE", "true")
        .output();
    let (status, printed, errors) = done(output.unwrap());
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let verdict = "# ok\n# danger: channels.danger_insecure: ";
    assert!(printed.starts_with(verdict), "{printed}");
}

#[test]
fn check_config_reports_a_mistake_and_ends_with_1() {
    let output = sockeye(&["check-config"])
        .env("SOCKEYE_SERVER_LISTN", ":1")
        .output();
    let (status, printed, errors) = done(output.unwrap());
    assert_eq!((status, printed.as_str()), (Some(1), ""));
    assert!(errors.contains("SOCKEYE_SERVER_LISTN"), "{errors}");
    assert!(
        errors.contains("did you mean SOCKEYE_SERVER_LISTEN?"),
        "{errors}"
    );
    assert!(!errors.contains('\u{1b}'), "colours in a pipe: {errors}");
}

#[test]
fn what_can_not_be_asked_ends_with_2() {
    for args in [
        &["--lisen", "1"][..],
        &["--listen", "home"],
        &["sing"],
        &["--workers", "0"],
    ] {
        let (status, _, errors) = run(args);
        assert_eq!(status, Some(2), "{args:?}");
        assert!(errors.contains("error: "), "{errors}");
    }
}

#[test]
fn help_and_version_are_printed() {
    let (status, help, _) = run(&["--help"]);
    assert_eq!(status, Some(0));
    for word in ["check-config", "--listen <ADDR>", "sockeye --listen :9000"] {
        assert!(help.contains(word), "no {word:?} in:\n{help}");
    }
    let (_, version, _) = run(&["--version"]);
    assert_eq!(
        version,
        concat!("sockeye ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn an_address_in_use_is_answered_with_another_to_try() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let (status, _, errors) = run(&["serve", "--listen", &address.to_string()]);
    assert_eq!(status, Some(1));
    let can_not = format!("can't listen on {address}: the address is in use");
    assert!(errors.contains(&can_not), "{errors}");
    assert!(errors.contains("try --listen :"), "{errors}");
}

#[cfg(unix)]
#[test]
fn it_prints_the_address_to_open_and_a_signal_ends_it() {
    for signal in ["INT", "TERM"] {
        let mut child = sockeye(&["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines
            .find_map(|line| {
                Some(line.unwrap().trim().to_owned()).filter(|l| l.starts_with("http"))
            })
            .unwrap();
        assert!(
            url.starts_with("http://localhost:") && url.ends_with("/say"),
            "{url}"
        );
        let sent = Command::new("kill")
            .args(["-s", signal, &child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "SIG{signal}");
    }
}

/// Serves on a port that the system chooses; returns the port.
fn start() -> (Child, u16) {
    let mut child = sockeye(&["--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut line).unwrap();
    child.stdout = Some(lines.into_inner());
    let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();
    (child, port)
}

/// The status line and the headers, sorted, but for what changes with time and content.
fn head(port: u16, request: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).unwrap();
    let end = reply.windows(4).position(|found| found == b"\r\n\r\n");
    let text = str::from_utf8(&reply[..end.unwrap()]).unwrap();
    let mut lines = text.split("\r\n").map(str::to_owned).map(|line| {
        let varies = ["date: ", "etag: ", "content-length: "];
        let name = varies.iter().find(|name| line.starts_with(**name));
        name.map_or_else(|| line.clone(), |name| name.trim_end().to_owned())
    });
    let status = lines.next().unwrap();
    let mut headers: Vec<_> = lines.collect();
    headers.sort();
    headers.insert(0, status);
    headers
}

#[test]
fn responses_say_nothing_of_what_made_them() {
    let (mut child, port) = start();
    let policy = "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; \
                  img-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
                  form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                  trusted-types 'none'";
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let page = head(port, &get("/say"));
    let nothing = head(port, &get("/nothing"));
    let malformed = head(port, "GET\r\n\r\n");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(
        page,
        [
            "HTTP/1.1 200 OK",
            "cache-control: no-cache",
            "connection: close",
            "content-length:",
            policy,
            "content-type: text/html; charset=utf-8",
            "cross-origin-resource-policy: same-origin",
            "date:",
            "etag:",
            "permissions-policy: camera=(), microphone=(), geolocation=(), payment=(), usb=()",
            "referrer-policy: no-referrer",
            "x-content-type-options: nosniff",
        ]
    );
    assert_eq!(
        nothing,
        [
            "HTTP/1.1 404 Not Found",
            "connection: close",
            "content-length:",
            "content-type: text/plain; charset=utf-8",
            "date:",
            "x-content-type-options: nosniff",
        ]
    );
    assert_eq!(
        malformed,
        [
            "HTTP/1.1 400 Bad Request",
            "connection: close",
            "content-length:",
            "date:"
        ]
    );
}

#[cfg(unix)]
fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response
}

/// Waits for a line with a word in it, and returns what stands behind it.
#[cfg(unix)]
fn behind(lines: &mut impl Iterator<Item = std::io::Result<String>>, word: &str) -> String {
    lines
        .find_map(|line| Some(line.unwrap().split_once(word)?.1.trim().to_owned()))
        .unwrap()
}

/// Asks the program to end.
#[cfg(unix)]
fn terminate(child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", "TERM", &id]).status();
    assert!(sent.unwrap().success());
}

/// Sends a handshake, and returns what the answer begins with.
#[cfg(unix)]
fn shake_hands(session: &mut TcpStream, path: &str) -> String {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n"
    );
    session.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        session.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

/// Opens a session that is echoed to.
#[cfg(unix)]
fn session(address: &str) -> TcpStream {
    let mut session = TcpStream::connect(address).unwrap();
    assert!(shake_hands(&mut session, "/echo").starts_with("HTTP/1.1 101"));
    // Once it is echoed to, the session is open and counted.
    echo(&mut session);
    session
}

#[cfg(unix)]
fn echo(session: &mut TcpStream) {
    session.write_all(&[0x81, 0x81, 0, 0, 0, 0, b'a']).unwrap();
    let mut echoed = [0; 3];
    session.read_exact(&mut echoed).unwrap();
    assert_eq!(echoed, [0x81, 1, b'a']);
}

/// Asks until the program is ready: nothing else tells when all workers run.
#[cfg(unix)]
fn until_ready(internal: &str) {
    while !get(internal, "/ready").starts_with("HTTP/1.1 200") {}
}

#[cfg(unix)]
#[test]
fn while_sessions_close_it_is_healthy_and_not_ready() {
    let mut child = sockeye(&["--listen", "127.0.0.1:0", "--internal-listen", "0"])
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

    let mut session = session(&public);
    until_ready(&internal);
    assert!(get(&internal, "/health").starts_with("HTTP/1.1 200"));
    let metrics = get(&internal, "/metrics");
    assert!(metrics.contains("text/plain; version=0.0.4"), "{metrics}");
    assert!(
        metrics.contains("\nsockeye_handshakes_total{result=\"accepted\"} 1\n"),
        "{metrics}"
    );
    for sample in [
        "sockeye_sessions{transport=\"websocket\"} 1",
        "sockeye_sessions_opened_total{transport=\"websocket\"} 1",
        "sockeye_sessions_opened_total{transport=\"xhr-streaming\"} 0",
    ] {
        assert!(metrics.contains(&format!("\n{sample}\n")), "{metrics}");
    }
    assert!(get(&public, "/metrics").starts_with("HTTP/1.1 404"));

    terminate(&child);
    let mut close = [0; 4];
    session.read_exact(&mut close).unwrap();
    assert_eq!((close[0], &close[2..]), (0x88, &1001_u16.to_be_bytes()[..]));
    assert!(get(&internal, "/ready").starts_with("HTTP/1.1 503"));
    assert!(get(&internal, "/health").starts_with("HTTP/1.1 200"));
    // The peer's answer ends the session, and the program; the log says why the session ended.
    session
        .write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9])
        .unwrap();
    drop(session);
    let end = behind(&mut logged, "session ended");
    assert!(end.contains("code=1001 initiator=\"server\""), "{end}");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
