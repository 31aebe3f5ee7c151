//! A certificate that the program makes for itself: to try https where there is none from an authority.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use crate::addresses::reachable;

/// As long as browsers take from anybody: 397 days.
const LIFETIME: Duration = Duration::from_secs(397 * 24 * 60 * 60);

/// Clocks of others may be late.
const EARLIER: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate and its key.
pub(crate) struct SelfSigned {
    /// In PEM.
    pub(crate) certificate: String,
    /// In PEM.
    pub(crate) key: String,
    /// The certificate, in DER.
    pub(crate) der: Vec<u8>,
}

/// Makes a certificate for these names and addresses.
///
/// # Errors
/// As `rcgen` has them: a name that no certificate can hold, or no randomness.
pub(crate) fn make(names: &[String], now: SystemTime) -> Result<SelfSigned, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Sockeye, self-signed");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = now.duration_since(SystemTime::UNIX_EPOCH);
    let now = date_time_ymd(1970, 1, 1) + now.unwrap_or_default();
    params.not_before = now - EARLIER;
    params.not_after = params.not_before + LIFETIME;
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(SelfSigned {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
        der: certificate.der().to_vec(),
    })
}

/// The names and addresses that this machine may be asked for by: `localhost`, the host's name, `local` addresses.
pub(crate) fn own_names(local: &[IpAddr]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    let system = rustix::system::uname();
    let host = system.nodename().to_string_lossy();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if !host.is_empty() && host.len() < 254 && host.chars().all(fits) && host != "localhost" {
        names.push(host.into_owned());
    }
    names.extend(["127.0.0.1", "::1"].map(str::to_owned));
    names.extend(reachable(local).map(|ip| ip.to_string()));
    names
}
