//! What is published while somebody is on the way into a room.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use sockeye_channel_proto::Publication;
use tokio::sync::OnceCell;

use super::frames::{Frames, What};
use crate::{History, Order, Read};

/// How many publications are kept for those on the way. Who takes longer starts anew with 3010.
pub(super) const MAX_TAIL: usize = 4096;

/// How many bytes of payload they may have; one is always kept.
pub(super) const MAX_TAIL_BYTES: usize = 4 << 20;

/// What those on the way share. It is there while there are any.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub(super) joining: usize,
    pub(super) reads: HashMap<ReadKey, Arc<OnceCell<Arc<History>>>>,
    heard: VecDeque<Heard>,
    /// The number of the first that is kept.
    first: u64,
    bytes: usize,
}

/// A publication that came meanwhile.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) frames: Frames,
    pub(super) audience: Audience,
}

/// To whom a publication is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    All,
    /// The others had it in what they read.
    Unpositioned,
}

/// What makes reads the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct ReadKey {
    since: Option<(u64, String)>,
    limit: Option<u32>,
    is_reverse: bool,
}

impl ReadKey {
    pub(super) fn of(read: &Read) -> Self {
        let since = read.since.as_ref();
        Self {
            since: since.map(|since| (since.offset, since.epoch.clone())),
            limit: read.limit,
            is_reverse: read.order == Order::Reverse,
        }
    }
}

impl Tail {
    /// The number of the next publication.
    pub(super) fn end(&self) -> u64 {
        self.first + self.heard.len() as u64
    }

    pub(super) fn push(&mut self, frames: Frames, audience: Audience) {
        self.bytes += size(&frames);
        self.heard.push_back(Heard { frames, audience });
        while self.heard.len() > MAX_TAIL || self.heard.len() > 1 && self.bytes > MAX_TAIL_BYTES {
            let dropped = self.heard.pop_front();
            self.bytes -= dropped.map_or(0, |dropped| size(&dropped.frames));
            self.first += 1;
        }
    }

    /// Returns what came from a number on; `None` if some of it is gone.
    pub(super) fn since(&mut self, number: u64) -> Option<impl Iterator<Item = &mut Heard>> {
        let skip = usize::try_from(number.checked_sub(self.first)?).ok()?;
        Some(self.heard.iter_mut().skip(skip))
    }

    /// Returns all of it that belongs to a stream.
    pub(super) fn streamed(&self) -> Vec<Arc<Publication>> {
        let heard = self.heard.iter().map(|heard| &heard.frames.what);
        heard
            .filter_map(|what| match what {
                What::Published(publication) if publication.offset > 0 => {
                    Some(Arc::clone(publication))
                }
                _ => None,
            })
            .collect()
    }
}

fn size(frames: &Frames) -> usize {
    match &frames.what {
        What::Published(publication) => publication.data.len(),
        What::Announced(_) => 0,
    }
}
