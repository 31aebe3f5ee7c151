//! Fan-out: one client speaks, all of them hear.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use super::{Kind, Outcome, Ring, Target, line::Line, wait::Spin};
use anyhow::Context;

const BUFFER: usize = 256 << 10;

/// Clients of a fan-out to all; the first is the speaker, and hears itself too.
#[derive(Debug)]
pub struct FanOut {
    spin: Spin,
    ring: Ring,
    depth: usize,
    hearers: Vec<Hearer>,
    buffer: Vec<u8>,
    under_way: UnderWay,
}

#[derive(Debug)]
struct Hearer {
    line: Line,
    heard: usize,
}

/// Messages that not all have heard yet, oldest first.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    /// Number of the oldest.
    oldest: usize,
    /// When each was said, and how many have yet to hear it.
    pub(super) messages: VecDeque<(Instant, usize)>,
}

impl UnderWay {
    /// Notes that one more has heard the message of this number, and returns when it was said.
    pub(super) fn hear(&mut self, number: usize) -> Option<Instant> {
        let index = number.checked_sub(self.oldest)?;
        let (said, left) = self.messages.get_mut(index)?;
        *left = left.saturating_sub(1);
        Some(*said)
    }

    /// Forgets what all have heard, and returns how many messages that were.
    pub(super) fn finish(&mut self) -> usize {
        let mut finished = 0;
        while self.messages.pop_front_if(|(_, left)| *left == 0).is_some() {
            finished += 1;
        }
        self.oldest += finished;
        finished
    }
}

impl FanOut {
    /// Opens so many clients, for messages of `size` bytes of which `depth` are under way at once. Over HTTP they must be
    /// of [`Kind::Text`], which nothing has to be escaped in.
    ///
    /// # Errors
    /// When the server refuses one.
    pub fn open(
        target: Target,
        connections: usize,
        (kind, size): (Kind, usize),
        depth: usize,
    ) -> anyhow::Result<Self> {
        let spin = Spin::new()?;
        let lines = Line::open_all(target, spin.registry(), connections)?;
        let hearers = lines.into_iter().map(|line| Hearer { line, heard: 0 });
        let hearers = hearers.collect();
        Ok(Self {
            spin,
            ring: Ring::new(kind, size, depth),
            depth,
            hearers,
            buffer: vec![0; BUFFER],
            under_way: UnderWay::default(),
        })
    }

    /// Speaks for so long, then waits until all have heard everything. Counts deliveries; each has its latency.
    ///
    /// # Errors
    /// When anyone hears anything wrong, or nothing comes for ten seconds.
    pub fn run(&mut self, duration: Duration) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::new()?;
        let start = self.spin.start();
        self.say(self.depth)?;
        while !self.under_way.messages.is_empty() {
            for event in self.spin.events()? {
                let (whose, side) = Line::of(event.token());
                let Some(hearer) = self.hearers.get_mut(whose) else {
                    continue;
                };
                if event.is_readable() {
                    let heard = hearer.line.receive(side, &self.ring, &mut self.buffer)?;
                    let now = Instant::now();
                    for number in hearer.heard..hearer.heard + heard {
                        let said = self.under_way.hear(number);
                        outcome.record(1, said.context("heard before it was said")?, now);
                    }
                    hearer.heard += heard;
                }
                hearer.line.flush(&self.ring)?;
            }
            let finished = self.under_way.finish();
            if finished > 0 && start.elapsed() < duration {
                self.say(finished)?;
            }
        }
        outcome.elapsed = start.elapsed();
        Ok(outcome)
    }

    fn say(&mut self, messages: usize) -> anyhow::Result<()> {
        let said = (Instant::now(), self.hearers.len());
        let under_way = &mut self.under_way.messages;
        under_way.extend(std::iter::repeat_n(said, messages));
        let speaker = self.hearers.first_mut().context("nobody is there")?;
        speaker.line.owe(messages);
        speaker.line.flush(&self.ring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_over_when_all_have_heard_it() {
        let mut under_way = UnderWay::default();
        let said = Instant::now();
        under_way.messages.extend([(said, 2), (said, 2)]);
        for (number, finished) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            assert_eq!(under_way.hear(number), Some(said));
            assert_eq!(under_way.finish(), finished);
        }
        assert_eq!(under_way.hear(0), None);
        assert_eq!(under_way.hear(2), None);
    }
}
