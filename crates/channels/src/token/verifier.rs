//! Whether a token is to be believed: its signature first, then its time, then for whom and from whom it is.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::value::RawValue;

use super::{
    Algorithm, Expected, InvalidToken, InvalidTokenSettings, KeySource, TokenError, TokenSettings,
    jws::Jws, key::Key, key_cache::KeyCache, key_url::KeyUrl, payload::Payload, pem,
};

/// Verifies one kind of tokens.
#[derive(Debug)]
pub(super) struct Verifier {
    keys: Keys,
    audience: Option<Expected>,
    issuer: Option<Expected>,
    user_id_claim: Option<String>,
}

/// Where keys are.
#[derive(Debug)]
enum Keys {
    Here {
        keys: Vec<Key>,
        /// A secret, and until when it is good.
        previous: Option<(Key, Option<u64>)>,
    },
    There {
        url: KeyUrl,
        cache: KeyCache,
    },
}

impl Verifier {
    pub(super) fn new(
        settings: TokenSettings,
        source: Option<&Arc<dyn KeySource>>,
    ) -> Result<Self, InvalidTokenSettings> {
        let keys = match &settings.jwks_url {
            Some(url) => {
                let source = source.ok_or(InvalidTokenSettings::NoKeySource)?;
                let regexes = [&settings.issuer, &settings.audience];
                let regexes = regexes.map(|expected| expected.as_ref().and_then(Expected::regex));
                let url = KeyUrl::new(url, regexes)?;
                let cache = KeyCache::new(Arc::clone(source), url.all());
                Keys::There { url, cache }
            }
            None => Keys::here(&settings)?,
        };
        Ok(Self {
            keys,
            audience: settings.audience,
            issuer: settings.issuer,
            user_id_claim: settings.user_id_claim,
        })
    }

    /// Verifies a token at a time in seconds since 1970.
    ///
    /// Cancel safety: a fetch of keys that it started goes on, for others.
    pub(super) async fn verify(&self, token: &str, now: u64) -> Result<Payload, TokenError> {
        let jws = Jws::read(token)?;
        self.keys.verify(&jws, now).await?;
        let mut payload = Payload::read(&jws.payload)?;
        let is_over = payload.exp.is_some_and(|at| now >= at);
        let is_early = payload.nbf.is_some_and(|at| now < at);
        if is_over || is_early {
            return Err(TokenError::Expired);
        }
        if let Some(expected) = &self.audience
            && !payload.audience().iter().any(|one| expected.is_met(one))
        {
            return Err(InvalidToken::Audience.into());
        }
        if let Some(expected) = &self.issuer
            && !payload.iss.as_ref().is_some_and(|iss| expected.is_met(iss))
        {
            return Err(InvalidToken::Issuer.into());
        }
        if let Some(claim) = &self.user_id_claim {
            payload.sub = claimed(&jws.payload, claim)?;
        }
        Ok(payload)
    }
}

impl Keys {
    fn here(settings: &TokenSettings) -> Result<Self, InvalidTokenSettings> {
        let secrets = [&settings.hmac_secret, &settings.hmac_previous_secret];
        let [secret, previous] =
            secrets.map(|secret| secret.as_ref().map(|secret| secret.expose()));
        if secret.is_some_and(<[u8]>::is_empty) || previous.is_some_and(<[u8]>::is_empty) {
            return Err(InvalidTokenSettings::EmptySecret);
        }
        let mut keys = Vec::new();
        keys.extend(secret.map(|secret| Key::Secret(secret.to_vec())));
        if let Some(pem) = &settings.rsa_public_key {
            let key = pem::public_key(pem).filter(|key| matches!(key, Key::Rsa { .. }));
            keys.push(key.ok_or(InvalidTokenSettings::RsaKey)?);
        }
        if let Some(pem) = &settings.ecdsa_public_key {
            let key = pem::public_key(pem).filter(|key| matches!(key, Key::Point(..)));
            keys.push(key.ok_or(InvalidTokenSettings::EcdsaKey)?);
        }
        let until = settings.hmac_previous_valid_until;
        let previous = previous.map(|secret| (Key::Secret(secret.to_vec()), until));
        Ok(Self::Here { keys, previous })
    }

    async fn verify(&self, jws: &Jws<'_>, now: u64) -> Result<(), TokenError> {
        let verify = |key: &Key| key.verify(jws.algorithm, jws.signed, &jws.signature);
        match self {
            Self::Here { keys, previous } => {
                let previous = previous
                    .iter()
                    .filter(|(_, until)| until.is_none_or(|at| now < at));
                let all = keys.iter().chain(previous.map(|(key, _)| key));
                let mut good = all.filter(|key| key.is_for(jws.algorithm)).peekable();
                good.peek().ok_or(InvalidToken::Algorithm)?;
                if good.any(|key| verify(key).is_ok()) {
                    return Ok(());
                }
                Err(InvalidToken::Signature.into())
            }
            Self::There { url, cache } => {
                if matches!(jws.algorithm, Algorithm::Hmac(_)) {
                    return Err(InvalidToken::Algorithm.into());
                }
                let id = jws.key.as_ref().ok_or(InvalidToken::UnknownKey)?;
                let url = url.of(&jws.payload)?;
                let key = cache.key(&url, id).await?;
                if key.algorithm.is_some_and(|only| only != jws.algorithm) {
                    return Err(InvalidToken::Algorithm.into());
                }
                Ok(verify(&key.key)?)
            }
        }
    }
}

/// What a claim by another name says.
fn claimed(payload: &[u8], name: &str) -> Result<Option<String>, InvalidToken> {
    let claims: BTreeMap<String, &RawValue> =
        serde_json::from_slice(payload).map_err(|_| InvalidToken::Claims)?;
    let Some(claim) = claims.get(name) else {
        return Ok(None);
    };
    serde_json::from_str(claim.get()).map_err(|_| InvalidToken::Claims)
}
