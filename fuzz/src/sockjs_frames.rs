//! Any texts through every framing of SockJS: nothing in them breaks what carries them, and a client reads them back.

use bytes::BytesMut;
use sockeye_sockjs_proto::{
    BodyLimits, Callback, CloseFrame, Escape, Framing, Receive, ServerFrame, escape_into,
};

/// What each is asked to call.
const QUERY: &str = "c=_jp.a";

/// No limits: these are our own frames.
const WIDE: BodyLimits = BodyLimits {
    messages: usize::MAX,
    message_bytes: usize::MAX,
};

/// Two bytes of a close code, then texts between bars.
pub fn sockjs_frames(data: &[u8]) {
    let Some((code, bytes)) = data.split_first_chunk() else {
        return;
    };
    let text = String::from_utf8_lossy(bytes);
    let texts: Vec<&str> = text.split('|').collect();
    let callback = Callback::from_query(Some(QUERY), 32).ok();
    let framings = Receive::ALL.map(|by| Framing::of(by, callback.as_ref()).ok());
    let both_ends = [
        ("", ""),
        ("", "\n"),
        ("", "\n"),
        ("data: ", "\r\n\r\n"),
        ("<script>\np(\"", "\");\n</script>\r\n"),
        ("/**/_jp.a(\"", "\");\r\n"),
    ];
    let websocket = Some(Framing::websocket());
    for (framing, ends) in [websocket].into_iter().chain(framings).zip(both_ends) {
        assert!(framing.is_some(), "there is a callback");
        let Some(framing) = framing else {
            return;
        };
        let messages = texts.iter().map(|text| (*text).into()).collect();
        let batch = written_twice(&framing, &texts);
        assert_eq!(read(&batch, ends, &framing), ServerFrame::Messages(messages));
        let close = CloseFrame {
            code: u16::from_be_bytes(*code).into(),
            reason: text.as_ref().into(),
        };
        let mut out = BytesMut::new();
        framing.close_frame(&close, &mut out);
        assert_eq!(read(&out, ends, &framing), ServerFrame::Close(close));
    }
}

/// Writes a batch of texts, which is the same as one of elements that were escaped before.
fn written_twice(framing: &Framing, texts: &[&str]) -> BytesMut {
    let (mut out, mut again) = (BytesMut::new(), BytesMut::new());
    let (mut batch, mut elements) = (framing.batch(&mut out), framing.batch(&mut again));
    for text in texts {
        batch.text(text);
        let mut element = BytesMut::new();
        escape_into(framing.escape(), text, &mut element);
        elements.element(&element);
    }
    batch.finish();
    elements.finish();
    assert_eq!(out, again);
    out
}

/// Reads a frame as a browser and the client in it do.
fn read(wire: &[u8], (start, end): (&str, &str), framing: &Framing) -> ServerFrame {
    let wire = str::from_utf8(wire).unwrap_or_default();
    let frame = wire
        .strip_prefix(start)
        .and_then(|rest| rest.strip_suffix(end));
    let frame = frame.unwrap_or_default();
    assert!(!frame.contains(is_hidden), "{frame:?}");
    let frame = match framing.escape() {
        Escape::Json => Some(frame.to_owned()),
        // Each `%` is a `%25`: `decodeURI` would make something of others, or throw.
        Escape::EventSource => {
            let rests = frame.split('%').skip(1);
            let mut marks = rests.map(|rest| rest.starts_with("25"));
            marks.all(|is| is).then(|| frame.replace("%25", "%"))
        }
        // JSON's strings are JavaScript's, and an end before the end is an error.
        Escape::Script => {
            assert!(!frame.contains('<'), "{frame:?}");
            serde_json::from_str(&format!("\"{frame}\"")).ok()
        }
    };
    let read = ServerFrame::parse(frame.unwrap_or_default().as_bytes(), WIDE);
    assert!(read.is_ok(), "{read:?} of {wire:?}");
    read.unwrap_or(ServerFrame::Heartbeat)
}

/// What the protocol's suite wants hidden, because browsers spoil it.
fn is_hidden(char: char) -> bool {
    matches!(
        char,
        '\0'..='\x1f'
            | '\u{200c}'..='\u{200f}'
            | '\u{2028}'..='\u{202f}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff0}'..='\u{ffff}'
    )
}
