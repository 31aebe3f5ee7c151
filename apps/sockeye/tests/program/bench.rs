//! `sockeye bench idle` at a small scale: exact counts, and failures that are told.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{behind, done, run, sockeye};

/// A server that runs already, and what it is told by.
fn server() -> (Child, String) {
    let mut child = sockeye(&["serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut printed = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = behind(&mut printed, "listens on ");
    (child, address)
}

fn idle(args: &[&str]) -> Value {
    let (status, printed, errors) = run(&[&["bench", "idle", "--json"], args].concat());
    assert_eq!(status, Some(0), "{errors}");
    serde_json::from_str(&printed).unwrap()
}

/// The descriptors of all servers at a stage.
fn descriptors(stage: &Value) -> u64 {
    let servers = stage["servers"].as_array().unwrap();
    servers
        .iter()
        .map(|server| server["descriptors"].as_u64().unwrap())
        .sum()
}

#[test]
fn each_of_50_connections_is_held_and_hears_each_broadcast_once() {
    let args = ["-n", "50", "--hold", "1s", "--heartbeat", "100ms"];
    let report = idle(&args);
    assert_eq!(
        (&report["servers"], &report["clients"]),
        (&1.into(), &2.into())
    );
    for broadcast in 0..2 {
        assert_eq!(report["broadcasts"][broadcast]["connections"], 50);
    }
    assert_eq!(report["reconnecting"]["connections"], 4);
    // Each is asked at least once within ten times the period.
    assert!(report["idle"]["pings"].as_u64() >= Some(50), "{report}");
    assert!(
        report["idle"]["cpu_seconds"].as_f64() > Some(0.0),
        "{report}"
    );
    let stages = report["stages"].as_array().unwrap();
    let first = descriptors(&stages[1]) - stages[1]["connections"].as_u64().unwrap();
    for stage in &stages[1..] {
        let connections = stage["connections"].as_u64().unwrap();
        assert_eq!(descriptors(stage), first + connections, "{stage}");
        assert!(stage["servers"][0]["rss"].as_u64() >= stage["servers"][0]["pss"].as_u64());
    }
    assert_eq!(stages[2]["connections"], 50);
    assert_eq!(stages.last().unwrap()["connections"], 0);
}

#[test]
fn servers_that_share_a_port_have_a_room_each_and_all_hear_in_all() {
    let report = idle(&[
        "-n",
        "90",
        "--servers",
        "3",
        "--clients",
        "3",
        "--hold",
        "1ms",
    ]);
    assert_eq!(report["broadcasts"][1]["connections"], 90);
    let open = &report["stages"][2];
    assert_eq!(
        (&open["name"], open["servers"].as_array().unwrap().len()),
        (&"open".into(), 3)
    );
}

#[test]
fn the_table_says_what_a_connection_costs() {
    let (status, printed, _) = run(&["bench", "idle", "-n", "40", "--hold", "1ms"]);
    assert_eq!(status, Some(0));
    for part in [
        "40 connections, 1 server and 2 client processes",
        "servers' Rss",
        "nothing was lost",
    ] {
        assert!(printed.contains(part), "no {part:?} in:\n{printed}");
    }
}

#[test]
fn a_server_that_runs_already_is_measured_and_stays() {
    let (mut server, address) = server();
    let (url, pid) = (format!("ws://{address}/say"), server.id().to_string());
    let report = idle(&["-n", "40", "--hold", "1ms", "--url", &url, "--pid", &pid]);
    assert_eq!(report["servers"], 1);
    assert_eq!(report["broadcasts"][1]["connections"], 40);
    let stages = report["stages"].as_array().unwrap();
    assert_eq!(descriptors(&stages[2]), descriptors(&stages[1]) + 24);
    assert_eq!(server.try_wait().unwrap(), None);
    server.kill().unwrap();
    server.wait().unwrap();
}

#[test]
fn a_server_that_is_killed_midway_ends_the_measurement() {
    let (mut server, address) = server();
    let url = format!("ws://{address}/say");
    let mut bench = sockeye(&["bench", "idle", "-n", "50", "--hold", "1h", "--url", &url])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(bench.stderr.take().unwrap()).lines();
    behind(&mut said, "leaving them");
    server.kill().unwrap();
    server.wait().unwrap();
    let rest: Vec<_> = said.map_while(Result::ok).collect();
    assert_eq!(bench.wait().unwrap().code(), Some(1), "{rest:?}");
    let rest = rest.join("\n");
    assert!(rest.contains("a connection"), "{rest}");
}

#[test]
fn a_broadcast_that_does_not_reach_all_fails() {
    // Here nobody hears another: of two client processes, 16 connections of the first speak, and hear themselves.
    let (mut server, address) = server();
    let url = format!("ws://{address}/echo");
    let args = [
        "bench",
        "idle",
        "-n",
        "50",
        "--hold",
        "1ms",
        "--patience",
        "5s",
        "--url",
        &url,
    ];
    let (status, printed, errors) = run(&args);
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!((status, printed.as_str()), (Some(1), ""));
    let lost = "broadcast 1 was lost: 16 of 50 connections heard it";
    assert!(errors.contains(lost), "{errors}");
}

#[test]
fn a_limit_that_is_too_low_is_named_with_what_raises_it() {
    let program = env!("CARGO_BIN_EXE_sockeye");
    let output = Command::new("sh")
        .args(["-c", "ulimit -n 128 && exec \"$0\" \"$@\"", program])
        .args(["bench", "idle", "-n", "1000"])
        .env("NO_COLOR", "1")
        .output();
    let (status, printed, errors) = done(output.unwrap());
    assert_eq!((status, printed.as_str()), (Some(1), ""));
    for part in [
        "each server needs 1064 descriptors, and may have 128",
        "ulimit -Hn 1064",
        "--servers",
    ] {
        assert!(errors.contains(part), "no {part:?} in:\n{errors}");
    }
}
