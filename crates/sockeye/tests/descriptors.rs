//! A server without descriptors pauses accepting, and recovers. A test binary of its own: the limit is the process's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::{
    fs::File,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    num::NonZeroUsize,
    sync::mpsc,
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sockeye::{Endpoints, HandlerResult, Server, Socket};
use tracing::{Level, Subscriber};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// Passes on that something was warned of.
struct Warnings(mpsc::Sender<()>);

impl<S: Subscriber> Layer<S> for Warnings {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::WARN {
            let _ = self.0.send(());
        }
    }
}

async fn wait(mut socket: Socket) -> HandlerResult {
    while socket.recv().await.is_some() {}
    Ok(())
}

fn shake_hands(stream: &mut TcpStream) -> String {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).unwrap();
    answer.truncate(length);
    String::from_utf8(answer).unwrap()
}

fn serve() -> SocketAddr {
    let server = Server::new(Endpoints::new().at("/", wait)).workers(NonZeroUsize::MIN);
    let bound = server.bind("127.0.0.1:0").unwrap();
    let addr = bound.local_addr();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        runtime.block_on(bound.run()).unwrap();
    });
    addr
}

#[test]
fn without_descriptors_accepting_pauses_and_goes_on_when_some_are_free() {
    let limit = Rlimit {
        current: Some(256),
        ..getrlimit(Resource::Nofile)
    };
    setrlimit(Resource::Nofile, limit).unwrap();
    let (warned, warnings) = mpsc::channel();
    let subscriber = tracing_subscriber::registry().with(Warnings(warned));
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let addr = serve();
    let mut first = TcpStream::connect(addr).unwrap();
    assert!(shake_hands(&mut first).starts_with("HTTP/1.1 101"));

    // All descriptors but one are taken; the client gets that one, and the server none.
    let mut taken: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    assert!(taken.pop().is_some());
    let mut second = TcpStream::connect(addr).unwrap();
    warnings
        .recv_timeout(PATIENCE)
        .expect("the server says that it can't accept");
    drop(taken);
    assert!(shake_hands(&mut second).starts_with("HTTP/1.1 101"));
}
