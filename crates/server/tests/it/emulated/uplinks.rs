//! What comes for a session, and from whom.

use sockeye_endpoint::{
    Endpoints, HandlerResult, HttpStream, Socket, Uplink, UplinkError, UplinkKey,
};
use sockeye_types::{Limits, Message};
use tokio::sync::mpsc;

use super::served::{emulate, opened, served};
use crate::{
    client::patiently,
    served::{SOON, Served},
    sockjs::wire::Ask,
    spans::{collected, line},
};

#[tokio::test]
async fn only_the_secret_of_an_open_session_lets_messages_in() {
    let (mut served, mut told) = served().await;
    let (mut one, mut other) = (opened(&served).await, opened(&served).await);
    let (first, second) = (told.secret().await, told.secret().await);
    assert_ne!(first, second);
    for unknown in ["00000000-0000-4000-8000-000000000000", "", "1", &first[1..]] {
        assert_eq!(emulate(&served, unknown, "x").await, 404);
    }
    assert_eq!(emulate(&served, &second, "to the other").await, 204);
    assert_eq!(other.part().await.as_deref(), Some("to the other\n"));
    assert_eq!(emulate(&served, &first, "to the one").await, 204);
    assert_eq!(one.part().await.as_deref(), Some("to the one\n"));
    drop(one);
    served.ends.next().await;
    assert_eq!(emulate(&served, &first, "x").await, 404);
    drop(other);
    served.ends.next().await;
    served.finish().await;
}

#[tokio::test]
async fn no_line_of_the_log_sees_a_secret_or_the_first_message() {
    collected();
    let (mut served, mut told) = served().await;
    let ask = Ask::get("/events?cf_connect=t0k3n");
    let http = ask.begin(served.addr).await;
    let session = told.session().await;
    let secret = session.attribute::<UplinkKey>().unwrap().to_string();
    assert_eq!(emulate(&served, &secret, "x").await, 204);
    assert!(!format!("{session:?}").contains(&secret));
    drop(http);
    served.ends.next().await;
    line(&["session ended", "/events"]).await;
    {
        let lines = collected().lock().unwrap();
        let told = |line: &&String| line.contains(&secret) || line.contains("t0k3n");
        assert_eq!(lines.iter().find(told), None);
    }
    served.finish().await;
}

/// Takes one message, tells the test, and no further one until it may.
async fn busy(
    mut socket: Socket,
    keys: mpsc::UnboundedSender<String>,
    go_on: std::sync::Arc<tokio::sync::Notify>,
) -> HandlerResult {
    let key = socket.session().attribute::<UplinkKey>().unwrap();
    socket.recv().await;
    keys.send(key.to_string()).unwrap();
    go_on.notified().await;
    while let Some(message) = socket.recv().await {
        socket.send(message).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_busy_handler_makes_senders_wait_within_bounds_and_nothing_is_lost() {
    let (keys, mut told) = mpsc::unbounded_channel();
    let go_on = std::sync::Arc::new(tokio::sync::Notify::new());
    let (uplink, notify) = (Uplink::new(), go_on.clone());
    let limits = Limits::default().message_time(SOON).message_bytes(1000);
    let stream = HttpStream::lines().uplink(&uplink).body_bytes(1000);
    let served = Served::endpoints(|_| {
        Endpoints::new()
            .at("/busy", move |socket| {
                busy(socket, keys.clone(), notify.clone())
            })
            .over(stream)
            .limits(limits)
    })
    .await;
    let mut http = Ask::new("POST", "/busy").body("x").begin(served.addr).await;
    let secret = patiently(told.recv()).await.unwrap();
    let message = || Message::from("m".repeat(1000));
    let large = Message::from("m".repeat(1001));
    let refused = uplink.deliver(&secret, large).await;
    assert_eq!(refused, Err(UplinkError::TooLarge));
    // Some are read ahead of the handler, one waits in the inbox, and no more.
    let mut taken = 0;
    loop {
        match uplink.deliver(&secret, message()).await {
            Ok(()) => taken += 1,
            Err(error) => break assert_eq!(error, UplinkError::Busy),
        }
        assert!(taken < 10);
    }
    go_on.notify_one();
    let expected = ("m".repeat(1000) + "\n").repeat(taken);
    assert_eq!(http.exactly_of_body(1001 * taken).await, expected);
    drop(http);
    served.finish().await;
}
