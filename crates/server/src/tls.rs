//! TLS (RFC 8446, RFC 5246): between the TCP stream and HTTP.

mod certificate;
mod error;
mod plain;
mod wire;

use std::{fmt, io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use rustls::{
    ServerConfig, crypto::ring, server::ResolvesServerCert, server::ServerSessionMemoryCache,
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsAcceptor;

pub use self::{
    certificate::TlsReloader,
    error::{PemError, TlsError},
};
use self::{
    certificate::{Current, Files, load},
    plain::{First, first},
    wire::Wire,
};
use crate::options::Http2;

/// A TCP stream behind TLS. Its handshake is done.
pub(crate) type TlsStream = tokio_rustls::server::TlsStream<Wire>;

/// How many sessions of TLS 1.2 are remembered for clients without tickets; the oldest is forgotten.
const REMEMBERED_SESSIONS: usize = 1024;

/// How many tickets a client of TLS 1.3 gets: a browser opens a second connection while the first goes on.
const TICKETS: usize = 2;

/// What is spoken on a connection behind TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    const ALL: [Self; 2] = [Self::Http2, Self::Http1];

    /// Its name in ALPN (RFC 7301, RFC 9113 §3.2).
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }

    /// Returns what is offered, the preferred first.
    fn offered(http2: Http2) -> Vec<Vec<u8>> {
        let is_offered = |protocol: &Self| *protocol == Self::Http1 || http2 != Http2::Off;
        let offered = Self::ALL.into_iter().filter(is_offered);
        offered.map(|protocol| protocol.name().to_vec()).collect()
    }

    /// Returns what was agreed on. A client that knows no ALPN speaks HTTP/1.1.
    pub(crate) fn of(stream: &TlsStream) -> Self {
        let agreed = stream.get_ref().1.alpn_protocol();
        Self::ALL
            .into_iter()
            .find(|protocol| agreed == Some(protocol.name()))
            .unwrap_or(Self::Http1)
    }
}

/// The TLS of a [`Server`](crate::Server): a certificate with its key, versions 1.2 and 1.3, resumption by tickets. No
/// early data, which could be replayed.
///
/// ```no_run
/// # use sockeye_endpoint::Endpoints;
/// # use sockeye_server::{Server, Tls};
/// # fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let tls = Tls::from_pem_files("fullchain.pem", "key.pem")?;
/// let reloader = tls.reloader();
/// let server = Server::new(Endpoints::new()).tls(tls).bind("0.0.0.0:443")?;
/// // Later, when the files were renewed:
/// if let Some(reloader) = reloader {
///     reloader.reload()?;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
    reloader: Option<TlsReloader>,
}

impl Tls {
    /// Takes a certificate, with those that lead to its issuer behind it, and its private key, both as PEM: PKCS #8,
    /// PKCS #1 or SEC 1, not encrypted.
    ///
    /// # Errors
    /// [`TlsError`] if either can't be used, or they do not belong together.
    pub fn from_pem(
        certificate: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        let certified = load(certificate.as_ref(), key.as_ref())?;
        Ok(Self {
            config: config(Arc::new(Current::new(certified)))?,
            reloader: None,
        })
    }

    /// Reads the same from files, as [`reloader`](Self::reloader) can do again.
    ///
    /// # Errors
    /// [`TlsError`] as above, also if a file can't be read; it names the file.
    pub fn from_pem_files(
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self, TlsError> {
        let files = Files::new(certificate.into(), key.into());
        let current = Arc::new(Current::new(files.load()?));
        let resolver = Arc::clone(&current);
        Ok(Self {
            config: config(resolver)?,
            reloader: Some(TlsReloader::new(current, files)),
        })
    }

    /// Takes a configuration as it is, for client certificates, several names, or keys that are kept elsewhere. Only
    /// its ALPN and early data are set anew: the server says what it speaks, and early data could be replayed.
    #[must_use]
    pub fn from_rustls(config: Arc<ServerConfig>) -> Self {
        Self {
            config,
            reloader: None,
        }
    }

    /// Sets what is the server's to say.
    pub(crate) fn offering(self, http2: Http2) -> Self {
        let mut config = Arc::unwrap_or_clone(self.config);
        config.alpn_protocols = Protocol::offered(http2);
        config.max_early_data_size = 0;
        Self {
            config: Arc::new(config),
            ..self
        }
    }

    /// Returns what reads the files again, if the certificate came from files.
    pub fn reloader(&self) -> Option<TlsReloader> {
        self.reloader.clone()
    }

    /// Does the handshake, in at most `time`; `None` if there is none. A client that speaks plain HTTP is told so.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        time: Duration,
    ) -> Option<TlsStream> {
        match timeout(time, self.shake_hands(stream)).await {
            Ok(Ok(stream)) => Some(stream),
            Ok(Err(error)) => {
                tracing::debug!(%peer, %error, "no TLS handshake");
                None
            }
            Err(_) => {
                tracing::debug!(%peer, "the TLS handshake took too long");
                None
            }
        }
    }

    async fn shake_hands(&self, stream: TcpStream) -> io::Result<TlsStream> {
        match first(&stream).await? {
            First::PlainHttp => {
                plain::refuse(stream).await?;
                Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the client speaks plain HTTP",
                ))
            }
            First::Other => {
                TlsAcceptor::from(Arc::clone(&self.config))
                    .accept(Wire(stream))
                    .await
            }
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("reloader", &self.reloader)
            .finish_non_exhaustive()
    }
}

fn config(resolver: Arc<dyn ResolvesServerCert>) -> Result<Arc<ServerConfig>, TlsError> {
    // The provider is named: another crate of the process may have chosen another for itself.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.ticketer = ring::Ticketer::new().map_err(TlsError::Setup)?;
    config.session_storage = ServerSessionMemoryCache::new(REMEMBERED_SESSIONS);
    config.send_tls13_tickets = TICKETS;
    Ok(Arc::new(config))
}
