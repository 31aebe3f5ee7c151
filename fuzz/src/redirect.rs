//! Where redirects lead: an address that can be connected to, never out of TLS, and without dots in its path.

use http::Uri;
use sockeye_client::fuzzing::redirected;

/// An address, and in the second line a `Location`.
pub fn redirect(data: &[u8]) {
    let Some((from, location)) = str::from_utf8(data).ok().and_then(|t| t.split_once('\n')) else {
        return;
    };
    let Ok(from) = from.parse::<Uri>() else {
        return;
    };
    if !matches!(from.scheme_str(), Some("ws" | "wss")) {
        return;
    }
    let Ok(to) = redirected(&from, location) else {
        return;
    };
    assert!(
        to.scheme_str() == Some("wss")
            || (from.scheme_str(), to.scheme_str()) == (Some("ws"), Some("ws"))
    );
    assert!(to.path().starts_with('/'));
    assert!(
        to.path()
            .split('/')
            .all(|segment| !matches!(segment, "." | ".."))
    );
    // What was resolved once stays where it is.
    let again = to.to_string();
    assert_eq!(redirected(&to, &again).map(|to| to.to_string()), Ok(again));
}
