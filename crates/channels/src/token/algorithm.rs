//! How a token may be signed (RFC 7518 §3.1, RFC 8037 §3.1).

/// A signature's algorithm. `none` is not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Hmac(Hash),
    Rsa(Hash),
    /// The hash goes with the curve: P-256, P-384 and P-521.
    Ecdsa(Hash),
    Ed25519,
}

/// A hash of the SHA-2 family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// Finds an algorithm by the name that headers of tokens and keys give it.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "HS256" => Self::Hmac(Hash::Sha256),
            "HS384" => Self::Hmac(Hash::Sha384),
            "HS512" => Self::Hmac(Hash::Sha512),
            "RS256" => Self::Rsa(Hash::Sha256),
            "RS384" => Self::Rsa(Hash::Sha384),
            "RS512" => Self::Rsa(Hash::Sha512),
            "ES256" => Self::Ecdsa(Hash::Sha256),
            "ES384" => Self::Ecdsa(Hash::Sha384),
            "ES512" => Self::Ecdsa(Hash::Sha512),
            "EdDSA" | "Ed25519" => Self::Ed25519,
            _ => return None,
        })
    }
}
