//! The drivers of one worker, with what they share: timers and the list of open sessions.

use std::sync::{Arc, atomic::AtomicUsize};

use hyper::upgrade::Upgraded;
use hyper_util::{rt::TokioIo, server::conn::auto};
use sockeye_endpoint::{Endpoint, Opening};
use sockeye_types::Close;
use sockeye_ws_proto::{Conn, Role, Settings, deflate::Agreed};
use tokio::net::TcpStream;

use crate::{
    driver::{Driver, Place, Stream, clock},
    sessions::{Expected, Sessions},
    timers::Timers,
};

/// Starts drivers, and ends them all at a shutdown.
#[derive(Clone)]
pub(crate) struct Drivers {
    timers: Timers,
    sessions: Sessions,
}

/// A session that is about to open.
pub(crate) struct Newcomer {
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) opening: Opening,
    pub(crate) deflate: Option<Agreed>,
    pub(crate) place: Expected,
}

impl Drivers {
    /// Makes a place for drivers, and the task that keeps their time.
    ///
    /// `total` counts the sessions of all who share it.
    pub(crate) fn new(total: Arc<AtomicUsize>) -> Self {
        let timers = Timers::new();
        tokio::spawn(timers.ticker());
        Self {
            timers,
            sessions: Sessions::new(total),
        }
    }

    pub(crate) fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    /// Opens a session on a connection that was upgraded. The driver gets the TCP stream itself wherever there is one.
    pub(crate) fn upgrade(&self, upgraded: Upgraded, newcomer: Newcomer) {
        // A server that also speaks HTTP/2 wraps its streams once more, and knows how to unwrap them.
        let parts = match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => Ok((parts.io, parts.read_buf)),
            Err(upgraded) => auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded)
                .map(|parts| (parts.io, parts.read_buf)),
        };
        match parts {
            Ok((io, glued)) => {
                let stream = io.into_inner();
                // Small messages must not wait for more; if that can't be set, they do.
                let _ = stream.set_nodelay(true);
                self.drive(stream, &glued, newcomer);
            }
            Err(upgraded) => self.drive(TokioIo::new(upgraded), &[], newcomer),
        }
    }

    /// Opens a session on a byte stream whose handshake is done; `glued` was read behind it.
    pub(crate) fn drive<S: Stream>(&self, stream: S, glued: &[u8], newcomer: Newcomer) {
        let Newcomer {
            endpoint,
            opening,
            deflate,
            place,
        } = newcomer;
        let settings = endpoint.derived(|options| {
            Settings::default()
                .limits(options.limits)
                .heartbeat(options.heartbeat)
        });
        let conn = Conn::new(Role::Server, settings, deflate, clock());
        let conversation = endpoint.open(opening);
        let session = conversation.session();
        tracing::debug!(
            session = %session.id(),
            path = session.request().path(),
            peer = session.peer_addr().map(tracing::field::display),
            protocol = session.protocol(),
            stream = std::any::type_name::<S>(),
            "session opened",
        );
        let place = Place {
            timer: self.timers.timer(),
            _entry: place.enter(conversation.closer()),
        };
        tokio::spawn(Driver::new(stream, glued, conn, conversation, place));
    }

    /// Closes all sessions, also those whose handshake is under way.
    pub(crate) fn close(&self, close: &Close) {
        self.sessions.close(close);
    }
}

impl std::fmt::Debug for Drivers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Drivers")
            .field("sessions", &self.sessions.len())
            .finish()
    }
}
