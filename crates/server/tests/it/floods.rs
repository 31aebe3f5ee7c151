//! Clients that send without end: slowly, in pieces, in pings, or squeezed.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use flate2::{Compress, Compression, FlushCompress};
use sockeye_endpoint::{
    Closed, Endpoints, Group, Handler, HandlerResult,
    Initiator::{Peer, Server},
    Overflow, Session,
};
use sockeye_types::{Deflate, Limits, Message};
use tokio::io::AsyncWriteExt;

use crate::{
    client::{
        BINARY, CONTINUATION, Client, FIRST_TEXT, PING, TEXT, close_frame, masked, masked_header,
    },
    served::{Echo, SOON, Served, Watch},
};

/// Sends a beginning and then one piece after the other, until the server closes. A client that goes on sending may
/// lose the close to a reset; this one stops once it is told.
async fn drip(served: &mut Served, begun: &[u8], piece: &[u8]) -> Option<u16> {
    let client = served.client().await;
    let (reader, mut writer) = client.io.into_split();
    let mut closed = tokio::spawn(async move {
        let io = tokio::io::join(reader, tokio::io::sink());
        Client::over(io).verdict().await
    });
    writer.write_all(begun).await.unwrap();
    while !closed.is_finished() {
        let _ = writer.write_all(piece).await;
        tokio::select! {
            () = served.innocent_talks() => {}
            code = &mut closed => return code.unwrap(),
        }
    }
    closed.await.unwrap()
}

async fn hasty() -> Served {
    let endless = Limits::default()
        .fragments(u32::MAX)
        .control_frames_per_second(u32::MAX);
    Served::echo(endless.message_time(SOON)).await
}

#[tokio::test]
async fn a_frame_that_drips_is_closed_with_1008() {
    let mut served = hasty().await;
    let header = masked_header(BINARY, 1 << 20);
    assert_eq!(drip(&mut served, &header, b"x").await, Some(1008));
    assert_eq!(served.end().await, (1008, Server));
}

#[tokio::test]
async fn a_header_that_never_ends_is_closed_with_1008() {
    let mut served = hasty().await;
    assert_eq!(drip(&mut served, &[TEXT], b"").await, Some(1008));
    assert_eq!(served.end().await, (1008, Server));
}

#[tokio::test]
async fn fragments_that_drip_are_closed_with_1008_also_with_pings_between_them() {
    let mut served = hasty().await;
    let piece = [masked(CONTINUATION, b"x"), masked(PING, b"")].concat();
    assert_eq!(
        drip(&mut served, &masked(FIRST_TEXT, b""), &piece).await,
        Some(1008)
    );
    assert_eq!(served.end().await, (1008, Server));
}

/// Sends everything at once, and is closed.
async fn is_flooded(limits: Limits, bytes: &[u8]) -> (Option<u16>, Served) {
    let mut served = Served::echo(limits).await;
    let mut client = served.client().await;
    client.send(bytes).await;
    served.innocent_talks().await;
    (client.verdict().await, served)
}

#[tokio::test]
async fn fragments_without_end_are_closed_with_1008() {
    let limits = Limits::default();
    let flood = [
        masked(FIRST_TEXT, b"x"),
        masked(CONTINUATION, b"x").repeat(4096),
    ]
    .concat();
    let (code, served) = is_flooded(limits, &flood).await;
    assert_eq!(code, Some(1008));
    assert_eq!(served.end().await, (1008, Server));
}

#[tokio::test]
async fn empty_continuations_without_end_are_closed_with_1008() {
    let flood = [
        masked(FIRST_TEXT, b""),
        masked(CONTINUATION, b"").repeat(4096),
    ]
    .concat();
    let (code, served) = is_flooded(Limits::default(), &flood).await;
    assert_eq!(code, Some(1008));
    assert_eq!(served.end().await, (1008, Server));
}

#[tokio::test]
async fn fragments_at_the_limit_pass() {
    let limits = Limits::default().fragments(3);
    let mut served = Served::echo(limits).await;
    let mut client = served.client().await;
    let two = [masked(FIRST_TEXT, b"a"), masked(CONTINUATION, b"b")].concat();
    client.send(&two).await;
    client.send(&masked(CONTINUATION | 0x80, b"c")).await;
    assert_eq!(client.frame().await.unwrap().payload, b"abc");
    client.send(&two).await;
    client.send(&masked(CONTINUATION, b"c")).await;
    client.send(&masked(CONTINUATION | 0x80, b"d")).await;
    served.innocent_talks().await;
    assert_eq!(client.verdict().await, Some(1008));
    assert_eq!(served.end().await, (1008, Server));
}

#[tokio::test]
async fn a_flood_of_pings_is_closed_with_1008() {
    let (code, served) =
        is_flooded(Limits::default(), &masked(PING, &[b'p'; 125]).repeat(1000)).await;
    assert_eq!(code, Some(1008));
    assert_eq!(served.end().await, (1008, Server));
}

const MIB: usize = 1 << 20;

/// Squeezes so many zeros; about a thousand of them go into a byte.
fn squeezed(zeros: usize) -> Vec<u8> {
    let mut squeezed = Vec::with_capacity(zeros / 50 + 1000);
    let mut deflate = Compress::new(Compression::fast(), false);
    let flush = FlushCompress::Full;
    deflate
        .compress_vec(&vec![0; zeros], &mut squeezed, flush)
        .unwrap();
    squeezed
}

/// Squeezed zeros as a message: without the end of a flush (RFC 7692 §7.2.1).
fn bomb(squeezed: &[u8]) -> Vec<u8> {
    squeezed.strip_suffix(&[0, 0, 0xff, 0xff]).unwrap().to_vec()
}

/// Sends a squeezed message to an echo that takes 1 MiB a message.
async fn is_bombed(squeezed: &[u8]) -> (Client, Served) {
    let served = Served::endpoints(|watch| {
        Endpoints::new()
            .at("/", Echo(watch))
            .deflate(Deflate::default())
    })
    .await;
    let mut client = Client::connect(served.addr).await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    client.shake_hands("/", offer).await;
    client.send(&masked(BINARY | 0x40, squeezed)).await;
    (client, served)
}

#[tokio::test]
async fn a_bomb_is_closed_with_1009_while_it_inflates() {
    let (client, mut served) = is_bombed(&bomb(&squeezed(MIB).repeat(256))).await;
    served.innocent_talks().await;
    assert_eq!(client.verdict().await, Some(1009));
    assert_eq!(served.end().await, (1009, Server));
}

#[tokio::test]
async fn what_inflates_to_the_limit_passes_and_one_byte_more_is_closed_with_1009() {
    let (mut client, served) = is_bombed(&bomb(&squeezed(MIB))).await;
    let echoed = client.frame().await.unwrap();
    assert_eq!(echoed.first, BINARY | 0x40);
    client
        .send(&masked(BINARY | 0x40, &bomb(&squeezed(MIB + 1))))
        .await;
    assert_eq!(client.verdict().await, Some(1009));
    assert_eq!(served.end().await, (1009, Server));
}

#[tokio::test]
async fn what_cannot_be_inflated_is_closed_with_1007() {
    let (client, served) = is_bombed(&[0xff; 100]).await;
    assert_eq!(client.verdict().await, Some(1007));
    assert_eq!(served.end().await, (1007, Server));
}

/// Says everything to all, whose only member is the one who said it, and notes how much has waited for it.
struct Repeats {
    watch: Watch,
    all: Group,
    most: Arc<AtomicUsize>,
}

impl Handler for Repeats {
    async fn on_open(&self, session: &Session) -> HandlerResult {
        self.watch.opened();
        self.all.join(session);
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        self.all.send(message);
        self.most.fetch_max(session.buffered_bytes(), Relaxed);
        Ok(())
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.watch.ended(closed);
    }
}

#[tokio::test]
async fn small_questions_with_large_answers_do_not_pile_up_in_one_read() {
    let most = Arc::new(AtomicUsize::new(0));
    let served = Served::endpoints(|watch| {
        let (all, most) = (Group::new(), Arc::clone(&most));
        Endpoints::new()
            .at("/", Repeats { watch, all, most })
            .overflow(Overflow::DropOldest)
            .deflate(Deflate::default().min_bytes(usize::MAX))
    })
    .await;
    let mut client = Client::connect(served.addr).await;
    let offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    client.shake_hands("/", offer).await;
    let question = masked(BINARY | 0x40, &bomb(&squeezed(MIB)));
    client.send(&question.repeat(48)).await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.end().await, (1000, Peer));
    // The outbox, what one write takes, and one message beside each.
    let most = most.load(Relaxed);
    assert!(most <= 4 * MIB, "{most}");
}
