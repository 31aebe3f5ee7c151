//! How a configuration of rustls is made of the setting.

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
    client::{ResolvesClientCert, WantsClientCert},
    crypto::{CryptoProvider, ring},
    pki_types::PrivateKeyDer,
    sign::{CertifiedKey, SingleCertAndKey},
};

use super::{Certificate, Role, TlsError, unverified::Unverified};

/// What a user of [`Tls`](super::Tls) has chosen.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) roots: Roots,
    /// Checked when they were added.
    pub(super) added: Vec<Certificate>,
    pub(super) identity: Option<Identity>,
    pub(super) verification: Verification,
}

#[derive(Clone)]
pub(super) enum Roots {
    System,
    /// None but those that are added.
    Own,
    /// A whole configuration, roots and all.
    Given(Arc<ClientConfig>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verification {
    On,
    Off,
}

/// A client certificate with its key.
#[derive(Clone)]
pub(super) struct Identity(Arc<dyn ResolvesClientCert>);

impl Settings {
    pub(super) fn new(roots: Roots) -> Self {
        Self {
            roots,
            added: Vec::new(),
            identity: None,
            verification: Verification::On,
        }
    }

    /// Makes the configuration. Reads the system's roots: blocks.
    pub(super) fn config(&self, role: Role) -> Result<Arc<ClientConfig>, TlsError> {
        if let Roots::Given(config) = &self.roots {
            let is_alone = self.added.is_empty()
                && self.identity.is_none()
                && self.verification == Verification::On;
            return match is_alone {
                true => Ok(Arc::clone(config)),
                false => Err(TlsError::Mixed),
            };
        }
        let verified = self.verify(builder()?, role)?;
        let mut config = match (&self.identity, role) {
            (Some(Identity(identity)), Role::Server) => {
                verified.with_client_cert_resolver(Arc::clone(identity))
            }
            _ => verified.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn verify(
        &self,
        builder: ConfigBuilder<ClientConfig, WantsVerifier>,
        role: Role,
    ) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TlsError> {
        if self.verification == Verification::Off && role == Role::Server {
            let verifier = Unverified::new(builder.crypto_provider());
            return Ok(builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(verifier)));
        }
        Ok(builder.with_root_certificates(self.trusted()?))
    }

    fn trusted(&self) -> Result<RootCertStore, TlsError> {
        let mut trusted = RootCertStore::empty();
        let mut reason = None;
        if matches!(self.roots, Roots::System) {
            let found = rustls_native_certs::load_native_certs();
            // Systems carry roots that no one can read any more; the others are not worse for it.
            trusted.add_parsable_certificates(found.certs);
            reason = found.errors.into_iter().next();
        }
        trusted.add_parsable_certificates(self.added.iter().cloned());
        if trusted.is_empty() {
            return Err(TlsError::NoRoots(reason.map(Into::into)));
        }
        Ok(trusted)
    }
}

/// TLS 1.2 and 1.3 with the cryptography of ring, whatever provider the process has installed.
fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TlsError> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Handshake)
}

impl Identity {
    pub(super) fn of(
        chain: Vec<Certificate>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, TlsError> {
        let provider: CryptoProvider = ring::default_provider();
        let certified = CertifiedKey::from_der(chain, key, &provider);
        let certified = certified.map_err(TlsError::ClientCertificate)?;
        Ok(Self(Arc::new(SingleCertAndKey::from(certified))))
    }
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "System",
            Self::Own => "Own",
            Self::Given(_) => "Given",
        })
    }
}
