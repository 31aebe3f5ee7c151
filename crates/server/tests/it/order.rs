//! Nothing is lost, and everything stays in order.

use sockeye_endpoint::{
    Closed, Endpoints, Group, Handler, HandlerResult, Initiator::Peer, Session,
};
use sockeye_types::{Deflate, Limits, Message};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    client::{BINARY, Client, TEXT, close_frame, masked, patiently},
    served::{Served, Watch},
};

const MESSAGES: usize = 10_000;

fn numbered() -> Vec<u8> {
    let frame = |number: usize| masked(TEXT, number.to_string().as_bytes());
    (0..MESSAGES).flat_map(frame).collect()
}

#[tokio::test]
async fn ten_thousand_messages_come_back_in_order() {
    let served = Served::echo(Limits::default()).await;
    let client = served.client().await;
    let (reader, mut writer) = client.io.into_split();
    let writing = tokio::spawn(async move {
        writer.write_all(&numbered()).await.unwrap();
        writer
    });
    let mut reader = Client::over(tokio::io::join(reader, tokio::io::sink()));
    for number in 0..MESSAGES {
        let payload = reader.frame().await.unwrap().payload;
        assert_eq!(payload, number.to_string().as_bytes());
    }
    let mut writer = patiently(writing).await.unwrap();
    writer.write_all(&close_frame(1000)).await.unwrap();
    assert_eq!(reader.verdict().await, Some(1000));
    drop(writer);
    assert_eq!(served.end().await, (1000, Peer));
}

/// Whatever one says, all hear.
struct Say {
    watch: Watch,
    all: Group,
}

impl Handler for Say {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.watch.opened();
        self.all.join(session);
        Ok(session.send("joined").await?)
    }

    async fn on_message(&self, _: &Session, message: Message) -> HandlerResult {
        self.all.send(message);
        Ok(())
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.watch.ended(closed);
    }
}

#[tokio::test]
async fn fifty_members_hear_what_four_say_in_the_same_order() {
    const EACH: usize = 250;
    let all = Group::new();
    // Compressed in name: some go out in bytes that all share, others one by one.
    let deflate = Deflate::default().min_bytes(usize::MAX);
    let say = |watch| {
        Endpoints::new()
            .at("/", Say { watch, all })
            .deflate(deflate)
    };
    let mut served = Served::endpoints(say).await;
    let mut members = Vec::new();
    let offers = ["", "Sec-WebSocket-Extensions: permessage-deflate\r\n"];
    for offer in offers.into_iter().cycle().take(50) {
        let mut member: Client<TcpStream> = Client::connect(served.addr).await;
        member.shake_hands("/", offer).await;
        assert_eq!(member.frame().await.unwrap().payload, b"joined");
        members.push(member);
    }
    for (speaker, member) in members.iter_mut().take(4).enumerate() {
        let said = (0..EACH).flat_map(|n| masked(TEXT, format!("{speaker}:{n}").as_bytes()));
        member.send(&said.collect::<Vec<u8>>()).await;
    }
    let mut same: Option<Vec<Vec<u8>>> = None;
    for mut member in members {
        let mut heard = Vec::new();
        for _ in 0..4 * EACH {
            heard.push(member.frame().await.unwrap().payload);
        }
        assert_eq!(same.get_or_insert_with(|| heard.clone()), &heard);
        member.send(&close_frame(1000)).await;
        assert_eq!(member.verdict().await, Some(1000));
        assert_eq!(served.ends.next().await, (1000, Peer));
    }
    served.finish().await;
}

#[tokio::test]
async fn large_messages_survive_any_split_both_ways() {
    let served = Served::echo(Limits::default()).await;
    let mut client = served.client().await;
    let large: Vec<u8> = (0..=250u8).cycle().take(1 << 20).collect();
    // Pieces of lengths that fit no frame and no buffer.
    for piece in [4093, 65_521, 262_147] {
        for part in masked(BINARY, &large).chunks(piece) {
            client.send(part).await;
        }
        assert!(client.frame().await.unwrap().payload == large);
    }
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
}
