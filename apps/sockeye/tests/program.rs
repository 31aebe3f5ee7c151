//! The program as an operator meets it: what it prints, and with which status it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[cfg(unix)]
#[path = "program/tls.rs"]
mod tls;

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    process::{Command, Output, Stdio},
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
