//! A handler whose methods are called, one at a time.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use sockeye_types::Message;

use crate::{
    Closed, Handler, HandlerResult, Session,
    catch::CatchUnwind,
    program::{Failure, HandlerFuture, log_failure, poll_call},
};

/// One session of a [`Handler`].
///
/// ```text
///   Unopened ──► Busy(on_open) ──► Idle ──► Busy(on_message) ──► Idle …
///      any ── close() ──► Closing(what is busy still ends) ──► Closing(on_close) ──► Done
/// ```
pub(crate) struct Calls {
    handler: Arc<dyn Called>,
    state: State,
}

/// A [`Handler`] of whatever type, whose methods' futures own what they need.
pub(crate) trait Called: Send + Sync {
    fn on_open(self: Arc<Self>, session: Session) -> HandlerFuture<HandlerResult>;
    fn on_message(
        self: Arc<Self>,
        session: Session,
        message: Message,
    ) -> HandlerFuture<HandlerResult>;
    fn on_close(self: Arc<Self>, session: Session, closed: Closed) -> HandlerFuture<()>;
}

impl<H: Handler> Called for H {
    fn on_open(self: Arc<Self>, session: Session) -> HandlerFuture<HandlerResult> {
        Box::pin(async move { Handler::on_open(&*self, &session).await })
    }

    fn on_message(
        self: Arc<Self>,
        session: Session,
        message: Message,
    ) -> HandlerFuture<HandlerResult> {
        Box::pin(async move { Handler::on_message(&*self, &session, message).await })
    }

    fn on_close(self: Arc<Self>, session: Session, closed: Closed) -> HandlerFuture<()> {
        Box::pin(async move { Handler::on_close(&*self, &session, closed).await })
    }
}

enum State {
    Unopened,
    Idle,
    Busy(HandlerFuture<HandlerResult>),
    Closing(Box<Closing>),
    OnClose(HandlerFuture<()>),
    Done,
}

/// The session has ended; boxed, since every session has room for a state and few are in this one.
struct Closing {
    busy: Option<HandlerFuture<HandlerResult>>,
    closed: Closed,
}

impl Calls {
    pub(crate) fn new(handler: Arc<dyn Called>) -> Self {
        Self {
            handler,
            state: State::Unopened,
        }
    }

    pub(crate) fn poll_ready(
        &mut self,
        session: &Session,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), Failure>> {
        if let State::Unopened = self.state {
            self.state = State::Busy(Arc::clone(&self.handler).on_open(session.clone()));
        }
        let State::Busy(call) = &mut self.state else {
            return Poll::Ready(Ok(()));
        };
        let polled = poll_call(call, cx);
        if polled.is_ready() {
            self.state = State::Idle;
        }
        polled
    }

    pub(crate) fn deliver(&mut self, session: &Session, message: Message) {
        debug_assert!(matches!(self.state, State::Idle));
        self.state = State::Busy(Arc::clone(&self.handler).on_message(session.clone(), message));
    }

    pub(crate) fn close(&mut self, closed: Closed) {
        self.state = match mem::replace(&mut self.state, State::Done) {
            // Nobody was told of this session: there is nobody to tell of its end.
            State::Unopened | State::Done => State::Done,
            State::Idle => State::Closing(Box::new(Closing { busy: None, closed })),
            State::Busy(call) => State::Closing(Box::new(Closing {
                busy: Some(call),
                closed,
            })),
            closing => closing,
        };
    }

    pub(crate) fn poll_closed(&mut self, session: &Session, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.state {
                State::Closing(closing) => {
                    if let Some(call) = &mut closing.busy {
                        match poll_call(call, cx) {
                            Poll::Pending => return Poll::Pending,
                            Poll::Ready(Ok(())) => {}
                            Poll::Ready(Err(failure)) => log_failure(session, &failure),
                        }
                    }
                    let closed = closing.closed.clone();
                    self.state =
                        State::OnClose(Arc::clone(&self.handler).on_close(session.clone(), closed));
                }
                State::OnClose(call) => {
                    let polled = ready!(Pin::new(&mut CatchUnwind(call)).poll(cx));
                    if let Err(panic) = polled {
                        log_failure(session, &Failure::Panic(panic));
                    }
                    self.state = State::Done;
                }
                State::Unopened | State::Idle | State::Busy(_) | State::Done => {
                    return Poll::Ready(());
                }
            }
        }
    }
}
