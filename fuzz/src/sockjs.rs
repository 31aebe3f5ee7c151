//! What SockJS reads from strangers, and what it writes for them.

use bytes::BytesMut;
use http::HeaderValue;
use sockeye_sockjs_proto::{
    BodyLimits, Callback, Capabilities, Escape, FrameReader, Framing, Receive, Resource, SendBy,
    ServerFrame, escape_into, read_frame_text, read_send, read_strings,
};
use sockeye_types::Text;

const LIMITS: BodyLimits = BodyLimits {
    messages: 64,
    message_bytes: 1 << 10,
};

/// How large a frame a client takes: more than the prelude, so that a corpus can reach it.
const FRAME_BYTES: usize = 4 << 10;

/// A path below a prefix names nothing, or what it says.
pub fn sockjs_resource(data: &[u8]) {
    let Ok(path) = str::from_utf8(data) else {
        return;
    };
    match Resource::of(path) {
        Some(Resource::Receive { session, .. } | Resource::Send { session, .. }) => {
            assert!(!session.is_empty() && !session.contains(['/', '.']));
            assert!(path.contains(&format!("/{session}/")));
            assert_eq!(path.trim_end_matches('/').matches('/').count(), 3, "{path}");
        }
        Some(Resource::WebSocket) => assert!(path.contains("/websocket")),
        Some(Resource::Greeting) => assert!(path.is_empty() || path == "/"),
        Some(resource) => assert!(resource.allow().contains("GET")),
        None => {}
    }
    if let Ok(callback) = Callback::from_query(Some(path), 32) {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        assert!(callback.as_str().bytes().all(is_safe) && callback.as_str().len() <= 32);
    }
}

/// A body of a send is what another JSON reader takes it for, and within the limits.
pub fn sockjs_body(data: &[u8]) {
    let read = read_strings(data, LIMITS);
    if let Ok(texts) = &read {
        assert!(texts.len() <= LIMITS.messages);
        assert!(texts.iter().all(|text| text.len() <= LIMITS.message_bytes));
        let has_lone_half = texts.iter().any(|text| text.contains('\u{fffd}'));
        if !has_lone_half {
            let other: Vec<String> = serde_json::from_slice(data).unwrap_or_default();
            assert!(texts.iter().map(Text::as_str).eq(&other));
        }
    }
    let framed = str::from_utf8(data).map(|text| read_frame_text(text, LIMITS));
    if let (Ok(texts), Ok(Ok(framed))) = (&read, framed) {
        assert_eq!(*texts, framed, "an array is the same on a WebSocket");
    }
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let _ = read_send(SendBy::Jsonp, Some(&form), data, LIMITS);
    assert_eq!(
        read_send(SendBy::Xhr, None, data, LIMITS).ok(),
        read.ok(),
        "without a type it is JSON"
    );
}

/// Whatever is said stays within its frame and is read back, one by one and in batches; lines are messages.
pub fn sockjs_frames(data: &[u8]) {
    let said = String::from_utf8_lossy(data);
    let lines: Vec<&str> = said.split('\n').take(LIMITS.messages).collect();
    let limits = BodyLimits {
        message_bytes: usize::MAX,
        ..LIMITS
    };
    let callback = Callback::from_query(Some("c=cb"), 32).ok();
    for by in Receive::ALL {
        let Ok(framing) = Framing::of(by, callback.as_ref()) else {
            continue;
        };
        let (mut frame, mut of_elements) = (BytesMut::new(), BytesMut::new());
        let mut batch = framing.batch(&mut frame);
        lines.iter().for_each(|line| batch.text(line));
        batch.finish();
        let mut batch = framing.batch(&mut of_elements);
        for line in &lines {
            let mut element = BytesMut::new();
            escape_into(framing.escape(), line, &mut element);
            batch.element(&element);
        }
        batch.finish();
        assert_eq!(frame, of_elements);
        let text = String::from_utf8_lossy(&frame);
        match framing.escape() {
            Escape::Json => {
                let parsed = ServerFrame::parse(frame.trim_ascii_end(), limits);
                let texts = lines.iter().map(|line| Text::from(*line)).collect();
                assert_eq!(parsed.ok(), Some(ServerFrame::Messages(texts)));
            }
            Escape::EventSource => {
                let data = text.trim_end().replace("%25", "");
                assert!(!data.contains(['%', '\n', '\r']), "{text}");
            }
            Escape::Script => assert!(text.matches('<').count() <= 2, "{text}"),
        }
    }
}

/// What a server sends is read alike however it is cut. The first byte says where.
pub fn sockjs_client(data: &[u8]) {
    let Some((&step, stream)) = data.split_first() else {
        return;
    };
    let _ = Capabilities::parse(stream);
    let whole = frames(stream.chunks(stream.len().max(1)));
    assert_eq!(whole, frames(stream.chunks(usize::from(step).max(1))));
    for frame in &whole.0 {
        let _ = ServerFrame::parse(frame, LIMITS);
    }
}

/// The frames of a stream, and whether it went wrong.
fn frames<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Vec<u8>>, bool) {
    let mut reader = FrameReader::new(FRAME_BYTES);
    let (mut input, mut frames) = (BytesMut::new(), Vec::new());
    for piece in pieces {
        input.extend_from_slice(piece);
        loop {
            match reader.next(&mut input) {
                Ok(Some(frame)) => frames.push(frame.to_vec()),
                Ok(None) => break,
                Err(_) => return (frames, true),
            }
        }
    }
    (frames, false)
}
