//! A chat as people have it: a message now and then, which all hear, and nothing for a while.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::{Kind, Meter, Outcome, Ring, Target, fan_out::UnderWay, line::Line, wait::Spin};

const BUFFER: usize = 64 << 10;

/// How long after a message all must have heard it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Clients of one room; the first is the speaker, and hears itself too. Between messages the generator sleeps.
#[derive(Debug)]
pub struct Chat {
    spin: Spin,
    ring: Ring,
    members: Vec<Member>,
    /// How often clients ask that ask again and again.
    period: Duration,
    buffer: Vec<u8>,
    under_way: UnderWay,
}

#[derive(Debug)]
struct Member {
    line: Line,
    heard: usize,
}

impl Chat {
    /// Opens so many clients, for messages of `size` bytes of text. Those of [`RepeatedGet`](super::Carrier::RepeatedGet)
    /// ask once a `period`, each in its own moment.
    ///
    /// # Errors
    /// When the server refuses one.
    pub fn open(
        target: Target,
        clients: usize,
        size: usize,
        period: Duration,
    ) -> anyhow::Result<Self> {
        let spin = Spin::new()?;
        let lines = Line::open_all(target, spin.registry(), clients)?;
        let now = Instant::now();
        let mut members = Vec::with_capacity(clients);
        for (number, mut line) in lines.into_iter().enumerate() {
            let share = u32::try_from(number)?;
            line.ask_first_at(now + period * share / u32::try_from(clients)?);
            members.push(Member { line, heard: 0 });
        }
        Ok(Self {
            spin,
            ring: Ring::new(Kind::Text, size, 1),
            members,
            period,
            buffer: vec![0; BUFFER],
            under_way: UnderWay::default(),
        })
    }

    /// Says so many messages, one `every` so often, and waits until all have heard all. Counts deliveries; each has its
    /// delay.
    ///
    /// # Errors
    /// When anyone hears anything wrong, or has not heard a message after ten seconds.
    pub fn talk(&mut self, messages: u32, every: Duration) -> anyhow::Result<Outcome> {
        let mut outcome = Outcome::new()?;
        let start = Instant::now();
        for number in 0..messages {
            self.listen_until(start + every * number, &mut outcome)?;
            self.say()?;
        }
        self.listen_until(start + every * messages, &mut outcome)?;
        let deadline = Instant::now() + PATIENCE;
        while !self.under_way.messages.is_empty() {
            ensure!(Instant::now() < deadline, "not all have heard all");
            self.listen_until(Instant::now() + self.period, &mut outcome)?;
        }
        outcome.elapsed = start.elapsed();
        Ok(outcome)
    }

    /// Says nothing for so long.
    ///
    /// # Errors
    /// When anyone hears anything.
    pub fn be_silent(&mut self, duration: Duration) -> anyhow::Result<()> {
        let mut outcome = Outcome::new()?;
        self.listen_until(Instant::now() + duration, &mut outcome)
    }

    /// Returns what all clients had on the wire.
    pub fn meter(&self) -> Meter {
        let mut sum = Meter::default();
        for member in &self.members {
            sum += member.line.meter();
        }
        sum
    }

    fn say(&mut self) -> anyhow::Result<()> {
        let said = (Instant::now(), self.members.len());
        self.under_way.messages.push_back(said);
        let speaker = self.members.first_mut().context("nobody is there")?;
        speaker.line.owe(1);
        speaker.line.flush(&self.ring)
    }

    fn listen_until(&mut self, end: Instant, outcome: &mut Outcome) -> anyhow::Result<()> {
        loop {
            let now = Instant::now();
            if now >= end {
                return Ok(());
            }
            let mut wake = end;
            for member in &mut self.members {
                if let Some(due) = member.line.ask_when_due(now, self.period)? {
                    wake = wake.min(due);
                }
            }
            self.listen(wake.saturating_duration_since(Instant::now()), outcome)?;
        }
    }

    /// Hears what comes within so long, once anything has.
    fn listen(&mut self, duration: Duration, outcome: &mut Outcome) -> anyhow::Result<()> {
        for event in self.spin.events_within(duration)? {
            let (whose, side) = Line::of(event.token());
            let Some(member) = self.members.get_mut(whose) else {
                continue;
            };
            let heard = member.line.receive(side, &self.ring, &mut self.buffer)?;
            let now = Instant::now();
            for number in member.heard..member.heard + heard {
                let said = self.under_way.hear(number);
                outcome.record(1, said.context("heard before it was said")?, now);
            }
            member.heard += heard;
            member.line.flush(&self.ring)?;
        }
        self.under_way.finish();
        Ok(())
    }
}
