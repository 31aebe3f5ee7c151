//! From messages to SockJS frames: a broadcast is escaped once for all sessions that are escaped alike, and framed once
//! for all that are framed alike.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use sockeye_endpoint::{BinaryOverText, Outgoing, Shared};
use sockeye_sockjs_proto::{Escape, Framing, Receive, escape_into};
use sockeye_types::{Message, Text};

/// What a binary message begins with where it travels as text (RFC 2397).
const DATA_URL: &str = "data:application/octet-stream;base64,";

/// What broadcasts are kept under, beside the framings of WebSocket, which leave these bits alone.
const ELEMENT: u64 = 1 << 16;
const FRAME: u64 = 2 << 16;
/// Marks WebSocket framings whose messages are SockJS frames.
pub(crate) const FRAMED: u64 = 3 << 16;

/// A message is binary, and the transport carries text only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsBinary;

/// Makes text of a message.
///
/// # Errors
/// [`IsBinary`] if it is binary, and binary does not travel as text.
fn text(message: &Message, binary: BinaryOverText) -> Result<std::borrow::Cow<'_, str>, IsBinary> {
    match (message, binary) {
        (Message::Text(text), _) => Ok(text.as_str().into()),
        (Message::Binary(bytes), BinaryOverText::DataUrl) => {
            let mut url = String::with_capacity(DATA_URL.len() + bytes.len().div_ceil(3) * 4);
            url.push_str(DATA_URL);
            STANDARD.encode_string(bytes, &mut url);
            Ok(url.into())
        }
        (Message::Binary(_), _) => Err(IsBinary),
    }
}

/// Makes a message of a text that a client sent.
pub(crate) fn message(text: Text, binary: BinaryOverText) -> Message {
    if binary == BinaryOverText::DataUrl
        && let Some(encoded) = text.strip_prefix(DATA_URL)
        && let Ok(bytes) = STANDARD.decode(encoded)
    {
        return Message::binary(bytes);
    }
    Message::Text(text)
}

/// Writes one frame of messages. Those that can not be written are left out.
///
/// # Errors
/// [`IsBinary`] if there were such; the frame holds the others, if there were any.
pub(crate) fn frame(
    framing: &Framing,
    messages: &mut dyn Iterator<Item = Outgoing>,
    binary: BinaryOverText,
    out: &mut BytesMut,
) -> Result<(), IsBinary> {
    let mut result = Ok(());
    let mut texts = messages.filter_map(|outgoing| match element(&outgoing, framing, binary) {
        Ok(element) => Some((outgoing, element)),
        Err(error) => {
            result = Err(error);
            None
        }
    });
    let Some(first) = texts.next() else {
        drop(texts);
        return result;
    };
    let mut batch = framing.batch(out);
    for (outgoing, element) in std::iter::once(first).chain(texts) {
        match (element, text(outgoing.message(), binary)) {
            (Some(element), _) => batch.element(&element),
            (None, Ok(text)) => batch.text(&text),
            (None, Err(_)) => {}
        }
    }
    batch.finish();
    result
}

/// Escapes a broadcast, unless that was done for another session. What is for one session alone is escaped in place.
fn element(
    outgoing: &Outgoing,
    framing: &Framing,
    binary: BinaryOverText,
) -> Result<Option<Bytes>, IsBinary> {
    if outgoing.message().is_binary() && binary != BinaryOverText::DataUrl {
        return Err(IsBinary);
    }
    Ok(match outgoing {
        Outgoing::Message(_) => None,
        Outgoing::Shared(shared) => Some(escaped(shared, framing.escape(), binary)),
    })
}

fn escaped(shared: &Shared, escape: Escape, binary: BinaryOverText) -> Bytes {
    shared.framed(ELEMENT | escape as u64, |message| {
        let mut element = BytesMut::new();
        if let Ok(text) = text(message, binary) {
            escape_into(escape, &text, &mut element);
        }
        element.freeze()
    })
}

/// Frames a broadcast that goes out alone, unless that was done for another session; `None` if each session has a frame
/// of its own.
///
/// # Errors
/// [`IsBinary`] if it is, and binary does not travel as text.
pub(crate) fn shared_frame(
    shared: &Shared,
    by: Receive,
    framing: &Framing,
    binary: BinaryOverText,
) -> Result<Option<Bytes>, IsBinary> {
    if by == Receive::Jsonp {
        return Ok(None);
    }
    if shared.message().is_binary() && binary != BinaryOverText::DataUrl {
        return Err(IsBinary);
    }
    // Polling and streaming have the same frames.
    let kind = match by {
        Receive::Xhr => Receive::XhrStreaming,
        by => by,
    };
    Ok(Some(shared.framed(FRAME | kind as u64, |_| {
        let mut frame = BytesMut::new();
        let mut batch = framing.batch(&mut frame);
        if let Ok(text) = text(shared.message(), binary) {
            batch.text(&text);
        }
        batch.finish();
        frame.freeze()
    })))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn written(messages: Vec<Outgoing>, binary: BinaryOverText) -> (Result<(), IsBinary>, String) {
        let mut out = BytesMut::new();
        let framing = Framing::of(Receive::Xhr, None).unwrap();
        let result = frame(&framing, &mut messages.into_iter(), binary, &mut out);
        (result, String::from_utf8(out.to_vec()).unwrap())
    }

    fn one(message: impl Into<Message>) -> Outgoing {
        Outgoing::Message(message.into())
    }

    fn shared(message: impl Into<Message>) -> Outgoing {
        Outgoing::Shared(Arc::new(Shared::new(message.into())))
    }

    #[test]
    fn messages_of_both_kinds_share_one_frame_in_order() {
        let messages = vec![one("a"), shared("\"b\""), one("c")];
        let expected = "a[\"a\",\"\\\"b\\\"\",\"c\"]\n".to_owned();
        assert_eq!(written(messages, BinaryOverText::Close), (Ok(()), expected));
    }

    #[test]
    fn binary_is_left_out_or_travels_as_a_data_url_and_back() {
        let bytes = Message::binary(vec![0, 255, 7]);
        for outgoing in [one(bytes.clone()), shared(bytes.clone())] {
            let messages = vec![one("a"), outgoing.clone()];
            let expected = (Err(IsBinary), "a[\"a\"]\n".to_owned());
            assert_eq!(written(messages, BinaryOverText::Close), expected);
            let alone = written(vec![outgoing.clone()], BinaryOverText::Close);
            assert_eq!(alone, (Err(IsBinary), String::new()), "no empty frame");
            let url = "data:application/octet-stream;base64,AP8H";
            let expected = (Ok(()), format!("a[\"{url}\"]\n"));
            assert_eq!(written(vec![outgoing], BinaryOverText::DataUrl), expected);
            assert_eq!(message(url.into(), BinaryOverText::DataUrl), bytes);
            assert!(message(url.into(), BinaryOverText::Close).is_text());
        }
        let broken = "data:application/octet-stream;base64,?";
        assert!(message(broken.into(), BinaryOverText::DataUrl).is_text());
    }

    #[test]
    fn a_broadcast_that_goes_out_alone_is_framed_once_for_polling_and_streaming() {
        let broadcast = Shared::new("hi".into());
        let frame = |by| {
            let framing = Framing::of(by, None).unwrap();
            shared_frame(&broadcast, by, &framing, BinaryOverText::Close)
                .unwrap()
                .unwrap()
        };
        let (polling, streaming) = (frame(Receive::Xhr), frame(Receive::XhrStreaming));
        assert_eq!(polling, "a[\"hi\"]\n");
        assert_eq!(polling.as_ptr(), streaming.as_ptr());
        assert_eq!(frame(Receive::EventSource), "data: a[\"hi\"]\r\n\r\n");
    }
}
