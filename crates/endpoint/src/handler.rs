//! What a library user writes: the `Handler` trait.

use std::{error::Error, fmt, future::Future};

use sockeye_types::Message;

use crate::{Closed, Session};

/// What a handler's method returns: nothing, or an error that closes this one session with 1011.
pub type HandlerResult = Result<(), HandlerError>;

/// Code that talks to the sessions of an endpoint, whatever transport carries them.
///
/// One value serves all sessions of its endpoint. For one session, calls never overlap and come in order: `on_open`
/// once, `on_message` for each message, `on_close` once. While a call waits, nothing more is read from that peer; other
/// sessions go on. An error or a panic closes that session with 1011 and nothing else.
///
/// ```
/// use sockeye_endpoint::{Group, Handler, HandlerResult, Session};
/// use sockeye_types::Message;
///
/// #[derive(Default)]
/// struct Say {
///     everyone: Group,
/// }
///
/// impl Handler for Say {
///     async fn on_open(&self, session: &Session) -> HandlerResult {
///         self.everyone.join(session);
///         Ok(())
///     }
///
///     async fn on_message(&self, _: &Session, message: Message) -> HandlerResult {
///         self.everyone.send(message);
///         Ok(())
///     }
/// }
/// ```
pub trait Handler: Send + Sync + 'static {
    /// Called once when the session is open, before any message.
    ///
    /// # Errors
    /// An error closes the session with 1011; `on_close` still comes.
    fn on_open(&self, session: &Session) -> impl Future<Output = HandlerResult> + Send {
        let _ = session;
        async { Ok(()) }
    }

    /// Called for each message, in order.
    ///
    /// # Errors
    /// An error closes the session with 1011.
    fn on_message(
        &self,
        session: &Session,
        message: Message,
    ) -> impl Future<Output = HandlerResult> + Send;

    /// Called exactly once for every session whose `on_open` was called, whatever happened on the wire.
    ///
    /// The session has left its groups by then, and what is sent to it is refused.
    fn on_close(&self, session: &Session, closed: Closed) -> impl Future<Output = ()> + Send {
        let _ = (session, closed);
        async {}
    }
}

/// Whatever went wrong in a handler. It is made of any error by `?`, and of text by [`HandlerError::new`].
///
/// The peer never reads it: it learns 1011, and the log has the rest.
pub struct HandlerError(Box<dyn Error + Send + Sync>);

impl HandlerError {
    /// Makes an error of an error or of text.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// Returns the error inside.
    pub fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0
    }
}

/// Any error becomes one by `?`; that is why this type is no [`Error`] itself.
impl<E: Into<Box<dyn Error + Send + Sync>>> From<E> for HandlerError {
    fn from(error: E) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}
