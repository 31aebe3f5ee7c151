//! `allowed_origins`: what is written as an origin, and what is not.

use super::*;

#[test]
fn an_origin_has_a_scheme_and_a_host_and_nothing_behind() {
    let says = |n: usize, origin: &str| {
        let file = format!("[say]\nallowed_origins = ['{origin}']");
        from(&format!("origin-{n}"), &file, &[], Flags::default())
            .unwrap()
            .check()
            .is_ok()
    };
    let good = [
        "same-origin",
        "any",
        "*",
        "https://a.example",
        "http://localhost:3000",
        "http://localhost:*",
        "https://*.a.example",
        "http://[::1]:80",
        "chrome-extension://abc",
    ];
    for (n, origin) in good.iter().enumerate() {
        assert!(says(n, origin), "{origin}");
    }
    let bad = [
        "",
        "a.example",
        "https://",
        "https://a/",
        "https://a/b",
        "https://*",
        "https://a.*",
        "https://u@a",
        "null",
    ];
    for (n, origin) in bad.iter().enumerate() {
        assert!(!says(n + 100, origin), "{origin}");
    }
}
