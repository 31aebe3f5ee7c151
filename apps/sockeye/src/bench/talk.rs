//! What the process that measures and those that hold connections say to each other, one line of JSON each, and the
//! broadcasts that connections hear.

use serde::{Deserialize, Serialize};

/// The fewest bytes of a broadcast: its mark, its number and its room.
pub(super) const LEAST_BYTES: i64 = 16;

/// What a broadcast begins with, so that it is told from what others may say.
const MARK: &[u8; 8] = b"sockeye\0";

/// What is asked of a process that holds connections.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub(super) enum Order {
    /// Open connections until so many are held.
    Open { connections: usize },
    /// Find out which connections share a room, and choose one that speaks in each.
    Scout,
    /// Let one in each room say this to all; the first broadcast is number 1.
    Speak { broadcast: u32 },
    /// Cut so many connections, those that speak aside.
    Drop { connections: usize },
    /// Cut all.
    DropAll,
    /// Tell what was counted so far.
    Count,
}

/// What a process that holds connections says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum Event {
    /// Some more are open: a sign of life.
    Opening { connections: usize },
    /// As many as asked for are open.
    Opened,
    /// So many rooms were found.
    Scouted { rooms: usize },
    /// A broadcast was said, at this time of the system's monotonic clock.
    Spoke { nanos: u64 },
    /// All connections of the process heard the broadcast, the last at this time of the same clock.
    Heard { broadcast: u32, nanos: u64 },
    /// As many as asked for were cut.
    Dropped,
    /// What was counted so far.
    Counted(Counts),
    /// A connection was lost, refused, or heard something wrong. The process ends.
    Failed { why: String },
}

/// What a process that holds connections counted since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Counts {
    /// Connections that are open.
    pub(super) open: usize,
    /// Pings that were answered.
    pub(super) pings: u64,
    /// The latest broadcast that any heard, 0 before the first.
    pub(super) broadcast: u32,
    /// How many heard it.
    pub(super) heard: usize,
}

/// What is said to all in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broadcast {
    /// 0 while rooms are looked for.
    pub(super) number: u32,
    /// Who says it: the index of its connection.
    pub(super) speaker: u32,
}

impl Broadcast {
    /// The message, filled up to so many bytes.
    pub(super) fn to_message(self, bytes: u16) -> Vec<u8> {
        let mut message = MARK.to_vec();
        message.extend(self.number.to_be_bytes());
        message.extend(self.speaker.to_be_bytes());
        message.resize(bytes.into(), b'.');
        message
    }

    /// Reads a message of so many bytes; `None` if it is none of ours.
    pub(super) fn of_message(message: &[u8], bytes: u16) -> Option<Self> {
        let rest = message.strip_prefix(MARK)?;
        let (number, rest) = rest.split_first_chunk()?;
        let (speaker, padding) = rest.split_first_chunk()?;
        let whole = message.len() == usize::from(bytes) && padding.iter().all(|it| *it == b'.');
        whole.then(|| Self {
            number: u32::from_be_bytes(*number),
            speaker: u32::from_be_bytes(*speaker),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadcast_is_read_as_it_was_said_and_nothing_else_is_one() {
        let said = Broadcast {
            number: 2,
            speaker: 70_000,
        };
        for bytes in [16, 128] {
            let message = said.to_message(bytes);
            assert_eq!(Broadcast::of_message(&message, bytes), Some(said));
            assert_eq!(Broadcast::of_message(&message, bytes + 1), None);
        }
        let mut spoiled = said.to_message(128);
        *spoiled.last_mut().unwrap() = 0;
        assert_eq!(Broadcast::of_message(&spoiled, 128), None);
        assert_eq!(Broadcast::of_message(b"hello", 128), None);
    }

    #[test]
    fn orders_and_events_are_lines_of_json() {
        let order = serde_json::to_string(&Order::Open { connections: 7 }).unwrap();
        assert_eq!(order, r#"{"do":"open","connections":7}"#);
        let counts = Counts {
            open: 1,
            pings: 2,
            broadcast: 4,
            heard: 3,
        };
        let event = serde_json::to_string(&Event::Counted(counts.clone())).unwrap();
        assert_eq!(
            event,
            r#"{"event":"counted","open":1,"pings":2,"broadcast":4,"heard":3}"#
        );
        assert_eq!(
            serde_json::from_str::<Event>(&event).unwrap(),
            Event::Counted(counts)
        );
    }
}
