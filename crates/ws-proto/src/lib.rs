//! RFC 6455 and RFC 7692 as state machines, for servers and clients.
//!
//! Pure: time, randomness and bytes come in as arguments, and replies go out through buffers that the caller passes.

#[cfg_attr(
    not(test),
    expect(
        dead_code,
        unused_imports,
        reason = "the conn that uses the codecs comes next"
    )
)]
pub mod deflate;
pub mod handshake;
mod header;
