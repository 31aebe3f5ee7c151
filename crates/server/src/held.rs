//! A response that is held open: written here, without the buffers that an HTTP server needs for its requests.
//!
//! A connection that waits for messages, as most do that SockJS carries, keeps a few hundred bytes.

use std::{
    future::poll_fn,
    io::{self, Write},
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
    time::SystemTime,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Version, header, response::Parts};
use tokio::io::ReadBuf;

use crate::{answer::frame_or_refusal, carried::Receiver, driver::Stream, rewound::Rewound};

/// How much is gathered for one write.
const GATHERED_BYTES: usize = 64 << 10;

/// How much is read ahead of the next request: enough to see that the client is there.
const AHEAD_BYTES: usize = 64;

/// What a request says about how its response is written, and what comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    version: Version,
    after: After,
}

/// What becomes of the connection after the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    NextRequest,
    Close,
}

impl Manner {
    /// Finds out how to respond to a request in HTTP/1, once nothing is left to read of it: behind a body that nobody
    /// reads, nobody finds the next one.
    pub(crate) fn of<B>(request: &Request<B>) -> Option<Self> {
        let says = |what| has_token(request.headers(), what);
        let after = match request.version() {
            Version::HTTP_11 if !says("close") => After::NextRequest,
            Version::HTTP_10 if says("keep-alive") && !says("close") => After::NextRequest,
            Version::HTTP_10 | Version::HTTP_11 => After::Close,
            _ => return None,
        };
        Some(Self {
            version: request.version(),
            after,
        })
    }
}

/// Says whether `Connection` has an option (RFC 9110 §7.6.1).
fn has_token(headers: &HeaderMap, what: &str) -> bool {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|option| option.trim().eq_ignore_ascii_case(what))
}

/// A response whose frames are still to come.
#[derive(Debug)]
pub(crate) struct Held {
    manner: Manner,
    head: Parts,
    receiver: Receiver,
    frames: Frames,
}

/// How many frames a response has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frames {
    /// One, and the head says how long it is.
    One,
    /// As many as come: the head goes ahead.
    Many,
}

/// How the end of a body is told (RFC 9112 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ends {
    /// By its length, which was told.
    Length,
    /// By a last chunk.
    Chunk,
    /// By the end of the connection.
    Close,
}

impl Held {
    pub(crate) fn new(manner: Manner, head: Parts, receiver: Receiver, frames: Frames) -> Self {
        Self {
            manner,
            head,
            receiver,
            frames,
        }
    }

    /// Writes the response to its end, and returns the connection if another request may follow.
    ///
    /// Cancel safety: dropped before it is done, the response is broken off, and so is the session that it carries.
    pub(crate) async fn write<S: Stream>(self, stream: Rewound<S>) -> Option<Rewound<S>> {
        let mut writing = self.begin(stream).await.ok()?;
        let written = poll_fn(|cx| writing.poll_write(cx)).await;
        let after = writing.after;
        written.ok()?;
        (after == After::NextRequest).then(|| Rewound::new(writing.ahead.freeze(), writing.stream))
    }

    /// Waits for the frame, if there is only one, and writes the head.
    async fn begin<S: Stream>(self, stream: Rewound<S>) -> io::Result<Writing<S>> {
        let (stream, ahead) = stream.into_parts();
        let Self {
            manner,
            mut head,
            mut receiver,
            frames,
        } = self;
        receiver.will_be_written();
        let mut writing = Writing {
            stream,
            ahead: ahead.into(),
            out: BytesMut::new(),
            receiver,
            stage: Stage::Frames,
            after: manner.after,
            ends: Ends::Length,
        };
        match (frames, manner.version) {
            (Frames::One, _) => {
                let frame = poll_fn(|cx| writing.poll_frame(cx)).await?;
                let body = frame_or_refusal(&mut head, frame);
                let length = HeaderValue::from(body.len());
                head.headers.insert(header::CONTENT_LENGTH, length);
                if manner
                    == (Manner {
                        version: Version::HTTP_10,
                        after: After::NextRequest,
                    })
                {
                    let keep = HeaderValue::from_static("keep-alive");
                    head.headers.insert(header::CONNECTION, keep);
                }
                write_head(&head, manner, &mut writing.out);
                writing.out.put_slice(&body);
                writing.stage = Stage::Finishing;
            }
            (Frames::Many, Version::HTTP_11) => {
                let chunked = HeaderValue::from_static("chunked");
                head.headers.insert(header::TRANSFER_ENCODING, chunked);
                writing.ends = Ends::Chunk;
                write_head(&head, manner, &mut writing.out);
            }
            (Frames::Many, _) => {
                writing.ends = Ends::Close;
                writing.after = After::Close;
                let after = After::Close;
                write_head(&head, Manner { after, ..manner }, &mut writing.out);
            }
        }
        Ok(writing)
    }
}

/// Writes a head as HTTP/1 has it (RFC 9112 §4, §5).
fn write_head(head: &Parts, manner: Manner, out: &mut BytesMut) {
    let reason = head.status.canonical_reason().unwrap_or_default();
    let version = if manner.version == Version::HTTP_10 {
        "HTTP/1.0"
    } else {
        "HTTP/1.1"
    };
    out.reserve(512);
    let mut writer = out.writer();
    // Nothing can fail: the buffer grows.
    let _ = write!(writer, "{version} {} {reason}\r\n", head.status.as_str());
    let date = httpdate::HttpDate::from(SystemTime::now());
    let _ = write!(writer, "date: {date}\r\n");
    if manner.after == After::Close {
        let _ = writer.write_all(b"connection: close\r\n");
    }
    for (name, value) in &head.headers {
        let _ = write!(writer, "{name}: ");
        let _ = writer.write_all(value.as_bytes());
        let _ = writer.write_all(b"\r\n");
    }
    let _ = writer.write_all(b"\r\n");
}

/// Whether more frames may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Frames,
    /// The last one was taken.
    Finishing,
}

/// A response that is being written.
struct Writing<S> {
    stream: S,
    /// What was read of the next request.
    ahead: BytesMut,
    /// What the socket has not taken.
    out: BytesMut,
    receiver: Receiver,
    stage: Stage,
    after: After,
    ends: Ends,
}

impl<S: Stream> Writing<S> {
    /// Ready when everything was written.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            self.gather(cx);
            if self.out.is_empty() {
                // Nothing is kept while nothing is to be said.
                self.out = BytesMut::new();
                ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
                if self.stage == Stage::Finishing {
                    self.receiver.is_written();
                    return self.poll_end(cx);
                }
                return self.poll_watch(cx);
            }
            let written = match Pin::new(&mut self.stream).poll_write(cx, &self.out) {
                Poll::Ready(written) => written?,
                Poll::Pending => return self.poll_watch(cx),
            };
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.out.advance(written);
        }
    }

    /// Takes what the session has to say, as long as the socket takes it.
    fn gather(&mut self, cx: &Context<'_>) {
        while self.out.len() < GATHERED_BYTES && self.stage == Stage::Frames {
            match self.receiver.poll_next(cx) {
                Poll::Pending => return,
                Poll::Ready(None) => self.stage = Stage::Finishing,
                Poll::Ready(Some(frame)) => {
                    self.put(&frame);
                    if self.receiver.is_taken() {
                        self.stage = Stage::Finishing;
                    }
                }
            }
            if self.stage == Stage::Finishing && self.ends == Ends::Chunk {
                self.out.put_slice(b"0\r\n\r\n");
            }
        }
    }

    /// Each frame is a chunk of its own (RFC 9112 §7.1).
    fn put(&mut self, frame: &[u8]) {
        if self.ends != Ends::Chunk {
            self.out.put_slice(frame);
            return;
        }
        self.out.reserve(frame.len() + 20);
        let _ = write!((&mut self.out).writer(), "{:X}\r\n", frame.len());
        self.out.put_slice(frame);
        self.out.put_slice(b"\r\n");
    }

    /// Waits for the one frame of a response.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        match self.receiver.poll_next(cx) {
            Poll::Ready(frame) => Poll::Ready(Ok(frame)),
            Poll::Pending => self.poll_watch(cx).map_ok(|()| None),
        }
    }

    /// Waits until the client leaves, which is an error. Once it has begun its next request, it may be there or not.
    fn poll_watch(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            return Poll::Pending;
        }
        let mut bytes = [0; AHEAD_BYTES];
        let mut read = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        if read.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        self.ahead.extend_from_slice(read.filled());
        Poll::Pending
    }

    /// Ends the connection, if it ends with the response.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.after == After::Close {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        Poll::Ready(Ok(()))
    }
}

/// The HTTP server gives up a connection whose response is written here.
#[derive(Debug, thiserror::Error)]
#[error("the response is held open elsewhere")]
pub(crate) struct TakenOver;

/// Where the HTTP server leaves a response that is to be written here.
#[derive(Debug, Default)]
pub(crate) struct Slot(std::sync::Mutex<Option<Box<Held>>>);

impl Slot {
    pub(crate) fn put(&self, held: Held) {
        *self.lock() = Some(Box::new(held));
    }

    pub(crate) fn take(&self) -> Option<Box<Held>> {
        mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Box<Held>>> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
