//! Any head as an opening handshake: what is accepted keeps the rules of RFC 6455 §4.2.1 or RFC 8441 §5, what is not
//! gets a refusal in HTTP; and any head as the response to ours.

use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version,
    header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use sockeye_ws_proto::handshake::{ClientRequest, ServerOffer, accept, accept_extended};

/// A byte that chooses method, version or status, then header lines.
pub fn handshake(data: &[u8]) {
    let Some((&choice, lines)) = data.split_first() else {
        return;
    };
    let headers = headers(lines);
    asked(choice, headers.clone());
    asked_in_http2(choice, headers.clone());
    answered(choice, headers);
}

fn asked(choice: u8, headers: HeaderMap) {
    let mut request = Request::new(());
    *request.headers_mut() = headers;
    if choice & 0x01 != 0 {
        *request.method_mut() = Method::POST;
    }
    if choice & 0x02 != 0 {
        *request.version_mut() = Version::HTTP_10;
    }
    let (head, ()) = request.into_parts();
    let protocols = ["chat".to_owned(), "superchat".to_owned()];
    let offer = ServerOffer {
        protocols: &protocols,
        deflate: None,
    };
    match accept(&head, &offer) {
        Ok(accepted) => {
            assert_eq!(accepted.response.status(), StatusCode::SWITCHING_PROTOCOLS);
            assert_eq!(
                (&head.method, head.version),
                (&Method::GET, Version::HTTP_11)
            );
            assert!(values(&head.headers, &UPGRADE).contains("websocket"));
            assert!(values(&head.headers, &CONNECTION).contains("upgrade"));
            assert_eq!(values(&head.headers, &SEC_WEBSOCKET_VERSION).trim(), "13");
            // Base64 of 16 bytes.
            let key = values(&head.headers, &SEC_WEBSOCKET_KEY);
            assert!(key.trim().len() == 24 && key.trim().ends_with("=="));
        }
        Err(error) => {
            assert!(error.status().is_client_error() || error.status().is_server_error());
            assert_eq!(error.response().status(), error.status());
        }
    }
}

fn asked_in_http2(choice: u8, headers: HeaderMap) {
    let mut request = Request::new(());
    *request.headers_mut() = headers;
    *request.uri_mut() = Uri::from_static("https://localhost/");
    *request.version_mut() = Version::HTTP_2;
    if choice & 0x01 == 0 {
        *request.method_mut() = Method::CONNECT;
    }
    let (head, ()) = request.into_parts();
    let protocol = (choice & 0x02 == 0).then_some("websocket");
    let offer = ServerOffer {
        protocols: &[],
        deflate: None,
    };
    match accept_extended(&head, protocol, &offer) {
        Ok(accepted) => {
            assert_eq!(accepted.response.status(), StatusCode::OK);
            assert!(accepted.response.headers().is_empty());
            assert_eq!(
                (&head.method, protocol),
                (&Method::CONNECT, Some("websocket"))
            );
            assert_eq!(values(&head.headers, &SEC_WEBSOCKET_VERSION).trim(), "13");
        }
        Err(error) => {
            // HTTP/2 forbids both (RFC 9113 §8.2.2).
            let response = error.response();
            assert_eq!(response.status(), error.status());
            assert!(!response.headers().contains_key(UPGRADE));
            assert!(!response.headers().contains_key(CONNECTION));
        }
    }
}

fn answered(choice: u8, headers: HeaderMap) {
    let mut response = Response::new(());
    *response.headers_mut() = headers;
    if choice & 0x01 == 0 {
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    }
    let uri = Uri::from_static("ws://localhost/");
    let client = ClientRequest::new(uri, *b"the sample nonce").protocols(["chat"]);
    let (head, ()) = response.into_parts();
    if let Ok(established) = client.verify(&head) {
        assert_eq!(head.status, StatusCode::SWITCHING_PROTOCOLS);
        assert!(values(&head.headers, &UPGRADE).contains("websocket"));
        assert!(established.deflate.is_none());
        assert!(
            established
                .protocol
                .is_none_or(|protocol| protocol == "chat")
        );
    }
}

/// All values of a header, in small letters.
fn values(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter();
    let values: Vec<String> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase())
        .collect();
    values.join(",")
}

fn headers(lines: &[u8]) -> HeaderMap {
    let lines = lines.split(|byte| *byte == b'\n').take(64);
    lines.filter_map(header).collect()
}

fn header(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = line.split_at_checked(colon)?;
    let name = HeaderName::from_bytes(name).ok()?;
    let value = HeaderValue::from_bytes(value.get(1..)?.trim_ascii()).ok()?;
    Some((name, value))
}
