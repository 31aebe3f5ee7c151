//! Any bytes at either end: however they are cut, the same comes of them.

use std::time::Instant;

use sockeye_ws_proto::Conn;

use crate::wire::{Fed, Seen, client, server};

/// Bytes of a client, fed to a server at once and in pieces. The first byte says how long the pieces are.
pub fn server_decode(data: &[u8]) {
    cuts_do_not_matter(data, |now| server(None, now));
}

/// Bytes of a server, fed to a client at once and in pieces. The first byte says how long the pieces are.
pub fn client_decode(data: &[u8]) {
    cuts_do_not_matter(data, |now| client([1, 2, 3, 4], None, now));
}

fn cuts_do_not_matter(data: &[u8], conn: fn(Instant) -> Conn) {
    let Some((&cut, bytes)) = data.split_first() else {
        return;
    };
    let whole = fed(conn, bytes, bytes.len().max(1));
    let pieces = fed(conn, bytes, usize::from(cut) + 1);
    assert_eq!(whole, pieces);
}

fn fed(conn: fn(Instant) -> Conn, bytes: &[u8], cut: usize) -> Seen {
    let now = Instant::now();
    let mut fed = Fed::new(conn(now), now);
    bytes.chunks(cut).for_each(|piece| fed.feed(piece));
    fed.finish()
}
