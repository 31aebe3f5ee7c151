//! The setting that says whom a client trusts and as whom it comes, and the TLS handshake.

mod config;
mod error;
mod pem;
mod unverified;

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use rustls::{
    ClientConfig, HandshakeKind, ProtocolVersion,
    pki_types::{CertificateDer, ServerName},
};
use tokio::task::spawn_blocking;
use tokio_rustls::{TlsConnector, client::TlsStream};

use self::config::{Identity, Roots, Settings, Verification};
pub use self::{
    error::{CertificateFault, TlsError},
    pem::{PemFault, PemItem},
};
use crate::stream::Stream;

/// Whom a client trusts, and as whom it comes: TLS 1.2 and 1.3 by rustls.
///
/// The default is [`Tls::system`]. Clones share the configuration, which is made for the first connection, and with it
/// the tickets by which later connections resume a TLS session; so a setting is best made once and cloned.
#[derive(Clone)]
pub struct Tls {
    settings: Settings,
    made: Arc<Made>,
}

/// The configurations that were made of a setting.
#[derive(Default)]
struct Made {
    for_servers: OnceLock<Arc<ClientConfig>>,
    for_proxies: OnceLock<Arc<ClientConfig>>,
}

/// Who is at the other end of a TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Server,
    /// Sees neither our certificate nor exemptions from checks, both of which are meant for servers.
    Proxy,
}

/// What was agreed on in a TLS handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Secured {
    /// The version, like `TLS 1.3`.
    pub version: &'static str,
    /// The cipher suite by its IANA name, like `TLS13_AES_256_GCM_SHA384`.
    pub cipher: &'static str,
    /// The protocol chosen by ALPN (RFC 7301), if the server did choose.
    pub alpn: Option<String>,
    /// Whether an earlier session was resumed (RFC 8446 §2.2).
    pub resumed: bool,
}

impl Tls {
    /// Trusts whom the system trusts.
    ///
    /// The system's roots are read when the first connection is made, once for all clones. `SSL_CERT_FILE` and
    /// `SSL_CERT_DIR` name others.
    pub fn system() -> Self {
        Self::with_settings(Settings::new(Roots::System))
    }

    /// Trusts no one but those who are certified by these roots: one or more certificates in PEM.
    ///
    /// # Errors
    ///
    /// [`TlsError::Pem`]: there is no certificate in it, or a bad one.
    pub fn only_roots_pem(pem: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        Self::with_settings(Settings::new(Roots::Own)).add_roots_pem(pem)
    }

    /// Leaves everything to a configuration of rustls: versions, roots, certificates, ALPN (which must not offer `h2`
    /// alone), resumption. TLS to an `https://` proxy uses it too. No other setting can be put on top of it.
    pub fn from_rustls(config: Arc<ClientConfig>) -> Self {
        Self::with_settings(Settings::new(Roots::Given(config)))
    }

    /// Trusts those too who are certified by these roots: one or more certificates in PEM.
    ///
    /// # Errors
    ///
    /// [`TlsError::Pem`]: there is no certificate in it, or a bad one.
    pub fn add_roots_pem(self, pem: impl AsRef<[u8]>) -> Result<Self, TlsError> {
        let mut settings = self.settings;
        settings.added.extend(pem::roots(pem.as_ref())?);
        Ok(Self::with_settings(settings))
    }

    /// Shows this certificate to servers that ask for one: its chain in PEM, our own first, and its private key in PEM
    /// (PKCS #8, PKCS #1 or SEC 1, not encrypted). Both may be the same text.
    ///
    /// # Errors
    ///
    /// [`TlsError::Pem`]: there is no certificate or key in it, or a bad one. [`TlsError::ClientCertificate`]: key and
    /// certificate do not fit together, or the key is of a kind that can't be used.
    pub fn client_certificate_pem(
        self,
        chain: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, TlsError> {
        let mut settings = self.settings;
        settings.identity = Some(Identity::of(
            pem::chain(chain.as_ref())?,
            pem::key(key.as_ref())?,
        )?);
        Ok(Self::with_settings(settings))
    }

    /// Takes any certificate from a server: expired, of another name, made up by anyone.
    ///
    /// Danger: whoever can come between can then read and change everything. It is meant for trying things out; a
    /// certificate of one's own is better trusted by [`Tls::only_roots_pem`]. The certificate of an `https://` proxy is
    /// checked all the same.
    #[must_use]
    pub fn danger_accept_invalid_certificates(self) -> Self {
        let mut settings = self.settings;
        settings.verification = Verification::Off;
        Self::with_settings(settings)
    }

    fn with_settings(settings: Settings) -> Self {
        Self {
            settings,
            made: Arc::default(),
        }
    }

    /// Runs the TLS handshake with a host over a stream to it.
    ///
    /// Cancel safety: dropped, the stream is closed.
    pub(super) async fn secure<S: Stream>(
        &self,
        stream: S,
        host: &str,
        role: Role,
    ) -> Result<(TlsStream<S>, Secured), TlsError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| TlsError::ServerName)?;
        let connector = TlsConnector::from(self.config(role).await?);
        let stream = connector
            .connect(name, stream)
            .await
            .map_err(error::of_handshake)?;
        let secured = Secured::of(&stream);
        Ok((stream, secured))
    }

    /// The configuration, made now if this is the first time.
    async fn config(&self, role: Role) -> Result<Arc<ClientConfig>, TlsError> {
        let made = match role {
            Role::Server => &self.made.for_servers,
            Role::Proxy => &self.made.for_proxies,
        };
        if let Some(config) = made.get() {
            return Ok(Arc::clone(config));
        }
        let settings = self.settings.clone();
        // The system's roots are some hundred files, or one large one.
        let config = spawn_blocking(move || settings.config(role)).await;
        let config = config.map_err(|error| TlsError::Broken(error.into()))??;
        Ok(Arc::clone(made.get_or_init(|| config)))
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self::system()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("roots", &self.settings.roots)
            .field("added_roots", &self.settings.added.len())
            .field("client_certificate", &self.settings.identity.is_some())
            .field("verification", &self.settings.verification)
            .finish_non_exhaustive()
    }
}

impl Secured {
    fn of<S>(stream: &TlsStream<S>) -> Self {
        let (_, connection) = stream.get_ref();
        Self {
            version: match connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
                _ => "TLS",
            },
            cipher: connection
                .negotiated_cipher_suite()
                .and_then(|suite| suite.suite().as_str())
                .unwrap_or("unknown"),
            alpn: connection
                .alpn_protocol()
                .map(|name| String::from_utf8_lossy(name).into_owned()),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
        }
    }
}

impl fmt::Display for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.version, self.cipher)?;
        if let Some(alpn) = &self.alpn {
            write!(f, ", {alpn}")?;
        }
        f.write_str(if self.resumed { ", resumed" } else { "" })
    }
}

/// A certificate that owns its bytes.
type Certificate = CertificateDer<'static>;

#[cfg(test)]
mod tests;
