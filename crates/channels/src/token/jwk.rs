//! Sets of public keys, as authorization servers publish them (RFC 7517).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::{
    Algorithm,
    key::{Curve, Key},
};

/// A key of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Jwk {
    /// Its name.
    pub(super) id: String,
    pub(super) key: Key,
    /// The only algorithm that it is for, if its owner says so.
    pub(super) algorithm: Option<Algorithm>,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// A member that a kind of key does not have is empty.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Raw {
    kty: String,
    kid: String,
    alg: Option<String>,
    r#use: Option<String>,
    crv: String,
    n: String,
    e: String,
    x: String,
    y: String,
}

/// Reads a set. Keys that have no name, are for something else, or of a kind unknown here are left out (§5).
pub(super) fn read(body: &[u8]) -> Option<Vec<Jwk>> {
    let set: Set = serde_json::from_slice(body).ok()?;
    let keys = set.keys.into_iter();
    Some(keys.filter_map(Jwk::read).collect())
}

impl Jwk {
    fn read(value: serde_json::Value) -> Option<Self> {
        let raw: Raw = serde_json::from_value(value).ok()?;
        if raw.kid.is_empty() || raw.r#use.as_ref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let key = raw.key()?;
        let algorithm = match &raw.alg {
            Some(name) => Some(Algorithm::named(name).filter(|named| key.is_for(*named))?),
            None => None,
        };
        Some(Self {
            id: raw.kid,
            key,
            algorithm,
        })
    }
}

impl Raw {
    /// Secrets (`oct`) have no place in what is published.
    fn key(&self) -> Option<Key> {
        match (self.kty.as_str(), self.crv.as_str()) {
            ("RSA", _) => Key::rsa(&decoded(&self.n)?, &decoded(&self.e)?),
            ("EC", "P-256") => self.point(Curve::P256),
            ("EC", "P-384") => self.point(Curve::P384),
            ("EC", "P-521") => self.point(Curve::P521),
            ("OKP", "Ed25519") => Key::ed25519(decoded(&self.x)?),
            _ => None,
        }
    }

    /// Both coordinates are as long as the curve says (RFC 7518 §6.2.1.2).
    fn point(&self, curve: Curve) -> Option<Key> {
        let [x, y] = [decoded(&self.x)?, decoded(&self.y)?];
        if x.len() != curve.bytes() {
            return None;
        }
        Key::point(curve, [&[4], x.as_slice(), &y].concat())
    }
}

fn decoded(member: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(member).ok()
}
