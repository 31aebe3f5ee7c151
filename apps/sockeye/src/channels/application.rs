//! Who is asked over HTTP, as long as the configuration says so; and the journal of what it is told.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use miette::{Diagnostic, IntoDiagnostic, Report};
use sockeye_channels::Hooks;
use thiserror::Error;

use crate::{
    config,
    hooks::{HttpHooks, Journal, JournalError},
    outgoing::Outgoing,
};

/// Who is asked at the moment.
#[derive(Debug, Default)]
pub(super) struct Application(Mutex<Now>);

#[derive(Debug, Default)]
struct Now {
    hooks: Option<Arc<HttpHooks>>,
    /// Whoever is asked next goes on with it.
    journal: Option<Arc<Journal>>,
}

/// The journal can't be used.
#[derive(Debug, Error, Diagnostic)]
#[error("who disconnects can't be written down")]
#[diagnostic(help("it lies beside `broker.path`; with `broker.memory = true` there is none"))]
struct CannotKeep(#[source] JournalError);

impl Application {
    /// Returns who is asked from now on. What has happened until now and was not heard is told to them, too; if they want
    /// no events, to who was asked before.
    ///
    /// # Errors
    /// If a secret or the journal can't be had.
    pub(super) fn replace(
        &self,
        config: &config::Channels,
    ) -> Result<Option<Arc<dyn Hooks>>, Report> {
        let mut now = self.now();
        let is_same = now
            .hooks
            .as_ref()
            .map_or_else(|| !config.hooks.is_any(), |hooks| hooks.are(&config.hooks));
        if !is_same {
            if config.hooks.events.is_some() && now.journal.is_none() {
                now.journal = journal(config).map_err(CannotKeep)?;
            }
            let next = hooks(config, now.journal.as_ref(), now.hooks.as_deref())?;
            let old = std::mem::replace(&mut now.hooks, next);
            if let Some(old) = old.filter(|_| config.hooks.events.is_none()) {
                tokio::spawn(async move { old.all_told().await });
            }
        }
        let hooks = now.hooks.as_ref().map(Arc::<HttpHooks>::clone);
        Ok(hooks.map(|hooks| -> Arc<dyn Hooks> { hooks }))
    }

    /// Waits a while until the application heard who left.
    pub(super) async fn close(&self) {
        let hooks = self.now().hooks.take();
        if let Some(hooks) = hooks {
            hooks.close().await;
        }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer longer than what may wait for a client would be of no use to it.
fn hooks(
    config: &config::Channels,
    journal: Option<&Arc<Journal>>,
    before: Option<&HttpHooks>,
) -> Result<Option<Arc<HttpHooks>>, Report> {
    if !config.hooks.is_any() {
        return Ok(None);
    }
    let outgoing = Outgoing::new().map_err(|error| miette::miette!("{error}"))?;
    let (asked, journal) = (config.hooks.clone(), journal.cloned());
    let hooks = HttpHooks::new(asked, outgoing, config.outbox_bytes, journal, before);
    hooks.map(|hooks| Some(Arc::new(hooks))).into_diagnostic()
}

fn journal(config: &config::Channels) -> Result<Option<Arc<Journal>>, JournalError> {
    let Some(path) = &config.journal else {
        return Ok(None);
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |since| since.as_millis());
    let journal = Journal::open(path, u64::try_from(now).unwrap_or(u64::MAX))?;
    Ok(Some(Arc::new(journal)))
}
