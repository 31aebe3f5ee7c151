//! Work of SockJS over HTTP: messages into frames, and bodies into messages.

use std::hint::black_box;

use anyhow::{Context, ensure};
use bytes::BytesMut;
use sockeye_sockjs_proto::{
    BodyLimits, Callback, Escape, Framing, Receive, escape_into, read_strings, send_body,
};
use sockeye_types::Message;

use crate::{
    row::{BATCH, BODY, CROWD},
    traffic,
};

/// Bytes of a message.
const BYTES: usize = 128;

fn text() -> anyhow::Result<String> {
    match traffic::text(BYTES) {
        Message::Text(text) => Ok(text.as_str().to_owned()),
        Message::Binary(_) => None.context("a text is none"),
    }
}

/// The response takes all that waits.
fn send_out(out: &mut BytesMut) {
    black_box(&mut *out).clear();
}

pub(crate) fn streaming(rounds: u32) -> anyhow::Result<()> {
    frames(&Framing::of(Receive::XhrStreaming, None)?, 1, rounds)
}

pub(crate) fn batch(rounds: u32) -> anyhow::Result<()> {
    frames(&Framing::of(Receive::XhrStreaming, None)?, BODY, rounds)
}

pub(crate) fn eventsource(rounds: u32) -> anyhow::Result<()> {
    frames(&Framing::of(Receive::EventSource, None)?, 1, rounds)
}

pub(crate) fn script(rounds: u32) -> anyhow::Result<()> {
    let callback = Callback::from_query(Some("c=_jp.a1b2c3d"), 32)?;
    frames(&Framing::of(Receive::HtmlFile, Some(&callback))?, 1, rounds)
}

/// Each round writes a batch of messages, so many to a frame.
fn frames(framing: &Framing, each: u32, rounds: u32) -> anyhow::Result<()> {
    let (text, mut out) = (text()?, BytesMut::with_capacity(64 << 10));
    for _ in 0..rounds {
        for _ in 0..BATCH / each {
            let mut batch = framing.batch(&mut out);
            for _ in 0..each {
                batch.text(black_box(&text));
            }
            batch.finish();
        }
        send_out(&mut out);
    }
    Ok(())
}

/// A message is escaped once, and framed for each session.
pub(crate) fn fan_out(rounds: u32) -> anyhow::Result<()> {
    let framing = Framing::of(Receive::XhrStreaming, None)?;
    let (text, mut out) = (text()?, BytesMut::with_capacity(4 << 10));
    for _ in 0..rounds {
        let mut element = BytesMut::new();
        escape_into(Escape::Json, black_box(&text), &mut element);
        for _ in 0..CROWD {
            let mut batch = framing.batch(&mut out);
            batch.element(&element);
            batch.finish();
            send_out(&mut out);
        }
    }
    Ok(())
}

/// A body of messages is read.
pub(crate) fn read(rounds: u32) -> anyhow::Result<()> {
    let (text, mut body) = (text()?, BytesMut::new());
    send_body((0..BODY).map(|_| text.as_str()), &mut body);
    let limits = BodyLimits {
        messages: 4096,
        message_bytes: 64 << 10,
    };
    let count = usize::try_from(BODY)?;
    for _ in 0..rounds {
        let messages = read_strings(black_box(&body), limits)?;
        ensure!(black_box(messages).len() == count);
    }
    Ok(())
}
