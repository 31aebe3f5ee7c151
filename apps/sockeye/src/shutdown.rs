//! When the program is asked to end: once to finish what is open, twice to stop at once.

use std::{
    io::{self, IsTerminal as _, stdin},
    process,
};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The status of a program that a second signal stopped: 128 and SIGINT's number, as shells have it.
const STOPPED: i32 = 130;

/// The signals that ask the program to end.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// Asks for settings to be read again, and also comes when the terminal is closed.
    hangup: Signal,
    has_terminal: bool,
}

impl Signals {
    /// Takes SIGINT, SIGTERM and SIGHUP over from the system.
    ///
    /// # Errors
    /// As the system has them.
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            has_terminal: stdin().is_terminal(),
        })
    }

    /// Waits for a signal, or until the terminal that the program was started from is closed.
    ///
    /// Cancel safe: a signal that comes later is seen by the next call.
    pub(crate) async fn next(&mut self) {
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => return,
                _ = self.terminate.recv() => return,
                _ = self.hangup.recv() => {
                    if self.has_terminal && !stdin().is_terminal() {
                        return;
                    }
                }
            }
        }
    }

    /// Ends the process at the next signal that says so, whatever is still open. A terminal that is closed says it more
    /// than once, and means it once.
    ///
    /// Cancel safe: once dropped, signals are not acted upon.
    pub(crate) async fn stop_at_next(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        tracing::warn!("stopped by a second signal");
        process::exit(STOPPED);
    }
}
