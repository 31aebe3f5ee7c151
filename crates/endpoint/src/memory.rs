//! A session in memory: handlers are tested without a socket or a runtime.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
};

use bytes::Bytes;
use sockeye_types::{Close, Message, Transport};

use crate::{
    CallSpace, CanWrite, Closed, Conversation, Endpoint, Endpoints, Initiator, Opening, Outgoing,
    PathParams, Queue, RequestHead, Rested, Session, program::IntoEndpointHandler,
};

/// A peer that talks to a handler in memory: no socket, no runtime, no time. It drives the handler itself, so any
/// executor will do.
///
/// ```
/// # use sockeye_endpoint::{HandlerResult, MemoryPeer, Socket};
/// # use sockeye_types::{Close, CloseCode, Message};
/// async fn shout(mut socket: Socket) -> HandlerResult {
///     while let Some(message) = socket.recv().await {
///         socket.send(message.as_text().unwrap_or_default().to_uppercase()).await?;
///     }
///     Ok(())
/// }
///
/// # futures_executor::block_on(async {
/// let mut peer = MemoryPeer::of(shout);
/// peer.send("hello").await;
/// assert_eq!(peer.recv().await, Some(Message::from("HELLO")));
/// let closed = peer.close(Close::normal()).await;
/// assert_eq!(closed.code, CloseCode::NORMAL);
/// # });
/// ```
#[derive(Debug)]
pub struct MemoryPeer {
    conversation: Conversation,
    space: CallSpace,
    stage: Stage,
    arrived: VecDeque<Outgoing>,
    pings: VecDeque<Bytes>,
}

#[derive(Debug)]
enum Stage {
    Open,
    Ended(Closed),
}

impl MemoryPeer {
    /// Opens a session with a handler alone: no path, no origin, default options.
    pub fn of<K>(handler: impl IntoEndpointHandler<K>) -> Self {
        let endpoint = Endpoint::new(crate::Options::default(), handler.into_form());
        Self::open(&endpoint, Opening::default())
    }

    /// Opens a session at a path of some endpoints; `None` if none matches. The query is kept, headers are none.
    ///
    /// Origins and interceptors are not asked: they belong to the upgrade.
    ///
    /// # Errors
    /// [`InvalidEndpoints`](crate::InvalidEndpoints) if the endpoints contradict themselves.
    pub fn at(endpoints: Endpoints, target: &str) -> Result<Option<Self>, crate::InvalidEndpoints> {
        let routes = endpoints.into_routes()?;
        let Ok(request) = http::Request::get(target).body(()) else {
            return Ok(None);
        };
        let (head, ()) = request.into_parts();
        let found = routes
            .find(head.uri.path())
            .filter(|found| found.below.is_empty());
        Ok(found.map(|found| Self::open(found.endpoint, opening(&head, found.params))))
    }

    /// Opens a session with all that is known about it.
    pub fn open(endpoint: &Endpoint, opening: Opening) -> Self {
        Self {
            conversation: endpoint.open(opening),
            space: CallSpace::new(),
            stage: Stage::Open,
            arrived: VecDeque::new(),
            pings: VecDeque::new(),
        }
    }

    /// Returns the session that the handler sees.
    pub fn session(&self) -> &Session {
        self.conversation.session()
    }

    /// Lets the handler have a message, once it is ready for one. Returns when it is done with it or waits for
    /// something. A message to an ended session is dropped.
    ///
    /// Cancel safety: dropped before the handler was ready, the message was not delivered.
    pub async fn send(&mut self, message: impl Into<Message>) {
        let mut message = Some(message.into());
        poll_fn(|cx| {
            if let Poll::Ready(true) | Poll::Pending = self.poll_turn(cx) {
                return if message.is_none() || self.ended().is_some() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                };
            }
            let Some(message) = message.take() else {
                return Poll::Ready(());
            };
            self.conversation.attend(&mut Queue::default());
            let ready = self.conversation.deliver(message, cx, &mut self.space);
            if self.settle(ready, cx).is_none() {
                let _ = self.poll_turn(cx);
            }
            Poll::Ready(())
        })
        .await;
    }

    /// Receives what the handler sends; `None` once the session has ended and everything was received.
    ///
    /// Cancel safety: dropped before it is done, it has taken nothing.
    pub async fn recv(&mut self) -> Option<Message> {
        poll_fn(|cx| {
            let _ = self.poll_turn(cx);
            if let Some(outgoing) = self.arrived.pop_front() {
                return Poll::Ready(Some(outgoing.message().clone()));
            }
            if self.ended().is_some() {
                Poll::Ready(None)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Receives what has been sent by now; `None` if nothing waits.
    pub fn try_recv(&mut self) -> Option<Message> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let _ = self.poll_turn(&mut cx);
        self.arrived
            .pop_front()
            .map(|outgoing| outgoing.message().clone())
    }

    /// Returns the next ping that the handler sent.
    pub fn try_recv_ping(&mut self) -> Option<Bytes> {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let _ = self.poll_turn(&mut cx);
        self.pings.pop_front()
    }

    /// Closes from the peer's side; returns how the session ended once the handler is done with it.
    ///
    /// Cancel safety: dropped before it is done, the session has ended all the same; call it again to wait.
    pub async fn close(&mut self, close: Close) -> Closed {
        self.end(Closed::new(&close, Initiator::Peer));
        self.closed().await
    }

    /// Loses the connection without a close.
    ///
    /// Cancel safety: as [`close`](Self::close).
    pub async fn lose(&mut self) -> Closed {
        self.end(Closed::lost("connection lost"));
        self.closed().await
    }

    /// Waits until the session has ended, whoever ends it, and the handler is done with it.
    ///
    /// Cancel safety: dropped before it is done, nothing is lost.
    pub async fn closed(&mut self) -> Closed {
        poll_fn(|cx| {
            let _ = self.poll_turn(cx);
            let Stage::Ended(closed) = &self.stage else {
                return Poll::Pending;
            };
            let done = self.conversation.poll_closed(cx, &mut self.space);
            done.map(|()| closed.clone())
        })
        .await
    }

    fn ended(&self) -> Option<&Closed> {
        match &self.stage {
            Stage::Ended(closed) => Some(closed),
            Stage::Open => None,
        }
    }

    fn end(&mut self, closed: Closed) {
        if let Stage::Open = self.stage {
            self.conversation.end(closed.clone());
            self.stage = Stage::Ended(closed);
        }
    }

    /// One turn of a driver whose wire takes everything at once. Ready with whether the session has ended, once the
    /// handler could take a message; pending while it is busy.
    fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            if let Stage::Ended(_) = self.stage {
                let done = self.conversation.poll_closed(cx, &mut self.space);
                return done.map(|()| true);
            }
            self.conversation.attend(&mut Queue::default());
            let ready = self.conversation.poll_ready(cx, &mut self.space);
            if let Some(settled) = self.settle(ready, cx) {
                return settled;
            }
        }
    }

    /// Takes what the handler sent. Returns how the turn ends, unless there is more to do.
    fn settle(&mut self, ready: Poll<()>, cx: &Context<'_>) -> Option<Poll<bool>> {
        let due = self.conversation.take(usize::MAX, &mut self.arrived);
        self.conversation.written();
        self.pings.extend(due.pings.into_iter().flatten());
        if let Some(close) = due.close {
            self.end(Closed::new(&close, self.conversation.initiator()));
            return None;
        }
        let rested = self
            .conversation
            .rest(cx.waker(), CanWrite::Yes, &mut Queue::default());
        (rested == Rested::Resting).then(|| ready.map(|()| false))
    }
}

fn opening(head: &http::request::Parts, params: PathParams) -> Opening {
    Opening {
        request: RequestHead::new(head),
        params,
        transport: Transport::Memory,
        ..Opening::default()
    }
}
