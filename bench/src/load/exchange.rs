//! One kept HTTP connection of the generator, and the request that is under way on it.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use mio::{Registry, Token, net::TcpStream as NonBlocking};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{
    Meter, Wrong,
    conn::taken,
    response::{After, Part, ResponseReader},
    stream::register,
};

/// How long a server may take to answer while sessions are opened one by one.
const PATIENCE: Duration = Duration::from_secs(10);

/// After how long without a request a server may well have closed a kept connection.
const LONG: Duration = Duration::from_secs(1);

/// Where a connection goes, and the poll it is on.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) server: SocketAddr,
    pub(super) registry: Rc<Registry>,
    pub(super) token: Token,
}

/// A connection that carries one request after another, and is opened anew when the server closes it between two.
#[derive(Debug)]
pub(super) struct Exchange {
    place: Place,
    stream: NonBlocking,
    reader: ResponseReader,
    stage: Stage,
    /// When the last response ended.
    idle_since: Instant,
    /// The request, as far as the socket has not taken it.
    unsent: Vec<u8>,
    meter: Meter,
}

/// `Idle --request--> Asked --status and body--> Asked --end of the response--> Idle`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Asked,
}

impl Exchange {
    pub(super) fn open(place: Place) -> anyhow::Result<Self> {
        Ok(Self {
            stream: connect(&place)?,
            place,
            reader: ResponseReader::default(),
            stage: Stage::Idle,
            idle_since: Instant::now(),
            unsent: Vec::new(),
            meter: Meter::default(),
        })
    }

    pub(super) fn is_idle(&self) -> bool {
        self.stage == Stage::Idle
    }

    pub(super) fn meter(&self) -> Meter {
        self.meter
    }

    /// Begins a request; the one before must have been answered.
    pub(super) fn ask(&mut self, request: &[u8]) -> anyhow::Result<()> {
        ensure!(self.is_idle(), "a request is under way");
        if self.idle_since.elapsed() > LONG && self.is_closed() {
            self.reopen()?;
        }
        self.stage = Stage::Asked;
        self.meter.requests += 1;
        self.unsent.extend_from_slice(request);
        self.flush()
    }

    /// Writes the request's rest, as far as the socket takes it.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        while !self.unsent.is_empty()
            && let Some(length) = taken(self.stream.write(&self.unsent))?
        {
            self.meter.sent += length as u64;
            self.unsent.drain(..length);
        }
        Ok(())
    }

    /// Reads all that has arrived, hands the body on, and says how many responses ended. Each must have the `status`.
    pub(super) fn receive(
        &mut self,
        status: u16,
        buffer: &mut [u8],
        mut take: impl FnMut(&[u8]) -> Result<(), Wrong>,
    ) -> anyhow::Result<usize> {
        let mut ended = 0;
        while let Some(length) = taken(self.stream.read(buffer))? {
            self.meter.received += length as u64;
            if length == 0 {
                // Between two responses a server may close a kept connection as it likes.
                ensure!(self.is_idle(), Wrong::Closed);
                self.reopen()?;
                return Ok(ended);
            }
            let mut bytes = buffer.get(..length).unwrap_or_default();
            while let Some(part) = self.reader.next(&mut bytes)? {
                match part {
                    Part::Head { status: got } => ensure!(got == status, Wrong::Status(got)),
                    Part::Body(body) => take(body)?,
                    Part::End(after) => {
                        self.stage = Stage::Idle;
                        self.idle_since = Instant::now();
                        ended += 1;
                        if after == After::Close {
                            self.reopen()?;
                            return Ok(ended);
                        }
                    }
                }
            }
            // A short read has drained the socket; what comes later raises a new edge.
            if length < buffer.len() {
                break;
            }
        }
        Ok(ended)
    }

    /// Sleeps until there is something to read.
    pub(super) fn wait(&self) -> anyhow::Result<()> {
        let patience = Timespec::try_from(PATIENCE)?;
        let ready = poll(
            &mut [PollFd::new(&self.stream, PollFlags::IN)],
            Some(&patience),
        )?;
        ensure!(ready > 0, "nothing came for {PATIENCE:?}");
        Ok(())
    }

    /// Says whether the server has closed it, which nobody has looked for while nothing was under way.
    fn is_closed(&self) -> bool {
        match self.stream.peek(&mut [0]) {
            Ok(length) => length == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }

    fn reopen(&mut self) -> anyhow::Result<()> {
        self.stream = connect(&self.place)?;
        self.reader = ResponseReader::default();
        Ok(())
    }
}

fn connect(place: &Place) -> anyhow::Result<NonBlocking> {
    let stream = TcpStream::connect(place.server).context("the server does not accept")?;
    stream.set_nodelay(true)?;
    register(stream, &place.registry, place.token)
}
