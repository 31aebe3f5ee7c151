//! A handler whose methods are called, one at a time.

use std::{
    mem,
    sync::Arc,
    task::{Context, Poll, ready},
};

use sockeye_types::Message;

use crate::{
    CallSpace, Closed, Handler, Session,
    call_space::{Begun, Ended},
    program::log_failure,
    seat::{self, Seated},
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
    /// `None` only within a method.
    Idle(Option<Served>),
    Busy(Seated),
    Closing(Box<Closing>),
    OnClose(Seated),
    Done,
}

/// The session has ended; boxed, since every session has room for a state and few are in this one.
struct Closing {
    busy: Busy,
    closed: Closed,
}

/// Whether a call was under way when the session ended.
enum Busy {
    Yes(Seated),
    No(Option<Served>),
}

/// Whom a call is for. It is never cloned: sessions on all cores share a handler, and would fight for its count.
pub(crate) struct Served {
    pub(crate) handler: Arc<dyn Called>,
    pub(crate) session: Session,
}

/// Where a call runs.
pub(crate) struct Stage<'a, 'b> {
    pub(crate) space: &'a mut CallSpace,
    pub(crate) cx: &'a mut Context<'b>,
}

/// A [`Handler`] of whatever type. Its calls refer to it and to the session, which [`seat::begin`] sees to.
pub(crate) trait Called: Send + Sync {
    fn on_open(&'static self, session: &'static Session, stage: Stage<'_, '_>) -> Begun;
    fn on_message(
        &'static self,
        session: &'static Session,
        message: &mut Message,
        stage: Stage<'_, '_>,
    ) -> Begun;
    fn on_close(
        &'static self,
        session: &'static Session,
        closed: Closed,
        stage: Stage<'_, '_>,
    ) -> Begun;
}

impl<H: Handler> Called for H {
    fn on_open(&'static self, session: &'static Session, stage: Stage<'_, '_>) -> Begun {
        let call = || Handler::on_open(self, session);
        stage.space.begin(call, stage.cx)
    }

    fn on_message(
        &'static self,
        session: &'static Session,
        message: &mut Message,
        stage: Stage<'_, '_>,
    ) -> Begun {
        let call = || Handler::on_message(self, session, mem::take(message));
        stage.space.begin(call, stage.cx)
    }

    fn on_close(
        &'static self,
        session: &'static Session,
        closed: Closed,
        stage: Stage<'_, '_>,
    ) -> Begun {
        let call = || async move {
            Handler::on_close(self, session, closed).await;
            Ok(())
        };
        stage.space.begin(call, stage.cx)
    }
}

/// Nobody is left to be told of a failure but the log.
fn log(session: &Session, ended: Ended) {
    if let Err(failure) = ended {
        log_failure(session, &failure);
    }
}

impl Calls {
    pub(crate) fn new(handler: Arc<dyn Called>, session: Session) -> Self {
        Self(State::Unopened(Served { handler, session }))
    }

    /// Goes on with what waits. Ready when the next message may be delivered.
    pub(crate) fn poll_ready(&mut self, stage: Stage<'_, '_>) -> Poll<Ended> {
        match &mut self.0 {
            State::Busy(call) => {
                let ended = ready!(call.poll(stage.cx));
                self.0 = State::Idle(call.leave());
                Poll::Ready(ended)
            }
            State::Unopened(_) => self.open(stage),
            State::Idle(_) | State::Closing(_) | State::OnClose(_) | State::Done => {
                Poll::Ready(Ok(()))
            }
        }
    }

    #[cold]
    fn open(&mut self, stage: Stage<'_, '_>) -> Poll<Ended> {
        let mut idle = match mem::replace(&mut self.0, State::Done) {
            State::Unopened(served) => Some(served),
            _ => None,
        };
        let begun = seat::begin(&mut idle, stage, |served, stage| {
            served.handler.on_open(served.session, stage)
        });
        self.0 = State::Idle(idle);
        self.settle(begun)
    }

    /// Delivers a message, after `poll_ready` was ready. Ready when the next one may be delivered.
    #[inline]
    pub(crate) fn deliver(&mut self, message: &mut Message, stage: Stage<'_, '_>) -> Poll<Ended> {
        let State::Idle(idle) = &mut self.0 else {
            debug_assert!(false, "the handler is not ready");
            return Poll::Ready(Ok(()));
        };
        let begun = seat::begin(idle, stage, |served, stage| {
            served.handler.on_message(served.session, message, stage)
        });
        self.settle(begun)
    }

    #[inline]
    fn settle(&mut self, begun: Begun<Seated>) -> Poll<Ended> {
        match begun {
            Begun::Done(ended) => Poll::Ready(ended),
            Begun::Waits(call) => {
                self.0 = State::Busy(call);
                Poll::Pending
            }
        }
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
                    let ended = ready!(call.poll(stage.cx));
                    let served = call.leave();
                    if let Some(served) = &served {
                        log(&served.session, ended);
                    }
                    closing.busy = Busy::No(served);
                }
                self.tell_closed(stage)
            }
            State::OnClose(call) => {
                let ended = ready!(call.poll(stage.cx));
                if let Some(served) = call.leave() {
                    log(&served.session, ended);
                }
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
        let Busy::No(mut served) = busy else {
            return Poll::Ready(());
        };
        let begun = seat::begin(&mut served, stage, |served, stage| {
            served.handler.on_close(served.session, closed, stage)
        });
        match begun {
            Begun::Done(ended) => {
                if let Some(served) = served {
                    log(&served.session, ended);
                }
                Poll::Ready(())
            }
            Begun::Waits(call) => {
                self.0 = State::OnClose(call);
                Poll::Pending
            }
        }
    }
}
