//! Each rule for responses.

use http::header::SEC_WEBSOCKET_EXTENSIONS;
use sockeye_types::Deflate;

use super::*;
use crate::{
    deflate::InvalidAnswer,
    handshake::{
        ClientHandshakeError as Error, accept,
        tests::{NOTHING, client, value},
    },
};

/// The verdict on a response to a request for `v1` and compression, changed.
fn verdict(change: impl FnOnce(&mut Parts)) -> Result<Established, Error> {
    let client = client().protocols(["v1"]).deflate(Deflate::default());
    let (head, ()) = client.to_request().unwrap().into_parts();
    let (mut head, ()) = accept(&head, &NOTHING).unwrap().response.into_parts();
    change(&mut head);
    client.verify(&head)
}

#[test]
fn each_wrong_header_is_refused_by_its_own_error() {
    for (name, wrong, error) in [
        (UPGRADE, "h2c", Error::Upgrade),
        (UPGRADE, "websocket, h2c", Error::Upgrade),
        (CONNECTION, "close", Error::Connection),
        (
            SEC_WEBSOCKET_ACCEPT,
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=",
            Error::Accept,
        ),
        (SEC_WEBSOCKET_PROTOCOL, "v2", Error::Protocol),
        (SEC_WEBSOCKET_PROTOCOL, "V1", Error::Protocol),
        (SEC_WEBSOCKET_EXTENSIONS, "a;", Error::MalformedExtensions),
        (
            SEC_WEBSOCKET_EXTENSIONS,
            "a",
            Error::Extensions(InvalidAnswer::NotOffered),
        ),
    ] {
        let error_of_wrong = verdict(|head| drop(head.headers.insert(name, value(wrong))));
        assert_eq!(error_of_wrong, Err(error), "{wrong}");
    }
}

#[test]
fn each_missing_or_doubled_header_is_refused_by_its_own_error() {
    for (name, missing, doubled) in [
        (UPGRADE, Error::Upgrade, Error::Upgrade),
        (
            SEC_WEBSOCKET_ACCEPT,
            Error::MissingAccept,
            Error::DoubledAccept,
        ),
    ] {
        assert_eq!(
            verdict(|head| drop(head.headers.remove(&name))),
            Err(missing)
        );
        let of_doubled = verdict(|head| {
            let value = head.headers[&name].clone();
            head.headers.append(&name, value);
        });
        assert_eq!(of_doubled, Err(doubled));
    }
    let doubled = verdict(|head| {
        head.headers.append(SEC_WEBSOCKET_PROTOCOL, value("v1"));
        head.headers.append(SEC_WEBSOCKET_PROTOCOL, value("v1"));
    });
    assert_eq!(doubled, Err(Error::DoubledProtocol));
}

#[test]
fn another_status_or_http_version_is_refused() {
    let status = StatusCode::FORBIDDEN;
    assert_eq!(
        verdict(|head| head.status = status),
        Err(Error::Status(status))
    );
    let version = verdict(|head| head.version = Version::HTTP_10);
    assert_eq!(version, Err(Error::HttpVersion));
    assert!(verdict(|_| {}).is_ok());
}
