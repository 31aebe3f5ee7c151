//! Closing handshakes that the server starts, with peers that answer, don't, or go on talking.

use std::time::Duration;

use sockeye_endpoint::{
    Closed, Endpoints, Handler, HandlerResult,
    Initiator::{Handler as ByHandler, Peer},
    Session,
};
use sockeye_types::{Close, Limits, Message};

use crate::{
    client::{Client, PING, TEXT, close_frame, masked},
    served::{LATE, SOON, Served, Watch},
};

/// Closes with 4002 at each message.
pub(crate) struct Closes(pub(crate) Watch);

impl Handler for Closes {
    async fn on_open(&self, _: &Session) -> HandlerResult {
        self.0.opened();
        Ok(())
    }

    async fn on_message(&self, session: &Session, _: Message) -> HandlerResult {
        session.close(Close::new(4002.into(), "enough")?);
        Ok(())
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.0.ended(closed);
    }
}

/// A session that the handler is closing, and whose peer has so long to answer.
async fn closing(close_time: Duration) -> (Client, Served) {
    let limits = Limits::default().close_time(close_time);
    let served =
        Served::endpoints(|watch| Endpoints::new().at("/", Closes(watch)).limits(limits)).await;
    let mut client = served.client().await;
    client.send(&masked(TEXT, b"bye")).await;
    assert_eq!(client.close_code().await, Some(4002));
    (client, served)
}

#[tokio::test]
async fn a_peer_that_answers_a_close_ends_the_session_at_once() {
    let (mut client, served) = closing(LATE).await;
    client.send(&close_frame(4002)).await;
    assert_eq!(client.verdict().await, None);
    assert_eq!(served.end().await, (4002, ByHandler));
}

#[tokio::test]
async fn a_peer_that_answers_with_another_code_ends_the_session_with_ours() {
    let (mut client, served) = closing(LATE).await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, None);
    assert_eq!(served.end().await, (4002, ByHandler));
}

#[tokio::test]
async fn a_peer_that_never_answers_a_close_is_cut() {
    let (client, served) = closing(SOON).await;
    assert_eq!(client.verdict().await, None);
    assert_eq!(served.end().await, (4002, ByHandler));
}

#[tokio::test]
async fn a_peer_that_goes_on_talking_instead_of_answering_a_close_is_cut() {
    let (mut client, served) = closing(SOON).await;
    while client
        .try_send(&masked(TEXT, b"and another thing"))
        .await
        .is_ok()
    {}
    assert_eq!(served.end().await, (4002, ByHandler));
}

#[tokio::test]
async fn pings_behind_our_close_are_not_answered_and_its_answer_still_counts() {
    let (mut client, served) = closing(LATE).await;
    let late = [masked(PING, b""), masked(TEXT, b"late"), close_frame(1000)];
    client.send(&late.concat()).await;
    assert_eq!(client.verdict().await, None);
    assert_eq!(served.end().await, (4002, ByHandler));
}

#[tokio::test]
async fn a_reset_instead_of_the_answer_to_a_close_is_told_as_the_close() {
    let (client, served) = closing(LATE).await;
    client.reset();
    assert_eq!(served.end().await, (4002, ByHandler));
}

#[tokio::test]
async fn a_half_close_instead_of_the_answer_to_a_close_is_told_as_the_close() {
    let (mut client, served) = closing(LATE).await;
    client.half_close().await;
    assert_eq!(client.verdict().await, None);
    assert_eq!(served.end().await, (4002, ByHandler));
}

#[tokio::test]
async fn a_peer_that_stays_when_all_is_said_is_cut() {
    let limits = Limits::default().close_time(SOON);
    let mut served = Served::echo(limits).await;
    let mut client = served.client().await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.close_code().await, Some(1000));
    assert_eq!(served.ends.next().await.0, 1000);
    // It neither ends its half nor stops to send; sooner or later that is answered with a reset.
    while client.try_send(&[0; 1000]).await.is_ok() {}
    served.finish().await;
}

#[tokio::test]
async fn a_close_time_that_no_clock_can_show_is_only_long() {
    let served = Served::echo(Limits::default().close_time(Duration::MAX)).await;
    let mut client = served.client().await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}
