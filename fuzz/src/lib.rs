//! Bodies of the fuzz targets: each takes any bytes and panics if something is not as it must be.
//!
//! `libfuzzer/` calls them with bytes that a fuzzer thinks up, `tests/replay.rs` with those in `corpus/`:
//!
//! ```sh
//! cargo +nightly fuzz run --fuzz-dir fuzz/libfuzzer TARGET fuzz/corpus/TARGET
//! ```

mod agreement;
mod channels;
mod client_response;
mod close;
mod decode;
mod differential;
mod fossil;
mod handshake;
mod inflate;
mod mask;
mod offers;
mod operations;
mod proxies;
mod redirect;
mod scanner;
mod sockjs;
mod sockjs_session;
mod tokens;
mod tungstenite_peer;
mod tunnels;
mod utf8;
mod wire;

pub use channels::{channel_commands, channel_replies};
pub use client_response::client_response;
pub use close::close;
pub use decode::{client_decode, server_decode};
pub use differential::differential;
pub use fossil::fossil;
pub use handshake::handshake;
pub use inflate::inflate;
pub use mask::mask;
pub use offers::offers;
pub use operations::operations;
pub use proxies::{forwarded, proxy_protocol};
pub use redirect::redirect;
pub use scanner::scanner;
pub use sockjs::{sockjs_body, sockjs_client, sockjs_frames, sockjs_resource};
pub use sockjs_session::sockjs_session;
pub use tokens::tokens;
pub use tunnels::{http_connect, no_proxy, proxy_address, socks5};
pub use utf8::utf8;

/// A target: its name, which its corpus and its fuzzer bear too, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 28] = [
    ("channel_commands", channel_commands),
    ("channel_replies", channel_replies),
    ("client_decode", client_decode),
    ("client_response", client_response),
    ("close", close),
    ("differential", differential),
    ("forwarded", forwarded),
    ("fossil", fossil),
    ("handshake", handshake),
    ("http_connect", http_connect),
    ("inflate", inflate),
    ("mask", mask),
    ("no_proxy", no_proxy),
    ("offers", offers),
    ("operations", operations),
    ("proxy_address", proxy_address),
    ("proxy_protocol", proxy_protocol),
    ("redirect", redirect),
    ("scanner", scanner),
    ("server_decode", server_decode),
    ("sockjs_body", sockjs_body),
    ("sockjs_client", sockjs_client),
    ("sockjs_frames", sockjs_frames),
    ("sockjs_resource", sockjs_resource),
    ("sockjs_session", sockjs_session),
    ("socks5", socks5),
    ("tokens", tokens),
    ("utf8", utf8),
];
