//! What a subscriber that comes back has missed: a pure function over what it asks, what was kept, and what is
//! published meanwhile.

use std::sync::Arc;

use sockeye_channel_proto::{Publication, StreamPosition};

use crate::{History, Order, Read};

/// What somebody who subscribes wants to know of the channel's stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ask {
    /// Nothing: it hears what is published from now on.
    #[default]
    Nothing,
    /// Where the stream is.
    Position,
    /// All that it missed since then, if that is at most so many publications. An empty epoch is any.
    Stream { since: StreamPosition, limit: u32 },
    /// The latest publication, unless that is the one it has.
    Cache { since: Option<StreamPosition> },
}

/// What a subscriber is told at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Recovered {
    /// Nothing is missing.
    pub(crate) recovered: bool,
    /// What it missed, in order.
    pub(crate) publications: Vec<Arc<Publication>>,
    /// What the result says: of the client before `publications` if it recovered a stream, else of the stream.
    pub(crate) position: StreamPosition,
}

/// What was read and what was told here do not yet meet: read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Behind;

/// In a cache, so many publications behind the latest that is known may come while it is read.
const CACHE_READ: u32 = 16;

impl Ask {
    /// Says what to read, where the channel's room is at `known`.
    pub(crate) fn read(&self, known: Option<&StreamPosition>) -> Read {
        match self {
            Self::Nothing | Self::Position => Read {
                limit: Some(0),
                ..Read::default()
            },
            Self::Stream { since, limit } => {
                let epoch = match known {
                    Some(known) if since.epoch.is_empty() => &known.epoch,
                    _ => &since.epoch,
                };
                let since = StreamPosition {
                    epoch: epoch.clone(),
                    ..since.clone()
                };
                Read {
                    since: Some(since),
                    limit: Some(*limit),
                    order: Order::Forward,
                }
            }
            Self::Cache { .. } => match known.filter(|known| known.offset > 0) {
                // The latest that was told here; later ones are on their way.
                Some(known) => Read {
                    since: Some(StreamPosition {
                        offset: known.offset - 1,
                        epoch: known.epoch.clone(),
                    }),
                    limit: Some(CACHE_READ),
                    order: Order::Forward,
                },
                None => Read {
                    since: None,
                    limit: Some(1),
                    order: Order::Reverse,
                },
            },
        }
    }

    /// Says whether the epoch must be known before anything can be read.
    pub(crate) fn lacks_epoch(&self) -> bool {
        matches!(self, Self::Stream { since, .. } if since.epoch.is_empty())
    }
}

/// Finds out what a subscriber is told who hears all that follows `top`, where the room is.
///
/// `history` may be older than that, if `tail`, the last publications that were told in the room, fills the hole; or
/// newer: then the subscriber hears the rest later.
///
/// # Errors
/// [`Behind`] if something is missing between both.
pub(crate) fn recover(
    ask: &Ask,
    history: &History,
    tail: &[Arc<Publication>],
    top: &StreamPosition,
) -> Result<Recovered, Behind> {
    if *ask == Ask::Nothing {
        return Ok(Recovered::default());
    }
    if history.top.epoch != top.epoch {
        return Err(Behind);
    }
    let mut publications = history.publications.clone();
    let mut reach = history.top.offset;
    for publication in tail {
        if publication.offset == reach + 1 {
            publications.push(Arc::clone(publication));
            reach += 1;
        }
    }
    if reach < top.offset {
        return Err(Behind);
    }
    publications.retain(|publication| publication.offset <= top.offset);
    match ask {
        Ask::Nothing | Ask::Position => Ok(unrecovered(top)),
        Ask::Stream { since, .. } if since.epoch.is_empty() || since.epoch == top.epoch => {
            if since.offset > top.offset && since.offset <= reach {
                // It has heard elsewhere what is yet to be told here.
                return Err(Behind);
            }
            Ok(stream(since, publications, top))
        }
        Ask::Stream { .. } => Ok(unrecovered(top)),
        Ask::Cache { since } => cache(since.as_ref(), &publications, history, top),
    }
}

fn unrecovered(top: &StreamPosition) -> Recovered {
    Recovered {
        position: top.clone(),
        ..Recovered::default()
    }
}

fn stream(
    since: &StreamPosition,
    publications: Vec<Arc<Publication>>,
    top: &StreamPosition,
) -> Recovered {
    let mut reach = since.offset;
    for publication in &publications {
        if reach.checked_add(1) != Some(publication.offset) {
            return unrecovered(top);
        }
        reach = publication.offset;
    }
    if reach != top.offset {
        return unrecovered(top);
    }
    Recovered {
        recovered: true,
        publications,
        position: StreamPosition {
            offset: since.offset,
            epoch: top.epoch.clone(),
        },
    }
}

fn cache(
    since: Option<&StreamPosition>,
    publications: &[Arc<Publication>],
    history: &History,
    top: &StreamPosition,
) -> Result<Recovered, Behind> {
    let latest = publications.last().filter(|last| last.offset == top.offset);
    let has_it = since == Some(top);
    let was_cut = history.publications.len() > publications.len();
    if latest.is_none() && !has_it && was_cut {
        return Err(Behind);
    }
    let missed = latest.filter(|_| !has_it);
    Ok(Recovered {
        recovered: has_it || latest.is_some(),
        publications: missed.into_iter().cloned().collect(),
        position: top.clone(),
    })
}

#[cfg(test)]
mod tests;
