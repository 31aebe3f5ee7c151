//! Bodies of the fuzz targets: each takes any bytes and panics if something is not as it must be.
//!
//! `libfuzzer/` calls them with bytes that a fuzzer thinks up, `tests/replay.rs` with those in `corpus/`:
//!
//! ```sh
//! cargo +nightly fuzz run --fuzz-dir fuzz/libfuzzer TARGET fuzz/corpus/TARGET
//! ```

mod agreement;
mod close;
mod decode;
mod differential;
mod handshake;
mod inflate;
mod mask;
mod offers;
mod operations;
mod proxies;
mod tungstenite_peer;
mod utf8;
mod wire;

pub use close::close;
pub use decode::{client_decode, server_decode};
pub use differential::differential;
pub use handshake::handshake;
pub use inflate::inflate;
pub use mask::mask;
pub use offers::offers;
pub use operations::operations;
pub use proxies::{forwarded, proxy_protocol};
pub use utf8::utf8;

/// A target: its name, which its corpus and its fuzzer bear too, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 12] = [
    ("client_decode", client_decode),
    ("close", close),
    ("differential", differential),
    ("forwarded", forwarded),
    ("handshake", handshake),
    ("inflate", inflate),
    ("mask", mask),
    ("offers", offers),
    ("operations", operations),
    ("proxy_protocol", proxy_protocol),
    ("server_decode", server_decode),
    ("utf8", utf8),
];
