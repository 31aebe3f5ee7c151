//! Signals that end a talk: the first closes it, the second ends the program.

use std::{io, process};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::verdict::{SIGINT, SIGTERM};

/// SIGINT and SIGTERM, taken over from the system.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    First,
    Second,
}

impl Interrupts {
    /// Takes the signals over.
    ///
    /// # Errors
    /// As the system has them.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            stage: Stage::First,
        })
    }

    /// Waits for a signal and returns its number; the second ends the program.
    ///
    /// Cancel safety: dropped before it is done, it has taken none.
    pub(crate) async fn next(&mut self) -> u8 {
        let number = tokio::select! {
            _ = self.interrupt.recv() => SIGINT,
            _ = self.terminate.recv() => SIGTERM,
        };
        if self.stage == Stage::Second {
            process::exit(128 + i32::from(number));
        }
        self.stage = Stage::Second;
        number
    }
}
