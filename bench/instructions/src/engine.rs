//! Work of the engine alone, as a driver has it done.

use std::{hint::black_box, time::Instant};

use anyhow::ensure;
use bytes::{Buf, BytesMut};
use http::Uri;
use sockeye_types::{Message, Text};
use sockeye_ws_proto::{
    Conn, Event, Framing, Scratch,
    handshake::{ClientRequest, ServerOffer, accept},
};

use crate::{
    row::{BATCH, CROWD, LARGE_BATCH},
    traffic,
};

/// A longer copy is one instruction to the processor and as many as it has bytes to valgrind: they would hide the rest.
const COPIED_AT_ONCE: usize = 1 << 10;

/// A server's conn, with what it was lent.
struct Server {
    conn: Conn,
    scratch: Scratch,
    input: BytesMut,
    now: Instant,
}

/// What is done with a message.
#[derive(Clone, Copy)]
enum Answer {
    Nothing,
    Echo,
}

impl Server {
    fn new(conn: Conn) -> Self {
        Self {
            conn,
            scratch: Scratch::default(),
            input: BytesMut::with_capacity(512 << 10),
            now: Instant::now(),
        }
    }

    /// What happens when these bytes are read.
    fn take_in(&mut self, bytes: &[u8], answer: Answer) -> anyhow::Result<u32> {
        self.input.reserve(bytes.len());
        for piece in bytes.chunks(COPIED_AT_ONCE) {
            self.input.extend_from_slice(piece);
        }
        let mut events = 0;
        while let Some(event) = self
            .conn
            .decode(&mut self.input, &mut self.scratch, self.now)?
        {
            events += 1;
            if let (Event::Message(message), Answer::Echo) = (black_box(event), answer) {
                self.conn.send(&message, &mut self.scratch)?;
            }
        }
        send_out(&mut self.scratch);
        Ok(events)
    }
}

/// The socket takes all that waits.
fn send_out(scratch: &mut Scratch) {
    let out = black_box(&mut scratch.out);
    out.advance(out.len());
}

fn batch_of(bytes: usize) -> u32 {
    if bytes < 64 << 10 { BATCH } else { LARGE_BATCH }
}

pub(crate) fn decode_text(bytes: usize, rounds: u32) -> anyhow::Result<()> {
    let wire = traffic::said(
        &traffic::text(bytes),
        batch_of(bytes),
        traffic::client(None),
    )?;
    decode(&wire, batch_of(bytes), Answer::Nothing, rounds)
}

pub(crate) fn decode_binary(bytes: usize, rounds: u32) -> anyhow::Result<()> {
    let wire = traffic::said(
        &traffic::binary(bytes),
        batch_of(bytes),
        traffic::client(None),
    )?;
    decode(&wire, batch_of(bytes), Answer::Nothing, rounds)
}

pub(crate) fn decode_ping(rounds: u32) -> anyhow::Result<()> {
    decode(&traffic::pinged(BATCH)?, BATCH, Answer::Nothing, rounds)
}

pub(crate) fn echo(rounds: u32) -> anyhow::Result<()> {
    let wire = traffic::said(&traffic::text(32), BATCH, traffic::client(None))?;
    decode(&wire, BATCH, Answer::Echo, rounds)
}

fn decode(wire: &[u8], batch: u32, answer: Answer, rounds: u32) -> anyhow::Result<()> {
    let mut server = Server::new(traffic::server(None));
    for _ in 0..rounds {
        ensure!(server.take_in(wire, answer)? == batch);
    }
    Ok(())
}

pub(crate) fn inflate(rounds: u32) -> anyhow::Result<()> {
    let (client, server) = traffic::agreed()?;
    let wire = traffic::said(
        &traffic::text(1 << 10),
        BATCH,
        traffic::client(Some(client)),
    )?;
    let mut server = Server::new(traffic::server(Some(server)));
    for _ in 0..rounds {
        ensure!(server.take_in(&wire, Answer::Nothing)? == BATCH);
    }
    Ok(())
}

pub(crate) fn encode(bytes: usize, rounds: u32) -> anyhow::Result<()> {
    send(
        traffic::server(None),
        &traffic::binary(bytes),
        batch_of(bytes),
        rounds,
    )
}

pub(crate) fn deflate(rounds: u32) -> anyhow::Result<()> {
    let (_, server) = traffic::agreed()?;
    send(
        traffic::server(Some(server)),
        &traffic::text(1 << 10),
        BATCH,
        rounds,
    )
}

pub(crate) fn client_encode(bytes: usize, rounds: u32) -> anyhow::Result<()> {
    send(
        traffic::client(None),
        &traffic::binary(bytes),
        batch_of(bytes),
        rounds,
    )
}

fn send(mut conn: Conn, message: &Message, batch: u32, rounds: u32) -> anyhow::Result<()> {
    let mut scratch = Scratch::default();
    for _ in 0..rounds {
        for _ in 0..batch {
            conn.send(black_box(message), &mut scratch)?;
        }
        send_out(&mut scratch);
    }
    Ok(())
}

/// Whether bytes are text.
pub(crate) fn utf8(bytes: usize, rounds: u32) -> anyhow::Result<()> {
    let payload = traffic::text(bytes).into_bytes();
    for _ in 0..rounds {
        for _ in 0..batch_of(bytes) {
            black_box(Text::try_from(black_box(&payload).clone())?);
        }
    }
    Ok(())
}

/// A message is prepared once, and each conn's driver writes it.
pub(crate) fn fan_out(rounds: u32) -> anyhow::Result<()> {
    let mut conns: Vec<Conn> = (0..CROWD).map(|_| traffic::server(None)).collect();
    let (message, mut scratch) = (traffic::text(128), Scratch::default());
    for _ in 0..rounds {
        let prepared = Framing::PLAIN.prepare(black_box(&message), &mut scratch);
        for conn in &mut conns {
            conn.send_prepared(&prepared, &mut scratch)?;
            send_out(&mut scratch);
        }
    }
    Ok(())
}

pub(crate) fn handshake(rounds: u32) -> anyhow::Result<()> {
    let asked = ClientRequest::new(Uri::from_static("ws://localhost/ws/chat"), [7; 16]);
    let (head, ()) = asked.protocols(["chat"]).to_request()?.into_parts();
    let protocols = ["chat".to_owned()];
    let offer = ServerOffer {
        protocols: &protocols,
        deflate: None,
    };
    for _ in 0..rounds {
        black_box(accept(black_box(&head), &offer)?);
    }
    Ok(())
}
