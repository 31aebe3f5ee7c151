//! A line against a server that answers as the test says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use bytes::{Bytes, BytesMut};
use sockeye_channel_client::{CallError, Codec, Command, Line, LineError, Options, Push, Reply};
use sockeye_channel_proto::{ConnectResult, Disconnect, Empty, Error, ErrorCode, SubscribeResult};
use sockeye_client::Connector;
use sockeye_endpoint::{Endpoints, Handler, HandlerResult, Session};
use sockeye_server::Server;
use sockeye_types::{Close, CloseCode, Message};

/// Answers by rote: what it is asked about the channel `slow` waits until something else is asked.
#[derive(Debug)]
struct Rote(Codec);

impl Rote {
    fn frame(&self, replies: &[Reply]) -> Message {
        let mut frame = BytesMut::new();
        for reply in replies {
            self.0.encode(reply, &mut frame).unwrap();
        }
        self.0.message(frame)
    }

    fn answers(command: &Command) -> Vec<Reply> {
        let reply = Reply {
            id: command.id,
            ..Reply::default()
        };
        if let Some(connect) = &command.connect {
            let error = (connect.token == "bad").then(|| Error {
                code: ErrorCode::TokenExpired.code(),
                message: "token expired".to_owned(),
                temporary: false,
            });
            let connect = error.is_none().then(|| ConnectResult {
                client: "c".to_owned(),
                ..ConnectResult::default()
            });
            return vec![Reply {
                connect,
                error,
                ..reply
            }];
        }
        if let Some(subscribe) = &command.subscribe {
            let push = |number: u64| Reply {
                push: Some(Push {
                    channel: subscribe.channel.clone(),
                    r#pub: Some(sockeye_channel_client::Publication {
                        data: Bytes::from(number.to_string()),
                        offset: number,
                        ..Default::default()
                    }),
                    ..Push::default()
                }),
                ..Reply::default()
            };
            let subscribed = Reply {
                subscribe: Some(SubscribeResult::default()),
                ..reply
            };
            return vec![subscribed, push(1), push(2), Reply::default()];
        }
        vec![Reply {
            publish: Some(Empty {}),
            ..reply
        }]
    }
}

impl Handler for Rote {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        for command in self.0.decode::<Command>(&message.into_bytes()) {
            let command = command?;
            let channel = command
                .publish
                .as_ref()
                .map(|publish| publish.channel.as_str());
            match channel {
                Some("slow") => {
                    session.insert_attribute(command);
                }
                Some("end") => session.close(Close::new(
                    CloseCode::new(3503),
                    Disconnect::ForceDisconnect.reason(),
                )?),
                _ if command.id == 0 => {
                    session.insert_attribute("ponged");
                }
                _ => {
                    let mut answers = Self::answers(&command);
                    if let Some(slow) = session.remove_attribute::<Command>() {
                        answers.extend(Self::answers(&slow));
                    }
                    session.send(self.frame(&answers)).await?;
                }
            }
        }
        Ok(())
    }
}

async fn server(codec: Codec) -> String {
    let endpoints = Endpoints::new()
        .at("/connection/websocket", Rote(codec))
        .protocols(["centrifuge-protobuf"]);
    let bound = Server::new(endpoints).bind("127.0.0.1:0").unwrap();
    let url = format!("ws://{}/connection/websocket", bound.local_addr());
    tokio::spawn(bound.run());
    url
}

async fn connect(codec: Codec) -> (Line, sockeye_channel_client::Pushes) {
    let url = server(codec).await;
    Line::connect(&Connector::new(), &url, Options::default().codec(codec))
        .await
        .unwrap()
}

#[tokio::test]
async fn pushes_come_in_order_behind_the_reply_in_both_codecs() {
    for codec in [Codec::Json, Codec::Protobuf] {
        let (line, mut pushes) = connect(codec).await;
        line.subscribe("news").await.unwrap();
        for number in [1, 2] {
            let push = pushes.next().await.unwrap();
            assert_eq!(
                (push.channel.as_str(), push.r#pub.unwrap().offset),
                ("news", number)
            );
        }
        // The server's ping came behind them; it takes the pong for what it is.
        line.publish("news", "3").await.unwrap();
    }
}

#[tokio::test]
async fn replies_find_their_callers_in_any_order() {
    let (line, _pushes) = connect(Codec::Json).await;
    let slow = tokio::spawn({
        let line = line.clone();
        async move { line.publish("slow", "1").await }
    });
    while !slow.is_finished() {
        line.publish("news", "2").await.unwrap();
    }
    slow.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_refused_connect_says_why() {
    let url = server(Codec::Json).await;
    let refused = Line::connect(&Connector::new(), &url, Options::default().token("bad")).await;
    let Err(LineError::Refused(error)) = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(error.code(), Some(109));
}

#[tokio::test]
async fn whoever_waits_hears_how_the_connection_ended() {
    let (line, mut pushes) = connect(Codec::Json).await;
    let Err(CallError::Ended(Some(closed))) = line.publish("end", "1").await else {
        panic!("it was answered");
    };
    assert!(matches!(line.ended().await, CallError::Ended(Some(_))));
    assert_eq!(closed.code.as_u16(), 3503);
    assert!(pushes.next().await.is_none());
    assert!(matches!(pushes.ended(), CallError::Ended(Some(_))));
    assert!(matches!(
        line.publish("x", "1").await,
        Err(CallError::Ended(Some(_)))
    ));
}

#[tokio::test]
async fn a_payload_that_is_no_json_is_not_sent_as_json() {
    let (line, _pushes) = connect(Codec::Json).await;
    assert!(matches!(
        line.publish("news", "boom").await,
        Err(CallError::NotJson)
    ));
    line.publish("news", "1").await.unwrap();
}
