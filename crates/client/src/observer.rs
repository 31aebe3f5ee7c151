//! Watching a connection: what is asked and answered, and which frames go over the wire.

use std::{fmt, net::SocketAddr, sync::Arc};

use http::{Request, Response, Uri};
use sockeye_ws_proto::{FrameHead, FrameScanner};

use crate::Secured;

/// Watches connections: for a verbose mode, for tests. Every method has a body that does nothing.
///
/// Over SockJS there are many requests and responses, each of which is shown, and no frames of WebSocket.
///
/// The methods are called where the bytes move: they must not block. Without an observer none of this costs anything.
pub trait Observer: Send + Sync {
    /// A byte stream to the server is there. Not called for a stream that the caller brought.
    fn on_dialed(&self, _reached: &Reached) {}

    /// The request is about to be sent.
    fn on_request(&self, _request: &Request<()>) {}

    /// The head of a response came: the one that ends the handshake, a refusal, a redirect, or one before it (1xx).
    fn on_response(&self, _response: &Response<()>) {}

    /// A frame was written to the stream or read from it: a control frame when all of it was, any other with its header.
    fn on_frame(&self, _direction: Direction, _frame: FrameHead) {}
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there are two ways")]
pub enum Direction {
    /// To the server.
    Sent,
    /// From the server.
    Received,
}

/// What was reached.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reached {
    /// The address that was asked for; after a redirect, the one it led to.
    pub uri: Uri,
    /// Who is at the other end of the TCP connection: the server, or the proxy.
    pub peer_addr: SocketAddr,
    /// The proxy in between, without user and password, if there is one.
    pub via: Option<String>,
    /// What TLS agreed on, for `wss://`.
    pub secured: Option<Secured>,
}

/// An observer with what it needs to see frames in the bytes of one connection.
pub(crate) struct Watch {
    observer: Arc<dyn Observer>,
    sent: FrameScanner,
    received: FrameScanner,
}

impl Watch {
    pub(crate) fn new(observer: Arc<dyn Observer>) -> Box<Self> {
        Box::new(Self {
            observer,
            sent: FrameScanner::new(),
            received: FrameScanner::new(),
        })
    }

    pub(crate) fn saw(&mut self, direction: Direction, mut bytes: &[u8]) {
        let scanner = match direction {
            Direction::Sent => &mut self.sent,
            Direction::Received => &mut self.received,
        };
        while let Some(frame) = scanner.scan(&mut bytes) {
            self.observer.on_frame(direction, frame);
        }
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}
