//! One socket and what it has not taken yet.

use std::{collections::VecDeque, io::IoSlice};

use rustix::{
    fd::OwnedFd,
    io::Errno,
    net::{SendAncillaryBuffer, SendFlags, send, sendmsg},
};

/// Large buffers, kept: to make one anew for each large message costs more than the message.
#[derive(Debug, Default)]
pub(crate) struct Pool(Vec<Vec<u8>>);

/// Most buffers kept.
const KEPT: usize = 64;

impl Pool {
    /// Returns a buffer of at least that many bytes, whatever they are.
    pub(crate) fn take(&mut self, size: usize) -> Vec<u8> {
        let mut buffer = self.0.pop().unwrap_or_default();
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        buffer
    }

    pub(crate) fn give(&mut self, buffer: Vec<u8>) {
        if self.0.len() < KEPT {
            self.0.push(buffer);
        }
    }
}

/// Bytes from `from` to `to` of a buffer.
#[derive(Debug)]
pub(crate) struct Owned {
    pub(crate) buffer: Vec<u8>,
    pub(crate) from: usize,
    pub(crate) to: usize,
}

impl Owned {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.from..self.to).unwrap_or_default()
    }
}

/// The peer is gone.
#[derive(Debug)]
pub(crate) struct Gone;

/// A socket; it takes what it takes, and the rest waits until it takes more.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) socket: OwnedFd,
    #[expect(
        clippy::box_collection,
        reason = "next to nobody has any: a pointer is a third of an empty queue"
    )]
    unsent: Option<Box<VecDeque<Owned>>>,
}

impl Wire {
    pub(crate) fn new(socket: OwnedFd) -> Self {
        Self {
            socket,
            unsent: None,
        }
    }

    /// Says whether something waits to be taken.
    pub(crate) fn is_blocked(&self) -> bool {
        self.unsent.is_some()
    }

    /// Sends one piece.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        let taken = if self.is_blocked() {
            0
        } else {
            taken(send(&self.socket, bytes, SendFlags::NOSIGNAL))?
        };
        self.keep(bytes.get(taken..).unwrap_or_default());
        Ok(())
    }

    /// Sends a large message, if there is one, and some pieces, in one call.
    pub(crate) fn send_gathered(
        &mut self,
        large: Option<Owned>,
        pieces: &[IoSlice<'_>],
        pool: &mut Pool,
    ) -> Result<(), Gone> {
        let mut left = if self.is_blocked() {
            0
        } else {
            let first = large.iter().map(|large| IoSlice::new(large.bytes()));
            let all: Vec<_> = first.chain(pieces.iter().copied()).collect();
            let control = &mut SendAncillaryBuffer::default();
            taken(sendmsg(&self.socket, &all, control, SendFlags::NOSIGNAL))?
        };
        if let Some(mut large) = large {
            let now = left.min(large.bytes().len());
            large.from += now;
            left -= now;
            if large.bytes().is_empty() {
                pool.give(large.buffer);
            } else {
                self.unsent.get_or_insert_default().push_back(large);
            }
        }
        for piece in pieces {
            let now = left.min(piece.len());
            left -= now;
            self.keep(piece.get(now..).unwrap_or_default());
        }
        Ok(())
    }

    /// Sends what waits, as far as it goes.
    pub(crate) fn resume(&mut self, pool: &mut Pool) -> Result<(), Gone> {
        while let Some(queue) = &mut self.unsent {
            let Some(first) = queue.front_mut() else {
                self.unsent = None;
                break;
            };
            let sent = taken(send(&self.socket, first.bytes(), SendFlags::NOSIGNAL))?;
            first.from += sent;
            if !first.bytes().is_empty() {
                break;
            }
            if let Some(done) = queue.pop_front() {
                pool.give(done.buffer);
            }
        }
        Ok(())
    }

    fn keep(&mut self, rest: &[u8]) {
        if !rest.is_empty() {
            self.unsent.get_or_insert_default().push_back(Owned {
                buffer: rest.to_vec(),
                from: 0,
                to: rest.len(),
            });
        }
    }
}

fn taken(sent: Result<usize, Errno>) -> Result<usize, Gone> {
    match sent {
        Ok(bytes) => Ok(bytes),
        Err(Errno::AGAIN | Errno::INTR) => Ok(0),
        Err(_) => Err(Gone),
    }
}
