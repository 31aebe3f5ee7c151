//! What becomes of binary messages where only text travels.

/// What becomes of a binary message on a transport that carries text only: every one of SockJS but its raw WebSocket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BinaryOverText {
    /// It is not carried, and nothing is lost in silence: a server's session is closed with 1003, a client is handed
    /// the message back.
    #[default]
    Close,
    /// It travels as text: `data:application/octet-stream;base64,…` (RFC 2397). A text that a peer sends and that
    /// begins like this arrives as binary.
    DataUrl,
}
