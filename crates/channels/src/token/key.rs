//! Keys that signatures are checked with, and for which algorithms each is good.

use p521::ecdsa::signature::Verifier as _;
use ring::{
    hmac,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
        RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaParameters,
        RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
    },
};

use super::{Algorithm, Hash, InvalidToken};

/// The shortest and the longest modulus of RSA, in bytes.
const RSA_MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// A key. What it is says what it is good for: a public key never serves as a secret, whatever a token asks for.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Key {
    /// A secret.
    Secret(Vec<u8>),
    /// Modulus and exponent, big-endian, without zeros in front.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// A point of a curve, uncompressed.
    Point(Curve, Vec<u8>),
    Ed25519(Vec<u8>),
}

/// A curve for ECDSA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// How long a coordinate is.
    pub(super) const fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl Key {
    /// A public key of RSA, if it is of a size that is safe and can be checked.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        let [modulus, exponent] = [modulus, exponent].map(without_zeros);
        (RSA_MODULUS.contains(&modulus.len()) && !exponent.is_empty())
            .then_some(Self::Rsa { modulus, exponent })
    }

    /// A public key of ECDSA, if it is an uncompressed point.
    pub(super) fn point(curve: Curve, point: Vec<u8>) -> Option<Self> {
        let is_whole = point.first() == Some(&4) && point.len() == 1 + 2 * curve.bytes();
        is_whole.then_some(Self::Point(curve, point))
    }

    /// A public key of Ed25519.
    pub(super) fn ed25519(key: Vec<u8>) -> Option<Self> {
        (key.len() == 32).then_some(Self::Ed25519(key))
    }

    /// Whether the key is good for an algorithm.
    pub(super) const fn is_for(&self, algorithm: Algorithm) -> bool {
        matches!(
            (self, algorithm),
            (Self::Secret(_), Algorithm::Hmac(_))
                | (Self::Rsa { .. }, Algorithm::Rsa(_))
                | (Self::Point(Curve::P256, _), Algorithm::Ecdsa(Hash::Sha256))
                | (Self::Point(Curve::P384, _), Algorithm::Ecdsa(Hash::Sha384))
                | (Self::Point(Curve::P521, _), Algorithm::Ecdsa(Hash::Sha512))
                | (Self::Ed25519(_), Algorithm::Ed25519)
        )
    }

    /// Checks a signature.
    pub(super) fn verify(
        &self,
        algorithm: Algorithm,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidToken> {
        let is_right = match (self, algorithm) {
            (Self::Secret(secret), Algorithm::Hmac(hash)) => {
                hmac::verify(&hmac::Key::new(mac(hash), secret), signed, signature).is_ok()
            }
            (Self::Rsa { modulus, exponent }, Algorithm::Rsa(hash)) => RsaPublicKeyComponents {
                n: modulus,
                e: exponent,
            }
            .verify(rsa(hash), signed, signature)
            .is_ok(),
            (Self::Point(Curve::P256, point), Algorithm::Ecdsa(Hash::Sha256)) => {
                is_right(&ECDSA_P256_SHA256_FIXED, point, signed, signature)
            }
            (Self::Point(Curve::P384, point), Algorithm::Ecdsa(Hash::Sha384)) => {
                is_right(&ECDSA_P384_SHA384_FIXED, point, signed, signature)
            }
            (Self::Point(Curve::P521, point), Algorithm::Ecdsa(Hash::Sha512)) => {
                is_right_p521(point, signed, signature).is_some()
            }
            (Self::Ed25519(key), Algorithm::Ed25519) => is_right(&ED25519, key, signed, signature),
            _ => return Err(InvalidToken::Algorithm),
        };
        if is_right {
            Ok(())
        } else {
            Err(InvalidToken::Signature)
        }
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret",
            Self::Rsa { .. } => "Rsa",
            Self::Point(..) => "Point",
            Self::Ed25519(_) => "Ed25519",
        })
    }
}

fn is_right(
    algorithm: &'static dyn VerificationAlgorithm,
    key: &[u8],
    signed: &[u8],
    signature: &[u8],
) -> bool {
    let key = UnparsedPublicKey::new(algorithm, key);
    key.verify(signed, signature).is_ok()
}

/// The curve that ring does not have.
fn is_right_p521(point: &[u8], signed: &[u8], signature: &[u8]) -> Option<()> {
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(point).ok()?;
    let signature = p521::ecdsa::Signature::from_slice(signature).ok()?;
    key.verify(signed, &signature).ok()
}

pub(super) const fn mac(hash: Hash) -> hmac::Algorithm {
    match hash {
        Hash::Sha256 => hmac::HMAC_SHA256,
        Hash::Sha384 => hmac::HMAC_SHA384,
        Hash::Sha512 => hmac::HMAC_SHA512,
    }
}

const fn rsa(hash: Hash) -> &'static RsaParameters {
    match hash {
        Hash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        Hash::Sha384 => &RSA_PKCS1_2048_8192_SHA384,
        Hash::Sha512 => &RSA_PKCS1_2048_8192_SHA512,
    }
}

fn without_zeros(number: &[u8]) -> Vec<u8> {
    let digits = number.iter().skip_while(|byte| **byte == 0);
    digits.copied().collect()
}
