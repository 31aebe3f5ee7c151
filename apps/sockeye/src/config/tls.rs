//! `[tls]`: how it is written, what must hold, and what the program makes of it.

use std::{error::Error, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};
use sockeye::TlsError;
use thiserror::Error;
use toml::Value;

use super::{key::Key, rule::Broken, value::Listen};

/// `[tls]`: what https is served with; by default it is not.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawTls {
    pub(crate) certificate: String,
    pub(crate) key: String,
    pub(crate) self_signed: bool,
    pub(crate) redirect: Redirect,
}

/// Where plain requests are redirected to https: an address to listen on, or `"off"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Redirect(Option<SocketAddr>);

impl TryFrom<Value> for Redirect {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value.as_str() == Some("off") {
            return Ok(Self(None));
        }
        let Listen(address) = Listen::try_from(value).map_err(|why| why + ", or \"off\"")?;
        Ok(Self(Some(address)))
    }
}

impl From<Redirect> for Value {
    fn from(Redirect(address): Redirect) -> Self {
        address.map_or_else(
            || Self::String("off".to_owned()),
            |address| Listen(address).into(),
        )
    }
}

/// The settings that flags make of `[tls]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct TlsFlags {
    /// `--tls-cert`.
    pub(crate) certificate: Option<String>,
    /// `--tls-key`.
    pub(crate) key: Option<String>,
    /// `--tls-self-signed`: `true` if it is there.
    pub(crate) self_signed: Option<bool>,
}

/// How https is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tls {
    /// What the program shows for itself.
    pub(crate) certificate: Certificate,
    /// Where plain requests are redirected from; `None` where they are not. Default none.
    pub(crate) redirect: Option<SocketAddr>,
}

/// What the program shows for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Certificate {
    /// What is in these files, in PEM; relative to the folder that the program is started in.
    Files {
        /// The certificate, with those that lead to its issuer behind it.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
    /// One that is made at every start.
    SelfSigned,
}

/// A rule that `[tls]` breaks.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum TlsRule {
    /// Half of a pair is missing.
    #[error("a certificate needs its private key: set tls.key, too")]
    KeyMissing,
    /// The other half.
    #[error("a private key needs its certificate: set tls.certificate, too")]
    CertificateMissing,
    /// There can be only one.
    #[error(
        "tls.self_signed makes a certificate of its own: leave tls.certificate and tls.key out, or this"
    )]
    TwoCertificates,
    /// There is no https to lead to.
    #[error(
        "there is no https to redirect to: set tls.certificate and tls.key, or tls.self_signed"
    )]
    NothingBehind,
    /// One port can't speak both.
    #[error("server.listen is the same address, and speaks https")]
    SameAddress,
    /// The files hold no certificate and key that go together.
    #[error("{0}")]
    Unusable(String),
}

impl RawTls {
    /// Checks what must hold between the settings, and reads the files. `listen` is where https is to be.
    pub(super) fn check(&self, listen: SocketAddr, broken: &mut Vec<Broken>) -> Option<Tls> {
        let mut blame = |names: &[&str], rule: TlsRule| {
            let keys = names.iter().map(|name| Key::new("tls", *name)).collect();
            let rule = rule.into();
            broken.push(Broken { keys, rule });
        };
        let Redirect(redirect) = self.redirect;
        // Port 0 is another one each time.
        if redirect == Some(listen) && listen.port() != 0 {
            blame(&["redirect"], TlsRule::SameAddress);
        }
        let pair = [&self.certificate, &self.key].map(|path| !path.is_empty());
        let certificate = match (pair, self.self_signed) {
            ([false, false], true) => Certificate::SelfSigned,
            (_, true) => {
                let names = ["self_signed", "certificate", "key"];
                blame(&names, TlsRule::TwoCertificates);
                return None;
            }
            ([true, true], false) => self.files(&mut blame)?,
            ([true, false], false) => {
                blame(&["certificate"], TlsRule::KeyMissing);
                return None;
            }
            ([false, true], false) => {
                blame(&["key"], TlsRule::CertificateMissing);
                return None;
            }
            ([false, false], false) => {
                if redirect.is_some() {
                    blame(&["redirect"], TlsRule::NothingBehind);
                }
                return None;
            }
        };
        Some(Tls {
            certificate,
            redirect,
        })
    }

    fn files(&self, blame: &mut impl FnMut(&[&str], TlsRule)) -> Option<Certificate> {
        let [certificate, key] = [&self.certificate, &self.key].map(PathBuf::from);
        let Err(error) = sockeye::Tls::from_pem_files(&certificate, &key) else {
            return Some(Certificate::Files { certificate, key });
        };
        let names = match error {
            TlsError::Key { .. } => &["key"][..],
            TlsError::Mismatch { .. } => &["key", "certificate"],
            _ => &["certificate"],
        };
        blame(names, TlsRule::Unusable(in_full(&error)));
        None
    }
}

/// An error with what lies below it.
pub(crate) fn in_full(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", in_full(source)),
        None => error.to_string(),
    }
}
