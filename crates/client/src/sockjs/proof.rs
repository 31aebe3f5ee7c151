//! Whether a WebSocket carries anything: something in between may answer the handshake and swallow the frames.

use std::future::poll_fn;

use tokio::time::{Instant, timeout_at};

use crate::{ConnectError, Connection, Initiator, Stage};

/// What the first ping carries.
const PROOF: &[u8] = b"proof";

/// Waits for the pong to a first ping. As much as an inbox holds proves as much, and so does the server's close:
/// nothing is read behind them, the pong neither.
///
/// Cancel safety: nothing is lost; the connection may have sent a ping.
pub(super) async fn prove(
    connection: Connection,
    until: Instant,
) -> Result<Connection, ConnectError> {
    let proving = async {
        let pong = tokio::select! {
            biased;
            pong = connection.ping(PROOF) => pong,
            () = poll_fn(|cx| connection.poll_rests(cx)) => return None,
        };
        match pong {
            Ok(_) => None,
            Err(_) => Some(connection.wait_ended().await),
        }
    };
    match timeout_at(until, proving).await {
        Err(_) => Err(ConnectError::Timeout(Stage::Proof)),
        Ok(Some(closed)) if closed.initiator != Initiator::Peer => Err(ConnectError::Ended(closed)),
        Ok(_) => Ok(connection),
    }
}
