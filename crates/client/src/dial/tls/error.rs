//! Why TLS did not come about, in words that a person understands.

use std::{error::Error as StdError, fmt, io, time::Duration};

use rustls::{CertificateError, Error as Rustls, InvalidMessage};
use thiserror::Error;

use super::{PemFault, PemItem};

/// How many names of a certificate an error repeats at most: the server chooses them.
const MAX_NAMES: usize = 8;

/// Why TLS did not come about.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A certificate or key that was given in PEM can't be used.
    #[error("{item} can't be used")]
    Pem {
        /// Which one.
        item: PemItem,
        /// What is wrong with it.
        source: PemFault,
    },
    /// There is no root to trust: the system has none, or none that can be read.
    #[error("there are no root certificates to trust")]
    NoRoots(#[source] Option<Box<dyn StdError + Send + Sync>>),
    /// Certificate and key of the client do not fit together, or the key is of a kind that can't be used.
    #[error("the client certificate can't be used with its key")]
    ClientCertificate(#[source] Rustls),
    /// Another setting was put on top of [`Tls::from_rustls`](crate::Tls::from_rustls).
    #[error("a configuration of rustls takes no other setting on top of it")]
    Mixed,
    /// The host is neither a name that a certificate could have, nor an IP address.
    #[error("no certificate can have the host's name")]
    ServerName,
    /// The certificate that was shown is not trusted.
    #[error("its certificate is not trusted")]
    Certificate(#[source] CertificateFault),
    /// What answers does not speak TLS; perhaps the port is one for plain connections.
    #[error("what answers does not speak TLS")]
    NotTls,
    /// The handshake failed: nothing in common, or a broken rule.
    #[error("the TLS handshake failed")]
    Handshake(#[source] Rustls),
    /// The connection broke during the handshake.
    #[error("the connection broke during the TLS handshake")]
    Broken(#[source] io::Error),
}

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It was valid once, by this machine's clock.
    #[error("it expired {} ago", Span(*ago))]
    Expired {
        /// How long ago, to the second.
        ago: Duration,
    },
    /// It is not valid yet, by this machine's clock, which may be wrong.
    #[error("it is valid only in {}; is this machine's clock right?", Span(*ahead))]
    NotYetValid {
        /// How far ahead, to the second.
        ahead: Duration,
    },
    /// It is for other names.
    #[error("it is not for {expected}{}", Names(presented))]
    WrongName {
        /// The name or IP address that was connected to.
        expected: String,
        /// The names that it is for; the first few of them.
        presented: Vec<String>,
    },
    /// No trusted root has certified it: it is self-signed, its root is not among those trusted, or the server leaves
    /// out a certificate in between.
    #[error("no trusted root has certified it")]
    UnknownIssuer,
    /// Who certified it has taken it back.
    #[error("it was revoked")]
    Revoked,
    /// A signature in it is wrong.
    #[error("a signature in it is wrong")]
    BadSignature,
    /// It is for other purposes than to be shown by a server.
    #[error("it is not meant for servers")]
    WrongPurpose,
    /// It can't be read.
    #[error("it is malformed")]
    Malformed,
    /// Something else, in the words of rustls.
    #[error("{0}")]
    Other(CertificateError),
}

/// Sorts an error of the handshake.
pub(super) fn of_handshake(error: io::Error) -> TlsError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner.cloned() {
        None => TlsError::Broken(error),
        Some(Rustls::InvalidCertificate(fault)) => TlsError::Certificate(fault.into()),
        Some(Rustls::InvalidMessage(InvalidMessage::InvalidContentType)) => TlsError::NotTls,
        Some(other) => TlsError::Handshake(other),
    }
}

impl From<CertificateError> for CertificateFault {
    fn from(error: CertificateError) -> Self {
        let seconds = |later: u64, earlier| Duration::from_secs(later.saturating_sub(earlier));
        match error {
            CertificateError::ExpiredContext { time, not_after } => Self::Expired {
                ago: seconds(time.as_secs(), not_after.as_secs()),
            },
            CertificateError::NotValidYetContext { time, not_before } => Self::NotYetValid {
                ahead: seconds(not_before.as_secs(), time.as_secs()),
            },
            CertificateError::NotValidForNameContext {
                expected,
                presented,
            } => Self::WrongName {
                expected: expected.to_str().into_owned(),
                presented: presented
                    .iter()
                    .filter_map(|name| dns_name(name))
                    .take(MAX_NAMES)
                    .collect(),
            },
            CertificateError::UnknownIssuer => Self::UnknownIssuer,
            CertificateError::Revoked => Self::Revoked,
            CertificateError::BadSignature => Self::BadSignature,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                Self::WrongPurpose
            }
            CertificateError::BadEncoding => Self::Malformed,
            other => Self::Other(other),
        }
    }
}

/// A DNS name as rustls presents it, like `DnsName("a.example")`. Other kinds of names are left out.
fn dns_name(presented: &str) -> Option<String> {
    let name = presented.strip_prefix("DnsName(\"")?.strip_suffix("\")")?;
    Some(name.to_owned())
}

/// A duration to the nearest unit that says enough.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (count, unit) = match seconds {
            172_800.. => (seconds / 86_400, "days"),
            7_200.. => (seconds / 3_600, "hours"),
            120.. => (seconds / 60, "minutes"),
            _ => (seconds, "seconds"),
        };
        write!(f, "{count} {unit}")
    }
}

/// The names that a certificate is for, behind those that it is not for.
struct Names<'a>(&'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => Ok(()),
            names => write!(f, ", but for {}", names.join(", ")),
        }
    }
}
