//! `sockeye publish` and `sockeye tail` against the program.

use std::process::{Command, Output, Stdio};

use crate::program::{Place, Program};

const SETTINGS: &str = r#"
[channels.namespace.kept]
history_size = 100
history_ttl = "1h"
force_recovery = true
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true
"#;

fn sockeye(server: &Program, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
    command
        .args(args)
        .args(["--server", &server.url()])
        .env_clear()
        .env("NO_COLOR", "1");
    command
}

fn text(output: Output) -> (Option<i32>, String, String) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn what_is_published_is_shown_from_any_position() {
    let place = Place::new("command-line");
    let server = place.start(SETTINGS, 0);
    let published = sockeye(&server, &["publish", "-v", "kept:log", "1", "{\"a\": 2}"]).output();
    assert_eq!(
        text(published.unwrap()),
        (Some(0), String::new(), "* 2 acknowledged\n".to_owned())
    );
    let published = sockeye(&server, &["publish", "--text", "kept:log", "안녕 \"연어\""]).output();
    assert_eq!(text(published.unwrap()).0, Some(0));
    let tail = |since: &str| {
        let count = if since == "1" { "2" } else { "3" };
        let tailed = sockeye(
            &server,
            &["tail", "kept:log", "--since", since, "-n", count],
        );
        let (status, shown, errors) = text({ tailed }.output().unwrap());
        assert_eq!((status, errors.as_str()), (Some(0), ""));
        shown
    };
    assert_eq!(tail("start"), "1\n{\"a\": 2}\n\"안녕 \\\"연어\\\"\"\n");
    assert_eq!(tail("1"), "{\"a\": 2}\n\"안녕 \\\"연어\\\"\"\n");
    let json = sockeye(
        &server,
        &["tail", "kept:log", "--since", "start", "-n", "1", "--json"],
    );
    let (_, shown, _) = text({ json }.output().unwrap());
    assert!(shown.starts_with("{\"offset\":1,\"epoch\":\""), "{shown}");
    assert!(shown.contains("\"data\":1,\"info\":{"), "{shown}");
}

#[test]
fn what_is_refused_is_named_and_ends_with_4() {
    let place = Place::new("command-line");
    let server = place.start(SETTINGS, 0);
    for args in [
        &["publish", "nowhere:room", "1"][..],
        &["tail", "nowhere:room"],
    ] {
        let (status, shown, errors) = text(sockeye(&server, args).output().unwrap());
        assert_eq!((status, shown.as_str()), (Some(4), ""), "{errors}");
        assert!(errors.contains("unknown channel (error 102)"), "{errors}");
    }
    let (status, _, errors) = text(
        sockeye(&server, &["publish", "kept:log", "hello"])
            .output()
            .unwrap(),
    );
    assert_eq!(status, Some(1));
    assert!(errors.contains("`--text` publishes it as text"), "{errors}");
    let none = sockeye(&server, &["tail", "kept:log", "--token", "a.b.c"])
        .output()
        .unwrap();
    assert_eq!(text(none).0, Some(5));
}

#[test]
fn a_tail_goes_on_over_a_server_that_is_killed() {
    use std::io::{BufRead, BufReader};
    let place = Place::new("command-line");
    let server = place.start(SETTINGS, 0);
    let mut tail = sockeye(&server, &["tail", "kept:log", "--since", "start"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    let publish = |server: &Program, data| {
        let status = sockeye(server, &["publish", "kept:log", data]).status();
        assert!(status.unwrap().success());
    };
    publish(&server, "1");
    assert_eq!(lines.next().unwrap().unwrap(), "1");
    let port = server.port;
    drop(server);
    let server = place.start(SETTINGS, port);
    publish(&server, "2");
    assert_eq!(lines.next().unwrap().unwrap(), "2");
    tail.kill().unwrap();
    tail.wait().unwrap();
}

#[test]
fn a_token_lets_its_user_in() {
    let place = Place::new("command-line");
    let secret = format!("{SETTINGS}[tokens]\nhmac_secret = \"secret\"\n");
    let server = place.start(&secret, 0);
    let token = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sockeye"));
        command
            .arg("token")
            .args(args)
            .env_clear()
            .env("SOCKEYE_TOKENS_HMAC_SECRET", "secret");
        text(command.output().unwrap())
    };
    let (status, made, errors) = token(&["--user", "me", "--info", "{\"name\":1}"]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    let published = sockeye(&server, &["publish", "kept:log", "1"])
        .env("SOCKEYE_TOKEN", made.trim())
        .status();
    assert!(published.unwrap().success());
    let tail = sockeye(
        &server,
        &["tail", "kept:log", "--since", "start", "-n", "1", "--json"],
    )
    .output();
    let (_, shown, _) = text(tail.unwrap());
    assert!(shown.contains("\"user\":\"me\""), "{shown}");
    assert!(shown.contains("\"conn_info\":{\"name\":1}"), "{shown}");
    let (_, expired, _) = token(&["--user", "me", "--expires", "0s"]);
    let refused = sockeye(
        &server,
        &["publish", "kept:log", "1", "--token", expired.trim()],
    )
    .output();
    let (status, _, errors) = text(refused.unwrap());
    assert_eq!(status, Some(4));
    assert!(errors.contains("token expired (error 109)"), "{errors}");
    let none = Command::new(env!("CARGO_BIN_EXE_sockeye"))
        .arg("token")
        .env_clear()
        .output();
    let (status, _, errors) = text(none.unwrap());
    assert_eq!(status, Some(1));
    assert!(
        errors.contains("there is no secret to sign with"),
        "{errors}"
    );
}
