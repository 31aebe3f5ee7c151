//! Shutting down: who is told, who is waited for, and for how long.

use std::{future::pending, sync::Arc, time::Duration};

use sockeye_endpoint::{
    Endpoints, HandlerResult,
    Initiator::{Network, Server},
    Interceptor, Refusal, Socket, UpgradeRequest,
};
use sockeye_types::Limits;
use tokio::{net::TcpStream, sync::Notify};

use crate::{
    client::{Client, close_frame, handshake, patiently},
    served::{Echo, LATE, SOON, Served},
};

#[tokio::test]
async fn every_session_is_closed_with_1001_and_waited_for() {
    let mut served = Served::echo(Limits::default().close_time(LATE)).await;
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(served.client().await);
    }
    served.shut_down();
    for client in &mut clients {
        assert_eq!(client.close_code().await, Some(1001));
    }
    assert!(TcpStream::connect(served.addr).await.is_err());
    for mut client in clients {
        client.send(&close_frame(1001)).await;
        assert_eq!(client.verdict().await, None);
        assert_eq!(served.ends.next().await, (1001, Server));
    }
    served.gone().await;
}

#[tokio::test]
async fn peers_that_do_not_answer_are_cut_by_close_time() {
    let mut served = Served::server(
        |watch| {
            Endpoints::new()
                .at("/", Echo(watch))
                .limits(Limits::default().close_time(SOON))
        },
        |server| server.shutdown_time(LATE),
    )
    .await;
    let client = served.client().await;
    served.shut_down();
    assert_eq!(served.ends.next().await, (1001, Server));
    assert_eq!(client.verdict().await, Some(1001));
    served.gone().await;
}

async fn never_returns(_: Socket) -> HandlerResult {
    pending().await
}

#[tokio::test]
async fn a_handler_that_never_returns_does_not_hold_a_shutdown() {
    let mut served = Served::server(
        |_| Endpoints::new().at("/", never_returns),
        |server| server.shutdown_time(Duration::from_secs(1)),
    )
    .await;
    let mut client = served.client().await;
    served.shut_down();
    assert_eq!(client.close_code().await, Some(1001));
    served.gone().await;
    client.rest().await;
}

#[tokio::test]
async fn a_shutdown_may_be_given_all_the_time_there_is() {
    let mut served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.shutdown_time(Duration::MAX),
    )
    .await;
    served.shut_down();
    served.gone().await;
}

#[tokio::test]
async fn a_connection_that_asks_for_nothing_does_not_hold_a_shutdown() {
    let mut served = Served::server(
        |watch| Endpoints::new().at("/", Echo(watch)),
        |server| server.handshake_time(LATE).shutdown_time(LATE),
    )
    .await;
    let mut idle = Client::connect(served.addr).await;
    idle.send(b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(idle.reply().await.status, 404);
    served.shut_down();
    assert_eq!(idle.rest().await, []);
    served.gone().await;
}

/// Decides when it is let go.
struct Decides {
    asked: Arc<Notify>,
    let_go: Arc<Notify>,
}

impl Interceptor for Decides {
    async fn before_upgrade(&self, _: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
        self.asked.notify_one();
        self.let_go.notified().await;
        Ok(())
    }
}

#[tokio::test]
async fn a_session_whose_handshake_is_under_way_is_closed_with_1001_too() {
    let (asked, let_go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let decides = Decides {
        asked: Arc::clone(&asked),
        let_go: Arc::clone(&let_go),
    };
    let mut served =
        Served::endpoints(|watch| Endpoints::new().at("/", Echo(watch)).interceptor(decides)).await;
    let mut client = Client::connect(served.addr).await;
    client.send(handshake("/", "").as_bytes()).await;
    patiently(asked.notified()).await;
    served.shut_down();
    // The innocent client hears of the shutdown first.
    assert_eq!(served.innocent.close_code().await, Some(1001));
    let_go.notify_one();
    assert_eq!(client.reply().await.status, 101);
    assert_eq!(client.close_code().await, Some(1001));
    drop(client);
    let end = served.ends.next().await;
    assert!([(1001, Server), (1006, Network)].contains(&end), "{end:?}");
}

#[tokio::test]
async fn dropping_what_serves_shuts_the_server_down() {
    let mut served = Served::echo(Limits::default()).await;
    let mut client = served.client().await;
    served.abandon();
    assert_eq!(client.close_code().await, Some(1001));
    client.send(&close_frame(1001)).await;
    assert_eq!(client.verdict().await, None);
    assert_eq!(served.ends.next().await, (1001, Server));
}
