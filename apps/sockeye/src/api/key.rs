//! Who may use the API: those who have a key.

use std::{
    io,
    sync::{PoisonError, RwLock},
};

use http::{HeaderMap, header};
use ring::digest::{SHA256, digest};

use crate::config::{Callers, Secret};

/// Who may use the API. Others can be put in their place while it is used.
#[derive(Debug)]
pub(crate) struct Keys(RwLock<Allowed>);

/// The keys, as digests: how long a comparison takes says nothing about them.
#[derive(Debug)]
enum Allowed {
    /// One of these is needed.
    Of(Vec<[u8; 32]>),
    /// None is.
    DangerAnybody,
}

impl Keys {
    /// Reads the keys that the settings name.
    ///
    /// # Errors
    /// If a file that holds one can't be read.
    pub(crate) fn read(callers: &Callers) -> io::Result<Self> {
        Ok(Self(RwLock::new(Allowed::read(callers)?)))
    }

    /// Puts others in their place.
    pub(crate) fn replace(&self, others: Self) {
        let others = others.0.into_inner();
        let mut now = self.0.write().unwrap_or_else(PoisonError::into_inner);
        *now = others.unwrap_or_else(PoisonError::into_inner);
    }

    /// Says whether a request may use the API: by `X-API-Key`, `Authorization: apikey KEY`, or `?api_key=`.
    pub(super) fn let_in(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        let now = self.0.read().unwrap_or_else(PoisonError::into_inner);
        now.let_in(headers, query)
    }
}

impl Allowed {
    fn read(callers: &Callers) -> io::Result<Self> {
        match callers {
            Callers::DangerAnybody => Ok(Self::DangerAnybody),
            Callers::WithKey(keys) => {
                let digests = keys
                    .iter()
                    .map(Secret::read)
                    .map(|key| Ok(digest_of(&key?)));
                digests.collect::<io::Result<_>>().map(Self::Of)
            }
        }
    }

    fn let_in(&self, headers: &HeaderMap, query: Option<&str>) -> bool {
        let Self::Of(keys) = self else {
            return true;
        };
        let shown = shown(headers, query).map(digest_of);
        // Every key is looked at, whichever fits.
        shown.is_some_and(|shown| {
            keys.iter()
                .fold(false, |is_one, key| is_same(key, &shown) | is_one)
        })
    }
}

/// The key that a request shows, if it shows one.
fn shown<'a>(headers: &'a HeaderMap, query: Option<&'a str>) -> Option<&'a [u8]> {
    if let Some(key) = headers.get("x-api-key") {
        return Some(key.as_bytes());
    }
    if let Some(authorization) = headers.get(header::AUTHORIZATION) {
        let (scheme, key) = authorization.as_bytes().split_at_checked(7)?;
        return scheme.eq_ignore_ascii_case(b"apikey ").then_some(key);
    }
    let pairs = query?.split('&').filter_map(|pair| pair.split_once('='));
    let mut keys = pairs.filter(|(name, _)| *name == "api_key");
    keys.next().map(|(_, key)| key.as_bytes())
}

fn digest_of(key: impl AsRef<[u8]>) -> [u8; 32] {
    let mut bytes = [0; 32];
    let digest = digest(&SHA256, key.as_ref());
    bytes
        .iter_mut()
        .zip(digest.as_ref())
        .for_each(|(to, from)| *to = *from);
    bytes
}

/// Compares all bytes, wherever the first difference is.
fn is_same(one: &[u8; 32], other: &[u8; 32]) -> bool {
    one.iter()
        .zip(other)
        .fold(0, |all, (one, other)| all | (one ^ other))
        == 0
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_key_is_shown_in_any_of_three_places_and_must_be_whole() {
        let keys = Keys(RwLock::new(Allowed::Of(
            ["first", "second"].map(digest_of).to_vec(),
        )));
        let let_in = |name: &str, value: &str, uri: &str| {
            let request = Request::get(uri).header(name, value).body(()).unwrap();
            keys.let_in(request.headers(), request.uri().query())
        };
        assert!(let_in("x-api-key", "second", "/api"));
        assert!(let_in("authorization", "apikey first", "/api"));
        assert!(let_in("authorization", "ApiKey first", "/api"));
        assert!(let_in("x", "x", "/api?a=b&api_key=first"));
        for (name, value, uri) in [
            ("x-api-key", "secon", "/api"),
            ("x-api-key", "", "/api"),
            ("x-api-key", "third", "/api?api_key=first"),
            ("authorization", "Bearer first", "/api"),
            ("x", "x", "/api?api_key="),
            ("x", "x", "/api"),
        ] {
            assert!(!let_in(name, value, uri), "{name}: {value} {uri}");
        }
    }
}
