//! Any `Sec-WebSocket-Extensions`, offered to a server and answered to a client.

use http::{
    HeaderMap, HeaderValue, Request, Response, StatusCode, Uri,
    header::{SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS},
};
use sockeye_types::{ContextTakeover, Deflate, WindowBits};
use sockeye_ws_proto::handshake::{ClientRequest, ServerOffer, accept};

/// A byte that chooses what this side wishes, then header values, one a line.
pub fn offers(data: &[u8]) {
    let Some((&choice, lines)) = data.split_first() else {
        return;
    };
    let wish = wish(choice);
    offered(lines, &wish);
    answered(lines, wish);
}

fn wish(choice: u8) -> Deflate {
    let context = |bit: u8| match choice & bit {
        0 => ContextTakeover::None,
        _ => ContextTakeover::Kept,
    };
    let window = |bits: u8| WindowBits::new(9 + bits % 7).unwrap_or(WindowBits::MAX);
    Deflate::default()
        .contexts(context(0x01), context(0x02))
        .windows(window(choice >> 2), window(choice >> 5))
}

/// A server agrees to what it says it agrees to, and never to more than it wishes.
fn offered(lines: &[u8], wish: &Deflate) {
    let Some(mut head) = request() else {
        return;
    };
    append(head.headers_mut(), lines);
    let offer = ServerOffer {
        protocols: &[],
        deflate: Some(wish),
    };
    let Ok(accepted) = accept(&head.into_parts().0, &offer) else {
        return;
    };
    let answers = accepted
        .response
        .headers()
        .get_all(SEC_WEBSOCKET_EXTENSIONS);
    let answers: Vec<&HeaderValue> = answers.iter().collect();
    assert_eq!(answers.len(), usize::from(accepted.deflate.is_some()));
    if let Some(agreed) = accepted.deflate {
        assert!(agreed.compress.window <= wish.own_window);
        let answer = answers.first().map(|answer| answer.as_bytes());
        assert!(answer.is_some_and(|answer| answer.starts_with(b"permessage-deflate")));
    }
}

/// A client agrees to nothing that it did not offer.
fn answered(lines: &[u8], wish: Deflate) {
    for deflate in [Some(wish), None] {
        let uri = Uri::from_static("ws://localhost/");
        let client = ClientRequest::new(uri, [7; 16]).deflate(deflate);
        let Some(mut head) = response() else {
            return;
        };
        append(head.headers_mut(), lines);
        if let Ok(established) = client.verify(&head.into_parts().0) {
            assert!(established.deflate.is_none() || deflate.is_some());
        }
    }
}

/// Our own request, but for its offer.
fn request() -> Option<Request<()>> {
    let uri = Uri::from_static("ws://localhost/");
    ClientRequest::new(uri, [7; 16]).to_request().ok()
}

/// The response to it, but for its answer to the offer.
fn response() -> Option<Response<()>> {
    let accepted = accept(&request()?.into_parts().0, &ServerOffer::default()).ok()?;
    assert_eq!(accepted.response.status(), StatusCode::SWITCHING_PROTOCOLS);
    assert!(
        accepted
            .response
            .headers()
            .contains_key(SEC_WEBSOCKET_ACCEPT)
    );
    Some(accepted.response)
}

fn append(headers: &mut HeaderMap, lines: &[u8]) {
    let lines = lines.split(|byte| *byte == b'\n').take(16);
    for value in lines.filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append(SEC_WEBSOCKET_EXTENSIONS, value);
    }
}
