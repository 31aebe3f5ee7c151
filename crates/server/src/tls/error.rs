//! Why a certificate or its key can't be used: the operator erred.

use std::{fmt, io, path::PathBuf};

use rustls::pki_types::pem;
use thiserror::Error;

/// Why a server can't speak TLS with a certificate and a key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificate, or one of those behind it, can't be used.
    #[error("can't use the certificate{}", In(.path.as_ref()))]
    Certificate {
        /// The file, if it came from one.
        path: Option<PathBuf>,
        /// What is wrong with it.
        source: PemError,
    },
    /// The private key can't be used.
    #[error("can't use the private key{}", In(.path.as_ref()))]
    Key {
        /// The file, if it came from one.
        path: Option<PathBuf>,
        /// What is wrong with it.
        source: PemError,
    },
    /// The key belongs to another certificate.
    #[error("the private key{} is not the one of the first certificate{}", In(.key.as_ref()), In(.certificate.as_ref()))]
    Mismatch {
        /// The certificate's file, if it came from one.
        certificate: Option<PathBuf>,
        /// The key's file, if it came from one.
        key: Option<PathBuf>,
    },
    /// The cryptography can't be set up, most likely for want of randomness.
    #[error("can't set up TLS")]
    Setup(#[source] rustls::Error),
}

/// What is wrong with a PEM text.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PemError {
    /// It can't be read.
    #[error("{0}")]
    Unreadable(io::Error),
    /// It is not PEM (RFC 7468).
    #[error("it is not PEM: {}", words(.0))]
    Malformed(pem::Error),
    /// It holds no certificate.
    #[error("there is no `BEGIN CERTIFICATE` in it")]
    NoCertificate,
    /// It holds no private key.
    #[error(
        "there is no `BEGIN PRIVATE KEY`, `BEGIN RSA PRIVATE KEY` or `BEGIN EC PRIVATE KEY` in it"
    )]
    NoKey,
    /// Its private key is encrypted.
    #[error("the key in it is encrypted; it must be stored without a passphrase")]
    Encrypted,
    /// It is PEM, and what it holds is of no use.
    #[error("{0}")]
    Refused(rustls::Error),
}

/// Where something is, as a part of a sentence.
struct In<'a>(Option<&'a PathBuf>);

impl fmt::Display for In<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(path) => write!(f, " in {}", path.display()),
            None => Ok(()),
        }
    }
}

fn words(error: &pem::Error) -> &'static str {
    match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no `END` line",
        pem::Error::IllegalSectionStart { .. } => "a `BEGIN` line is malformed",
        pem::Error::Base64Decode(_) => "a section is not base64",
        pem::Error::SectionTooLarge => "a section is too large",
        _ => "it can't be parsed",
    }
}
