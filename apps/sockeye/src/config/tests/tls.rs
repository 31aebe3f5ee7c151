//! `[tls]`: what goes together, and files that do not.

use std::{fs, time::SystemTime};

use super::*;
use crate::{
    config::{Certificate, Config, TlsFlags},
    self_signed,
};

/// A folder with a certificate, its key, and the key of another.
fn pairs(name: &str) -> Folder {
    let folder = Folder::new(name);
    let made = || self_signed::make(&["a.test".to_owned()], SystemTime::now()).unwrap();
    let (pair, other) = (made(), made());
    for (name, text) in [
        ("chain.pem", &pair.certificate),
        ("key.pem", &pair.key),
        ("other.pem", &other.key),
    ] {
        fs::write(folder.0.join(name), text).unwrap();
    }
    folder
}

fn set(name: &str, file: &str) -> Config {
    let resolved = from(name, file, &[], Flags::default()).unwrap();
    resolved.check().unwrap()
}

#[test]
fn https_is_off_unless_there_is_a_certificate() {
    assert_eq!(set("tls-off", "[tls]\nredirect = 'off'").tls, None);
    let file = "[tls]\nself_signed = true\nredirect = 8081";
    let tls = set("tls-self-signed", file).tls.unwrap();
    assert_eq!(tls.certificate, Certificate::SelfSigned);
    assert_eq!(tls.redirect, Some(([0, 0, 0, 0], 8081).into()));
}

#[test]
fn a_certificate_and_its_key_may_come_from_the_file_the_environment_and_flags() {
    let folder = pairs("tls-pair");
    let path = |name: &str| folder.0.join(name).display().to_string();
    let (certificate, key) = (path("chain.pem"), path("key.pem"));
    let both = Certificate::Files {
        certificate: folder.0.join("chain.pem"),
        key: folder.0.join("key.pem"),
    };
    let file = format!("[tls]\ncertificate = '{certificate}'\nkey = '{key}'\n");
    let tls = set("tls-by-file", &file).tls.unwrap();
    assert_eq!((tls.certificate, tls.redirect), (both.clone(), None));
    let env = [("SOCKEYE_TLS_CERTIFICATE", certificate.as_str())];
    let flags = Flags {
        tls: TlsFlags {
            key: Some(key),
            ..TlsFlags::default()
        },
        ..Flags::default()
    };
    let resolved = from("tls-by-both", "", &env, flags).unwrap();
    assert_eq!(resolved.check().unwrap().tls.unwrap().certificate, both);
}

#[test]
fn what_does_not_go_together_is_shown_where_it_stands() {
    for (n, (file, words, line)) in [
        ("certificate = 'a.pem'", "set tls.key, too", 2),
        ("key = 'a.pem'", "set tls.certificate, too", 2),
        (
            "certificate = 'a.pem'\nself_signed = true",
            "leave tls.certificate and tls.key out",
            3,
        ),
        ("redirect = ':80'", "there is no https to redirect to", 2),
        (
            "self_signed = true\nredirect = ':8080'",
            "server.listen is the same address",
            3,
        ),
        ("redirect = 'home'", "8080, or \"off\"", 2),
        ("certificate = 3", "expected a string", 2),
        ("self_signd = true", "did you mean `self_signed`?", 2),
    ]
    .iter()
    .enumerate()
    {
        let report = report(&format!("tls-rule-{n}"), &format!("[tls]\n{file}\n"), &[]);
        assert_says(&report, &[words, &format!("sockeye.toml:{line}:")]);
    }
}

#[test]
fn files_of_no_use_are_named_with_what_is_wrong_and_the_setting_that_names_them() {
    let folder = pairs("tls-files");
    for (n, (certificate, key, words, line)) in [
        (
            "none.pem",
            "key.pem",
            "none.pem: No such file or directory",
            2,
        ),
        (
            "chain.pem",
            "none.pem",
            "tls.key: can't use the private key in ",
            3,
        ),
        (
            "key.pem",
            "chain.pem",
            "key.pem: there is no `BEGIN CERTIFICATE` in it",
            2,
        ),
        (
            "chain.pem",
            "chain.pem",
            "chain.pem: there is no `BEGIN PRIVATE KEY`",
            3,
        ),
        (
            "chain.pem",
            "other.pem",
            "other.pem is not the one of the first certificate in ",
            3,
        ),
    ]
    .iter()
    .enumerate()
    {
        let path = |name: &str| folder.0.join(name).display().to_string();
        let (certificate, key) = (path(certificate), path(key));
        let file = format!("[tls]\ncertificate = '{certificate}'\nkey = '{key}'\n");
        let report = report(&format!("tls-file-{n}"), &file, &[]);
        // A long line is broken where it is shown.
        let flat = report.split_whitespace().filter(|word| *word != "│");
        let flat = flat.collect::<Vec<_>>().join(" ");
        assert_says(&flat, &[words]);
        assert_says(&report, &[&format!("sockeye.toml:{line}:")]);
    }
}
