//! How byte streams to a server come about: dialled, or opened by the caller.

use std::{fmt, future::Future, io, net::SocketAddr, pin::Pin, sync::Arc};

use http::Uri;
use tokio::time::{Instant, timeout_at};

use crate::{
    ConnectError, Connector, DialError, Reached, Stage, address::Address, dial::dial,
    stream::Stream,
};

type Opening = Pin<Box<dyn Future<Output = io::Result<Box<dyn Stream>>> + Send>>;

/// How byte streams to a server come about.
#[derive(Clone)]
pub(crate) enum Way {
    /// Names, TCP, proxies and TLS, as the connector has them.
    Dial,
    /// The caller opens them.
    By(Arc<dyn Fn() -> Opening + Send + Sync>),
}

/// A byte stream to a server.
pub(crate) struct Arrived {
    pub(crate) stream: Box<dyn Stream>,
    /// Who is at the other end of the TCP connection; not known of a stream that the caller opened.
    pub(crate) peer_addr: Option<SocketAddr>,
}

impl Way {
    pub(crate) fn by<F, S>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: Stream,
    {
        Self::By(Arc::new(move || {
            let opening = open();
            Box::pin(async move { Ok(Box::new(opening.await?) as Box<dyn Stream>) })
        }))
    }

    /// Opens a stream to where an address leads.
    ///
    /// Cancel safety: dropped before it is done, what was opened is closed again.
    pub(crate) async fn open(
        &self,
        connector: &Connector,
        uri: &Uri,
        deadline: Instant,
    ) -> Result<Arrived, ConnectError> {
        let address = Address::of(uri)?;
        let late = |_| ConnectError::Timeout(Stage::Dial);
        if let Self::By(open) = self {
            let opened = timeout_at(deadline, open()).await.map_err(late)?;
            return Ok(Arrived {
                stream: opened.map_err(DialError::Stream)?,
                peer_addr: None,
            });
        }
        let dialing = timeout_at(deadline, dial(&address, &connector.route));
        let dialed = dialing.await.map_err(late)??;
        if let Some(observer) = &connector.observer {
            observer.on_dialed(&Reached {
                uri: uri.clone(),
                peer_addr: dialed.peer_addr,
                via: dialed.via.clone(),
                secured: dialed.secured.clone(),
            });
        }
        Ok(Arrived {
            stream: dialed.stream,
            peer_addr: Some(dialed.peer_addr),
        })
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dial => "Dial",
            Self::By(_) => "By",
        })
    }
}
