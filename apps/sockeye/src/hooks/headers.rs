//! Which of a client's headers the application gets: those that are listed, and never one that says what the server's
//! own request is.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use sockeye::RequestHead;

/// When a request was signed, in seconds since 1970.
pub(super) const TIMESTAMP: HeaderName = HeaderName::from_static("x-sockeye-timestamp");
/// What it was signed with.
pub(super) const SIGNATURE: HeaderName = HeaderName::from_static("x-sockeye-signature");

/// What belongs to one request, or to the connection that it came over.
const OWN: [HeaderName; 11] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::EXPECT,
    header::HOST,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    TIMESTAMP,
    SIGNATURE,
];

/// Takes what is listed from a handshake.
pub(super) fn of_handshake(request: &RequestHead, listed: &[String]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in names(listed) {
        for (its, value) in request.headers() {
            if its != name.as_str() {
                continue;
            }
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(&name, value);
            }
        }
    }
    headers
}

/// Adds what is listed of a connect command. What the handshake said, which a proxy may have checked, stays.
pub(super) fn add_emulated(
    headers: &mut HeaderMap,
    emulated: &BTreeMap<String, String>,
    listed: &[String],
) {
    for name in names(listed) {
        let found = emulated
            .iter()
            .find(|(its, _)| its.eq_ignore_ascii_case(name.as_str()));
        let value = found.and_then(|(_, value)| HeaderValue::from_str(value).ok());
        if let Some(value) = value {
            headers.entry(name).or_insert(value);
        }
    }
}

fn names(listed: &[String]) -> impl Iterator<Item = HeaderName> {
    let names = listed
        .iter()
        .filter_map(|name| HeaderName::try_from(name).ok());
    names.filter(|name| !OWN.contains(name))
}
