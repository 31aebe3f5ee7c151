//! The two forms a handler can have, behind one face: what a conversation drives for one session.

use std::{
    future::{Future, ready},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use sockeye_types::Message;

use crate::{
    CallSpace, Closed, Handler, HandlerError, HandlerResult, Session, Socket,
    calls::{Called, Calls, Stage},
    catch::{Panic, caught},
    socket::SocketTask,
};

/// A future of a handler.
pub(crate) type HandlerFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A handler of either form, from which the handler's side of each session is made.
pub(crate) enum Form {
    Calls(Arc<dyn Called>),
    Task(Box<dyn Fn(Session) -> SocketTask + Send + Sync>),
}

impl Form {
    pub(crate) fn begin(&self, session: &Session) -> Program {
        match self {
            Self::Calls(handler) => {
                Program::Calls(Calls::new(Arc::clone(handler), session.clone()))
            }
            Self::Task(begin) => Program::Task(Box::new(begin(session.clone()))),
        }
    }
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Calls(_) => "Calls",
            Self::Task(_) => "Task",
        })
    }
}

/// The handler's side of one session. It begins with what `on_open` does.
pub(crate) enum Program {
    /// In place: idle sessions of this form are many, and need no memory beside their driver's.
    Calls(Calls),
    Task(Box<SocketTask>),
}

impl Program {
    /// Goes on with what waits. Ready when the next message may be delivered.
    pub(crate) fn poll_ready(
        &mut self,
        cx: &mut Context<'_>,
        space: &mut CallSpace,
    ) -> Poll<Result<(), Box<Failure>>> {
        match self {
            Self::Calls(calls) => calls.poll_ready(Stage { space, cx }),
            Self::Task(task) => task.poll_ready(cx),
        }
    }

    /// Delivers a message; only after `poll_ready` was ready. Ready when the next one may be delivered.
    #[inline]
    pub(crate) fn deliver(
        &mut self,
        message: &mut Message,
        cx: &mut Context<'_>,
        space: &mut CallSpace,
    ) -> Poll<Result<(), Box<Failure>>> {
        match self {
            Self::Calls(calls) => calls.deliver(message, Stage { space, cx }),
            Self::Task(task) => task.deliver(message, cx),
        }
    }

    /// Says that the session has ended; nothing is delivered any more.
    pub(crate) fn close(&mut self, closed: Closed) {
        match self {
            Self::Calls(calls) => calls.close(closed),
            Self::Task(task) => task.close(closed),
        }
    }

    /// Goes on with what waits after `close`. Ready when the handler is done with the session.
    pub(crate) fn poll_closed(&mut self, cx: &mut Context<'_>, space: &mut CallSpace) -> Poll<()> {
        match self {
            Self::Calls(calls) => calls.poll_closed(Stage { space, cx }),
            Self::Task(task) => task.poll_closed(cx),
        }
    }
}

/// How a handler failed.
#[derive(Debug)]
pub(crate) enum Failure {
    Error(HandlerError),
    Panic(Panic),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Error(error) => write!(f, "{error}"),
            Self::Panic(panic) => write!(f, "panic: {panic}"),
        }
    }
}

/// Polls a handler's future; a panic in it is a failure.
pub(crate) fn poll_call(
    call: &mut HandlerFuture<HandlerResult>,
    cx: &mut Context<'_>,
) -> Poll<Result<(), Box<Failure>>> {
    match caught(|| call.as_mut().poll(cx)) {
        Ok(poll) => poll.map_err(|error| Box::new(Failure::Error(error))),
        Err(panic) => Poll::Ready(Err(Box::new(Failure::Panic(panic)))),
    }
}

/// Says in the log what the peer is not told.
pub(crate) fn log_failure(session: &Session, failure: &Failure) {
    tracing::error!(session = %session.id(), path = ?session.request().path(), error = %failure, "a handler failed");
}

/// What [`Endpoints::at`](crate::Endpoints::at) takes: a [`Handler`], or an `async fn(Socket) -> HandlerResult`.
///
/// `K` only tells the two apart; it is always inferred.
pub trait IntoEndpointHandler<K> {
    #[doc(hidden)]
    #[expect(private_interfaces, reason = "sealed: only this crate can make a form")]
    fn into_form(self) -> Form;
}

/// Marks a [`Handler`].
#[derive(Debug)]
pub struct ByTrait;

/// Marks an `async fn(Socket)`.
#[derive(Debug)]
pub struct BySocket;

impl<H: Handler> IntoEndpointHandler<ByTrait> for H {
    #[expect(private_interfaces, reason = "sealed: only this crate can make a form")]
    fn into_form(self) -> Form {
        Form::Calls(Arc::new(self))
    }
}

impl<F, R> IntoEndpointHandler<BySocket> for F
where
    F: Fn(Socket) -> R + Send + Sync + 'static,
    R: Future<Output = HandlerResult> + Send + 'static,
{
    #[expect(private_interfaces, reason = "sealed: only this crate can make a form")]
    fn into_form(self) -> Form {
        Form::Task(Box::new(move |session| {
            SocketTask::new(session, |socket| begin(&self, socket))
        }))
    }
}

/// A function that is not `async` itself may panic before there is a future: that fails the one session, as later.
fn begin<R: Future<Output = HandlerResult> + Send + 'static>(
    function: &impl Fn(Socket) -> R,
    socket: Socket,
) -> HandlerFuture<HandlerResult> {
    match caught(|| function(socket)) {
        Ok(task) => Box::pin(task),
        Err(panic) => Box::pin(ready(Err(HandlerError::new(format!("panic: {panic}"))))),
    }
}

#[cfg(test)]
mod tests {
    use std::future::Ready;

    use futures_executor::block_on;
    use sockeye_types::CloseCode;

    use super::*;
    use crate::MemoryPeer;

    #[test]
    fn a_function_that_panics_before_there_is_a_future_closes_with_1011() {
        fn fails(_: Socket) -> Ready<HandlerResult> {
            panic!("at once")
        }
        let closed = block_on(MemoryPeer::of(fails).closed());
        assert_eq!(closed.code, CloseCode::INTERNAL_ERROR);
    }
}
