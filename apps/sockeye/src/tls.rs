//! Https as the settings have it: the certificate, where it comes from, and what is said of it.

use std::time::SystemTime;

use miette::IntoDiagnostic;
use sockeye::{Tls, TlsReloader};

use crate::{
    addresses,
    certificate::{Facts, Validity, fingerprint},
    config::{self, Certificate},
    renewal::Renewal,
    self_signed,
};

/// What https is served with.
#[derive(Debug)]
pub(crate) struct Secured {
    /// For the server.
    pub(crate) tls: Tls,
    /// Of a certificate that was made for this run, the SHA-256.
    pub(crate) fingerprint: Option<String>,
    /// What renews a certificate that came from files.
    pub(crate) renewal: Option<(Renewal, TlsReloader)>,
}

impl Secured {
    /// Reads the certificate, or makes one.
    ///
    /// # Errors
    /// If the files are not what they were when the settings were checked, or the system refuses randomness or SIGHUP.
    pub(crate) fn new(config: &config::Tls) -> miette::Result<Self> {
        match &config.certificate {
            Certificate::Files { certificate, key } => {
                let renewal = Renewal::of([certificate.clone(), key.clone()]).into_diagnostic()?;
                let tls = Tls::from_pem_files(certificate, key).into_diagnostic()?;
                let reloader = tls.reloader();
                if let Some(reloader) = &reloader {
                    report(&reloader.certificate());
                }
                Ok(Self {
                    tls,
                    fingerprint: None,
                    renewal: reloader.map(|reloader| (renewal, reloader)),
                })
            }
            Certificate::SelfSigned => {
                let names = self_signed::own_names(&addresses::local());
                let made = self_signed::make(&names, SystemTime::now()).into_diagnostic()?;
                report(&made.der);
                Ok(Self {
                    tls: Tls::from_pem(made.certificate, made.key).into_diagnostic()?,
                    fingerprint: Some(fingerprint(&made.der)),
                    renewal: None,
                })
            }
        }
    }
}

/// Logs whom a certificate is for and until when, louder if that is soon.
pub(crate) fn report(der: &[u8]) {
    let Some(facts) = Facts::of(der) else {
        tracing::warn!("the certificate is shown, but its names and times can't be read");
        return;
    };
    let names = facts.names.join(" ");
    let expires = humantime::format_rfc3339_seconds(facts.expires);
    match facts.validity(SystemTime::now()) {
        Validity::Holds => tracing::info!(names, %expires, "certificate loaded"),
        Validity::ExpiresSoon => tracing::warn!(names, %expires, "the certificate expires soon"),
        Validity::Expired => {
            tracing::warn!(names, %expires, "the certificate has expired; clients will refuse it");
        }
        Validity::NotYet => {
            tracing::warn!(names, %expires, "the certificate does not hold yet; clients will refuse it");
        }
    }
}
