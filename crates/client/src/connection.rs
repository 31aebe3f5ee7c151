//! One connection: what its user holds.

use std::{
    future::poll_fn,
    mem,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::Response;
use sockeye_types::{Close, Message, Transport};
use sockeye_ws_proto::deflate::Agreed;
use tokio::sync::watch;

use crate::{Closed, PingError, SendError, Sender, TrySendError, inbox::Inbox, sender::Outbox};

/// One connection to a server: receive and send at will.
///
/// A task of its own moves the bytes: pings are answered and heartbeats run whether or not anybody receives. What nobody
/// has received waits, up to 64 messages or `message_bytes` bytes and one message above; then nothing more is read, and
/// TCP makes the server wait. Neither are its pings answered then, nor does the heartbeat run.
///
/// Dropping it closes the connection with 1001 in the background, and never blocks. [`Sender`]s do not keep it open.
#[derive(Debug)]
pub struct Connection {
    sender: Sender,
    outbox: Arc<Outbox>,
    inbox: Arc<Inbox>,
    life: watch::Receiver<Life>,
    opened: Arc<Opened>,
}

/// What the opening handshake came to.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opened {
    /// What carries the connection: WebSocket, unless a [`Fallback`](crate::Fallback) was needed.
    pub transport: Transport,
    /// The response that ended it.
    pub response: Response<()>,
    /// The subprotocol that the server chose; `None` if it chose none, or none was asked for.
    pub protocol: Option<String>,
    /// What was agreed on about compression; `None` if nothing is compressed.
    pub deflate: Option<Agreed>,
    /// Who is at the other end of the TCP connection: the server, or the proxy. `None` over a stream that the caller
    /// brought.
    pub peer_addr: Option<SocketAddr>,
}

/// How far a connection's life has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Life {
    #[default]
    Open,
    /// It has ended, and the stream may still be open.
    Closed(Closed),
    /// The stream is closed too.
    Gone(Closed),
}

/// How a driver tells how far the life of its connection has come.
pub(crate) type LifeSender = watch::Sender<Life>;

impl Life {
    /// The receiver may learn how it ended; the first telling counts.
    pub(crate) fn end(life: &LifeSender, closed: &Closed) {
        life.send_if_modified(|life| {
            let is_news = matches!(life, Self::Open);
            if is_news {
                *life = Self::Closed(closed.clone());
            }
            is_news
        });
    }

    /// The stream is closed.
    pub(crate) fn go(life: &LifeSender) {
        life.send_if_modified(|life| match mem::take(life) {
            Self::Closed(closed) => {
                *life = Self::Gone(closed);
                true
            }
            told => {
                *life = told;
                false
            }
        });
    }

    fn closed(&self) -> Option<&Closed> {
        match self {
            Self::Open => None,
            Self::Closed(closed) | Self::Gone(closed) => Some(closed),
        }
    }
}

impl Connection {
    pub(crate) fn new(
        outbox: Arc<Outbox>,
        inbox: Arc<Inbox>,
        life: watch::Receiver<Life>,
        opened: Arc<Opened>,
    ) -> Self {
        Self {
            sender: Sender::new(Arc::clone(&outbox)),
            outbox,
            inbox,
            life,
            opened,
        }
    }

    /// Receives the next message; `None` once the connection has ended and everything was received: see
    /// [`closed`](Self::closed).
    ///
    /// When the server closes, its close is answered once everything before it was received and more is asked for: what
    /// is sent in between still leaves. A receiver that asks for nothing delays the answer by `close_time` at most.
    ///
    /// Cancel safety: dropped before it is done, it has taken nothing; the next call gets the message.
    pub async fn recv(&mut self) -> Option<Message> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Ready when nothing more is read before somebody receives.
    pub(crate) fn poll_rests(&self, cx: &Context<'_>) -> Poll<()> {
        self.inbox.poll_rests(cx)
    }

    /// Waits until the connection has ended; its stream may still be open.
    pub(crate) async fn wait_ended(&self) -> Closed {
        let mut life = self.life.clone();
        let _ = life.wait_for(|life| !matches!(life, Life::Open)).await;
        self.ended()
    }

    pub(crate) fn poll_recv(&mut self, cx: &Context<'_>) -> Poll<Option<Message>> {
        self.inbox.poll_take(cx)
    }

    /// Sends a message; waits while the outbox has no room for it. See [`Sender::send`].
    ///
    /// Cancel safety: dropped before it is done, nothing was sent, and the message is dropped with it.
    ///
    /// # Errors
    /// [`SendError`] hands the message back if the connection is closing or closed, or can't carry it.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.sender.send(message).await
    }

    /// Sends a message if there is room for it now.
    ///
    /// # Errors
    /// [`TrySendError`] hands the message back.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), TrySendError> {
        self.sender.try_send(message)
    }

    /// Sends a ping of at most 125 bytes and waits for its pong: returns how long that took. See [`Sender::ping`].
    ///
    /// Cancel safety: dropped before it is done, the ping may have been sent.
    ///
    /// # Errors
    /// [`PingError`] if it can't be sent, or the connection ended before its pong came.
    pub async fn ping(&self, payload: impl Into<Bytes>) -> Result<Duration, PingError> {
        self.sender.ping(payload).await
    }

    /// Returns a handle that can only send: for other tasks and threads.
    pub fn sender(&self) -> Sender {
        self.sender.clone()
    }

    /// Starts to close: see [`Sender::close`]. What the server still sends is received until it answers.
    pub fn close(&self, close: Close) {
        self.sender.close(close);
    }

    /// Says whether the connection still takes messages.
    pub fn is_open(&self) -> bool {
        self.sender.is_open()
    }

    /// Returns how the connection ended, once it has.
    pub fn closed(&self) -> Option<Closed> {
        self.life.borrow().closed().cloned()
    }

    /// Returns how the connection ended, which it has.
    pub(crate) fn ended(&self) -> Closed {
        // The driver tells before it goes, whatever ends it.
        self.closed()
            .unwrap_or_else(|| Closed::lost("the connection's task has ended"))
    }

    /// Waits until the connection has ended and its stream is closed, which takes `close_time` longer at most. It does
    /// not close: see [`close`](Self::close). As long as messages wait that nobody receives, it may not end.
    ///
    /// Cancel safety: dropped before it is done, nothing has happened.
    pub async fn wait_closed(&self) -> Closed {
        let mut life = self.life.clone();
        let _ = life.wait_for(|life| matches!(life, Life::Gone(_))).await;
        self.ended()
    }

    pub(crate) fn opened(&self) -> Arc<Opened> {
        Arc::clone(&self.opened)
    }

    /// Returns the round trip of the latest ping of the heartbeat that was answered.
    pub fn round_trip(&self) -> Option<Duration> {
        self.outbox.round_trip()
    }

    /// Returns what carries the connection: WebSocket, unless a [`Fallback`](crate::Fallback) was needed.
    pub fn transport(&self) -> Transport {
        self.opened.transport
    }

    /// Returns the subprotocol that the server chose; `None` if it chose none, or none was asked for.
    pub fn protocol(&self) -> Option<&str> {
        self.opened.protocol.as_deref()
    }

    /// Returns what was agreed on about compression; `None` if nothing is compressed.
    pub fn deflate_agreed(&self) -> Option<Agreed> {
        self.opened.deflate
    }

    /// Returns the response that ended the handshake.
    pub fn response(&self) -> &Response<()> {
        &self.opened.response
    }

    /// Returns who is at the other end of the TCP connection: the server, or the proxy. `None` over a stream that the
    /// caller brought.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.opened.peer_addr
    }
}

impl Drop for Connection {
    /// Nobody will receive any more: a close is attempted in the background, for `close_time` at most.
    fn drop(&mut self) {
        self.inbox.abandon();
        self.outbox.close(Close::going_away());
    }
}
