//! Futures that serve or shut down, dropped at each of their awaits: every session still ends well, and once.

use std::{
    future::{Future, poll_fn},
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use axum::Router;
use sockeye::{Bound, Close, CloseCode, Endpoints, IntoService, Server};
use tokio::{sync::oneshot, time::timeout};

use crate::{client::Client, scribe::Scribe};

/// No future here has nearly as many awaits.
const MANY: usize = 1000;

/// Polls a future so many times, each time but the first only once it was woken; `None` if it is not done then.
async fn poll_times<F: Future>(mut future: Pin<&mut F>, polls: usize) -> Option<F::Output> {
    let mut left = polls;
    let polled = poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    });
    timeout(Duration::from_secs(20), polled)
        .await
        .expect("nobody woke it")
}

fn bind(scribe: &Scribe) -> Bound {
    let endpoints = Endpoints::new().at("/", scribe.clone());
    let server = Server::new(endpoints).workers(NonZeroUsize::MIN);
    server.bind("127.0.0.1:0").unwrap()
}

async fn talk(addr: SocketAddr) -> Client {
    let mut client = Client::connect(addr, "/").await;
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    client
}

async fn is_told_to_go(mut client: Client) {
    assert_eq!(client.closed().await.code(), CloseCode::GOING_AWAY);
}

#[tokio::test]
async fn run_until_dropped_at_each_await_closes_every_session() {
    for polls in 0..MANY {
        let scribe = Scribe::default();
        let bound = bind(&scribe);
        let addr = bound.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let mut served = Box::pin(bound.run_until(async {
            let _ = stopped.await;
        }));
        let Some(after_signal) = polls.checked_sub(1) else {
            drop(served);
            assert!(scribe.is_free(), "a server that never ran holds nothing");
            continue;
        };
        assert!(poll_times(served.as_mut(), 1).await.is_none());
        let client = talk(addr).await;
        let client = tokio::spawn(is_told_to_go(client));
        if after_signal > 0 {
            stop.send(()).unwrap();
        }
        let done = poll_times(served.as_mut(), after_signal).await;
        drop(served);
        client.await.unwrap();
        if let Some(done) = done {
            done.unwrap();
            assert_eq!(scribe.notes(), ["open", "hello", "close 1001"]);
            assert!(polls > 2, "the signal and the worker are waited for");
            return;
        }
    }
    panic!("it never ended");
}

#[tokio::test]
async fn run_dropped_shuts_down() {
    let scribe = Scribe::default();
    let bound = bind(&scribe);
    let addr = bound.local_addr();
    let mut served = Box::pin(bound.run());
    assert!(poll_times(served.as_mut(), 1).await.is_none());
    let client = talk(addr).await;
    drop(served);
    is_told_to_go(client).await;

    let scribe = Scribe::default();
    drop(bind(&scribe).run());
    assert!(scribe.is_free(), "a server that never ran holds nothing");
}

#[tokio::test]
async fn serve_dropped_shuts_down() {
    let endpoints = |scribe: &Scribe| Endpoints::new().at("/", scribe.clone());
    let scribe = Scribe::default();
    drop(sockeye::serve("127.0.0.1:0", endpoints(&scribe)));
    assert!(scribe.is_free(), "a server that never ran holds nothing");

    // It tells nobody which port it got, so it is told one; somebody else may have taken that in the meantime.
    for _ in 0..10 {
        let addr = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let addr = addr.unwrap();
        let mut served = Box::pin(sockeye::serve(addr, endpoints(&scribe)));
        if poll_times(served.as_mut(), 1).await.is_none() {
            let client = talk(addr).await;
            drop(served);
            return is_told_to_go(client).await;
        }
    }
    panic!("no port is free");
}

#[tokio::test]
async fn shut_down_dropped_at_each_await_closes_every_session() {
    let deadline = Duration::from_secs(20);
    for polls in 0..MANY {
        let scribe = Scribe::default();
        let endpoints = Endpoints::new().at("/", scribe.clone());
        let service = endpoints.into_service().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let app = Router::new().fallback_service(service.clone());
        let app = tokio::spawn(axum::serve(listener, app).into_future());

        let mut client = talk(addr).await;
        assert_eq!(service.sessions(), 1);
        let shut_down = pin!(service.shut_down(Close::going_away(), deadline));
        let client = if polls == 0 {
            client.send("again").await;
            assert_eq!(client.text().await, "again", "nothing has begun");
            continue;
        } else {
            tokio::spawn(is_told_to_go(client))
        };
        let done = poll_times(shut_down, polls).await;
        if done.is_some() {
            assert_eq!(scribe.notes(), ["open", "hello", "close 1001"]);
        }
        client.await.unwrap();
        service.shut_down(Close::normal(), deadline).await;
        assert_eq!(service.sessions(), 0);
        assert_eq!(
            scribe.notes(),
            ["open", "hello", "close 1001"],
            "the first close counts"
        );
        app.abort();
        if done.is_some() {
            assert!(polls > 1, "the sessions are waited for");
            return;
        }
    }
    panic!("it never ended");
}
