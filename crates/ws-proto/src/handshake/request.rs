//! What a request has to be for an opening handshake (RFC 6455 §4.2.1, RFC 8441 §4 and §5), one rule after the other.

use http::{
    HeaderMap, HeaderValue, Method, Version,
    header::{
        CONNECTION, CONTENT_LENGTH, HOST, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
        TRANSFER_ENCODING, UPGRADE,
    },
    request::Parts,
};

use super::{HandshakeError, VERSION, key::is_key};
use crate::header::{Count, count, has_token};

/// Checks all but the subprotocols and extensions, and returns the key.
pub(super) fn check(head: &Parts) -> Result<&HeaderValue, HandshakeError> {
    if head.version != Version::HTTP_11 {
        return Err(HandshakeError::HttpVersion);
    }
    if head.method != Method::GET {
        return Err(HandshakeError::Method);
    }
    let headers = &head.headers;
    check_host(headers)?;
    check_origin(headers)?;
    check_upgrade(headers)?;
    check_version(headers)?;
    check_body(headers)?;
    read_key(headers)
}

/// Checks all of an extended CONNECT but the subprotocols and extensions. A key, should there be one, says nothing (RFC
/// 8441 §5).
pub(super) fn check_extended(head: &Parts, protocol: Option<&str>) -> Result<(), HandshakeError> {
    if head.version != Version::HTTP_2 {
        return Err(HandshakeError::HttpVersion);
    }
    if head.method != Method::CONNECT {
        return Err(HandshakeError::NotConnect);
    }
    match protocol {
        Some("websocket") => {}
        Some(_) => return Err(HandshakeError::ConnectProtocol),
        None => return Err(HandshakeError::MissingConnectProtocol),
    }
    if head.uri.scheme().is_none() || head.uri.path_and_query().is_none() {
        return Err(HandshakeError::Target);
    }
    let headers = &head.headers;
    check_origin(headers)?;
    check_version(headers).map_err(|error| match error {
        HandshakeError::DoubledVersion => error,
        _ => HandshakeError::ConnectVersion,
    })?;
    check_body(headers)
}

fn check_host(headers: &HeaderMap) -> Result<(), HandshakeError> {
    match count(headers, &HOST) {
        Count::One(_) => Ok(()),
        Count::None => Err(HandshakeError::MissingHost),
        Count::More => Err(HandshakeError::DoubledHost),
    }
}

fn check_origin(headers: &HeaderMap) -> Result<(), HandshakeError> {
    match count(headers, &ORIGIN) {
        Count::None | Count::One(_) => Ok(()),
        Count::More => Err(HandshakeError::DoubledOrigin),
    }
}

/// Both headers are lists: they may be repeated, and have other tokens in them (RFC 9110 §7.6.1, §7.8).
fn check_upgrade(headers: &HeaderMap) -> Result<(), HandshakeError> {
    if !headers.contains_key(UPGRADE) {
        return Err(HandshakeError::MissingUpgrade);
    }
    if !has_token(headers, &UPGRADE, "websocket") {
        return Err(HandshakeError::Upgrade);
    }
    if !headers.contains_key(CONNECTION) {
        return Err(HandshakeError::MissingConnection);
    }
    if !has_token(headers, &CONNECTION, "upgrade") {
        return Err(HandshakeError::Connection);
    }
    Ok(())
}

fn check_version(headers: &HeaderMap) -> Result<(), HandshakeError> {
    match count(headers, &SEC_WEBSOCKET_VERSION) {
        Count::One(version) if version == VERSION => Ok(()),
        Count::One(_) => Err(HandshakeError::Version),
        Count::None => Err(HandshakeError::MissingVersion),
        Count::More => Err(HandshakeError::DoubledVersion),
    }
}

fn check_body(headers: &HeaderMap) -> Result<(), HandshakeError> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    if headers.contains_key(TRANSFER_ENCODING) || lengths.any(|length| length != "0") {
        return Err(HandshakeError::Body);
    }
    Ok(())
}

fn read_key(headers: &HeaderMap) -> Result<&HeaderValue, HandshakeError> {
    match count(headers, &SEC_WEBSOCKET_KEY) {
        Count::One(key) if is_key(key) => Ok(key),
        Count::One(_) => Err(HandshakeError::Key),
        Count::None => Err(HandshakeError::MissingKey),
        Count::More => Err(HandshakeError::DoubledKey),
    }
}
