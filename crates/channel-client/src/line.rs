//! One connection: commands go out with numbers, replies come back to whoever waits for theirs.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use sockeye_channel_proto::{
    Codec, Command, ConnectRequest, ConnectResult, HistoryRequest, HistoryResult, PublishRequest,
    Push, Reply, SubscribeRequest, SubscribeResult, UnsubscribeRequest,
};
use sockeye_client::{Connection, Connector, Sender};
use sockeye_types::{Close, CloseCode, Message};
use tokio::sync::mpsc;

use crate::{CallError, LineError, Pushes, calls::Calls};

/// How a client connects.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What is spoken. Default: JSON.
    pub codec: Codec,
    /// What the connect command asks for: token, data, name. Default: nothing.
    pub connect: ConnectRequest,
    /// How many pushes wait until they are taken; at least 1. Default: 1,024.
    pub pushes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            codec: Codec::Json,
            connect: ConnectRequest::default(),
            pushes: 1024,
        }
    }
}

impl Options {
    /// Says who connects.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.connect.token = token.into();
        self
    }

    /// Says what is spoken.
    #[must_use]
    pub const fn codec(mut self, codec: Codec) -> Self {
        self.codec = codec;
        self
    }
}

/// A connection to a server of channels. Cloning it gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct Line {
    sender: Sender,
    calls: Arc<Calls>,
    codec: Codec,
}

impl Line {
    /// Connects, and says who it is. A task on the current tokio runtime reads from then on.
    ///
    /// Cancel safety: dropped before it is done, there is no connection.
    ///
    /// # Errors
    /// [`LineError`] if the server can't be reached, or does not let this client in.
    pub async fn connect(
        connector: &Connector,
        url: &str,
        options: Options,
    ) -> Result<(Self, Pushes), LineError> {
        let (line, pushes, _) = Self::connect_with_result(connector, url, options).await?;
        Ok((line, pushes))
    }

    /// Connects as [`connect`](Self::connect) does, and returns what the server says to that.
    ///
    /// Cancel safety: as `connect`.
    ///
    /// # Errors
    /// As `connect`.
    pub async fn connect_with_result(
        connector: &Connector,
        url: &str,
        options: Options,
    ) -> Result<(Self, Pushes, ConnectResult), LineError> {
        let protocols: &[&str] = match options.codec {
            Codec::Protobuf => &["centrifuge-protobuf"],
            _ => &[],
        };
        let connector = connector.clone().protocols(protocols.iter().copied());
        let connection = connector.connect(url).await?;
        let calls = Arc::new(Calls::new());
        let (put, come) = mpsc::channel(options.pushes.max(1));
        let line = Self {
            sender: connection.sender(),
            calls: Arc::clone(&calls),
            codec: options.codec,
        };
        tokio::spawn(read(connection, line.clone(), put));
        let command = Command {
            connect: Some(options.connect),
            ..Command::default()
        };
        let connected = line.call(command).await.map_err(LineError::Refused)?;
        let result = connected
            .connect
            .ok_or(LineError::Refused(CallError::Mismatch))?;
        Ok((line, Pushes::new(come, calls), result))
    }

    /// Asks something, whatever it is; the number is set here.
    ///
    /// Cancel safety: dropped before it is done, it may have been asked or not.
    ///
    /// # Errors
    /// [`CallError`] if the server refuses, or the connection ends first.
    pub async fn call(&self, mut command: Command) -> Result<Reply, CallError> {
        let (id, reply) = self.calls.begin()?;
        let _forgets = Forgets { line: self, id };
        command.id = id;
        let mut frame = BytesMut::new();
        self.codec
            .encode(&command, &mut frame)
            .map_err(|_| CallError::NotJson)?;
        let sent = self.sender.send(self.codec.message(frame)).await;
        let reply = match sent {
            Ok(()) => reply.await.map_err(|_| self.calls.ended())?,
            Err(_) => return Err(self.calls.ended()),
        };
        match reply.error {
            Some(error) => Err(CallError::Refused(error)),
            None => Ok(reply),
        }
    }

    /// Subscribes to a channel: its publications are among the pushes from then on.
    ///
    /// Cancel safety: dropped before it is done, it may be subscribed or not.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn subscribe(&self, channel: &str) -> Result<SubscribeResult, CallError> {
        self.subscribe_as(SubscribeRequest {
            channel: channel.to_owned(),
            ..SubscribeRequest::default()
        })
        .await
    }

    /// Subscribes to a channel as the request says: with a token, or from a position.
    ///
    /// Cancel safety: dropped before it is done, it may be subscribed or not.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn subscribe_as(
        &self,
        request: SubscribeRequest,
    ) -> Result<SubscribeResult, CallError> {
        let command = Command {
            subscribe: Some(request),
            ..Command::default()
        };
        let reply = self.call(command).await?;
        reply.subscribe.ok_or(CallError::Mismatch)
    }

    /// Ends a subscription.
    ///
    /// Cancel safety: dropped before it is done, it may have ended or not.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn unsubscribe(&self, channel: &str) -> Result<(), CallError> {
        let command = Command {
            unsubscribe: Some(UnsubscribeRequest {
                channel: channel.to_owned(),
            }),
            ..Command::default()
        };
        self.call(command).await.map(drop)
    }

    /// Publishes into a channel. Once this is done, the publication is kept as the channel's namespace promises.
    ///
    /// Cancel safety: dropped before it is done, it may be published or not.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn publish(&self, channel: &str, data: impl Into<Bytes>) -> Result<(), CallError> {
        let command = Command {
            publish: Some(PublishRequest {
                channel: channel.to_owned(),
                data: data.into(),
                ..PublishRequest::default()
            }),
            ..Command::default()
        };
        self.call(command).await.map(drop)
    }

    /// Reads a channel's stream.
    ///
    /// Cancel safety: it changes nothing.
    ///
    /// # Errors
    /// As [`call`](Self::call).
    pub async fn history(&self, request: HistoryRequest) -> Result<HistoryResult, CallError> {
        let command = Command {
            history: Some(request),
            ..Command::default()
        };
        self.call(command).await?.history.ok_or(CallError::Mismatch)
    }

    /// Closes the connection; what was sent before still leaves.
    pub fn close(&self) {
        self.sender.close(Close::normal());
    }

    /// Waits until the connection has ended, and returns how.
    ///
    /// Cancel safety: dropped before it is done, nothing is lost.
    pub async fn ended(&self) -> CallError {
        self.calls.wait_ended().await;
        self.calls.ended()
    }
}

/// Forgets a call that nobody waits for any more.
struct Forgets<'a> {
    line: &'a Line,
    id: u32,
}

impl Drop for Forgets<'_> {
    fn drop(&mut self) {
        self.line.calls.forget(self.id);
    }
}

/// Reads until the connection ends.
async fn read(mut connection: Connection, line: Line, pushes: mpsc::Sender<Push>) {
    while let Some(message) = connection.recv().await {
        if take(message, &line, &pushes).await.is_err() {
            line.sender.close(not_understood());
            break;
        }
    }
    let closed = connection.wait_closed().await;
    line.calls.end(Some(closed));
}

/// Takes one message, which may hold several replies.
async fn take(message: Message, line: &Line, pushes: &mpsc::Sender<Push>) -> Result<(), Broken> {
    for reply in line.codec.decode::<Reply>(&message.into_bytes()) {
        let reply = reply.map_err(|_| Broken)?;
        match reply {
            Reply {
                push: Some(push), ..
            } => {
                // Who dropped its end wants none.
                let _ = pushes.send(push).await;
            }
            Reply { id: 0, .. } => pong(line).await,
            reply => line.calls.answer(reply),
        }
    }
    Ok(())
}

/// Answers a ping with the same: nothing.
async fn pong(line: &Line) {
    let mut frame = BytesMut::new();
    if line.codec.encode(&Command::default(), &mut frame).is_ok() {
        // A connection that is gone wants no answer.
        let _ = line.sender.send(line.codec.message(frame)).await;
    }
}

/// The server sent what is no message.
struct Broken;

fn not_understood() -> Close {
    Close::new(CloseCode::INVALID_PAYLOAD, "not a reply").unwrap_or_else(|_| Close::normal())
}
