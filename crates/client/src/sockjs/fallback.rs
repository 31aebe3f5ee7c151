//! What can be set for falling back to SockJS.

use std::time::Duration;

use sockeye_types::{BinaryOverText, Transport};

/// How to fall back to SockJS 0.3 where something on the way blocks WebSocket: a proxy that strips `Upgrade`, one that
/// swallows frames after the 101.
///
/// The address given to [`connect`](crate::Connector::connect) is a SockJS prefix, such as `wss://host/ws/chat`.
/// WebSocket is tried at `/websocket` below it, where every SockJS server has the one without SockJS's frames. Then
/// come xhr-streaming and, where responses are held back until they end, xhr-polling. What connects is a
/// [`Connection`](crate::Connection) like any other; [`transport`](crate::Connection::transport) tells which.
///
/// **What counts as blocked**: a handshake that is lost, is not answered in time, or is answered with anything but what
/// means what it says: 401, 403, 407, 429, 503, and redirects. After the 101: a ping whose pong does not come, so that
/// nothing is ever sent over a WebSocket that carries nothing. Of a session: a response that is none of SockJS's, or
/// does not come in time. All of it together takes at most
/// [`connect_time`](crate::Connector::connect_time). The server's handler may see a session that ends at once for each
/// transport that was blocked halfway.
///
/// **What is remembered**, for each scheme, host and port, by the connector and its clones: the transport that worked
/// is tried first. The first of [`transports`](Self::transports) gets its next chance after
/// [`retry_first`](Self::retry_first), twice as long after each further failure, up to [`retry_max`](Self::retry_max);
/// one success and all is forgotten. Streaming that something cuts or holds back within a session gives way to polling
/// for as long. A connection stays on its transport as long as it lives.
///
/// **Over SockJS**: messages are text ([`binary`](Self::binary) says what becomes of others); there is no subprotocol
/// and no compression; the server sends the heartbeats; cookies that it sets go back to it within the session. A
/// request that fails ends the session. There is no close of the client's: the requests end, and the server's handler
/// is told 1006, as when a connection is lost. While nobody receives and the inbox is full, nothing is asked for: a
/// server gives up a session that asks for nothing for 5 s.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fallback {
    /// What is tried, in this order. Default: WebSocket, xhr-streaming, xhr-polling, of which one can be left out.
    /// Others are not spoken and passed over.
    pub transports: Vec<Transport>,
    /// How long a WebSocket's handshake may take, from where the byte stream is open. Default 5 s. A longer time suits
    /// slower networks, and makes those who are blocked wait.
    pub handshake_time: Duration,
    /// How long the pong may take to the ping that follows the 101. Default 3 s.
    pub proof_time: Duration,
    /// How long a streaming response may take to bring its first frame. Default 3 s. Polling has what is left of
    /// [`connect_time`](crate::Connector::connect_time).
    pub stream_time: Duration,
    /// After how long what was blocked is tried again. Default 5 min.
    pub retry_first: Duration,
    /// After how long at most, if it is blocked time and again. Default 1 h.
    pub retry_max: Duration,
    /// For how many servers it is remembered what worked. Default 64. With one more, the one that was asked longest ago
    /// is forgotten.
    pub servers: usize,
    /// How long nothing at all may come from the server before a session counts as lost. Default 35 s: servers send a
    /// heartbeat every 25 s.
    pub silence: Duration,
    /// The largest frame that a server may send, in bytes. Default 8 MiB: it holds all messages that waited, and as
    /// JSON they are larger. A larger one ends the session with 1009. The server can make the client hold this much,
    /// beside the messages in it.
    pub frame_bytes: usize,
    /// How many messages a frame may hold. Default 16,384. One more ends the session with 1009.
    pub frame_messages: usize,
    /// About how many bytes of messages go into one request to send. Default 256 KiB. A larger message goes alone.
    /// Servers refuse bodies beyond a limit of theirs; ours has 2 MiB.
    pub send_bytes: usize,
    /// How many messages go into one request to send. Default 1,024.
    pub send_messages: usize,
    /// What becomes of binary messages over SockJS. Default: they are handed back.
    pub binary: BinaryOverText,
}

impl Default for Fallback {
    fn default() -> Self {
        Self {
            transports: vec![
                Transport::WebSocket,
                Transport::XhrStreaming,
                Transport::XhrPolling,
            ],
            handshake_time: Duration::from_secs(5),
            proof_time: Duration::from_secs(3),
            stream_time: Duration::from_secs(3),
            retry_first: Duration::from_secs(300),
            retry_max: Duration::from_secs(3600),
            servers: 64,
            silence: Duration::from_secs(35),
            frame_bytes: 8 << 20,
            frame_messages: 16_384,
            send_bytes: 256 << 10,
            send_messages: 1024,
            binary: BinaryOverText::default(),
        }
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $kind:ty,)*) => {
        impl Fallback {
            $($(#[$doc])* #[must_use] pub fn $name(mut self, $name: $kind) -> Self { self.$name = $name; self })*
        }
    };
}

setters! {
    /// Sets [`handshake_time`](Self::handshake_time).
    handshake_time: Duration,
    /// Sets [`proof_time`](Self::proof_time).
    proof_time: Duration,
    /// Sets [`stream_time`](Self::stream_time).
    stream_time: Duration,
    /// Sets [`retry_first`](Self::retry_first).
    retry_first: Duration,
    /// Sets [`retry_max`](Self::retry_max).
    retry_max: Duration,
    /// Sets [`servers`](Self::servers).
    servers: usize,
    /// Sets [`silence`](Self::silence).
    silence: Duration,
    /// Sets [`frame_bytes`](Self::frame_bytes).
    frame_bytes: usize,
    /// Sets [`frame_messages`](Self::frame_messages).
    frame_messages: usize,
    /// Sets [`send_bytes`](Self::send_bytes).
    send_bytes: usize,
    /// Sets [`send_messages`](Self::send_messages).
    send_messages: usize,
    /// Sets [`binary`](Self::binary).
    binary: BinaryOverText,
}

impl Fallback {
    /// Sets [`transports`](Self::transports).
    #[must_use]
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// What of [`transports`](Self::transports) is spoken.
    pub(super) fn spoken(&self) -> Vec<Transport> {
        let spoken = [
            Transport::WebSocket,
            Transport::XhrStreaming,
            Transport::XhrPolling,
        ];
        let mut transports = Vec::new();
        for transport in &self.transports {
            if spoken.contains(transport) && !transports.contains(transport) {
                transports.push(*transport);
            }
        }
        transports
    }
}
