//! Any bytes as a server's answer to a client: a refusal is read the same however it comes, and within its bounds.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use sockeye_client::{ConnectError, Connector, Refused};
use tokio::{
    io::{AsyncRead, ReadBuf, join, sink},
    runtime::Builder,
};

/// How much of a refusal's body is kept here.
const BODY: usize = 100;

/// A response. The first byte says how long the pieces are.
pub fn client_response(data: &[u8]) {
    let Some((&cut, bytes)) = data.split_first() else {
        return;
    };
    // Below the limit of heads: which fault of a head is found first may depend on how it is cut.
    let bytes = bytes.get(..4096).unwrap_or(bytes);
    let whole = answered(bytes, bytes.len().max(1));
    let pieces = answered(bytes, usize::from(cut) + 1);
    assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
    if let Ok(refused) = whole {
        assert!(refused.body.len() <= BODY);
        assert!(!refused.status().is_informational());
        let after = refused.retry_after().unwrap_or_default();
        assert_eq!(after.subsec_nanos(), 0);
    }
}

/// Lets a client ask, and gives what refused it; the error in words if that was not a response.
fn answered(bytes: &[u8], cut: usize) -> Result<Box<Refused>, String> {
    let runtime = Builder::new_current_thread().enable_time().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let pieces = Pieces {
        bytes: bytes.to_vec(),
        at: 0,
        cut,
    };
    let connector = Connector::new().body_bytes(BODY);
    let connecting = connector.connect_over("ws://a.example/", join(pieces, sink()));
    let connected = runtime.block_on(connecting);
    assert!(connected.is_err(), "nobody guesses the key");
    match connected.err() {
        Some(ConnectError::Refused(refused)) => Ok(refused),
        error => {
            let is_the_servers = matches!(
                error,
                Some(ConnectError::Response(_) | ConnectError::Handshake(_))
            );
            assert!(is_the_servers, "{error:?}");
            Err(format!("{error:?}"))
        }
    }
}

/// Bytes that come in pieces, and then end.
struct Pieces {
    bytes: Vec<u8>,
    at: usize,
    cut: usize,
}

impl AsyncRead for Pieces {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let end = self
            .bytes
            .len()
            .min(self.at + self.cut.min(into.remaining()));
        into.put_slice(self.bytes.get(self.at..end).unwrap_or_default());
        self.at = end;
        Poll::Ready(Ok(()))
    }
}
