//! All connections of a process, and what they heard.

use std::{mem, os::fd::OwnedFd, sync::Arc};

use rustix::{
    event::epoll::{self, EventData, EventFlags},
    time::{ClockId, clock_gettime},
};

use super::{
    conn::{Conn, Hearer, Stage},
    dial::{Dial, cut},
};
use crate::bench::talk::{Broadcast, Counts, Event, Order};

/// What one reading takes in at most.
const BUFFER: usize = 64 << 10;

/// How many more connections are open when the next sign of life is due.
const SIGN: usize = 1000;

/// Many connections.
#[derive(Debug)]
pub(super) struct Crowd {
    epoll: Arc<OwnedFd>,
    dial: Dial,
    conns: Vec<Option<Conn>>,
    /// Places of connections that were cut.
    free: Vec<usize>,
    open: usize,
    under_way: usize,
    most_under_way: usize,
    /// How many are to be open; absent once they are.
    wanted: Option<usize>,
    /// One in each room.
    speakers: Vec<usize>,
    ears: Ears,
    pings: u64,
    buffer: Vec<u8>,
    events: Vec<Event>,
}

/// What all have heard.
#[derive(Debug)]
struct Ears {
    message_bytes: u16,
    /// The latest broadcast, and how many heard it.
    latest: u32,
    heard: usize,
    /// Who last asked who shares its room, until it has heard itself.
    scout: Option<u32>,
}

impl Crowd {
    pub(super) fn new(
        epoll: Arc<OwnedFd>,
        dial: Dial,
        message_bytes: u16,
        most_under_way: usize,
    ) -> Self {
        Self {
            epoll,
            dial,
            conns: Vec::new(),
            free: Vec::new(),
            open: 0,
            under_way: 0,
            most_under_way,
            wanted: None,
            speakers: Vec::new(),
            ears: Ears {
                message_bytes,
                latest: 0,
                heard: 0,
                scout: None,
            },
            pings: 0,
            buffer: vec![0; BUFFER],
            events: Vec::new(),
        }
    }

    /// Does what is asked.
    pub(super) fn follow(&mut self, order: &Order) -> Result<(), String> {
        match *order {
            Order::Open { connections } => self.wanted = Some(connections),
            Order::Scout => self.scout()?,
            Order::Speak { broadcast } => self.speak_to_all(broadcast)?,
            Order::Drop { connections } => self.drop_some(connections)?,
            Order::DropAll => self.drop_all()?,
            Order::Count => self.events.push(Event::Counted(Counts {
                open: self.open,
                pings: self.pings,
                broadcast: self.ears.latest,
                heard: self.ears.heard,
            })),
        }
        Ok(())
    }

    /// What there is to tell since it was last asked for.
    pub(super) fn take_events(&mut self) -> Vec<Event> {
        mem::take(&mut self.events)
    }

    /// Begins as many connections as may be under way.
    pub(super) fn fill(&mut self) -> Result<(), String> {
        let Some(wanted) = self.wanted else {
            return Ok(());
        };
        while self.under_way < self.most_under_way && self.open + self.under_way < wanted {
            let index = self.free.pop().unwrap_or(self.conns.len());
            let stream = self.dial.begin(index)?;
            epoll::add(&*self.epoll, &stream, data(index), EventFlags::OUT)
                .map_err(|error| format!("a connection can't be waited for: {error}"))?;
            let conn = Some(Conn::new(stream));
            match self.conns.get_mut(index) {
                Some(place) => *place = conn,
                None => self.conns.push(conn),
            }
            self.under_way += 1;
        }
        if self.open >= wanted {
            self.wanted = None;
            self.events.push(Event::Opened);
        }
        Ok(())
    }

    /// Something happened to a connection.
    pub(super) fn turn(&mut self, index: u64) -> Result<(), String> {
        let Ok(index) = usize::try_from(index) else {
            return Ok(());
        };
        let Some(Some(conn)) = self.conns.get_mut(index) else {
            return Ok(());
        };
        match conn.stage {
            Stage::Connecting => {
                conn.ask(self.dial.handshake(index)?)?;
                epoll::modify(&*self.epoll, &conn.stream, data(index), EventFlags::IN)
                    .map_err(|error| error.to_string())
            }
            Stage::Asked => {
                conn.shake(self.dial.handshake(index)?, &mut self.buffer)?;
                match conn.stage {
                    // Frames may stand behind the answer.
                    Stage::Accepted => self.hear(index),
                    Stage::Connecting | Stage::Asked | Stage::Open => Ok(()),
                }
            }
            Stage::Accepted | Stage::Open => self.hear(index),
        }
    }

    fn hear(&mut self, index: usize) -> Result<(), String> {
        let Some(Some(conn)) = self.conns.get_mut(index) else {
            return Ok(());
        };
        let before = (self.ears.latest, self.ears.heard);
        let (scout, stage) = (self.ears.scout, conn.stage);
        let ears = &mut self.ears;
        self.pings += conn.hear(&mut self.buffer, |hearer, message| {
            ears.hear(index, hearer, message)
        })?;
        if stage != conn.stage {
            self.under_way -= 1;
            self.open += 1;
            if self.open.is_multiple_of(SIGN) {
                let connections = self.open;
                self.events.push(Event::Opening { connections });
            }
        }
        if scout.is_some() && self.ears.scout.is_none() {
            if conn.room == scout {
                self.speakers.push(index);
            }
            return self.scout();
        }
        if (self.ears.latest, self.ears.heard) != before && self.ears.heard == self.open {
            let (broadcast, nanos) = (self.ears.latest, now());
            self.events.push(Event::Heard { broadcast, nanos });
        }
        Ok(())
    }

    /// Lets the next connection whose room is unknown ask who shares its room.
    ///
    /// The one before has heard itself by then, so all in its room have been told, and hear of that before they hear
    /// of this: whoever hears itself first is the first in its room.
    fn scout(&mut self) -> Result<(), String> {
        let mut conns = self.conns.iter_mut().enumerate();
        let next = conns.find_map(|(index, conn)| {
            let conn = conn.as_mut().filter(|conn| conn.room.is_none())?;
            Some((u32::try_from(index).ok()?, conn))
        });
        let Some((speaker, conn)) = next else {
            let rooms = self.speakers.len();
            self.events.push(Event::Scouted { rooms });
            return Ok(());
        };
        self.ears.scout = Some(speaker);
        let broadcast = Broadcast { number: 0, speaker };
        conn.speak(&broadcast.to_message(self.ears.message_bytes))
    }

    fn speak_to_all(&mut self, number: u32) -> Result<(), String> {
        self.events.push(Event::Spoke { nanos: now() });
        for index in &self.speakers {
            let Some(Some(conn)) = self.conns.get_mut(*index) else {
                return Err("who is to speak is gone".to_owned());
            };
            let speaker = u32::try_from(*index).unwrap_or(u32::MAX);
            let broadcast = Broadcast { number, speaker };
            conn.speak(&broadcast.to_message(self.ears.message_bytes))?;
        }
        Ok(())
    }

    /// Cuts connections evenly over all there are.
    fn drop_some(&mut self, connections: usize) -> Result<(), String> {
        let mut silent: Vec<_> = (0..self.conns.len())
            .filter(|index| matches!(self.conns.get(*index), Some(Some(_))))
            .filter(|index| !self.speakers.contains(index))
            .collect();
        let every = silent.len().checked_div(connections).unwrap_or(1).max(1);
        silent.reverse();
        let cut: Vec<_> = silent
            .into_iter()
            .step_by(every)
            .take(connections)
            .collect();
        self.drop_these(&cut)
    }

    fn drop_all(&mut self) -> Result<(), String> {
        self.speakers.clear();
        let all: Vec<_> = (0..self.conns.len()).collect();
        self.drop_these(&all)
    }

    fn drop_these(&mut self, these: &[usize]) -> Result<(), String> {
        for index in these {
            if let Some(conn) = self.conns.get_mut(*index).and_then(Option::take) {
                cut(conn.stream)?;
                self.free.push(*index);
                self.open = self.open.saturating_sub(1);
            }
        }
        self.events.push(Event::Dropped);
        Ok(())
    }
}

impl Ears {
    /// One connection hears one message.
    fn hear(
        &mut self,
        index: usize,
        hearer: &mut Hearer<'_>,
        message: &[u8],
    ) -> Result<(), String> {
        let Some(said) = Broadcast::of_message(message, self.message_bytes) else {
            return Err("a connection heard what was not said: is somebody else there?".to_owned());
        };
        let Broadcast { number, speaker } = said;
        if number == 0 {
            hearer.room.get_or_insert(speaker);
            if self.scout == Some(speaker) && u32::try_from(index) == Ok(speaker) {
                self.scout = None;
            }
            return Ok(());
        }
        if number <= *hearer.last {
            return Err(format!("a connection heard broadcast {number} twice"));
        }
        if hearer.room.is_some_and(|room| room != speaker) {
            return Err(format!(
                "a connection heard broadcast {number} of another room"
            ));
        }
        if number < self.latest {
            return Err(format!("a connection heard broadcast {number} too late"));
        }
        if number > self.latest {
            (self.latest, self.heard) = (number, 0);
        }
        *hearer.last = number;
        self.heard += 1;
        Ok(())
    }
}

fn data(index: usize) -> EventData {
    EventData::new_u64(u64::try_from(index).unwrap_or(u64::MAX))
}

/// The system's monotonic clock, the same in all processes.
fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let secs = u64::try_from(now.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
    secs.saturating_mul(1_000_000_000).saturating_add(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What one connection heard: its broadcast before, its room, and the verdict on a broadcast of speaker 7.
    fn hear(latest: u32, last: u32, room: Option<u32>, number: u32) -> Result<Ears, String> {
        let mut ears = Ears {
            message_bytes: 32,
            latest,
            heard: 5,
            scout: None,
        };
        let (mut last, mut room) = (last, room);
        let mut hearer = Hearer {
            last: &mut last,
            room: &mut room,
        };
        let said = Broadcast { number, speaker: 7 }.to_message(32);
        ears.hear(3, &mut hearer, &said).map(|()| ears)
    }

    #[test]
    fn a_broadcast_counts_for_each_who_hears_it_and_the_first_to_hear_begins_the_count() {
        for room in [None, Some(7)] {
            let ears = hear(1, 0, room, 1).unwrap();
            assert_eq!((ears.latest, ears.heard), (1, 6));
        }
        let ears = hear(1, 1, None, 2).unwrap();
        assert_eq!((ears.latest, ears.heard), (2, 1));
    }

    #[test]
    fn what_is_heard_twice_late_or_from_another_room_is_told() {
        assert!(hear(1, 1, None, 1).unwrap_err().contains("twice"));
        assert!(hear(2, 0, None, 1).unwrap_err().contains("too late"));
        assert!(hear(1, 0, Some(8), 1).unwrap_err().contains("another room"));
        // Nothing was said yet when one came back: it hears the next as everybody does.
        assert!(hear(1, 0, None, 2).is_ok());
    }

    #[test]
    fn who_shares_a_room_is_known_by_who_was_heard_first() {
        let mut ears = Ears {
            message_bytes: 32,
            latest: 0,
            heard: 0,
            scout: Some(1),
        };
        let (mut last, mut room) = (0, None);
        for speaker in [0, 1] {
            let said = Broadcast { number: 0, speaker }.to_message(32);
            let mut hearer = Hearer {
                last: &mut last,
                room: &mut room,
            };
            assert_eq!(ears.scout, Some(1));
            ears.hear(1, &mut hearer, &said).unwrap();
        }
        assert_eq!((room, ears.scout, ears.heard), (Some(0), None, 0));
    }
}
