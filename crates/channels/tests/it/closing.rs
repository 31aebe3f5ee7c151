//! Pings and pongs, and how connections end.

use std::time::Duration;

use sockeye_channels::DataFormat;
use tokio::time::Instant;

use crate::talk::{Talk, channels, open, settings};

#[tokio::test(start_paused = true)]
async fn pings_come_at_their_pace_and_a_pong_each_keeps_the_connection() {
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    let start = Instant::now();
    let mut before = start;
    for count in 0..5 {
        assert_eq!(talk.0.recv().await.unwrap().as_text(), Some("{}"));
        let waited = before.elapsed().as_millis();
        let expected = if count == 0 {
            12_500..=25_000
        } else {
            25_000..=25_001
        };
        assert!(expected.contains(&waited), "{count}: {waited}");
        before = Instant::now();
        talk.say("{}").await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_a_ping_is_closed_after_eight_seconds() {
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.0.recv().await.unwrap();
    let asked = Instant::now();
    talk.is_closed(3012, "no pong").await;
    assert_eq!(asked.elapsed().as_secs(), 8);
    assert_eq!(channels.tally().disconnects()[&(3012, "server")], 1);
    assert_eq!(channels.info().clients, 0);
}

#[tokio::test(start_paused = true)]
async fn a_pong_that_nobody_asked_for_ends_the_connection() {
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say("{}").await;
    talk.is_closed(3501, "bad request").await;
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.0.recv().await.unwrap();
    talk.say("{}\n{}").await;
    talk.is_closed(3501, "bad request").await;
}

#[tokio::test(start_paused = true)]
async fn pings_of_websocket_itself_take_the_place_of_the_protocol_s() {
    let channels = channels(settings(open()));
    let mut talk = Talk::at(&channels, "/?cf_ws_frame_ping_pong=true");
    talk.exchange(
        r#"{"connect":{},"id":1}"#,
        &[r#"{"id":1,"connect":{"client":"CLIENT","version":"V"}}"#],
    )
    .await;
    let silence = tokio::time::timeout(Duration::from_secs(120), talk.0.recv());
    assert!(silence.await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_json_can_t_carry_closes_who_reads_json_alone() {
    let channels = channels(settings(open().publication_data_format(DataFormat::Binary)));
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
    talk.hear().await;
    let order = sockeye_channels::PublishOrder::of("boom");
    channels.publish("a", order).await.unwrap();
    talk.is_closed(3506, "inappropriate protocol").await;
}

#[tokio::test(start_paused = true)]
async fn too_many_commands_in_a_frame_end_the_connection_behind_the_replies_of_the_first() {
    let few = settings(open()).channel_limit(1).commands_per_frame(3);
    let channels = channels(few);
    let mut talk = Talk::connected(&channels, "ann").await;
    let frame = [2, 3, 4, 5].map(|id| format!(r#"{{"unsubscribe":{{"channel":"a"}},"id":{id}}}"#));
    talk.say(&frame.join("\n")).await;
    assert_eq!(talk.hear().await.lines().count(), 3);
    talk.is_closed(3501, "bad request").await;
}

#[tokio::test(start_paused = true)]
async fn when_the_server_stops_clients_are_sent_to_another() {
    let channels = channels(settings(open()));
    let mut talk = Talk::connected(&channels, "ann").await;
    channels.shut_down();
    talk.is_closed(3001, "shutdown").await;
}
