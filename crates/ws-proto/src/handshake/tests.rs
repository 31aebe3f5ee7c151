//! Both roles against each other, and what the tests of each share.

use http::{
    HeaderName, Request, Response, StatusCode, Uri,
    header::{self, HeaderValue},
    request,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::{select, subsequence},
};
use sockeye_types::{ContextTakeover, Deflate, WindowBits};

use super::*;

pub(super) const NONCE: [u8; 16] = *b"the sample nonce";

pub(super) const NOTHING: ServerOffer<'static> = ServerOffer {
    protocols: &[],
    deflate: None,
};

/// The plainest handshake, asked for.
pub(super) fn client() -> ClientRequest {
    ClientRequest::new(Uri::from_static("ws://example.com/chat?room=1"), NONCE)
}

/// The head of the plainest handshake, changed.
pub(super) fn head(change: impl FnOnce(&mut request::Parts)) -> request::Parts {
    let (mut head, ()) = client().to_request().unwrap().into_parts();
    change(&mut head);
    head
}

pub(super) fn value(value: &'static str) -> HeaderValue {
    HeaderValue::from_static(value)
}

fn deflate() -> impl Strategy<Value = Deflate> {
    let context = || prop_oneof![Just(ContextTakeover::Kept), Just(ContextTakeover::None)];
    let window = || (9..=15_u8).prop_map(|bits| WindowBits::new(bits).unwrap());
    (context(), context(), window(), window()).prop_map(|(own_context, peer_context, own, peer)| {
        Deflate::default()
            .contexts(own_context, peer_context)
            .windows(own, peer)
    })
}

fn protocols() -> impl Strategy<Value = Vec<String>> {
    subsequence(vec!["a", "b", "c"], 0..=3)
        .prop_shuffle()
        .prop_map(|protocols| protocols.into_iter().map(str::to_owned).collect())
}

/// Header values that begin as good ones and then are anything.
fn garbage() -> impl Strategy<Value = HeaderValue> {
    let start = prop_oneof![
        Just(""),
        Just("websocket"),
        Just("Upgrade, "),
        Just("permessage-deflate; client_max_window_bits=\""),
        Just("13"),
        Just("dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    (start, vec(any::<u8>(), 0..20)).prop_filter_map("not a header value", |(start, rest)| {
        HeaderValue::from_bytes(&[start.as_bytes(), &rest].concat()).ok()
    })
}

fn names() -> impl Strategy<Value = HeaderName> {
    select(vec![
        header::HOST,
        header::UPGRADE,
        header::CONNECTION,
        header::SEC_WEBSOCKET_KEY,
        header::SEC_WEBSOCKET_ACCEPT,
        header::SEC_WEBSOCKET_VERSION,
        header::SEC_WEBSOCKET_PROTOCOL,
        header::SEC_WEBSOCKET_EXTENSIONS,
        header::CONTENT_LENGTH,
    ])
}

proptest! {
    #[test]
    fn client_and_server_agree_whatever_both_wish(
        nonce in any::<[u8; 16]>(),
        wishes in (option::of(deflate()), option::of(deflate())),
        asked in protocols(),
        ours in protocols(),
    ) {
        let client = ClientRequest::new(Uri::from_static("wss://example.com/"), nonce)
            .protocols(asked.clone())
            .deflate(wishes.0);
        let (head, ()) = client.to_request().unwrap().into_parts();
        let offer = ServerOffer { protocols: &ours, deflate: wishes.1.as_ref() };
        let accepted = accept(&head, &offer).unwrap();
        let (head, ()) = accepted.response.into_parts();
        let established = client.verify(&head).unwrap();

        let chosen = ours.iter().find(|protocol| asked.contains(protocol));
        prop_assert_eq!(accepted.protocol.as_ref(), chosen);
        prop_assert_eq!(established.protocol.as_ref(), chosen);
        let (Some(client), Some(server)) = (wishes.0, wishes.1) else {
            prop_assert_eq!((accepted.deflate, established.deflate), (None, None));
            return Ok(());
        };
        let (theirs, ours) = (established.deflate.unwrap(), accepted.deflate.unwrap());
        prop_assert_eq!((ours.compress, ours.decompress), (theirs.decompress, theirs.compress));
        prop_assert!(ours.compress.window <= server.own_window.min(client.peer_window));
        prop_assert!(ours.decompress.window <= server.peer_window.min(client.own_window));
    }

    #[test]
    fn garbage_in_the_headers_never_panics(changes in vec((names(), garbage()), 1..4)) {
        let mut request = Request::new(());
        *request.headers_mut() = head(|_| {}).headers;
        let mut response = Response::new(());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        for (name, value) in changes {
            request.headers_mut().insert(&name, value.clone());
            response.headers_mut().append(&name, value);
        }
        let offer = ServerOffer { protocols: &["a".to_owned()], deflate: Some(&Deflate::default()) };
        let (mut head, ()) = request.into_parts();
        if let Err(error) = accept(&head, &offer) {
            prop_assert!(error.response().status().is_client_error());
        }
        head.method = http::Method::CONNECT;
        head.version = http::Version::HTTP_2;
        head.uri = Uri::from_static("https://example.com/");
        if let Err(error) = accept_extended(&head, Some("websocket"), &offer) {
            prop_assert!(error.response().status().is_client_error());
        }
        let (head, ()) = response.into_parts();
        let _ = client().verify(&head);
    }
}
