//! Large messages: they come as they were sent, however they are cut, and keep their bytes while others come.

use std::sync::{Arc, Mutex};

use sockeye_endpoint::{Endpoints, Handler, HandlerResult, Initiator::Peer, Session};
use sockeye_types::{Limits, Message};

use crate::{
    client::{BINARY, Client, close_frame, masked},
    served::{Echo, Served},
};

/// Sizes around those at which buffers change.
const SIZES: [usize; 9] = [
    (32 << 10) + 1,
    64 << 10,
    (128 << 10) - 15,
    (128 << 10) + 1,
    260 << 10,
    (260 << 10) + 1,
    1 << 20,
    (1 << 20) + (4 << 10) + 1,
    2 << 20,
];

fn limits() -> Limits {
    Limits::default()
        .message_bytes(2 << 20)
        .frame_bytes(2 << 20)
        .outbox_bytes(8 << 20)
}

/// Bytes that are different for each seed, and nowhere the same for long.
fn payload(seed: usize, len: usize) -> Vec<u8> {
    let mut state = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Sends each client's frames in pieces of these sizes, in turns with the others'.
async fn send_in_turns(clients: &mut [Client], frames: &[Vec<u8>], pieces: &[usize]) {
    let mut rests: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
    let mut pieces = pieces.iter().cycle();
    while rests.iter().any(|rest| !rest.is_empty()) {
        for (client, rest) in clients.iter_mut().zip(&mut rests) {
            let (piece, later) = rest.split_at(rest.len().min(*pieces.next().unwrap()));
            client.send(piece).await;
            *rest = later;
        }
    }
}

/// Has each client send so many messages of a size at once, and hear them.
async fn echo_in_pieces(clients: &mut [Client], size: usize, pieces: &[usize]) {
    let at_once = ((128 << 10) / size).max(1);
    let payloads =
        |client: usize| (0..at_once).map(move |at| payload(size + 7 * at + client, size));
    let frames: Vec<Vec<u8>> = (0..clients.len())
        .map(|client| {
            payloads(client)
                .flat_map(|sent| masked(BINARY, &sent))
                .collect()
        })
        .collect();
    send_in_turns(clients, &frames, pieces).await;
    for (at, client) in clients.iter_mut().enumerate() {
        for sent in payloads(at) {
            let frame = client.frame().await.unwrap();
            assert!(
                frame.payload == sent,
                "{size} bytes in pieces of {pieces:?}"
            );
        }
    }
}

#[tokio::test]
async fn large_messages_come_as_they_were_sent_however_they_are_cut() {
    let mut served = Served::echo(limits()).await;
    let mut clients = Vec::new();
    for _ in 0..2 {
        let client = served.client().await;
        client.io.set_nodelay(true).unwrap();
        clients.push(client);
    }
    let cut = [14, 70_000, 1, 300_000, 33_000, 5, 9_000];
    for pieces in [&[usize::MAX][..], &cut] {
        for size in SIZES {
            echo_in_pieces(&mut clients, size, pieces).await;
            served.innocent_talks().await;
        }
    }
    for client in clients {
        close(client).await;
        assert_eq!(served.ends.next().await, (1000, Peer));
    }
    served.finish().await;
}

async fn close(mut client: Client) {
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
}

/// Keeps every message, and says that it does.
struct Keeps(Arc<Mutex<Vec<Message>>>);

impl Handler for Keeps {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        self.0.lock().unwrap().push(message);
        Ok(session.send("kept").await?)
    }
}

#[tokio::test]
async fn messages_that_a_handler_keeps_keep_their_bytes_while_others_come() {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let mut served = Served::endpoints(|watch| {
        Endpoints::new()
            .at("/", Echo(watch))
            .limits(limits())
            .at("/keeps", Keeps(Arc::clone(&kept)))
            .limits(limits())
    })
    .await;
    let mut keeping = Client::open(served.addr, "/keeps").await;
    let mut echoing = vec![served.client().await];
    let sizes = || SIZES.iter().cycle().take(2 * SIZES.len()).enumerate();
    for (seed, &size) in sizes() {
        keeping.send(&masked(BINARY, &payload(seed, size))).await;
        assert_eq!(keeping.frame().await.unwrap().payload, b"kept");
        echo_in_pieces(&mut echoing, size, &[100_000]).await;
    }
    let kept = std::mem::take(&mut *kept.lock().unwrap());
    for ((seed, &size), message) in sizes().zip(&kept) {
        assert!(message.as_bytes() == payload(seed, size), "{size} bytes");
    }
    assert_eq!(kept.len(), 2 * SIZES.len());
    close(keeping).await;
    close(echoing.remove(0)).await;
    assert_eq!(served.ends.next().await, (1000, Peer));
    served.finish().await;
}
