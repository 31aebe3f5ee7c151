//! A handler and its tests, without a socket: `cargo test -p sockeye --example test_a_handler`.

use sockeye::{Close, Endpoints, HandlerResult, ServeError, Socket};

/// Adds up the numbers that a peer sends; "bye" ends it.
async fn sum(mut socket: Socket) -> HandlerResult {
    let mut sum: i64 = 0;
    while let Some(message) = socket.recv().await {
        match message.as_text().map(str::parse::<i64>) {
            Some(Ok(number)) => sum += number,
            _ if message.as_text() == Some("bye") => break,
            _ => {
                socket.close(Close::new(4000.into(), "that is no number")?);
                break;
            }
        }
        socket.send(sum.to_string()).await?;
    }
    Ok(())
}

fn endpoints() -> Endpoints {
    Endpoints::new().at("/sum", sum)
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    sockeye::serve("127.0.0.1:8080", endpoints()).await
}

#[cfg(test)]
mod tests {
    use sockeye::{CloseCode, Initiator, MemoryPeer};

    use super::*;

    fn connect() -> MemoryPeer {
        MemoryPeer::at(endpoints(), "/sum").unwrap().unwrap()
    }

    #[tokio::test]
    async fn numbers_are_added_up() {
        let mut peer = connect();
        for (number, sum) in [("1", "1"), ("2", "3"), ("-5", "-2")] {
            peer.send(number).await;
            assert_eq!(peer.recv().await, Some(sum.into()));
        }
        peer.send("bye").await;
        assert_eq!(peer.recv().await, None);
        assert_eq!(peer.closed().await.code, CloseCode::NORMAL);
    }

    #[tokio::test]
    async fn what_is_no_number_closes_the_session() {
        let mut peer = connect();
        peer.send("one").await;
        let closed = peer.closed().await;
        assert_eq!(
            (closed.code.as_u16(), closed.initiator),
            (4000, Initiator::Handler)
        );
    }

    #[tokio::test]
    async fn a_peer_that_leaves_is_no_trouble() {
        let mut peer = connect();
        peer.send("1").await;
        assert_eq!(peer.lose().await.initiator, Initiator::Network);
    }
}
