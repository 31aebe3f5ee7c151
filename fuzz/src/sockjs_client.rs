//! Any bytes as what a SockJS server sends: however they are cut, the same frames come of them, within the limits.

use bytes::{Bytes, BytesMut};
use serde_json::{Value, from_slice};
use sockeye_sockjs_proto::{
    BodyLimits, Capabilities, FrameError, FrameReader, Framing, ServerFrame,
};

/// How large a frame may be; a reader takes no less.
const FRAME_BYTES: usize = 2048;

const LIMITS: BodyLimits = BodyLimits {
    messages: 8,
    message_bytes: 64,
};

/// A response. The first byte says how long the pieces are.
pub fn sockjs_client(data: &[u8]) {
    let Some((&cut, body)) = data.split_first() else {
        return;
    };
    let (frames, error) = split(body, body.len().max(1));
    assert_eq!(split(body, usize::from(cut) + 1), (frames.clone(), error));
    let lines = body.split_inclusive(|byte| *byte == b'\n');
    let whole = lines.filter_map(|line| line.strip_suffix(b"\n"));
    let is_frame = |line: &&[u8]| !line.is_empty() && (line.len() == 1 || *line != prelude(line));
    let expected = whole
        .take_while(|line| line.len() <= FRAME_BYTES)
        .filter(is_frame);
    assert!(frames.iter().map(|frame| &**frame).eq(expected));
    for frame in &frames {
        parsed(frame);
    }
    informed(body);
}

/// As many `h` as a line has bytes.
fn prelude(line: &[u8]) -> Vec<u8> {
    vec![b'h'; line.len()]
}

fn split(body: &[u8], cut: usize) -> (Vec<Bytes>, Option<FrameError>) {
    let mut reader = FrameReader::new(FRAME_BYTES);
    let (mut input, mut frames) = (BytesMut::new(), Vec::new());
    for piece in body.chunks(cut) {
        input.extend_from_slice(piece);
        loop {
            match reader.next(&mut input) {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(reader.next(&mut input), Err(error), "it does not stay so");
                    return (frames, Some(error));
                }
            }
        }
        assert!(input.len() <= FRAME_BYTES);
    }
    (frames, None)
}

/// What is read of a frame is within the limits, and the same when it is written and read again.
fn parsed(frame: &[u8]) {
    let Ok(read) = ServerFrame::parse(frame, LIMITS) else {
        return;
    };
    let (framing, mut out) = (Framing::websocket(), BytesMut::new());
    match &read {
        ServerFrame::Open => framing.open(&mut out),
        ServerFrame::Heartbeat => framing.heartbeat(&mut out),
        ServerFrame::Close(close) => {
            assert!(close.reason.len() <= LIMITS.message_bytes);
            framing.close_frame(close, &mut out);
        }
        ServerFrame::Messages(texts) => {
            assert!(texts.len() <= LIMITS.messages);
            let mut batch = framing.batch(&mut out);
            for text in texts {
                assert!(text.len() <= LIMITS.message_bytes);
                batch.text(text);
            }
            batch.finish();
        }
    }
    assert_eq!(ServerFrame::parse(&out, LIMITS), Ok(read));
}

/// What a server says it can do is what another JSON reader finds there, and the same when it is said again.
fn informed(body: &[u8]) {
    let other: Option<Value> = from_slice(body).ok();
    let Ok(read) = Capabilities::parse(body) else {
        return;
    };
    assert_eq!(Capabilities::parse(&read.body(7)), Ok(read.clone()));
    if let Some(other) = other {
        assert!(other.is_object());
        let flag = |name| other.get(name).and_then(Value::as_bool);
        assert_eq!(read.websocket, flag("websocket").unwrap_or(true));
        assert_eq!(read.cookie_needed, flag("cookie_needed").unwrap_or(false));
        if let Some(url) = other.get("base_url").and_then(Value::as_str) {
            assert_eq!(read.base_url.as_deref(), Some(url));
        }
    }
}
