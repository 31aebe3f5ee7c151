//! Messages, and the bytes that a client makes of them.

use std::{sync::Arc, time::Instant};

use anyhow::Context;
use bytes::Buf;
use http::Uri;
use sockeye_types::{Deflate, Heartbeat, Limits, Message};
use sockeye_ws_proto::{
    Conn, MaskKeys, Role, Scratch, Settings,
    deflate::Agreed,
    handshake::{ClientRequest, ServerOffer, accept},
};

/// Always the same: instructions do not depend on it.
#[derive(Debug)]
struct FixedKey;

impl MaskKeys for FixedKey {
    fn next_key(&mut self) -> [u8; 4] {
        [0x37, 0xfa, 0x21, 0x3d]
    }
}

/// The clock stands still, so any number of pings may come.
fn settings() -> Arc<Settings> {
    let limits = Limits::default().control_frames_per_second(u32::MAX);
    Arc::new(
        Settings::default()
            .limits(limits)
            .heartbeat(Heartbeat::off()),
    )
}

pub(crate) fn server(deflate: Option<Agreed>) -> Conn {
    Conn::new(Role::Server, settings(), deflate, Instant::now())
}

pub(crate) fn client(deflate: Option<Agreed>) -> Conn {
    let role = Role::Client(Box::new(FixedKey));
    Conn::new(role, settings(), deflate, Instant::now())
}

/// Text of so many bytes, with characters of one and three bytes.
pub(crate) fn text(bytes: usize) -> Message {
    let mut text = "소켓 sockets, ".repeat(bytes / 17 + 1);
    while text.len() > bytes || !text.is_char_boundary(text.len()) {
        text.pop();
    }
    let missing = bytes - text.len();
    text.push_str(&"!".repeat(missing));
    Message::text(text)
}

/// So many bytes that are no text.
pub(crate) fn binary(bytes: usize) -> Message {
    let bytes = (0_u8..=0xff).cycle().take(bytes);
    Message::binary(bytes.collect::<Vec<u8>>())
}

/// What a client sends that says a message so many times.
pub(crate) fn said(message: &Message, times: u32, mut client: Conn) -> anyhow::Result<Vec<u8>> {
    let mut scratch = Scratch::default();
    for _ in 0..times {
        client.send(message, &mut scratch)?;
    }
    Ok(taken(&mut scratch))
}

/// What a client sends that pings so many times.
pub(crate) fn pinged(times: u32) -> anyhow::Result<Vec<u8>> {
    let (mut client, mut scratch) = (client(None), Scratch::default());
    for _ in 0..times {
        client.ping(b"are you there", &mut scratch)?;
    }
    Ok(taken(&mut scratch))
}

fn taken(scratch: &mut Scratch) -> Vec<u8> {
    let out = &mut scratch.out;
    out.copy_to_bytes(out.len()).into()
}

/// The agreement of a client and a server that both compress as they do by default: the client's side and the server's.
pub(crate) fn agreed() -> anyhow::Result<(Agreed, Agreed)> {
    let wish = Deflate::default().min_bytes(0);
    let asked = ClientRequest::new(Uri::from_static("ws://localhost/"), [7; 16]).deflate(wish);
    let offer = ServerOffer {
        protocols: &[],
        deflate: Some(&wish),
    };
    let accepted = accept(&asked.to_request()?.into_parts().0, &offer)?;
    let established = asked.verify(&accepted.response.into_parts().0)?;
    let client = established
        .deflate
        .context("the client does not compress")?;
    Ok((
        client,
        accepted.deflate.context("the server does not compress")?,
    ))
}
