//! Where blocks of the source are: finds, for a place in the target, the longest run of bytes that the source has too.

use std::ops::Range;

/// How long a block is. A run that is shorter is hardly worth its copy.
pub(super) const BLOCK: usize = 8;

/// How many places with the same block are looked at.
const TRIES: usize = 16;

/// A source of at most this length is indexed at each byte; longer ones at some, so that the index stays small beside
/// them.
const DENSE: usize = 16 * 1024;

/// A place of the source that is none.
const NOWHERE: u32 = u32::MAX;

/// A run that source and target share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Where it is in the target.
    pub(super) target: Range<usize>,
    /// Where it starts in the source.
    pub(super) source: usize,
}

/// The blocks of a source, chained by their hash.
#[derive(Debug)]
pub(super) struct Index<'a> {
    source: &'a [u8],
    step: usize,
    shift: u32,
    /// By hash: the first of its places.
    heads: Vec<u32>,
    /// By place: the next one with the same hash.
    next: Vec<u32>,
}

impl<'a> Index<'a> {
    /// Indexes a source. Beyond 4 GiB, which no patch can refer to, nothing is found.
    pub(super) fn new(source: &'a [u8]) -> Self {
        let step = if source.len() <= DENSE { 1 } else { BLOCK };
        let places = match u32::try_from(source.len()) {
            Ok(_) => (source.len() + 1).saturating_sub(BLOCK).div_ceil(step),
            Err(_) => 0,
        };
        let buckets = places.next_power_of_two().max(2);
        let mut index = Self {
            source,
            step,
            shift: u64::BITS - buckets.trailing_zeros(),
            heads: vec![NOWHERE; buckets],
            next: vec![NOWHERE; places],
        };
        // From behind, so that a chain starts with the lowest offset, whose number is the shortest.
        for place in (0..places).rev() {
            index.add(place);
        }
        index
    }

    fn add(&mut self, place: usize) {
        let Some(block) = block(self.source, place * self.step) else {
            return;
        };
        let bucket = self.bucket(block);
        let (Some(head), Some(next), Ok(place)) = (
            self.heads.get_mut(bucket),
            self.next.get_mut(place),
            u32::try_from(place),
        ) else {
            return;
        };
        *next = std::mem::replace(head, place);
    }

    fn bucket(&self, block: u64) -> usize {
        // 2^64 divided by the golden ratio: the upper bits of the product depend on all of the block.
        let hash = block.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift;
        usize::try_from(hash).unwrap_or(0)
    }

    /// The longest run around a place of the target, which reaches back to `from` at most and on to the end of it.
    pub(super) fn longest(&self, target: &[u8], from: usize, at: usize) -> Option<Run> {
        let wanted = block(target, at)?;
        let mut place = *self.heads.get(self.bucket(wanted))?;
        let mut longest: Option<Run> = None;
        for _ in 0..TRIES {
            let known = usize::try_from(place).ok()?;
            let Some(next) = self.next.get(known) else {
                break;
            };
            let run = self.around(target, from, at, known * self.step);
            if run.target.len() > longest.as_ref().map_or(0, |run| run.target.len()) {
                longest = Some(run);
            }
            place = *next;
        }
        longest.filter(|run| run.target.len() >= BLOCK)
    }

    /// What is the same before and behind two places.
    fn around(&self, target: &[u8], from: usize, at: usize, source: usize) -> Run {
        let ahead = same(
            target.get(at..).unwrap_or_default(),
            self.source.get(source..).unwrap_or_default(),
        );
        let back = same_at_the_end(
            target.get(from..at).unwrap_or_default(),
            self.source.get(..source).unwrap_or_default(),
        );
        Run {
            target: at - back..at + ahead,
            source: source - back,
        }
    }
}

/// How many bytes are the same at the beginning of both.
pub(super) fn same(one: &[u8], other: &[u8]) -> usize {
    let pairs = one.iter().zip(other);
    pairs.take_while(|(one, other)| one == other).count()
}

/// How many bytes are the same at the end of both.
pub(super) fn same_at_the_end(one: &[u8], other: &[u8]) -> usize {
    let pairs = one.iter().rev().zip(other.iter().rev());
    pairs.take_while(|(one, other)| one == other).count()
}

fn block(bytes: &[u8], at: usize) -> Option<u64> {
    let block = bytes.get(at..)?.first_chunk::<BLOCK>()?;
    Some(u64::from_le_bytes(*block))
}
