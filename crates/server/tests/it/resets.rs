//! Connections that are reset or half closed, in each phase.

use sockeye_endpoint::Initiator::{Network, Peer};
use sockeye_types::Limits;
use tokio::io::AsyncWriteExt;

use crate::{
    client::{BINARY, Client, TEXT, close_frame, handshake, masked, masked_header, patiently},
    served::Served,
};

#[tokio::test]
async fn a_reset_within_the_head_opens_nothing() {
    let mut served = Served::echo(Limits::default()).await;
    let request = handshake("/", "");
    for sent in [0, 1, request.len() / 2, request.len() - 1] {
        let mut client = Client::connect(served.addr).await;
        client.send(&request.as_bytes()[..sent]).await;
        client.reset();
        served.innocent_talks().await;
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_half_close_within_the_head_opens_nothing_and_is_cut() {
    let mut served = Served::echo(Limits::default()).await;
    let request = handshake("/", "");
    for sent in [0, 1, request.len() / 2, request.len() - 1] {
        let mut client = Client::connect(served.addr).await;
        client.send(&request.as_bytes()[..sent]).await;
        client.half_close().await;
        client.rest().await;
        served.innocent_talks().await;
    }
    served.nobody_came().await;
}

#[tokio::test]
async fn a_reset_right_behind_the_handshake_leaves_nothing_open() {
    let mut served = Served::echo(Limits::default()).await;
    for _ in 0..20 {
        let mut client = Client::connect(served.addr).await;
        client.send(handshake("/", "").as_bytes()).await;
        client.reset();
    }
    served.innocent_talks().await;
    // Whether a session was opened depends on who was faster; each that was has ended.
    let mut last = served.client().await;
    last.send(&close_frame(1000)).await;
    assert_eq!(last.verdict().await, Some(1000));
    loop {
        match served.ends.next().await {
            (1000, Peer) => break,
            end => assert_eq!(end, (1006, Network)),
        }
    }
    while served.ends.told() < served.ends.opened() {
        assert_eq!(served.ends.next().await, (1006, Network));
    }
    served.finish().await;
}

/// What a session has gone through when it is lost.
fn phases() -> [Vec<u8>; 4] {
    [
        Vec::new(),
        vec![TEXT],
        masked_header(BINARY, 1000),
        masked(TEXT, b"whole"),
    ]
}

#[tokio::test]
async fn a_reset_in_any_phase_of_a_session_is_told_as_a_lost_connection() {
    let mut served = Served::echo(Limits::default()).await;
    for sent in phases() {
        let mut client = served.client().await;
        client.echo("hello").await;
        client.send(&sent).await;
        client.reset();
        assert_eq!(served.ends.next().await, (1006, Network), "{sent:?}");
        served.innocent_talks().await;
    }
    served.finish().await;
}

#[tokio::test]
async fn a_half_close_in_any_phase_of_a_session_is_told_as_a_lost_connection() {
    let mut served = Served::echo(Limits::default()).await;
    for sent in phases() {
        let mut client = served.client().await;
        client.send(&sent).await;
        client.half_close().await;
        assert_eq!(served.ends.next().await, (1006, Network), "{sent:?}");
        assert_eq!(client.verdict().await, None);
        served.innocent_talks().await;
    }
    served.finish().await;
}

#[tokio::test]
async fn what_was_asked_before_a_half_close_is_still_answered() {
    let served = Served::echo(Limits::default()).await;
    let mut client = served.client().await;
    client.send(&masked(TEXT, b"and then?")).await;
    client.half_close().await;
    assert_eq!(client.frame().await.unwrap().payload, b"and then?");
    assert_eq!(client.verdict().await, None);
    assert_eq!(served.end().await, (1006, Network));
}

#[tokio::test]
async fn a_half_close_behind_a_close_is_a_clean_end() {
    let served = Served::echo(Limits::default()).await;
    let mut client = served.client().await;
    client.send(&close_frame(1000)).await;
    client.half_close().await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}

#[tokio::test]
async fn a_reset_behind_a_close_is_told_as_the_close() {
    let served = Served::echo(Limits::default()).await;
    let mut client = served.client().await;
    client.send(&close_frame(4001)).await;
    assert_eq!(client.close_code().await, Some(4001));
    client.reset();
    assert_eq!(served.end().await, (4001, Peer));
}

#[tokio::test]
async fn a_reset_while_the_server_writes_is_told_as_a_lost_connection() {
    let mut served = Served::echo(Limits::default()).await;
    let mut client = served.client().await;
    // The echo of what is never read fills the socket; then nothing more is read of it either.
    let message = masked(BINARY, &[b'm'; 1 << 18]);
    for _ in 0..4 {
        client.send(&message).await;
        served.innocent_talks().await;
    }
    let first = client.io.readable();
    patiently(first).await.unwrap();
    client.reset();
    assert_eq!(served.end().await, (1006, Network));
}

#[tokio::test]
async fn a_client_that_is_gone_while_its_answers_leave_is_no_trouble() {
    let mut served = Served::echo(Limits::default()).await;
    for _ in 0..20 {
        let mut client = served.client().await;
        let many = masked(TEXT, b"gone").repeat(100);
        let _ = client.io.write_all(&many).await;
        drop(client);
        let (code, initiator) = served.ends.next().await;
        assert_eq!((code, initiator), (1006, Network));
    }
    served.finish().await;
}
