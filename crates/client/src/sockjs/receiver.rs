//! What comes from the server: one response after the other, frame by frame.

use std::{future::poll_fn, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{Response, StatusCode, uri::PathAndQuery};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use sockeye_sockjs_proto::{BodyLimits, CloseFrame, FrameReader, ServerFrame};
use sockeye_types::{BinaryOverText, Limits};
use tokio::time::{Instant, timeout, timeout_at};

use super::{
    Fallback, data_url,
    http_line::{HttpLine, head_of},
    loss::{Loss, words},
};
use crate::{
    Closed, ConnectError, Initiator, Refused, Stage,
    driver::{after, clock},
    inbox::Inbox,
};

/// How long the body of a refusal may take: it is only words.
const BODY_TIME: Duration = Duration::from_secs(2);

/// Receives: asks for a response, takes the frames out of it, asks for the next.
///
/// Both transports are the same here: a response to polling ends after one frame.
#[derive(Debug)]
pub(super) struct Receiver {
    line: HttpLine,
    target: PathAndQuery,
    reader: FrameReader,
    input: BytesMut,
    limits: BodyLimits,
    silence: Duration,
    message_time: Duration,
    binary: BinaryOverText,
    body: Option<Incoming>,
    /// How many frames the response has brought.
    frames: usize,
    /// The server's close, if that came first.
    early: Option<CloseFrame>,
}

/// How receiving ended.
#[derive(Debug)]
pub(super) enum Ended {
    Closed(CloseFrame),
    Lost(Loss),
}

impl Ended {
    pub(super) fn closed(&self) -> Closed {
        match self {
            Self::Closed(frame) => Closed {
                code: frame.code,
                reason: frame.reason.clone(),
                initiator: Initiator::Peer,
            },
            Self::Lost(loss) => loss.closed(),
        }
    }
}

impl Receiver {
    pub(super) fn new(
        line: HttpLine,
        target: PathAndQuery,
        fallback: &Fallback,
        limits: &Limits,
    ) -> Self {
        Self {
            line,
            target,
            reader: FrameReader::new(fallback.frame_bytes),
            input: BytesMut::new(),
            limits: BodyLimits {
                messages: fallback.frame_messages,
                message_bytes: limits.message_bytes,
            },
            silence: fallback.silence,
            message_time: limits.message_time,
            binary: fallback.binary,
            body: None,
            frames: 0,
            early: None,
        }
    }

    /// Opens the session: the first frame of the first response says so. Returns that response's head.
    ///
    /// Cancel safety: dropped before it is done, the connection is closed.
    pub(super) async fn open(&mut self, body_bytes: usize) -> Result<Response<()>, ConnectError> {
        let response = self.line.post(&self.target, Bytes::new()).await?;
        let head = head_of(&response);
        if head.status() != StatusCode::OK {
            let body = beginning(response.into_body(), body_bytes).await;
            let refused = Refused {
                response: head,
                body,
            };
            return Err(ConnectError::Refused(Box::new(refused)));
        }
        self.body = Some(response.into_body());
        match self.next().await {
            Ok(ServerFrame::Open) => {}
            Ok(ServerFrame::Close(frame)) => self.early = Some(frame),
            Ok(_) | Err(Loss::Frame(_) | Loss::Cut | Loss::Status(_) | Loss::Forgotten) => {
                return Err(ConnectError::NotSockJs);
            }
            Err(Loss::Silent | Loss::Slow) => return Err(ConnectError::Timeout(Stage::Session)),
            Err(Loss::Unasked(error)) => return Err(error),
            Err(Loss::Broken(words)) => {
                return Err(ConnectError::Lost(std::io::Error::other(words)));
            }
        }
        Ok(head)
    }

    /// Receives into the inbox, as it has room, until the session ends.
    pub(super) async fn run(&mut self, inbox: &Inbox) -> Ended {
        if let Some(frame) = self.early.take() {
            return Ended::Closed(frame);
        }
        loop {
            match self.next().await {
                Err(loss) => return Ended::Lost(loss),
                Ok(ServerFrame::Open) => return Ended::Lost(Loss::Forgotten),
                Ok(ServerFrame::Close(frame)) => return Ended::Closed(frame),
                Ok(ServerFrame::Heartbeat) => {}
                Ok(ServerFrame::Messages(messages)) => {
                    for text in messages {
                        poll_fn(|cx| inbox.poll_room(cx)).await;
                        inbox.put(data_url::from_text(text, self.binary));
                    }
                }
            }
        }
    }

    pub(super) fn peer_addr(&self) -> Option<std::net::SocketAddr> {
        self.line.peer_addr
    }

    /// Waits for the next frame, of this response or the next one.
    async fn next(&mut self) -> Result<ServerFrame, Loss> {
        // Until when a frame that has begun must be whole.
        let mut whole = None;
        loop {
            let taken = self.reader.next(&mut self.input).map_err(Loss::Frame)?;
            if let Some(frame) = taken {
                self.frames += 1;
                return ServerFrame::parse(&frame, self.limits).map_err(Loss::Frame);
            }
            let Some(body) = &mut self.body else {
                self.ask().await?;
                continue;
            };
            if !self.input.is_empty() {
                whole.get_or_insert_with(|| later(self.message_time));
            }
            let silent = later(self.silence);
            let until = whole.map_or(silent, |whole| whole.min(silent));
            let piece = timeout_at(until, body.frame()).await;
            let late = if until < silent {
                Loss::Slow
            } else {
                Loss::Silent
            };
            match piece.map_err(|_| late)? {
                Some(Ok(piece)) => {
                    if let Some(bytes) = piece.data_ref() {
                        self.input.extend_from_slice(bytes);
                    }
                }
                Some(Err(error)) => return Err(Loss::Broken(words(&error))),
                None => self.end_of_response()?,
            }
        }
    }

    /// A response without a frame is no answer, and half a frame is none: who asked on would ask for ever.
    fn end_of_response(&mut self) -> Result<(), Loss> {
        self.body = None;
        self.line.rest();
        if self.frames == 0 || !self.input.is_empty() {
            return Err(Loss::Cut);
        }
        // The buffer of a large frame goes with its response.
        self.input = BytesMut::new();
        Ok(())
    }

    async fn ask(&mut self) -> Result<(), Loss> {
        let deadline = later(self.silence);
        let asking = async {
            self.line.open(deadline).await?;
            self.line.post(&self.target, Bytes::new()).await
        };
        let asked = timeout_at(deadline, asking).await;
        let response = asked.map_err(|_| Loss::Silent)?.map_err(Loss::Unasked)?;
        if response.status() != StatusCode::OK {
            return Err(Loss::Status(response.status()));
        }
        self.frames = 0;
        self.body = Some(response.into_body());
        Ok(())
    }

    /// Makes sure that the first request can be sent.
    ///
    /// Cancel safety: dropped before it is done, what was opened is closed again.
    pub(super) async fn dial(&mut self, deadline: Instant) -> Result<(), ConnectError> {
        self.line.open(deadline).await
    }
}

/// The moment so much later.
fn later(time: Duration) -> Instant {
    Instant::from_std(after(clock(), time))
}

/// Reads the beginning of a refusal's body, as far as it comes soon.
async fn beginning(mut body: Incoming, limit: usize) -> Bytes {
    let mut bytes = BytesMut::new();
    let reading = async {
        while bytes.len() < limit {
            let Some(Ok(piece)) = body.frame().await else {
                break;
            };
            bytes.extend_from_slice(piece.data_ref().map_or(&[][..], |piece| piece));
        }
    };
    let _ = timeout(BODY_TIME, reading).await;
    bytes.truncate(limit);
    bytes.freeze()
}
