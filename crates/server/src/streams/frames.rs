//! From messages to the bytes of a streaming response; a broadcast is written once for all that are framed alike.

use std::{fmt, sync::Arc};

use bytes::{BufMut, Bytes, BytesMut};
use sockeye_endpoint::{HttpStream, Outgoing, Session, Shared, StreamFraming};
use sockeye_types::{Close, Message};

use crate::sockjs::IsBinary;

/// What broadcasts are kept under, beside the framings of WebSocket and SockJS, which leave these bits alone.
const LINES: u64 = 4 << 16;
const EVENTS: u64 = 5 << 16;

/// How one streaming response has its messages.
pub(crate) struct StreamWire {
    options: Arc<HttpStream>,
    session: Session,
}

impl StreamWire {
    pub(super) fn new(options: Arc<HttpStream>, session: Session) -> Self {
        Self { options, session }
    }

    /// Returns what precedes the messages: some browsers show nothing of a response before.
    pub(crate) fn prelude(&self) -> Option<Bytes> {
        match self.options.framing {
            StreamFraming::Lines => None,
            StreamFraming::Events { .. } => Some(Bytes::from_static(b"\r\n")),
        }
    }

    /// Appends the last message, if there is one. One that can not be written is left out: the session closes anyway.
    pub(crate) fn close(&self, close: &Close, out: &mut BytesMut) {
        if let Some(message) = self.options.last_message(&self.session, close) {
            let _ = put(&self.options.framing, &message, out);
        }
    }

    /// Writes messages. Those that can not be written are left out.
    ///
    /// # Errors
    /// [`IsBinary`] if there were such.
    pub(crate) fn frame(
        &self,
        messages: &mut dyn Iterator<Item = Outgoing>,
        out: &mut BytesMut,
    ) -> Result<(), IsBinary> {
        let mut result = Ok(());
        for outgoing in messages {
            let written = match &outgoing {
                Outgoing::Message(message) => put(&self.options.framing, message, out),
                Outgoing::Shared(shared) => self.shared(shared).map(|bytes| out.put_slice(&bytes)),
            };
            result = result.and(written);
        }
        result
    }

    /// Writes a broadcast, unless that was done for another session.
    ///
    /// # Errors
    /// [`IsBinary`] if it can not be written.
    pub(crate) fn shared(&self, shared: &Shared) -> Result<Bytes, IsBinary> {
        let kind = match self.options.framing {
            StreamFraming::Lines => LINES,
            StreamFraming::Events { .. } if shared.message().is_binary() => return Err(IsBinary),
            StreamFraming::Events { .. } => EVENTS,
        };
        Ok(shared.framed(kind, |message| {
            let mut out = BytesMut::new();
            let _ = put(&self.options.framing, message, &mut out);
            out.freeze()
        }))
    }
}

fn put(framing: &StreamFraming, message: &Message, out: &mut BytesMut) -> Result<(), IsBinary> {
    match (framing, message) {
        (StreamFraming::Lines, Message::Binary(bytes)) => out.put_slice(bytes),
        (StreamFraming::Lines, Message::Text(text)) => {
            out.put_slice(text.as_bytes());
            if !text.is_empty() && !text.ends_with('\n') {
                out.put_u8(b'\n');
            }
        }
        (StreamFraming::Events { .. }, Message::Text(text)) => put_events(text, out),
        (StreamFraming::Events { .. }, Message::Binary(_)) => return Err(IsBinary),
    }
    Ok(())
}

/// Makes each line an event; a lone carriage return within one would end it (WHATWG HTML §9.2.5).
fn put_events(text: &str, out: &mut BytesMut) {
    for line in text.lines().filter(|line| !line.is_empty()) {
        for part in line.split('\r') {
            out.put_slice(b"data: ");
            out.put_slice(part.as_bytes());
            out.put_u8(b'\n');
        }
        out.put_u8(b'\n');
    }
}

impl fmt::Debug for StreamWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamWire")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(framing: &StreamFraming, message: impl Into<Message>) -> Option<String> {
        let mut out = BytesMut::new();
        put(framing, &message.into(), &mut out).ok()?;
        Some(String::from_utf8(out.to_vec()).unwrap())
    }

    #[test]
    fn a_text_ends_its_line_once_and_binary_goes_as_it_is() {
        let written = |message: Message| written(&StreamFraming::Lines, message).unwrap();
        assert_eq!(written("{}".into()), "{}\n");
        assert_eq!(written("{}\n{}\n".into()), "{}\n{}\n");
        assert_eq!(written("".into()), "", "no blank line");
        assert_eq!(written(Message::binary(vec![1, 65])), "\u{1}A");
    }

    #[test]
    fn each_line_is_an_event_and_nothing_breaks_out_of_it() {
        let events = StreamFraming::Events {
            parameter: String::new(),
        };
        let written = |message: Message| written(&events, message);
        let event = |text: &str| Some(text.to_owned());
        assert_eq!(written("{}".into()), event("data: {}\n\n"));
        assert_eq!(written("a\nb\n".into()), event("data: a\n\ndata: b\n\n"));
        assert_eq!(
            written("a\revent: x".into()),
            event("data: a\ndata: event: x\n\n")
        );
        assert_eq!(written("".into()), event(""));
        assert_eq!(written(Message::binary(vec![1])), None);
    }
}
