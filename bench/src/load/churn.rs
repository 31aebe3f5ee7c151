//! Churn: connect, upgrade, close; so many at once.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use mio::{Registry, Token, net::TcpStream as NonBlocking};
use rustix::net::sockopt::set_socket_linger;

use super::{
    Carrier, FrameHeader, OpCode, Outcome, Target, client_frame, conn::taken, handshake,
    stream::register, wait::Spin,
};

/// A close frame that says 1000.
const NORMAL: [u8; 2] = 1000_u16.to_be_bytes();

/// More than any answer to a handshake or a close.
const BUFFER: usize = 4096;

/// Connections that live as long as their two handshakes take.
#[derive(Debug)]
pub struct Churn {
    spin: Spin,
    server: SocketAddr,
    request: Vec<u8>,
    close: Vec<u8>,
    lives: Vec<Option<Life>>,
}

#[derive(Debug)]
struct Life {
    stream: NonBlocking,
    begun: Instant,
    stage: Stage,
    received: Vec<u8>,
}

/// `Opening --101--> Closing --end of the stream--> over`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The request is sent.
    Opening,
    /// The close frame is sent.
    Closing,
    /// The server has closed its side, after answering the close.
    Over,
}

impl Life {
    fn begin(
        server: SocketAddr,
        request: &[u8],
        registry: &Registry,
        token: Token,
    ) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let mut stream = TcpStream::connect(server).context("the server does not accept")?;
        stream.set_nodelay(true)?;
        stream.write_all(request)?;
        Ok(Self {
            stream: register(stream, registry, token)?,
            begun,
            stage: Stage::Opening,
            received: Vec::new(),
        })
    }

    fn receive(&mut self, close: &[u8]) -> anyhow::Result<Stage> {
        let mut buffer = [0; BUFFER];
        while self.stage != Stage::Over
            && let Some(length) = taken(self.stream.read(&mut buffer))?
        {
            self.received.extend(buffer.iter().take(length));
            match self.stage {
                Stage::Opening => {
                    ensure!(length > 0, "the server closed during the handshake");
                    if handshake::is_answered(&self.received)? {
                        self.received.clear();
                        let written = self.stream.write(close)?;
                        ensure!(written == close.len(), "a close frame was cut in two");
                        self.stage = Stage::Closing;
                    }
                }
                Stage::Closing if length == 0 => {
                    let answer = FrameHeader::parse(&self.received)?;
                    ensure!(
                        answer.is_some_and(|frame| frame.opcode == OpCode::Close),
                        "the server did not answer the close"
                    );
                    self.stage = Stage::Over;
                }
                Stage::Closing | Stage::Over => {}
            }
        }
        Ok(self.stage)
    }
}

impl Churn {
    /// Prepares so many connections at once on `/`.
    ///
    /// # Errors
    /// When there is no poll to be had.
    pub fn new(server: SocketAddr, at_once: usize) -> anyhow::Result<Self> {
        Ok(Self {
            spin: Spin::new()?,
            server,
            request: handshake::request(Target::echo(server, Carrier::WebSocket)),
            close: client_frame(OpCode::Close, &NORMAL),
            lives: (0..at_once).map(|_| None).collect(),
        })
    }

    /// Opens and closes connections for so long, then waits until the last is closed. Counts whole lives.
    ///
    /// # Errors
    /// When a handshake is refused, or a close is not answered.
    pub fn run(&mut self, duration: Duration) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::new()?;
        let start = self.spin.start();
        for (n, life) in self.lives.iter_mut().enumerate() {
            let registry = self.spin.registry();
            *life = Some(Life::begin(self.server, &self.request, registry, Token(n))?);
        }
        let mut alive = self.lives.len();
        let mut over = Vec::new();
        while alive > 0 {
            over.clear();
            for event in self.spin.events()? {
                let n = event.token().0;
                let Some(Some(life)) = self.lives.get_mut(n) else {
                    continue;
                };
                if life.receive(&self.close)? == Stage::Over {
                    over.push(n);
                }
            }
            for n in &over {
                let Some(slot) = self.lives.get_mut(*n) else {
                    continue;
                };
                let Some(life) = slot.take() else { continue };
                let now = Instant::now();
                outcome.record(1, life.begun, now);
                // A reset, after both sides are done, so that no port waits a minute to be used again.
                set_socket_linger(&life.stream, Some(Duration::ZERO))?;
                drop(life);
                if now - start < duration {
                    let registry = self.spin.registry();
                    *slot = Some(Life::begin(
                        self.server,
                        &self.request,
                        registry,
                        Token(*n),
                    )?);
                } else {
                    alive -= 1;
                }
            }
        }
        outcome.elapsed = start.elapsed();
        Ok(outcome)
    }
}
