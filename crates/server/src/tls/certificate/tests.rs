//! What an operator may hand over, and what is answered.

use std::error::Error as _;

use super::*;

/// A certificate and its key, in PEM.
fn pair() -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["sockeye.test".to_owned()]).unwrap();
    (made.cert.pem(), made.signing_key.serialize_pem())
}

/// The error in full, as an operator reads it.
fn refusal(certificate: &str, key: &str) -> String {
    let error = load(certificate.as_bytes(), key.as_bytes()).unwrap_err();
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[track_caller]
fn assert_refused(certificate: &str, key: &str, words: &str) {
    let refusal = refusal(certificate, key);
    assert!(refusal.contains(words), "{refusal}");
}

#[test]
fn a_certificate_goes_with_its_own_key_alone() {
    let ((certificate, key), (other, other_key)) = (pair(), pair());
    let certified = load(certificate.as_bytes(), key.as_bytes()).unwrap();
    assert_eq!(certified.cert.len(), 1);
    let chain = format!("{certificate}{other}");
    let certified = load(chain.as_bytes(), key.as_bytes()).unwrap();
    assert_eq!(certified.cert.len(), 2);
    let mismatch = "the private key is not the one of the first certificate";
    assert_refused(&certificate, &other_key, mismatch);
    // The first is the server's own.
    assert_refused(&format!("{other}{certificate}"), &key, mismatch);
}

#[test]
fn what_is_wrong_is_said_in_words() {
    let (certificate, key) = pair();
    let cert_words = "can't use the certificate: ";
    for (bad, words) in [
        ("", "no `BEGIN CERTIFICATE`"),
        ("hello", "no `BEGIN CERTIFICATE`"),
        (key.as_str(), "no `BEGIN CERTIFICATE`"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n", "no `END` line"),
        (
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
            "is not base64",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "invalid peer certificate",
        ),
    ] {
        assert_refused(bad, &key, cert_words);
        assert_refused(bad, &key, words);
    }
    let key_words = "can't use the private key: ";
    for (bad, words) in [
        ("", "no `BEGIN PRIVATE KEY`"),
        (certificate.as_str(), "no `BEGIN PRIVATE KEY`"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n", "no `END` line"),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "is encrypted",
        ),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "failed to parse private key",
        ),
    ] {
        assert_refused(&certificate, bad, key_words);
        assert_refused(&certificate, bad, words);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let files = Files::new("/nowhere/chain.pem".into(), "/nowhere/key.pem".into());
    let error = files.load().unwrap_err();
    assert_eq!(
        error.to_string(),
        "can't use the certificate in /nowhere/chain.pem"
    );
    assert!(error.source().unwrap().to_string().contains("No such file"));
}
