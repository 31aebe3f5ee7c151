//! The certificate that new handshakes show, and how it is read and replaced.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use rustls::{
    Error, InconsistentKeys,
    crypto::ring,
    pki_types::{
        CertificateDer, PrivateKeyDer,
        pem::{self, PemObject},
    },
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};

use super::error::{PemError, TlsError};

/// The certificate that is shown now, whatever name is asked for.
pub(super) struct Current(RwLock<Arc<CertifiedKey>>);

impl Current {
    pub(super) fn new(certified: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(certified)))
    }

    fn get(&self) -> Arc<CertifiedKey> {
        // What is behind the lock is whole at any moment.
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn set(&self, certified: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current").finish_non_exhaustive()
    }
}

/// Where a certificate and its key are kept.
#[derive(Debug)]
pub(super) struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    pub(super) const fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key }
    }

    pub(super) fn load(&self) -> Result<CertifiedKey, TlsError> {
        let read = |path: &Path| fs::read(path).map_err(PemError::Unreadable);
        let certificate = read(&self.certificate).map_err(of_certificate);
        let key = read(&self.key).map_err(of_key);
        certificate
            .and_then(|certificate| load(&certificate, &key?))
            .map_err(|error| self.named(error))
    }

    /// Adds the files' names to an error.
    fn named(&self, error: TlsError) -> TlsError {
        match error {
            TlsError::Certificate { source, .. } => TlsError::Certificate {
                path: Some(self.certificate.clone()),
                source,
            },
            TlsError::Key { source, .. } => TlsError::Key {
                path: Some(self.key.clone()),
                source,
            },
            TlsError::Mismatch { .. } => TlsError::Mismatch {
                certificate: Some(self.certificate.clone()),
                key: Some(self.key.clone()),
            },
            error @ TlsError::Setup(_) => error,
        }
    }
}

/// Reads the files of a [`Tls`](crate::Tls) again, while its server runs.
#[derive(Clone, Debug)]
pub struct TlsReloader {
    current: Arc<Current>,
    files: Arc<Files>,
}

impl TlsReloader {
    pub(super) fn new(current: Arc<Current>, files: Files) -> Self {
        let files = Arc::new(files);
        Self { current, files }
    }

    /// Reads the files. From now on new handshakes show what is in them; open connections go on as they are, and a
    /// client that resumes a session is shown no certificate.
    ///
    /// It waits for the file system, as a thread that serves others should not.
    ///
    /// # Errors
    /// [`TlsError`] if what is in the files can't be used; the certificate stays the one it was.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.current.set(self.files.load()?);
        Ok(())
    }

    /// Returns the certificate that new handshakes show, in DER.
    pub fn certificate(&self) -> Vec<u8> {
        let current = self.current.get();
        current
            .cert
            .first()
            .map(|der| der.to_vec())
            .unwrap_or_default()
    }
}

/// Takes a certificate and its key out of their PEM, and sees that they belong together.
pub(super) fn load(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, TlsError> {
    let chain = chain(certificate).map_err(of_certificate)?;
    let key = private_key(key).map_err(of_key)?;
    let key =
        ring::sign::any_supported_type(&key).map_err(|error| of_key(PemError::Refused(error)))?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) | Err(Error::InconsistentKeys(InconsistentKeys::Unknown)) => Ok(certified),
        Err(Error::InconsistentKeys(_)) => Err(TlsError::Mismatch {
            certificate: None,
            key: None,
        }),
        Err(error) => Err(of_certificate(PemError::Refused(error))),
    }
}

fn chain(text: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(PemError::Malformed)?;
    if chain.is_empty() {
        return Err(PemError::NoCertificate);
    }
    Ok(chain)
}

fn private_key(text: &[u8]) -> Result<PrivateKeyDer<'static>, PemError> {
    const ENCRYPTED: [&[u8]; 2] = [b"BEGIN ENCRYPTED PRIVATE KEY", b"Proc-Type: 4,ENCRYPTED"];
    let holds = |words: &[u8]| text.windows(words.len()).any(|found| found == words);
    if ENCRYPTED.into_iter().any(holds) {
        return Err(PemError::Encrypted);
    }
    PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
        pem::Error::NoItemsFound => PemError::NoKey,
        error => PemError::Malformed(error),
    })
}

const fn of_certificate(source: PemError) -> TlsError {
    TlsError::Certificate { path: None, source }
}

const fn of_key(source: PemError) -> TlsError {
    TlsError::Key { path: None, source }
}

#[cfg(test)]
mod tests;
