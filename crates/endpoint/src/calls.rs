//! A handler whose methods are called, one at a time.

use std::{
    future::Future,
    mem,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use sockeye_types::Message;

use crate::{
    CallSpace, Closed, Handler, HandlerResult, Session,
    call_space::{Begun, WaitingCall},
    catch::{CatchUnwind, Panic},
    program::{Failure, log_failure},
};

/// One session of a [`Handler`].
///
/// ```text
///   Unopened ──► Busy(on_open) ──► Idle ──► Busy(on_message) ──► Idle …
///      any ── close() ──► Closing(what is busy still ends) ──► OnClose ──► Done
/// ```
/// A call that is done at once is never seen as `Busy`.
pub(crate) struct Calls(State);

enum State {
    Unopened(Served),
    Idle(Served),
    Busy(WaitingCall<Ended>),
    Closing(Box<Closing>),
    OnClose(WaitingCall<Ended>),
    Done,
}

/// The session has ended; boxed, since every session has room for a state and few are in this one.
struct Closing {
    busy: Busy,
    closed: Closed,
}

/// Whether a call was under way when the session ended.
enum Busy {
    Yes(WaitingCall<Ended>),
    No(Served),
}

/// Whom a call is for. It goes from call to call and is never cloned on the way: sessions on all cores share a handler,
/// and would fight for its count.
pub(crate) struct Served {
    handler: Arc<dyn Called>,
    session: Session,
}

/// How a call ended; what it was for comes back.
pub(crate) struct Ended {
    served: Served,
    /// Boxed: it is rare.
    failure: Option<Box<Failure>>,
}

/// Where a call runs.
pub(crate) struct Stage<'a, 'b> {
    pub(crate) space: &'a mut CallSpace,
    pub(crate) cx: &'a mut Context<'b>,
}

/// A [`Handler`] of whatever type, whose calls own what they need.
pub(crate) trait Called: Send + Sync {
    fn on_open(self: Arc<Self>, session: Session, stage: Stage<'_, '_>) -> Begun<Ended>;
    fn on_message(
        self: Arc<Self>,
        session: Session,
        message: Message,
        stage: Stage<'_, '_>,
    ) -> Begun<Ended>;
    fn on_close(
        self: Arc<Self>,
        session: Session,
        closed: Closed,
        stage: Stage<'_, '_>,
    ) -> Begun<Ended>;
}

impl<H: Handler> Called for H {
    fn on_open(self: Arc<Self>, session: Session, stage: Stage<'_, '_>) -> Begun<Ended> {
        stage.begin(|| async move {
            let failure = {
                let call = pin!(async { Handler::on_open(&*self, &session).await });
                failure_of(CatchUnwind(call).await)
            };
            Ended::of(self, session, failure)
        })
    }

    fn on_message(
        self: Arc<Self>,
        session: Session,
        message: Message,
        stage: Stage<'_, '_>,
    ) -> Begun<Ended> {
        stage.begin(|| async move {
            let failure = {
                let call = pin!(async { Handler::on_message(&*self, &session, message).await });
                failure_of(CatchUnwind(call).await)
            };
            Ended::of(self, session, failure)
        })
    }

    fn on_close(
        self: Arc<Self>,
        session: Session,
        closed: Closed,
        stage: Stage<'_, '_>,
    ) -> Begun<Ended> {
        stage.begin(|| async move {
            let failure = {
                let call = pin!(async { Handler::on_close(&*self, &session, closed).await });
                failure_of(CatchUnwind(call).await.map(Ok))
            };
            Ended::of(self, session, failure)
        })
    }
}

/// An error or a panic of user code is a failure.
#[inline]
fn failure_of(ended: Result<HandlerResult, Panic>) -> Option<Box<Failure>> {
    match ended {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(Box::new(Failure::Error(error))),
        Err(panic) => Some(Box::new(Failure::Panic(panic))),
    }
}

impl Stage<'_, '_> {
    #[inline]
    fn begin<F>(self, call: impl FnOnce() -> F) -> Begun<Ended>
    where
        F: Future<Output = Ended> + Send + 'static,
    {
        self.space.begin(call, self.cx)
    }
}

impl Ended {
    #[inline]
    fn of<H: Handler>(handler: Arc<H>, session: Session, failure: Option<Box<Failure>>) -> Self {
        let served = Served { handler, session };
        Self { served, failure }
    }

    /// Nobody is left to be told of a failure but the log.
    fn log(self) -> Served {
        if let Some(failure) = self.failure {
            log_failure(&self.served.session, &failure);
        }
        self.served
    }
}

impl Calls {
    pub(crate) fn new(handler: Arc<dyn Called>, session: Session) -> Self {
        Self(State::Unopened(Served { handler, session }))
    }

    /// Goes on with what waits. Ready when the next message may be delivered.
    pub(crate) fn poll_ready(&mut self, stage: Stage<'_, '_>) -> Poll<Result<(), Box<Failure>>> {
        match &mut self.0 {
            State::Busy(call) => match call.as_mut().poll(stage.cx) {
                Poll::Ready(ended) => self.settle(Begun::Done(ended)),
                Poll::Pending => Poll::Pending,
            },
            State::Unopened(_) => match mem::replace(&mut self.0, State::Done) {
                State::Unopened(Served { handler, session }) => {
                    self.settle(handler.on_open(session, stage))
                }
                state => self.keep(state),
            },
            State::Idle(_) | State::Closing(_) | State::OnClose(_) | State::Done => {
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Delivers a message, after `poll_ready` was ready. Ready when the next one may be delivered.
    #[inline]
    pub(crate) fn deliver(
        &mut self,
        message: Message,
        stage: Stage<'_, '_>,
    ) -> Poll<Result<(), Box<Failure>>> {
        match mem::replace(&mut self.0, State::Done) {
            State::Idle(Served { handler, session }) => {
                self.settle(handler.on_message(session, message, stage))
            }
            state => {
                debug_assert!(false, "the handler is not ready");
                self.keep(state)
            }
        }
    }

    #[inline]
    fn settle(&mut self, begun: Begun<Ended>) -> Poll<Result<(), Box<Failure>>> {
        match begun {
            Begun::Done(Ended { served, failure }) => {
                self.0 = State::Idle(served);
                Poll::Ready(failure.map_or(Ok(()), Err))
            }
            Begun::Waits(call) => {
                self.0 = State::Busy(call);
                Poll::Pending
            }
        }
    }

    fn keep(&mut self, state: State) -> Poll<Result<(), Box<Failure>>> {
        self.0 = state;
        Poll::Ready(Ok(()))
    }

    /// Says that the session has ended; nothing is delivered any more.
    pub(crate) fn close(&mut self, closed: Closed) {
        let busy = match mem::replace(&mut self.0, State::Done) {
            // Nobody was told of this session: there is nobody to tell of its end.
            State::Unopened(_) | State::Done => return,
            State::Idle(served) => Busy::No(served),
            State::Busy(call) => Busy::Yes(call),
            closing => {
                self.0 = closing;
                return;
            }
        };
        self.0 = State::Closing(Box::new(Closing { busy, closed }));
    }

    /// Goes on with what waits after `close`. Ready when the handler is done with the session.
    pub(crate) fn poll_closed(&mut self, stage: Stage<'_, '_>) -> Poll<()> {
        match &mut self.0 {
            State::Closing(closing) => {
                if let Busy::Yes(call) = &mut closing.busy {
                    let ended = ready!(call.as_mut().poll(stage.cx));
                    closing.busy = Busy::No(ended.log());
                }
                self.tell_closed(stage)
            }
            State::OnClose(call) => {
                ready!(call.as_mut().poll(stage.cx)).log();
                self.0 = State::Done;
                Poll::Ready(())
            }
            State::Unopened(_) | State::Idle(_) | State::Busy(_) | State::Done => Poll::Ready(()),
        }
    }

    fn tell_closed(&mut self, stage: Stage<'_, '_>) -> Poll<()> {
        let State::Closing(closing) = mem::replace(&mut self.0, State::Done) else {
            return Poll::Ready(());
        };
        let Closing { busy, closed } = *closing;
        let Busy::No(Served { handler, session }) = busy else {
            return Poll::Ready(());
        };
        match handler.on_close(session, closed, stage) {
            Begun::Done(ended) => {
                ended.log();
                Poll::Ready(())
            }
            Begun::Waits(call) => {
                self.0 = State::OnClose(call);
                Poll::Pending
            }
        }
    }
}
