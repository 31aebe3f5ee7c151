//! What an application decides: asked while a client waits.

use std::{borrow::Cow, collections::BTreeMap, error::Error, fmt, future::Future, pin::Pin};

use bytes::Bytes;
use sockeye_channel_proto::{Disconnect, ErrorCode};
use sockeye_endpoint::Session;

use crate::credentials::{ConnectionGrant, ServerSubscription};

/// What a hook answers with, some time. Whoever implements one bounds that time: the client waits, and nothing else of
/// it is read.
pub type HookReply<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refused>> + Send + 'a>>;

/// What an application decides. Each method has an answer of its own where the application has none.
pub trait Hooks: fmt::Debug + Send + Sync + 'static {
    /// Somebody without a token connects. `None`: the application does not know them either. Asked if
    /// [`Settings::connect_hook`](crate::Settings::connect_hook) is on.
    ///
    /// Cancel safety: the connection may be gone before it is done.
    fn connect(&self, request: Connecting) -> HookReply<'_, Option<ConnectionGrant>> {
        let _ = request;
        answer(Ok(None))
    }

    /// A connection expires. Asked if [`Settings::refresh_hook`](crate::Settings::refresh_hook) is on.
    ///
    /// Cancel safety: as [`connect`](Self::connect).
    fn refresh(&self, caller: Caller) -> HookReply<'_, Refreshed> {
        let _ = caller;
        answer(Ok(Refreshed::Expired))
    }

    /// Somebody subscribes where the namespace asks for it.
    ///
    /// Cancel safety: as [`connect`](Self::connect).
    fn subscribe(&self, request: Subscribing) -> HookReply<'_, ServerSubscription> {
        let _ = request;
        answer(Err(ErrorCode::PermissionDenied.into()))
    }

    /// A subscription expires where the namespace asks for it.
    ///
    /// Cancel safety: as [`connect`](Self::connect).
    fn sub_refresh(&self, caller: Caller, channel: String) -> HookReply<'_, Refreshed> {
        let _ = (caller, channel);
        answer(Ok(Refreshed::Expired))
    }

    /// Somebody publishes where the namespace asks for it.
    ///
    /// Cancel safety: as [`connect`](Self::connect).
    fn publish(&self, request: Publishing) -> HookReply<'_, PublishGrant> {
        let _ = request;
        answer(Err(ErrorCode::PermissionDenied.into()))
    }

    /// Somebody calls the application.
    ///
    /// Cancel safety: as [`connect`](Self::connect).
    fn rpc(&self, request: Calling) -> HookReply<'_, Bytes> {
        let _ = request;
        answer(Err(ErrorCode::MethodNotFound.into()))
    }

    /// Somebody says something that wants no answer. By default nothing takes it, and the connection ends with 3508.
    ///
    /// Cancel safety: as [`connect`](Self::connect).
    fn send(&self, caller: Caller, data: Bytes) -> HookReply<'_, ()> {
        let _ = (caller, data);
        answer(Err(Disconnect::NotAvailable.into()))
    }

    /// Somebody is connected: it ends with [`disconnected`](Self::disconnected). Must not wait.
    fn connected(&self, caller: Caller) {
        let _ = caller;
    }

    /// A connection has ended. Must not wait.
    fn disconnected(&self, caller: Caller, code: u32, reason: &str) {
        let _ = (caller, code, reason);
    }

    /// A subscription has ended. Must not wait.
    fn unsubscribed(&self, caller: Caller, channel: &str, code: u32) {
        let _ = (caller, channel, code);
    }
}

fn answer<'a, T: Send + 'a>(answer: Result<T, Refused>) -> HookReply<'a, T> {
    Box::pin(std::future::ready(answer))
}

/// The hooks of an application that has none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NoHooks;

impl Hooks for NoHooks {}

/// Who asks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Caller {
    /// The connection.
    pub client: String,
    /// The user; empty for nobody in particular.
    pub user: String,
    /// What only hooks know of it.
    pub meta: Bytes,
    /// The session: its request, its address, its transport.
    pub session: Session,
    /// What it reads: `json` or `protobuf`.
    pub protocol: &'static str,
}

/// Somebody without a token connects.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Connecting {
    /// Who; the user is not known.
    pub caller: Caller,
    /// What it says to the application.
    pub data: Bytes,
    /// What it is.
    pub name: String,
    /// Which version of it.
    pub version: String,
    /// Headers that it could not set in its request.
    pub headers: BTreeMap<String, String>,
    /// In which channels it was before.
    pub channels: Vec<String>,
}

/// Somebody subscribes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Subscribing {
    /// Who.
    pub caller: Caller,
    /// To what.
    pub channel: String,
    /// What it says to the application.
    pub data: Bytes,
}

/// Somebody publishes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Publishing {
    /// Who.
    pub caller: Caller,
    /// Into which channel.
    pub channel: String,
    /// What.
    pub data: Bytes,
}

/// Somebody calls.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Calling {
    /// Who.
    pub caller: Caller,
    /// What is called.
    pub method: String,
    /// With what.
    pub data: Bytes,
}

/// How something may be published.
#[derive(Clone, Debug, Default)]
pub struct PublishGrant {
    /// Something else instead of what the client said.
    pub data: Option<Bytes>,
    /// Tags for filters.
    pub tags: BTreeMap<String, String>,
    /// It goes to whoever listens, and is not kept.
    pub skip_history: bool,
    /// What is published twice under a key is published once.
    pub idempotency_key: String,
    /// Which version of a document it is; 0 for none.
    pub version: u64,
    /// Of which document.
    pub version_epoch: String,
}

/// Whether what expires goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refreshed {
    /// It does not.
    Expired,
    /// It does.
    Until {
        /// In seconds since 1970; 0 for ever.
        expire_at: u64,
        /// What others may know of it from now on, if that changes.
        info: Option<Bytes>,
    },
}

/// The application says no, or can't be asked.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refused {
    /// The command is answered with an error; the connection goes on.
    Error {
        /// From 400 to 1999, or one of [`ErrorCode`].
        code: u32,
        /// What it means; must not be empty.
        message: Cow<'static, str>,
        /// Trying again later may help.
        temporary: bool,
    },
    /// The connection ends.
    Disconnect {
        /// From 4000 to 4999, or one of [`Disconnect`].
        code: u32,
        /// What it means; must not be empty.
        reason: Cow<'static, str>,
    },
    /// The application can't be asked. The client is answered with 100.
    Failed(Box<dyn Error + Send + Sync>),
}

impl From<ErrorCode> for Refused {
    fn from(code: ErrorCode) -> Self {
        Self::Error {
            code: code.code(),
            message: code.reason().into(),
            temporary: code.is_temporary(),
        }
    }
}

impl From<Disconnect> for Refused {
    fn from(code: Disconnect) -> Self {
        Self::Disconnect {
            code: code.code(),
            reason: code.reason().into(),
        }
    }
}
