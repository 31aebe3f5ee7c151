//! What a transaction has changed so far, which nobody may see before it is on disk.

use std::{collections::HashMap, sync::Arc};

use prost::Message;
use rusqlite::{Connection, Result};
use sockeye_channels::{Publication, PublishOptions, Published, Retention, Suppressed};

use crate::{
    clock::{Millis, after},
    line::{Head, Line},
    lines::Lines,
    statements,
};

/// A transaction under way.
#[derive(Debug)]
pub(crate) struct Staged<'c> {
    connection: &'c Connection,
    lines: &'c Lines,
    now: Millis,
    channels: HashMap<Arc<str>, Changed>,
}

/// A channel that it has changed.
#[derive(Debug)]
struct Changed {
    line: Arc<Line>,
    head: Head,
    appended: i64,
}

/// What becomes of a command once the transaction is on disk.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A publication is there.
    Appended {
        line: Arc<Line>,
        head: Head,
        publication: Arc<Publication>,
        bytes: usize,
    },
    /// It was not published.
    Suppressed(Published),
    /// The stream is as it says.
    Settled { line: Arc<Line>, head: Head },
    /// There is no such stream.
    Nothing,
}

impl<'c> Staged<'c> {
    pub(crate) fn new(connection: &'c Connection, lines: &'c Lines, now: Millis) -> Self {
        let channels = HashMap::new();
        Self {
            connection,
            lines,
            now,
            channels,
        }
    }

    /// Returns a channel whose stream is known, or `None`.
    fn find(&mut self, channel: &Arc<str>) -> Result<Option<&mut Changed>> {
        if !self.channels.contains_key(channel) {
            let (line, head) = match self.lines.find(channel) {
                Some(line) => {
                    let head = line.lock().head.clone();
                    (Some(line), Some(head))
                }
                None => (None, statements::head(self.connection, channel)?),
            };
            let Some(head) = head else {
                return Ok(None);
            };
            if head.known_until <= self.now {
                statements::disown(self.connection, head.id)?;
                let head = statements::begin(self.connection, channel, self.now)?;
                self.insert(channel, line, head);
            } else {
                self.insert(channel, line, head);
            }
        }
        Ok(self.channels.get_mut(channel))
    }

    fn insert(&mut self, channel: &Arc<str>, line: Option<Arc<Line>>, head: Head) {
        let begin = || Arc::new(Line::new(Arc::clone(channel), head.clone()));
        let changed = Changed {
            line: line.unwrap_or_else(begin),
            head,
            appended: 0,
        };
        self.channels.insert(Arc::clone(channel), changed);
    }

    /// Begins the stream of a channel, unless it has one.
    fn ensure(&mut self, channel: &Arc<str>) -> Result<()> {
        if self.find(channel)?.is_none() {
            let head = statements::begin(self.connection, channel, self.now)?;
            self.insert(channel, None, head);
        }
        Ok(())
    }

    /// Begins the stream of a channel, unless it has one.
    pub(crate) fn open(&mut self, channel: &Arc<str>, retention: Retention) -> Result<Outcome> {
        self.ensure(channel)?;
        let now = self.now;
        let Some(changed) = self.channels.get_mut(channel) else {
            return Ok(Outcome::Nothing);
        };
        changed.head.touch(retention, now);
        Ok(changed.settled())
    }

    /// Forgets the publications of a channel.
    pub(crate) fn remove(&mut self, channel: &Arc<str>) -> Result<Outcome> {
        let Some(changed) = self.find(channel)? else {
            return Ok(Outcome::Nothing);
        };
        changed.head.floor = changed.head.top;
        Ok(changed.settled())
    }

    /// Appends a publication, unless something is against it.
    pub(crate) fn publish(
        &mut self,
        channel: &Arc<str>,
        publication: &Publication,
        (options, retention): (&PublishOptions, Retention),
    ) -> Result<Outcome> {
        let (connection, now) = (self.connection, self.now);
        if let Some((key, _)) = &options.idempotency
            && let Some(position) = statements::key(connection, (channel, key), now)?
        {
            let repeated = Published::suppressed(Some(position), Suppressed::Repeated);
            return Ok(Outcome::Suppressed(repeated));
        }
        self.ensure(channel)?;
        let Some(changed) = self.channels.get_mut(channel) else {
            return Ok(Outcome::Nothing);
        };
        let head = &mut changed.head;
        let version_epoch = options.version_epoch.as_deref().unwrap_or_default();
        if head.is_outdated(publication.version, version_epoch) {
            let outdated = Published::suppressed(Some(head.position()), Suppressed::Outdated);
            return Ok(Outcome::Suppressed(outdated));
        }
        if publication.version > 0 {
            head.version = Some((publication.version, version_epoch.into()));
        }
        head.floor = head.floor_at(now);
        head.top = head.top.saturating_add(1);
        let size = retention.size.get().into();
        head.floor = head.floor.max(head.top.saturating_sub(size));
        head.kept_until = after(now, retention.ttl);
        head.touch(retention, now);
        let mut publication = publication.clone();
        publication.offset = head.top;
        publication.epoch.clear();
        if head.top == 1 {
            publication.epoch.push_str(&head.epoch);
        }
        statements::append(connection, head.id, &publication)?;
        if let Some((key, ttl)) = &options.idempotency {
            let expires = after(now, *ttl);
            statements::put_key(connection, (channel, key), &head.position(), expires)?;
        }
        changed.appended += 1;
        Ok(Outcome::Appended {
            line: Arc::clone(&changed.line),
            head: changed.head.clone(),
            bytes: publication.encoded_len(),
            publication: Arc::new(publication),
        })
    }

    /// Writes where the streams are now, and deletes about as many publications as there were appended, so that what
    /// is too much does not pile up. The rest is upkeep's.
    pub(crate) fn finish(self) -> Result<()> {
        for changed in self.channels.values() {
            statements::save(self.connection, &changed.head)?;
            if changed.appended > 0 && changed.head.floor > 0 {
                let (id, floor) = (changed.head.id, changed.head.floor);
                statements::trim(self.connection, id, floor, 2 * changed.appended)?;
            }
        }
        Ok(())
    }
}

impl Changed {
    fn settled(&self) -> Outcome {
        Outcome::Settled {
            line: Arc::clone(&self.line),
            head: self.head.clone(),
        }
    }
}
