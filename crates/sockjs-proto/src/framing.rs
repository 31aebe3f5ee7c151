//! Frames to the client, as each transport has them.

use bytes::{BufMut, Bytes, BytesMut};
use sockeye_types::Close;

use crate::{Callback, CloseFrame, Escape, Receive, RequestError, escape_into};

/// How frames are written for one receiver: what stands before and after each, and how messages are escaped.
///
/// ```
/// use bytes::BytesMut;
/// use sockeye_sockjs_proto::{Framing, Receive};
///
/// let framing = Framing::of(Receive::EventSource, None).unwrap();
/// let mut out = BytesMut::new();
/// let mut batch = framing.batch(&mut out);
/// batch.text("100 %");
/// batch.finish();
/// assert_eq!(out, "data: a[\"100 %25\"]\r\n\r\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framing(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    WebSocket,
    Xhr,
    XhrStreaming,
    EventSource,
    HtmlFile(Callback),
    Jsonp(Callback),
}

/// An `a` frame that is being written. It is whole once [`finish`](Self::finish) was called.
#[derive(Debug)]
#[must_use = "a frame that is not finished must not be sent"]
pub struct Batch<'a> {
    framing: &'a Framing,
    out: &'a mut BytesMut,
    separator: &'static [u8],
}

/// How many `h` precede the frames of XHR streaming: some browsers show nothing of a response before.
const XHR_PRELUDE: usize = 2048;

/// What is known of the size of a page before browsers run the scripts in it.
const HTML_PRELUDE: usize = 1024;

static XHR_PRELUDE_BYTES: [u8; XHR_PRELUDE + 1] = {
    let mut bytes = [b'h'; XHR_PRELUDE + 1];
    bytes[XHR_PRELUDE] = b'\n';
    bytes
};

impl Framing {
    /// Frames as text messages of a WebSocket: each is one payload.
    pub const fn websocket() -> Self {
        Self(Kind::WebSocket)
    }

    /// Frames for one of the ways to receive over HTTP.
    ///
    /// # Errors
    /// [`RequestError::MissingCallback`] if it [needs a callback](Receive::has_callback) and there is none.
    pub fn of(by: Receive, callback: Option<&Callback>) -> Result<Self, RequestError> {
        let callback = || callback.cloned().ok_or(RequestError::MissingCallback);
        Ok(Self(match by {
            Receive::Xhr => Kind::Xhr,
            Receive::XhrStreaming => Kind::XhrStreaming,
            Receive::EventSource => Kind::EventSource,
            Receive::HtmlFile => Kind::HtmlFile(callback()?),
            Receive::Jsonp => Kind::Jsonp(callback()?),
        }))
    }

    /// Returns what precedes the frames, if anything. It is a chunk of its own, and does not count as a frame's bytes.
    pub fn prelude(&self) -> Option<Bytes> {
        match &self.0 {
            Kind::WebSocket | Kind::Xhr | Kind::Jsonp(_) => None,
            Kind::XhrStreaming => Some(Bytes::from_static(&XHR_PRELUDE_BYTES)),
            Kind::EventSource => Some(Bytes::from_static(b"\r\n")),
            Kind::HtmlFile(callback) => Some(html_prelude(callback)),
        }
    }

    /// Returns how messages must be escaped for it.
    pub const fn escape(&self) -> Escape {
        match self.0 {
            Kind::WebSocket | Kind::Xhr | Kind::XhrStreaming => Escape::Json,
            Kind::EventSource => Escape::EventSource,
            Kind::HtmlFile(_) | Kind::Jsonp(_) => Escape::Script,
        }
    }

    /// Appends an `o` frame: the session is open.
    pub fn open(&self, out: &mut BytesMut) {
        self.begin(out);
        out.put_u8(b'o');
        self.end(out);
    }

    /// Appends an `h` frame: the server is there.
    pub fn heartbeat(&self, out: &mut BytesMut) {
        self.begin(out);
        out.put_u8(b'h');
        self.end(out);
    }

    /// Appends a `c` frame: the session is closed. A close without a code says 1000 "Normal closure".
    pub fn close(&self, close: &Close, out: &mut BytesMut) {
        self.close_frame(&close.into(), out);
    }

    /// Appends a `c` frame of any code.
    pub fn close_frame(&self, close: &CloseFrame, out: &mut BytesMut) {
        self.begin(out);
        out.put_slice(b"c[");
        out.put_slice(close.code.as_u16().to_string().as_bytes());
        out.put_u8(b',');
        escape_into(self.escape(), &close.reason, out);
        out.put_u8(b']');
        self.end(out);
    }

    /// Begins an `a` frame: messages.
    pub fn batch<'a>(&'a self, out: &'a mut BytesMut) -> Batch<'a> {
        self.begin(out);
        out.put_slice(b"a[");
        Batch {
            framing: self,
            out,
            separator: b"",
        }
    }

    fn begin(&self, out: &mut BytesMut) {
        match &self.0 {
            Kind::WebSocket | Kind::Xhr | Kind::XhrStreaming => {}
            Kind::EventSource => out.put_slice(b"data: "),
            Kind::HtmlFile(_) => out.put_slice(b"<script>\np(\""),
            Kind::Jsonp(callback) => {
                // The comment keeps a callback's name from being read as the head of some other kind of file.
                out.put_slice(b"/**/");
                out.put_slice(callback.as_str().as_bytes());
                out.put_slice(b"(\"");
            }
        }
    }

    fn end(&self, out: &mut BytesMut) {
        out.put_slice(match self.0 {
            Kind::WebSocket => b"",
            Kind::Xhr | Kind::XhrStreaming => b"\n",
            Kind::EventSource => b"\r\n\r\n",
            Kind::HtmlFile(_) => b"\");\n</script>\r\n",
            Kind::Jsonp(_) => b"\");\r\n",
        });
    }
}

impl Batch<'_> {
    /// Appends a message.
    pub fn text(&mut self, text: &str) {
        self.out.put_slice(self.separator);
        self.separator = b",";
        escape_into(self.framing.escape(), text, self.out);
    }

    /// Appends a message that [`escape_into`] has written before, for this framing's [`escape`](Framing::escape).
    pub fn element(&mut self, element: &[u8]) {
        self.out.put_slice(self.separator);
        self.separator = b",";
        self.out.put_slice(element);
    }

    /// Ends the frame.
    pub fn finish(self) {
        self.out.put_u8(b']');
        self.framing.end(self.out);
    }
}

/// The page of the htmlfile transport, which the protocol's suite compares letter by letter.
fn html_prelude(callback: &Callback) -> Bytes {
    let page = format!(
        r#"<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.{};
    c.start();
    function p(d) {{c.message(d);}};
    window.onload = function() {{c.stop();}};
  </script>"#,
        callback.as_str()
    );
    format!("{page:<width$}\r\n\r\n", width = HTML_PRELUDE + 1).into()
}

#[cfg(test)]
mod tests;
