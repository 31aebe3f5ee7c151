//! A slice of every kind of load against a peer server in a process of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::{Child, Command},
    thread,
    time::Duration,
};

use sockeye_bench::{
    load::{Carrier, Chat, Churn, Crowd, Echo, FanOut, Kind, Paced, Sessions, Target},
    measure::{cpu_time_at_rest, resident_bytes},
};

const SLICE: Duration = Duration::from_millis(20);

struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(kind: &str) -> Self {
        Self::run(env!("CARGO_BIN_EXE_peer-server"), &["--kind", kind])
    }

    /// The floor, and every peer that needs no other program.
    fn all() -> impl Iterator<Item = Self> {
        let peers = PEERS.iter().map(|kind| Self::start(kind));
        peers.chain([Self::run(env!("CARGO_BIN_EXE_floor-server"), &[])])
    }

    fn run(program: &str, options: &[&str]) -> Self {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .unwrap();
        let child = Command::new(program)
            .args(options)
            .args(["--listen", &address.to_string()])
            .spawn()
            .unwrap();
        let mut server = Self { child, address };
        while TcpStream::connect(address).is_err() {
            assert!(server.child.try_wait().unwrap().is_none(), "it ended");
            thread::yield_now();
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PEERS: [&str; 12] = [
    "tungstenite",
    "tungstenite-batched",
    "tokio-websockets",
    "tokio-websockets-batched",
    "fastwebsockets",
    "sockudo",
    "sockudo-batched",
    "yawc",
    "yawc-batched",
    "ws-tool",
    "axum",
    "axum-batched",
];

#[test]
fn every_peer_echoes_what_it_is_sent_and_its_cpu_time_grows() {
    for server in Server::all() {
        let before = cpu_time_at_rest(server.child.id()).unwrap();
        for (kind, size) in [
            (Kind::Binary, 32),
            (Kind::NonAsciiText, 1000),
            (Kind::Text, 70_000),
        ] {
            let mut echo = Echo::open(
                Target::echo(server.address, Carrier::WebSocket),
                3,
                (kind, size),
                4,
            )
            .unwrap();
            let outcome = echo.run(SLICE).unwrap();
            assert!(outcome.messages >= 12);
            assert_eq!(outcome.latencies.len(), outcome.messages);
        }
        assert!(cpu_time_at_rest(server.child.id()).unwrap() > before);
    }
}

#[test]
fn every_peer_fans_out_to_all() {
    for server in Server::all() {
        let mut fan_out = FanOut::open(
            Target::broadcast(server.address, Carrier::WebSocket),
            10,
            (Kind::Binary, 128),
            4,
        )
        .unwrap();
        for _ in 0..2 {
            let deliveries = fan_out.run(SLICE).unwrap().messages;
            assert!(
                deliveries >= 40 && deliveries.is_multiple_of(10),
                "{deliveries}"
            );
        }
    }
}

#[test]
fn every_peer_closes_when_it_is_closed() {
    for server in Server::all() {
        assert!(
            Churn::new(server.address, 4)
                .unwrap()
                .run(SLICE)
                .unwrap()
                .messages
                >= 4
        );
    }
}

#[test]
fn the_floor_expects_a_large_message_after_another_and_gets_over_it_when_there_is_none() {
    let server = Server::run(env!("CARGO_BIN_EXE_floor-server"), &[]);
    let target = Target::echo(server.address, Carrier::WebSocket);
    let mut echo = Echo::open(target, 3, (Kind::Binary, 400_000), 3).unwrap();
    assert!(echo.run(SLICE).unwrap().messages >= 9);
    let mut crowd = Crowd::open(target, 2).unwrap();
    for size in [400_000, 400_000, 10, 400_000, 300_000, 500_000, 100_000, 0] {
        crowd.echo_each((Kind::Binary, size)).unwrap();
    }
    crowd.close().unwrap();
}

#[test]
fn an_open_loop_asks_for_a_share_of_what_a_closed_one_got() {
    let server = Server::run(env!("CARGO_BIN_EXE_floor-server"), &[]);
    let target = Target::echo(server.address, Carrier::WebSocket);
    let echo = Echo::open(target, 3, (Kind::Binary, 32), 1).unwrap();
    let mut paced = Paced::new(echo, 0.5);
    let closed = paced.run(SLICE).unwrap();
    let due = 0.5 * closed.messages as f64 * SLICE.div_duration_f64(closed.elapsed);
    let open = paced.run(SLICE).unwrap();
    assert!((open.messages as f64 - due).abs() < 2.0, "{open:?} {due}");
    assert_eq!(open.latencies.len(), open.messages);
}

#[test]
fn two_workers_echo_too() {
    let server = Server::run(env!("CARGO_BIN_EXE_echo-server"), &["--workers", "2"]);
    let target = Target::echo(server.address, Carrier::WebSocket);
    let mut echo = Echo::open(target, 8, (Kind::Binary, 32), 4).unwrap();
    assert!(echo.run(SLICE).unwrap().messages >= 32);
}

#[test]
fn who_speaks_tls_echoes_over_it() {
    let peers = PEERS
        .iter()
        .filter(|kind| !kind.contains("axum") && **kind != "ws-tool");
    let peers = peers.map(|kind| {
        Server::run(
            env!("CARGO_BIN_EXE_peer-server"),
            &["--tls", "--kind", kind],
        )
    });
    let ours = Server::run(env!("CARGO_BIN_EXE_echo-server"), &["--tls"]);
    for server in peers.chain([ours]) {
        let target = Target::echo(server.address, Carrier::WebSocket).over_tls();
        for size in [32, 100_000] {
            let mut echo = Echo::open(target, 3, (Kind::Binary, size), 4).unwrap();
            assert!(echo.run(SLICE).unwrap().messages >= 12);
        }
    }
}

#[test]
fn who_deflates_echoes_what_was_deflated() {
    for server in [
        Server::run(env!("CARGO_BIN_EXE_echo-server"), &[]),
        Server::start("yawc"),
        Server::start("yawc-batched"),
        Server::start("sockudo"),
        Server::start("sockudo-batched"),
    ] {
        for target in [
            Target::deflated(server.address),
            Target::deflated_in_context(server.address),
        ] {
            let mut echo = Echo::open(target, 3, (Kind::DeflatedJson, 1024), 4).unwrap();
            assert!(echo.run(SLICE).unwrap().messages >= 12);
            let mut crowd = Crowd::open(target, 3).unwrap();
            crowd.echo_each((Kind::DeflatedJson, 16 << 10)).unwrap();
            crowd.close().unwrap();
        }
    }
}

#[test]
fn a_page_is_answered_while_echoes_go_on() {
    for server in [
        Server::run(env!("CARGO_BIN_EXE_echo-server"), &["--spin", "50"]),
        Server::run(env!("CARGO_BIN_EXE_floor-server"), &[]),
        Server::start("axum"),
    ] {
        let target = Target::echo(server.address, Carrier::WebSocket);
        let echo = Echo::open(target, 3, (Kind::Binary, 32), 4).unwrap();
        let mut echo = echo.with_page(Target::page(server.address)).unwrap();
        let outcome = echo.run(SLICE).unwrap();
        assert!(outcome.messages >= 12);
        assert_eq!(outcome.latencies.len(), 4, "one each 5 ms of 20");
    }
}

#[test]
fn a_crowd_takes_memory() {
    let server = Server::start("tungstenite");
    let before = resident_bytes(server.child.id()).unwrap();
    let mut crowd = Crowd::open(Target::echo(server.address, Carrier::WebSocket), 50).unwrap();
    assert!(resident_bytes(server.child.id()).unwrap() > before);
    crowd.echo_each((Kind::Binary, 1000)).unwrap();
    crowd.close().unwrap();
}

#[test]
fn who_asks_again_and_again_hears_everything_and_pays_for_it_in_silence_too() {
    let server = Server::run(env!("CARGO_BIN_EXE_poll-server"), &[]);
    let target = Target::new(server.address, Carrier::RepeatedGet, "/chat").as_a_browser();
    let mut chat = Chat::open(target, 5, 64, SLICE).unwrap();
    assert_eq!(chat.talk(3, SLICE).unwrap().messages, 15);
    let talked = chat.meter();
    chat.be_silent(SLICE * 3).unwrap();
    assert!(chat.meter().since(talked).sent > 5 * 600);
}

#[test]
fn every_transport_of_sockjs_carries_echoes_to_all_and_silence() {
    let server = Server::run(env!("CARGO_BIN_EXE_echo-server"), &[]);
    for carrier in [Carrier::XhrStreaming, Carrier::Xhr, Carrier::EventSource] {
        let target = Target::echo(server.address, carrier);
        let mut echo = Echo::open(target, 3, (Kind::Text, 32), 4).unwrap();
        for _ in 0..2 {
            assert!(echo.run(SLICE).unwrap().messages >= 12);
        }
        let target = Target::broadcast(server.address, carrier);
        let mut fan_out = FanOut::open(target, 10, (Kind::Text, 128), 4).unwrap();
        assert!(fan_out.run(SLICE).unwrap().messages >= 40);
        drop(fan_out);

        let mut chat = Chat::open(target.as_a_browser(), 5, 64, SLICE).unwrap();
        assert_eq!(chat.talk(2, SLICE).unwrap().messages, 10);
        let talked = chat.meter();
        chat.be_silent(SLICE).unwrap();
        assert_eq!(chat.meter().since(talked).sent, 0);
        drop(Sessions::open(target, 10).unwrap());
    }
}
