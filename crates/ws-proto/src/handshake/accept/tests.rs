//! Each rule for requests, and what is answered to them.

use http::{
    Method, Version,
    header::{
        ALLOW, CONTENT_LENGTH, HOST, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
        TRANSFER_ENCODING,
    },
};

use super::*;
use crate::handshake::tests::{NOTHING, head, value};

fn refused(change: impl FnOnce(&mut Parts)) -> HandshakeError {
    accept(&head(change), &NOTHING).unwrap_err()
}

#[test]
fn the_handshake_of_rfc_6455_is_accepted() {
    let accepted = accept(&head(|_| {}), &NOTHING).unwrap();
    assert_eq!(accepted.response.status(), StatusCode::SWITCHING_PROTOCOLS);
    let headers = accepted.response.headers();
    assert_eq!(headers[UPGRADE], "websocket");
    assert_eq!(headers[CONNECTION], "Upgrade");
    assert_eq!(
        headers[SEC_WEBSOCKET_ACCEPT],
        "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    );
    assert_eq!(headers.len(), 3);
    assert_eq!((accepted.protocol, accepted.deflate), (None, None));
}

#[test]
fn each_missing_header_is_refused_by_its_own_error() {
    for (name, error) in [
        (HOST, HandshakeError::MissingHost),
        (UPGRADE, HandshakeError::MissingUpgrade),
        (CONNECTION, HandshakeError::MissingConnection),
        (SEC_WEBSOCKET_VERSION, HandshakeError::MissingVersion),
        (SEC_WEBSOCKET_KEY, HandshakeError::MissingKey),
    ] {
        assert_eq!(refused(|head| drop(head.headers.remove(name))), error);
    }
}

#[test]
fn each_wrong_header_is_refused_by_its_own_error() {
    for (name, wrong, error) in [
        (UPGRADE, "h2c", HandshakeError::Upgrade),
        (UPGRADE, "websocket2", HandshakeError::Upgrade),
        (CONNECTION, "keep-alive", HandshakeError::Connection),
        (SEC_WEBSOCKET_VERSION, "8", HandshakeError::Version),
        (SEC_WEBSOCKET_VERSION, "13, 8", HandshakeError::Version),
        (SEC_WEBSOCKET_KEY, "c2hvcnQ=", HandshakeError::Key),
        (CONTENT_LENGTH, "1", HandshakeError::Body),
        (CONTENT_LENGTH, "", HandshakeError::Body),
        (TRANSFER_ENCODING, "chunked", HandshakeError::Body),
        (SEC_WEBSOCKET_PROTOCOL, "a b", HandshakeError::Protocols),
        (SEC_WEBSOCKET_PROTOCOL, "a, a", HandshakeError::Protocols),
        (
            SEC_WEBSOCKET_EXTENSIONS,
            "a; =1",
            HandshakeError::Extensions,
        ),
    ] {
        let error_of_wrong = refused(|head| drop(head.headers.insert(name, value(wrong))));
        assert_eq!(error_of_wrong, error, "{wrong}");
    }
}

#[test]
fn each_doubled_header_is_refused_by_its_own_error() {
    for (name, error) in [
        (HOST, HandshakeError::DoubledHost),
        (ORIGIN, HandshakeError::DoubledOrigin),
        (SEC_WEBSOCKET_VERSION, HandshakeError::DoubledVersion),
        (SEC_WEBSOCKET_KEY, HandshakeError::DoubledKey),
    ] {
        let doubled = refused(|head| {
            let value = head.headers.get(&name).cloned();
            let value = value.unwrap_or_else(|| HeaderValue::from_static("http://example.com"));
            head.headers.insert(&name, value.clone());
            head.headers.append(&name, value);
        });
        assert_eq!(doubled, error);
    }
}

#[test]
fn another_method_or_http_version_is_refused() {
    for method in [Method::POST, Method::HEAD, Method::CONNECT, Method::OPTIONS] {
        assert_eq!(refused(|head| head.method = method), HandshakeError::Method);
    }
    for version in [
        Version::HTTP_09,
        Version::HTTP_10,
        Version::HTTP_2,
        Version::HTTP_3,
    ] {
        assert_eq!(
            refused(|head| head.version = version),
            HandshakeError::HttpVersion
        );
    }
}

#[test]
fn a_refusal_says_what_would_be_accepted() {
    let response = HandshakeError::Method.response();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[ALLOW], "GET");
    for error in [
        HandshakeError::Version,
        HandshakeError::MissingVersion,
        HandshakeError::MissingUpgrade,
    ] {
        let response = error.response();
        assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
        assert_eq!(response.headers()[SEC_WEBSOCKET_VERSION], "13");
        assert_eq!(response.headers()[UPGRADE], "websocket");
        assert_eq!(response.headers()[CONNECTION], "Upgrade");
    }
    for error in [
        HandshakeError::Key,
        HandshakeError::DoubledKey,
        HandshakeError::Body,
        HandshakeError::HttpVersion,
    ] {
        assert_eq!(error.response().status(), StatusCode::BAD_REQUEST);
        assert!(error.response().headers().is_empty());
    }
}

#[test]
fn upgrade_and_connection_are_lists_in_any_case_and_may_be_repeated() {
    let head = head(|head| {
        head.headers.insert(UPGRADE, value("h2c"));
        head.headers.append(UPGRADE, value("foo/2, WebSocket"));
        head.headers
            .insert(CONNECTION, value("keep-alive , UPGRADE"));
        head.headers.append(CONNECTION, value("close"));
        head.headers.insert(CONTENT_LENGTH, value("0"));
    });
    accept(&head, &NOTHING).unwrap();
}

#[test]
fn the_server_chooses_the_subprotocol_it_likes_most_among_those_asked_for() {
    let ours = ["v2", "v1", "V0"].map(str::to_owned);
    let offer = ServerOffer {
        protocols: &ours,
        deflate: None,
    };
    for (asked, chosen) in [
        (&["v1, v2"][..], Some("v2")),
        (&["v0", "x, v1"], Some("v1")),
        (&["v0, x"], None),
        (&[""], None),
        (&[], None),
    ] {
        let head = head(|head| {
            for asked in asked {
                head.headers.append(SEC_WEBSOCKET_PROTOCOL, value(asked));
            }
        });
        let accepted = accept(&head, &offer).unwrap();
        assert_eq!(accepted.protocol.as_deref(), chosen);
        let answered = accepted.response.headers().get(SEC_WEBSOCKET_PROTOCOL);
        assert_eq!(answered.map(|value| value.to_str().unwrap()), chosen);
    }
}

/// The head of the plainest extended CONNECT, changed.
fn extended(change: impl FnOnce(&mut Parts)) -> Parts {
    let request = http::Request::connect("https://example.com/chat?room=1")
        .version(Version::HTTP_2)
        .header(SEC_WEBSOCKET_VERSION, "13");
    let (mut head, ()) = request.body(()).unwrap().into_parts();
    change(&mut head);
    head
}

fn refused_extended(change: impl FnOnce(&mut Parts)) -> HandshakeError {
    accept_extended(&extended(change), Some("websocket"), &NOTHING).unwrap_err()
}

#[test]
fn the_handshake_of_rfc_8441_is_accepted_with_200_and_no_key() {
    for change in [
        (|_| {}) as fn(&mut Parts),
        |head| drop(head.headers.insert(SEC_WEBSOCKET_KEY, value("anything"))),
        |head| drop(head.headers.insert(CONTENT_LENGTH, value("0"))),
    ] {
        let accepted = accept_extended(&extended(change), Some("websocket"), &NOTHING).unwrap();
        assert_eq!(accepted.response.status(), StatusCode::OK);
        assert!(accepted.response.headers().is_empty());
        assert_eq!((accepted.protocol, accepted.deflate), (None, None));
    }
}

#[test]
fn an_extended_connect_agrees_on_subprotocol_and_compression_as_an_upgrade_does() {
    let head = extended(|head| {
        let headers = &mut head.headers;
        headers.insert(SEC_WEBSOCKET_PROTOCOL, value("v1, v2"));
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, value("permessage-deflate"));
    });
    let offer = ServerOffer {
        protocols: &["v2".to_owned()],
        deflate: Some(&Deflate::default()),
    };
    let accepted = accept_extended(&head, Some("websocket"), &offer).unwrap();
    let headers = accepted.response.headers();
    assert_eq!(headers[SEC_WEBSOCKET_PROTOCOL], "v2");
    let extensions = headers[SEC_WEBSOCKET_EXTENSIONS].to_str().unwrap();
    assert!(extensions.starts_with("permessage-deflate"), "{extensions}");
    assert_eq!(accepted.protocol.as_deref(), Some("v2"));
    assert!(accepted.deflate.is_some());
}

#[test]
fn each_rule_of_an_extended_connect_has_its_own_error() {
    type Change = fn(&mut Parts);
    let cases: [(Change, HandshakeError); 10] = [
        (
            |head| head.version = Version::HTTP_11,
            HandshakeError::HttpVersion,
        ),
        (
            |head| head.version = Version::HTTP_3,
            HandshakeError::HttpVersion,
        ),
        (|head| head.method = Method::GET, HandshakeError::NotConnect),
        (
            |head| head.uri = http::Uri::from_static("example.com:443"),
            HandshakeError::Target,
        ),
        (
            |head| drop(head.headers.remove(SEC_WEBSOCKET_VERSION)),
            HandshakeError::ConnectVersion,
        ),
        (
            |head| drop(head.headers.insert(SEC_WEBSOCKET_VERSION, value("8"))),
            HandshakeError::ConnectVersion,
        ),
        (
            |head| {
                head.headers.append(SEC_WEBSOCKET_VERSION, value("13"));
            },
            HandshakeError::DoubledVersion,
        ),
        (
            |head| drop(head.headers.insert(CONTENT_LENGTH, value("1"))),
            HandshakeError::Body,
        ),
        (
            |head| {
                head.headers.append(ORIGIN, value("https://a.test"));
                head.headers.append(ORIGIN, value("https://b.test"));
            },
            HandshakeError::DoubledOrigin,
        ),
        (
            |head| drop(head.headers.insert(SEC_WEBSOCKET_PROTOCOL, value("a, a"))),
            HandshakeError::Protocols,
        ),
    ];
    for (change, error) in cases {
        assert_eq!(refused_extended(change), error);
    }
}

#[test]
fn a_connect_for_another_protocol_or_for_none_is_refused() {
    for (protocol, error, status) in [
        (
            Some("connect-udp"),
            HandshakeError::ConnectProtocol,
            StatusCode::NOT_IMPLEMENTED,
        ),
        (
            Some("WebSocket"),
            HandshakeError::ConnectProtocol,
            StatusCode::NOT_IMPLEMENTED,
        ),
        (
            None,
            HandshakeError::MissingConnectProtocol,
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let refused = accept_extended(&extended(|_| {}), protocol, &NOTHING).unwrap_err();
        assert_eq!((refused, refused.status()), (error, status));
    }
}

#[test]
fn no_refusal_of_an_extended_connect_has_headers_that_http_2_forbids() {
    for (error, status, name, says) in [
        (
            HandshakeError::NotConnect,
            StatusCode::METHOD_NOT_ALLOWED,
            ALLOW,
            "CONNECT",
        ),
        (
            HandshakeError::ConnectVersion,
            StatusCode::BAD_REQUEST,
            SEC_WEBSOCKET_VERSION,
            "13",
        ),
    ] {
        let response = error.response();
        assert_eq!(response.status(), status);
        assert_eq!(response.headers()[name], says);
        assert_eq!(response.headers().len(), 1);
    }
}
