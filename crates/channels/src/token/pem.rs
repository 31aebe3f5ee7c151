//! Public keys as operators have them: PEM (RFC 7468), within it a `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).

use base64::{Engine, engine::general_purpose::STANDARD};

use super::key::{Curve, Key};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT: u8 = 0x06;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];

/// Reads the first public key of a PEM text: `PUBLIC KEY`, or `RSA PUBLIC KEY` (RFC 8017 §A.1.1).
pub(super) fn public_key(pem: &str) -> Option<Key> {
    let (_, rest) = pem.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    let body: String = body.split_ascii_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    match label {
        "PUBLIC KEY" => subject_public_key(&der),
        "RSA PUBLIC KEY" => rsa(&der),
        _ => None,
    }
}

fn subject_public_key(mut der: &[u8]) -> Option<Key> {
    let mut info = next(&mut der, SEQUENCE)?;
    let mut algorithm = next(&mut info, SEQUENCE)?;
    let kind = next(&mut algorithm, OBJECT)?;
    // The first byte of a bit string says how many bits of its last one are unused.
    let key = next(&mut info, BIT_STRING)?.strip_prefix(&[0])?;
    if kind == RSA {
        return rsa(key);
    }
    if kind != EC {
        return None;
    }
    let curve = match next(&mut algorithm, OBJECT)? {
        P256 => Curve::P256,
        P384 => Curve::P384,
        P521 => Curve::P521,
        _ => return None,
    };
    Key::point(curve, key.to_vec())
}

fn rsa(mut der: &[u8]) -> Option<Key> {
    let mut numbers = next(&mut der, SEQUENCE)?;
    let modulus = next(&mut numbers, INTEGER)?;
    let exponent = next(&mut numbers, INTEGER)?;
    Key::rsa(modulus, exponent)
}

/// Takes the next value of DER, if it has this tag.
fn next<'a>(der: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (first, rest) = der.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        // Longer lengths say first how many bytes they have.
        0x81 | 0x82 => {
            let (length, rest) = rest.split_at_checked(usize::from(*first & 0x0f))?;
            let sum = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
            (length.iter().fold(0, sum), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    *der = rest;
    Some(value)
}
