//! Writes a patch: what the ends of both have in common is found first, for most updates change a field or two; what
//! is between them is looked up in an index of the source.

use std::{ops::Range, str};

use thiserror::Error;

use super::{
    checksum, digits,
    index::{BLOCK, Index, Run, same, same_at_the_end},
};

/// Where a patch may cut its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cut {
    /// At any byte: for Protobuf, whose payloads are bytes.
    Anywhere,
    /// Between characters only: for JSON, where the patch is carried in a string and so must be valid UTF-8 itself.
    AtCharacters,
}

/// A patch that is text was asked for, of something that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not valid UTF-8")]
pub struct NotText;

/// Makes the patch that [`apply`](super::apply) makes the target of the source with. It takes time and memory in
/// proportion to both. A patch can be longer than its target: then better send that.
///
/// # Errors
/// [`NotText`] with [`Cut::AtCharacters`], if source or target is not valid UTF-8: send the target in full.
pub fn encode(source: &[u8], target: &[u8], cut: Cut) -> Result<Vec<u8>, NotText> {
    if cut == Cut::AtCharacters {
        str::from_utf8(source).map_err(|_| NotText)?;
        str::from_utf8(target).map_err(|_| NotText)?;
    }
    let mut patch = Patch::new(target, cut);
    let ahead = same(source, target);
    let rest = target.get(ahead..).unwrap_or_default();
    let behind = target.len() - same_at_the_end(source, rest);
    patch.copy(&Run {
        target: 0..ahead,
        source: 0,
    });
    if behind - patch.done >= BLOCK {
        patch.copy_between(&Index::new(source), behind);
    }
    patch.copy(&Run {
        target: behind..target.len(),
        source: source.len() - (target.len() - behind),
    });
    Ok(patch.finished())
}

/// A patch, up to a place in the target.
#[derive(Debug)]
struct Patch<'a> {
    target: &'a [u8],
    cut: Cut,
    /// How much of the target is written.
    done: usize,
    out: Vec<u8>,
}

impl<'a> Patch<'a> {
    fn new(target: &'a [u8], cut: Cut) -> Self {
        let mut out = Vec::with_capacity(64);
        digits::write(target.len(), &mut out);
        out.push(b'\n');
        Self {
            target,
            cut,
            done: 0,
            out,
        }
    }

    /// Copies what the index finds before a place in the target.
    fn copy_between(&mut self, index: &Index<'_>, end: usize) {
        let mut at = self.done;
        while at + BLOCK <= end {
            let run = index.longest(self.target, self.done, at);
            if run.is_some_and(|run| self.copy(&run)) {
                at = self.done;
            } else {
                at += 1;
            }
        }
    }

    /// Copies a run if that is shorter than to insert it, with what is missing before it. Says whether it did.
    fn copy(&mut self, run: &Run) -> bool {
        let from = run.target.start.max(self.done).min(run.target.end);
        let skipped = from - run.target.start;
        let Range { start, end } = self.aligned(from..run.target.end);
        let length = end.saturating_sub(start);
        let source = run.source + skipped + (start - from);
        let numbers = digits::width(length) + digits::width(source);
        // Beside its numbers: `@`, `,`, and the head of the insert that may have to begin anew behind it.
        if length <= 4 + usize::try_from(numbers).unwrap_or(0) {
            return false;
        }
        self.insert_until(start);
        digits::write(length, &mut self.out);
        self.out.push(b'@');
        digits::write(source, &mut self.out);
        self.out.push(b',');
        self.done = end;
        true
    }

    /// The part of a range that may be cut out.
    fn aligned(&self, Range { start, end }: Range<usize>) -> Range<usize> {
        let within = |at: &usize| {
            let byte = self.target.get(*at);
            self.cut == Cut::AtCharacters && byte.is_some_and(|byte| byte & 0xc0 == 0x80)
        };
        let start = (start..end).find(|at| !within(at)).unwrap_or(end);
        let end = (start..=end).rev().find(|at| !within(at)).unwrap_or(start);
        start..end
    }

    fn insert_until(&mut self, end: usize) {
        let missing = self.target.get(self.done..end).unwrap_or_default();
        if !missing.is_empty() {
            digits::write(missing.len(), &mut self.out);
            self.out.push(b':');
            self.out.extend_from_slice(missing);
        }
        self.done = end;
    }

    fn finished(mut self) -> Vec<u8> {
        self.insert_until(self.target.len());
        let sum = usize::try_from(checksum(self.target)).unwrap_or(0);
        digits::write(sum, &mut self.out);
        self.out.push(b';');
        self.out
    }
}
