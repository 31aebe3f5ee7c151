//! Certificates and keys out of PEM (RFC 7468), with the place of what is wrong.

use std::fmt;

use rustls::{
    RootCertStore,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{Error as Malformed, PemObject},
    },
};
use thiserror::Error;

use super::{Certificate, TlsError};

/// Which thing in PEM is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PemItem {
    /// A root, counted from 1.
    Root(usize),
    /// A certificate of the client's chain, counted from 1.
    Certificate(usize),
    /// The client's private key.
    Key,
}

/// What is wrong with a thing in PEM.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum PemFault {
    /// There is none.
    #[error("there is none in the PEM")]
    Missing,
    /// It is no PEM, in the words of the parser.
    #[error("it is malformed: {0}")]
    Malformed(String),
    /// It is PEM, but what is in it is no certificate, in the words of the parser.
    #[error("it is no certificate: {0}")]
    Certificate(rustls::Error),
    /// The key is encrypted, for which there is no setting.
    #[error("it is encrypted")]
    Encrypted,
}

/// The roots in a text: at least one, each of them such that it can be trusted.
pub(super) fn roots(pem: &[u8]) -> Result<Vec<Certificate>, TlsError> {
    let roots = certificates(pem, PemItem::Root)?;
    let mut store = RootCertStore::empty();
    for (at, root) in (1..).zip(&roots) {
        store
            .add(root.clone())
            .map_err(|error| PemItem::Root(at).is_bad(PemFault::Certificate(error)))?;
    }
    Ok(roots)
}

/// The chain in a text: at least one certificate.
pub(super) fn chain(pem: &[u8]) -> Result<Vec<Certificate>, TlsError> {
    certificates(pem, PemItem::Certificate)
}

/// The first private key in a text.
pub(super) fn key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
    const ENCRYPTED: &[u8] = b"BEGIN ENCRYPTED PRIVATE KEY";
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
        let is_encrypted = pem.windows(ENCRYPTED.len()).any(|part| part == ENCRYPTED);
        PemItem::Key.is_bad(match is_encrypted {
            true => PemFault::Encrypted,
            false => PemFault::of(&error),
        })
    })
}

fn certificates(pem: &[u8], item: fn(usize) -> PemItem) -> Result<Vec<Certificate>, TlsError> {
    let found: Result<Vec<_>, _> = (1..)
        .zip(CertificateDer::pem_slice_iter(pem))
        .map(|(at, found)| found.map_err(|error| item(at).is_bad(PemFault::of(&error))))
        .collect();
    match found {
        Ok(found) if found.is_empty() => Err(item(1).is_bad(PemFault::Missing)),
        found => found,
    }
}

impl PemItem {
    fn is_bad(self, source: PemFault) -> TlsError {
        TlsError::Pem { item: self, source }
    }
}

impl PemFault {
    fn of(error: &Malformed) -> Self {
        match error {
            Malformed::NoItemsFound => Self::Missing,
            // The parser's own words would repeat the line, which may be of a key.
            Malformed::IllegalSectionStart { .. } => {
                Self::Malformed("a section does not begin as it should".to_owned())
            }
            other => Self::Malformed(other.to_string()),
        }
    }
}

impl fmt::Display for PemItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(at) => write!(f, "root certificate {at}"),
            Self::Certificate(at) => write!(f, "client certificate {at}"),
            Self::Key => f.write_str("the client's private key"),
        }
    }
}
