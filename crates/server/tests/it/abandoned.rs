//! Ten thousand handshakes that are abandoned half-way.

use sockeye_types::Limits;
use tokio::net::TcpStream;

use crate::{
    client::{Client, close_frame, handshake},
    served::Served,
};

const WAVES: usize = 20;
const CLIENTS: usize = 500;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test]
async fn ten_thousand_abandoned_handshakes_leave_nothing_behind() {
    let mut served = Served::echo(Limits::default()).await;
    let request = handshake("/", "");
    let half = &request.as_bytes()[..request.len() / 2];
    for wave in 0..WAVES {
        let mut clients: Vec<Client<TcpStream>> = Vec::with_capacity(CLIENTS);
        for _ in 0..CLIENTS {
            let mut client = Client::connect(served.addr).await;
            client.send(half).await;
            clients.push(client);
        }
        served.innocent_talks().await;
        // By turns they leave with a reset, with an end, and with an end that they wait for.
        for (number, mut client) in clients.into_iter().enumerate() {
            match (wave + number) % 3 {
                0 => client.reset(),
                1 => drop(client),
                _ => {
                    client.half_close().await;
                    client.rest().await;
                }
            }
        }
    }
    // Other tests of this process have descriptors, too, but not nearly as many as a leak of each client would leave.
    assert!(descriptors() < CLIENTS * WAVES / 2, "{}", descriptors());
    let mut client = served.client().await;
    client.echo("still served").await;
    client.send(&close_frame(1000)).await;
    assert_eq!(client.verdict().await, Some(1000));
    assert_eq!(served.ends.next().await.0, 1000);
    assert_eq!(served.ends.opened(), 1);
    served.finish().await;
}
