//! What a certificate says of itself: for the log, and for a person who compares.

use std::{
    fmt::Write,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::SystemTime,
};

use ring::digest::{SHA256, digest};
use x509_cert::{
    Certificate, TbsCertificate,
    der::Decode,
    ext::pkix::{SubjectAltName, name::GeneralName},
};

/// Whom a certificate is for, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The names and addresses it is for; its subject, if there are none.
    pub(crate) names: Vec<String>,
    pub(crate) begins: SystemTime,
    pub(crate) expires: SystemTime,
}

/// How long a certificate still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Validity {
    /// It does not hold yet, or this machine's clock is wrong.
    NotYet,
    /// It holds.
    Holds,
    /// It is in the last fifth of its time, and should have been renewed: most tools do so after two thirds.
    ExpiresSoon,
    /// It does not hold any more.
    Expired,
}

impl Facts {
    /// Reads a certificate in DER; `None` if it is not understood.
    pub(crate) fn of(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let content = certificate.tbs_certificate();
        let validity = content.validity();
        Some(Self {
            names: names(content),
            begins: validity.not_before.to_system_time(),
            expires: validity.not_after.to_system_time(),
        })
    }

    /// Says how it stands at a moment.
    pub(crate) fn validity(&self, now: SystemTime) -> Validity {
        if now < self.begins {
            return Validity::NotYet;
        }
        let Ok(left) = self.expires.duration_since(now) else {
            return Validity::Expired;
        };
        match self.expires.duration_since(self.begins) {
            Ok(whole) if left < whole / 5 => Validity::ExpiresSoon,
            _ => Validity::Holds,
        }
    }
}

fn names(content: &TbsCertificate) -> Vec<String> {
    let extension = content.get_extension::<SubjectAltName>();
    let names: Vec<_> = match &extension {
        Ok(Some((_, names))) => names.0.iter().filter_map(name).collect(),
        _ => Vec::new(),
    };
    if names.is_empty() {
        return vec![content.subject().to_string()];
    }
    names
}

fn name(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(bytes) => {
            let v4 = |bytes| IpAddr::from(Ipv4Addr::from_octets(bytes));
            let v6 = |bytes| IpAddr::from(Ipv6Addr::from_octets(bytes));
            let bytes = bytes.as_bytes();
            let v4 = bytes.try_into().map(v4).ok();
            let ip = v4.or_else(|| bytes.try_into().map(v6).ok())?;
            Some(ip.to_string())
        }
        _ => None,
    }
}

/// The SHA-256 of a certificate in DER, as browsers show it.
pub(crate) fn fingerprint(der: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest(&SHA256, der).as_ref() {
        if !text.is_empty() {
            text.push(':');
        }
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02X}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::self_signed;

    #[test]
    fn it_says_whom_it_is_for_and_for_how_long() {
        let names = ["localhost", "192.168.0.7", "fd00::7"].map(str::to_owned);
        let made = self_signed::make(&names, SystemTime::now()).unwrap();
        let facts = Facts::of(&made.der).unwrap();
        assert_eq!(facts.names, names);
        let at = |moment| facts.validity(moment);
        assert_eq!(at(SystemTime::now()), Validity::Holds);
        let second = Duration::from_secs(1);
        assert_eq!(at(facts.begins - second), Validity::NotYet);
        assert_eq!(at(facts.begins), Validity::Holds);
        assert_eq!(at(facts.expires - second), Validity::ExpiresSoon);
        assert_eq!(at(facts.expires + second), Validity::Expired);
        assert_eq!(Facts::of(b"no certificate"), None);
    }

    #[test]
    fn a_fingerprint_is_written_as_browsers_write_it() {
        let text = fingerprint(b"");
        assert!(text.starts_with("E3:B0:C4:42:98:FC:1C:14:"), "{text}");
        assert_eq!(text.len(), 32 * 3 - 1);
    }
}
