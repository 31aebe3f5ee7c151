//! The book of what was acknowledged, and what is wrong with a history that should hold all of it.

use std::collections::BTreeMap;

use thiserror::Error;

use crate::{History, StreamPosition};

/// What was acknowledged: for each channel its epoch, and the payloads by offset.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    channels: BTreeMap<String, (String, BTreeMap<u64, Vec<u8>>)>,
    faults: Vec<Fault>,
}

/// What a broker did that it must not.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// An acknowledged publication is gone.
    #[error("{0}: the acknowledged publication {1} is gone")]
    Lost(String, u64),
    /// At its offset there is something else.
    #[error("{0}: at offset {1} there is not what was acknowledged")]
    Other(String, u64),
    /// Two were acknowledged at one offset.
    #[error("{0}: two publications were acknowledged at offset {1}")]
    Twice(String, u64),
    /// One offset does not follow the other.
    #[error("{0}: offset {2} follows on {1}")]
    Hole(String, u64, u64),
    /// The same payload is there twice, the second time at this offset.
    #[error("{0}: what is at offset {1} was there before")]
    Repeated(String, u64),
    /// The stream has another epoch.
    #[error("{0}: the epoch has changed")]
    Epoch(String),
}

impl Ledger {
    /// Writes down that a publication was acknowledged. No two may have one payload.
    pub fn acknowledge(&mut self, channel: &str, position: &StreamPosition, data: &[u8]) {
        let begin = || (position.epoch.clone(), BTreeMap::new());
        let (epoch, entries) = self
            .channels
            .entry(channel.to_owned())
            .or_insert_with(begin);
        if *epoch != position.epoch {
            self.faults.push(Fault::Epoch(channel.to_owned()));
        }
        if entries.insert(position.offset, data.to_vec()).is_some() {
            let fault = Fault::Twice(channel.to_owned(), position.offset);
            self.faults.push(fault);
        }
    }

    /// Returns the channels in which something was acknowledged.
    pub fn channels(&self) -> impl Iterator<Item = &str> {
        self.channels.keys().map(String::as_str)
    }

    /// Returns how many publications were acknowledged.
    pub fn len(&self) -> usize {
        self.channels
            .values()
            .map(|(_, entries)| entries.len())
            .sum()
    }

    /// Says whether nothing was acknowledged.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }

    /// Returns what is wrong with a channel's whole history, of a stream whose retention forgets nothing. What is there
    /// but was not acknowledged is not wrong: its publisher did not live to hear of it.
    pub fn faults(&self, channel: &str, history: &History) -> Vec<Fault> {
        let mut faults = self.faults.clone();
        let Some((epoch, entries)) = self.channels.get(channel) else {
            return faults;
        };
        if *epoch != history.top.epoch {
            faults.push(Fault::Epoch(channel.to_owned()));
        }
        let (mut last, mut there) = (0, BTreeMap::new());
        let mut payloads = std::collections::BTreeSet::new();
        for publication in &history.publications {
            let offset = publication.offset;
            if offset != last + 1 {
                faults.push(Fault::Hole(channel.to_owned(), last, offset));
            }
            last = offset;
            there.insert(offset, &publication.data);
            if !payloads.insert(&publication.data) {
                faults.push(Fault::Repeated(channel.to_owned(), offset));
            }
        }
        if last != history.top.offset {
            faults.push(Fault::Hole(channel.to_owned(), last, history.top.offset));
        }
        for (offset, data) in entries {
            match there.get(offset) {
                None => faults.push(Fault::Lost(channel.to_owned(), *offset)),
                Some(found) if **found != *data => {
                    faults.push(Fault::Other(channel.to_owned(), *offset));
                }
                Some(_) => {}
            }
        }
        faults
    }
}
