//! The loop: wait for edges, serve each connection until its socket is drained.

use std::net::TcpListener;

use anyhow::Context;
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, Event, EventData, EventFlags},
    fd::OwnedFd,
    io::Errno,
    net::{SocketFlags, accept_with, sockopt::set_tcp_nodelay},
};

use crate::{
    conn::{BUFFER, Conn, Kit, Stage},
    wire::{Gone, Pool},
};

/// Most events taken at once.
const EVENTS: usize = 1024;

/// The listener's number; connections count from 0.
const LISTENER: u64 = u64::MAX;

/// All connections.
#[derive(Debug)]
pub(crate) struct Reactor {
    epoll: OwnedFd,
    listener: TcpListener,
    conns: Vec<Option<Conn>>,
    /// Numbers that can be given again.
    free: Vec<usize>,
    /// Who hears what is said.
    members: Vec<usize>,
    kit: Kit,
}

impl Reactor {
    pub(crate) fn new(listener: TcpListener) -> anyhow::Result<Self> {
        listener.set_nonblocking(true)?;
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let edges = EventFlags::IN | EventFlags::ET;
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), edges)?;
        Ok(Self {
            epoll,
            listener,
            conns: Vec::new(),
            free: Vec::new(),
            members: Vec::new(),
            kit: Kit {
                buffer: vec![0; BUFFER],
                out: Vec::with_capacity(BUFFER),
                pool: Pool::default(),
            },
        })
    }

    /// Serves for ever.
    pub(crate) fn run(&mut self) -> anyhow::Result<()> {
        let mut events: Vec<Event> = Vec::with_capacity(EVENTS);
        loop {
            events.clear();
            match epoll::wait(&self.epoll, spare_capacity(&mut events), None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error).context("epoll"),
            }
            let mut knocks = false;
            for event in &events {
                let number = event.data.u64();
                match usize::try_from(number) {
                    Ok(number) if event.data.u64() != LISTENER => self.turn(number, event.flags),
                    _ => knocks = true,
                }
            }
            // Last: numbers of connections that ended in this batch may be given again.
            if knocks {
                self.accept()?;
            }
        }
    }

    fn accept(&mut self) -> anyhow::Result<()> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        loop {
            let socket = match accept_with(&self.listener, flags) {
                Ok(socket) => socket,
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::CONNABORTED | Errno::INTR) => continue,
                Err(error) => return Err(error).context("accept"),
            };
            set_tcp_nodelay(&socket, true)?;
            let number = self.free.pop().unwrap_or(self.conns.len());
            let edges = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
            epoll::add(
                &self.epoll,
                &socket,
                EventData::new_u64(number as u64),
                edges,
            )?;
            let conn = Some(Conn::new(socket));
            match self.conns.get_mut(number) {
                Some(slot) => *slot = conn,
                None => self.conns.push(conn),
            }
        }
    }

    fn turn(&mut self, number: usize, edges: EventFlags) {
        if self.serve(number, edges).is_err()
            && let Some(slot) = self.conns.get_mut(number)
            && let Some(conn) = slot.take()
        {
            if conn.stage == Stage::Broadcast {
                self.members.retain(|member| *member != number);
            }
            self.free.push(number);
        }
    }

    fn serve(&mut self, number: usize, edges: EventFlags) -> Result<(), Gone> {
        let hangs_up = EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR;
        let Some(Some(conn)) = self.conns.get_mut(number) else {
            return Ok(());
        };
        let was_blocked = conn.wire.is_blocked();
        conn.wire.resume(&mut self.kit.pool)?;
        if !was_blocked && !edges.intersects(EventFlags::IN | hangs_up) {
            return Ok(());
        }
        // While the socket takes no more nothing is read: what was not read is read when it does.
        while let Some(Some(conn)) = self.conns.get_mut(number)
            && !conn.wire.is_blocked()
        {
            let Kit { buffer, out, pool } = &mut self.kit;
            let Some(read) = conn.read(buffer, pool)? else {
                break;
            };
            let mut bytes = buffer.get_mut(..read.bytes).unwrap_or_default();
            if conn.stage == Stage::Http {
                let rest = conn.shake_hands(bytes, out)?;
                let start = bytes.len() - rest;
                bytes = bytes.get_mut(start..).unwrap_or_default();
                if conn.stage == Stage::Broadcast {
                    self.members.push(number);
                }
            }
            match conn.stage {
                Stage::Http => {}
                Stage::Echo => conn.echo(read.finished, bytes, out, pool)?,
                Stage::Broadcast => {
                    conn.say(read.finished, bytes, out, pool)?;
                    self.tell();
                }
            }
            // A short read has drained the socket; what comes later raises a new edge, but for an end that was there.
            if read.is_drained && !edges.intersects(hangs_up) {
                break;
            }
        }
        Ok(())
    }

    /// Sends what was said to all.
    fn tell(&mut self) {
        if self.kit.out.is_empty() {
            return;
        }
        for member in &self.members {
            if let Some(Some(conn)) = self.conns.get_mut(*member) {
                // Who is gone has an edge of its own that says so.
                let _ = conn.wire.send(&self.kit.out);
            }
        }
    }
}
