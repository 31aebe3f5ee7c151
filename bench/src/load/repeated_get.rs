//! A client that knows no better: it asks every so often what is new, with a whole request.

use std::time::{Duration, Instant};

use super::{
    Meter, Ring, Side, Target, Wrong,
    exchange::{Exchange, Place},
    sockjs::Sender,
    sockjs_frames::Frames,
};

/// Longest answer that is held until it is whole.
const ANSWER_LIMIT: usize = 4 << 20;

/// A client of `GET /poll?after=n`, which answers with an array of all messages after the first `n`.
#[derive(Debug)]
pub(super) struct RepeatedGet {
    target: Target,
    asker: Exchange,
    answer: Vec<u8>,
    frames: Frames,
    /// Messages heard.
    heard: usize,
    /// When it asks the next time.
    due: Instant,
    sender: Sender,
}

impl RepeatedGet {
    pub(super) fn open(target: Target, place: Place) -> anyhow::Result<Self> {
        Ok(Self {
            target,
            sender: Sender::new(target.post("/say"), 204, &place),
            asker: Exchange::open(place)?,
            answer: Vec::new(),
            frames: Frames::of(target.carrier),
            heard: 0,
            due: Instant::now(),
        })
    }

    pub(super) fn owe(&mut self, messages: usize) {
        self.sender.owe(messages);
    }

    pub(super) fn flush(&mut self, ring: &Ring) -> anyhow::Result<()> {
        self.asker.flush()?;
        self.sender.flush(ring)
    }

    /// Sets when it asks first.
    pub(super) fn ask_first_at(&mut self, due: Instant) {
        self.due = due;
    }

    /// Asks if it is time, and says when it is the next time.
    pub(super) fn ask_when_due(
        &mut self,
        now: Instant,
        period: Duration,
    ) -> anyhow::Result<Instant> {
        if now >= self.due {
            self.due += period;
            // One that is still waiting for its answer leaves a turn out.
            if self.asker.is_idle() {
                let below = format!("/poll?after={}", self.heard);
                self.asker.ask(&self.target.get(&below, "*/*"))?;
            }
        }
        Ok(self.due)
    }

    pub(super) fn receive(
        &mut self,
        side: Side,
        ring: &Ring,
        buffer: &mut [u8],
    ) -> anyhow::Result<usize> {
        if side == Side::Sender {
            return self.sender.receive(buffer).map(|()| 0);
        }
        let answer = &mut self.answer;
        let ended = self.asker.receive(200, buffer, |body| {
            answer.extend_from_slice(body);
            match answer.len() {
                0..=ANSWER_LIMIT => Ok(()),
                _ => Err(Wrong::Frame),
            }
        })?;
        if ended == 0 {
            return Ok(0);
        }
        let messages = self.frames.array(&self.answer, ring)?;
        self.answer.clear();
        self.heard += messages;
        Ok(messages)
    }

    pub(super) fn meter(&self) -> Meter {
        let mut meter = self.asker.meter();
        meter += self.sender.meter();
        meter
    }
}
