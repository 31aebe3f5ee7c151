//! Settings that are read again while the program runs: at SIGHUP.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::{
    channels::Served,
    config::{InvalidConfig, Reloaded, Resolved, Sources, resolve},
};

/// The settings that hold, and where they are read again.
#[derive(Debug)]
pub(crate) struct Reload {
    sources: Sources,
    running: Resolved,
    hangup: Signal,
}

impl Reload {
    /// Takes SIGHUP over from the system.
    ///
    /// # Errors
    /// As the system has them.
    pub(crate) fn new(sources: Sources, running: Resolved) -> io::Result<Self> {
        let hangup = signal(SignalKind::hangup())?;
        Ok(Self {
            sources,
            running,
            hangup,
        })
    }

    /// Reads the settings again whenever it is asked, for ever.
    ///
    /// Cancel safe: dropped, the settings stay as they are.
    pub(crate) async fn run(mut self, channels: Option<&Served>) {
        while self.hangup.recv().await.is_some() {
            if let Err(invalid) = self.read(channels) {
                for mistake in invalid.lines() {
                    tracing::error!("the settings stay as they are: {mistake}");
                }
            }
        }
    }

    fn read(&mut self, channels: Option<&Served>) -> Result<(), InvalidConfig> {
        let read = resolve(self.sources.clone())?;
        let Reloaded {
            settings,
            changed,
            waiting,
        } = self.running.reloaded(read);
        // What holds together must be checked as it will be, whatever else was read.
        let config = settings.check()?;
        if let (Some(channels), Some(config)) = (channels, &config.channels)
            && let Err(error) = channels.reload(config)
        {
            tracing::error!("the settings stay as they are: {error}");
            return Ok(());
        }
        self.running = settings;
        tracing::info!(changed = changed.join(" "), "settings read again");
        if !waiting.is_empty() {
            let waiting = waiting.join(" ");
            tracing::warn!(waiting, "changed in vain: this needs another start");
        }
        Ok(())
    }
}
