//! Which origins pass under which rule.

use super::*;

fn allowed(origins: &Origins, host: &str, origin: &str) -> bool {
    allowed_by(origins, None, host, origin)
}

fn allowed_by(origins: &Origins, scheme: Option<Scheme>, host: &str, origin: &str) -> bool {
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, origin.parse().unwrap());
    let site = Site::default().authority(Some(host.to_owned()));
    origins.allow(&headers, &site.scheme(scheme))
}

fn named(origins: &[&str]) -> Origins {
    Origins::named(origins).unwrap()
}

#[test]
fn the_same_host_passes_by_default_and_a_foreign_one_does_not() {
    let same = Origins::default();
    for (host, origin) in [
        ("example.com", "https://example.com"),
        ("example.com", "http://example.com"),
        ("EXAMPLE.com:443", "https://example.COM"),
        ("localhost:8080", "http://localhost:8080"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("192.168.1.7:8080", "http://192.168.1.7:8080"),
    ] {
        assert!(allowed(&same, host, origin), "{origin} on {host}");
    }
    for (host, origin) in [
        ("example.com", "https://evil.com"),
        ("example.com", "https://example.com.evil.com"),
        ("example.com", "https://example.com:8443"),
        ("example.com", "https://evil-example.com"),
        ("example.com", "https://example.com@evil.com"),
        ("localhost:8080", "http://localhost:3000"),
        ("example.com", "app://example.com"),
        ("localhost:8080", "capacitor://localhost:8080"),
        ("example.com", "null"),
        ("example.com", ""),
        ("example.com", "https://"),
        ("example.com", "example.com"),
    ] {
        assert!(!allowed(&same, host, origin), "{origin} on {host}");
    }
}

#[test]
fn a_request_that_names_no_origin_passes() {
    assert!(Origins::same().allow(&HeaderMap::new(), &Site::default()));
}

#[test]
fn without_a_host_nothing_is_the_same_origin() {
    let mut headers = HeaderMap::new();
    headers.insert(header::ORIGIN, "http://a".parse().unwrap());
    assert!(!Origins::same().allow(&headers, &Site::default()));
    assert!(Origins::any().allow(&headers, &Site::default()));
}

#[test]
fn a_scheme_that_is_known_is_compared() {
    let same = Origins::same();
    let (plain, tls) = (Some(Scheme::Http), Some(Scheme::Https));
    assert!(allowed_by(&same, tls, "a.test", "https://a.test"));
    assert!(allowed_by(&same, tls, "a.test:443", "https://a.test"));
    assert!(allowed_by(&same, plain, "a.test", "http://a.test"));
    assert!(allowed_by(
        &same,
        plain,
        "a.test:8080",
        "http://a.test:8080"
    ));
    // A page that anyone on the way may have written.
    assert!(!allowed_by(&same, tls, "a.test", "http://a.test"));
    assert!(!allowed_by(&same, tls, "a.test:8080", "http://a.test:8080"));
    assert!(!allowed_by(
        &same,
        plain,
        "a.test:8080",
        "https://a.test:8080"
    ));
    assert!(!allowed_by(&same, tls, "a.test", "ftp://a.test"));
    // Named, it passes.
    let named = named(&["http://a.test"]);
    assert!(allowed_by(&named, tls, "a.test", "http://a.test"));
}

#[test]
fn named_origins_pass_beside_the_own_one() {
    let origins = named(&[
        "https://jocker.com",
        "https://*.example.com",
        "http://localhost:*",
    ]);
    for origin in [
        "https://jocker.com",
        "https://JOCKER.com:443",
        "https://a.example.com",
        "https://a.b.example.com",
        "http://localhost:5173",
        "http://localhost",
        "https://self",
    ] {
        assert!(allowed(&origins, "self", origin), "{origin}");
    }
    for origin in [
        "http://jocker.com",
        "https://jocker.com:444",
        "https://example.com",
        "https://.example.com.evil",
        "https://aexample.com",
        "http://a.example.com",
        "https://a.example.com:8443",
        "https://localhost:1",
        "null",
    ] {
        assert!(!allowed(&origins, "self", origin), "{origin}");
    }
}

#[test]
fn a_star_allows_any_origin_also_null() {
    assert_eq!(named(&["https://a.b", "*"]), Origins::any());
    assert!(allowed(&Origins::any(), "self", "null"));
    assert!(allowed(&Origins::any(), "self", "https://evil.com"));
}

#[test]
fn what_is_no_origin_is_named_in_the_error() {
    for bad in [
        "example.com",
        "https://",
        "https://*",
        "https://*example.com",
        "https://a.*.com",
        "https://a/b",
        "https://a:x",
        "://a",
        "https://a:",
    ] {
        let error = Origins::named([bad]).unwrap_err();
        assert!(error.to_string().contains(&format!("`{bad}`")), "{error}");
    }
}

#[test]
fn no_named_origin_means_the_own_one() {
    assert_eq!(named(&[]), Origins::same());
}
