//! The same in Protobuf: messages behind their length, in binary.

use bytes::{Bytes, BytesMut};
use sockeye_channel_proto::{
    Codec, Command, ConnectRequest, PublishRequest, Reply, SubscribeRequest,
};
use sockeye_channels::{AnonymousConnect, Namespace};
use sockeye_types::Message;

use crate::talk::{Talk, channels, open, settings};

fn frame(commands: &[Command]) -> Message {
    let mut frame = BytesMut::new();
    for command in commands {
        Codec::Protobuf.encode(command, &mut frame).unwrap();
    }
    Codec::Protobuf.message(frame)
}

async fn hear(talk: &mut Talk) -> Vec<Reply> {
    let message = talk.0.recv().await.unwrap();
    assert!(message.is_binary());
    let replies: Result<_, _> = Codec::Protobuf.decode(&message.into_bytes()).collect();
    replies.unwrap()
}

fn session() -> [Command; 3] {
    let [mut connect, mut subscribe, mut publish] = [1, 2, 3].map(|id| Command {
        id,
        ..Command::default()
    });
    connect.connect = Some(ConnectRequest::default());
    subscribe.subscribe = Some(SubscribeRequest {
        channel: "a".to_owned(),
        flag: 1,
        ..SubscribeRequest::default()
    });
    publish.publish = Some(PublishRequest {
        channel: "a".to_owned(),
        data: Bytes::from_static(b"boom"),
        ..PublishRequest::default()
    });
    [connect, subscribe, publish]
}

#[tokio::test(start_paused = true)]
async fn a_session_in_protobuf_goes_as_in_json_and_carries_any_bytes() {
    let channels = channels(settings(open()));
    for query in ["format=protobuf", "cf_protocol=protobuf&x=1"] {
        let mut talk = Talk::at(&channels, &format!("/?{query}"));
        talk.0.send(frame(&session())).await;
        let connected = hear(&mut talk).await.remove(0);
        assert_eq!((connected.id, connected.connect.unwrap().ping), (1, 25));
        let subscribed = hear(&mut talk).await.remove(0);
        assert!(subscribed.subscribe.unwrap().recoverable);
        let pushed = hear(&mut talk).await.remove(0).push.unwrap();
        assert_eq!(pushed.r#pub.unwrap().data, "boom");
        assert!(hear(&mut talk).await.remove(0).publish.is_some());
        // A ping is a message of no bytes, and so is the answer.
        assert_eq!(talk.0.recv().await.unwrap(), Message::binary(vec![0]));
        talk.0.send(Message::binary(vec![0])).await;
        talk.0.send(Message::binary(vec![9, 1])).await;
        talk.is_closed(3501, "bad request").await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_subprotocol_chooses_the_codec() {
    let nobody = settings(Namespace::default()).anonymous(AnonymousConnect::Refused);
    let channels = channels(nobody);
    let mut talk = Talk::at(&channels, "/?format=json");
    talk.say(r#"{"connect":{"token":"ann"},"id":1}"#).await;
    assert!(talk.hear().await.starts_with(r#"{"id":1,"connect""#));
}
