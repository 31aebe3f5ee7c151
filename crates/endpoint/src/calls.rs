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
    program::{Failure, HandlerFuture, Program, log_failure, poll_call},
};

/// One session of a [`Handler`].
///
/// ```text
///   Unopened ──► Busy(on_open) ──► Idle ──► Busy(on_message) ──► Idle …
///      any ── close() ──► Closing(what is busy still ends) ──► Closing(on_close) ──► Done
/// ```
pub(crate) struct Calls<H> {
    handler: Arc<H>,
    session: Session,
    state: State,
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

impl<H: Handler> Calls<H> {
    pub(crate) fn new(handler: Arc<H>, session: Session) -> Self {
        Self {
            handler,
            session,
            state: State::Unopened,
        }
    }

    fn call(&self, message: Option<Message>) -> HandlerFuture<HandlerResult> {
        let (handler, session) = (Arc::clone(&self.handler), self.session.clone());
        match message {
            Some(message) => Box::pin(async move { handler.on_message(&session, message).await }),
            None => Box::pin(async move { handler.on_open(&session).await }),
        }
    }

    fn on_close(&self, closed: Closed) -> HandlerFuture<()> {
        let (handler, session) = (Arc::clone(&self.handler), self.session.clone());
        Box::pin(async move { handler.on_close(&session, closed).await })
    }
}

impl<H: Handler> Program for Calls<H> {
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        if let State::Unopened = self.state {
            self.state = State::Busy(self.call(None));
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

    fn deliver(&mut self, message: Message) {
        debug_assert!(matches!(self.state, State::Idle));
        self.state = State::Busy(self.call(Some(message)));
    }

    fn close(&mut self, closed: Closed) {
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

    fn poll_closed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.state {
                State::Closing(closing) => {
                    if let Some(call) = &mut closing.busy {
                        match poll_call(call, cx) {
                            Poll::Pending => return Poll::Pending,
                            Poll::Ready(Ok(())) => {}
                            Poll::Ready(Err(failure)) => log_failure(&self.session, &failure),
                        }
                    }
                    let closed = closing.closed.clone();
                    self.state = State::OnClose(self.on_close(closed));
                }
                State::OnClose(call) => {
                    let polled = ready!(Pin::new(&mut CatchUnwind(call)).poll(cx));
                    if let Err(panic) = polled {
                        log_failure(&self.session, &Failure::Panic(panic));
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
