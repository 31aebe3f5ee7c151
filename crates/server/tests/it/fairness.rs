//! One worker, many connections: whoever floods it does not keep others from being answered.

use sockeye_endpoint::{Endpoints, Initiator::Network};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    client::{Client, TEXT, masked},
    served::{Echo, Served},
};

/// Sends as fast as it can, and reads what comes back, until the task is aborted.
fn flood(client: Client) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        let (mut reader, mut writer) = client.io.into_split();
        let write = async {
            let many = masked(TEXT, b"flood").repeat(10_000);
            while writer.write_all(&many).await.is_ok() {}
        };
        let read = async {
            let mut heard = vec![0; 1 << 16];
            while reader.read(&mut heard).await.is_ok_and(|read| read > 0) {}
        };
        tokio::join!(write, read);
    })
}

#[tokio::test]
async fn others_are_answered_while_one_connection_floods_the_only_worker() {
    let mut served = Served::endpoints(|watch| Endpoints::new().at("/", Echo(watch))).await;
    let floods = [flood(served.client().await), flood(served.client().await)];
    for _ in 0..100 {
        served.innocent_talks().await;
    }
    for _ in 0..10 {
        let mut asks = Client::connect(served.addr).await;
        asks.send(b"GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n").await;
        assert_eq!(asks.reply().await.status, 404);
    }
    for flood in floods {
        assert!(!flood.is_finished());
        flood.abort();
        assert_eq!(served.ends.next().await, (1006, Network));
    }
    served.finish().await;
}
