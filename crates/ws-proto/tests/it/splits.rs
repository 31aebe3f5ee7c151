//! However bytes are cut, the events are the same; whatever is sent is what arrives.

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use sockeye_types::{Close, CloseCode, Message};
use sockeye_ws_proto::{Event, ProtocolError};

use crate::support::{Side, close_payload, frame};

/// What a peer says, and what should be told of it.
#[derive(Clone, Debug)]
enum Said {
    Message {
        message: Message,
        cuts: Vec<prop::sample::Index>,
    },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

fn said() -> impl Strategy<Value = Said> {
    let text = "\\PC{0,80}".prop_map(Message::from);
    let binary = vec(any::<u8>(), 0..300).prop_map(Message::from);
    let large = (any::<u8>(), 32_000..70_000_usize).prop_map(|(byte, len)| vec![byte; len].into());
    prop_oneof![
        6 => (prop_oneof![4 => text, 4 => binary, 1 => large], vec(any::<prop::sample::Index>(), 0..4))
            .prop_map(|(message, cuts)| Said::Message { message, cuts }),
        1 => vec(any::<u8>(), 0..126).prop_map(Said::Ping),
        1 => vec(any::<u8>(), 0..126).prop_map(Said::Pong),
    ]
}

impl Said {
    fn event(&self) -> Event {
        match self {
            Self::Message { message, .. } => Event::Message(message.clone()),
            Self::Ping(payload) => Event::Ping(Bytes::copy_from_slice(payload)),
            Self::Pong(payload) => Event::Pong(Bytes::copy_from_slice(payload)),
        }
    }

    fn encode(&self, key: [u8; 4], bytes: &mut Vec<u8>) {
        let (message, cuts) = match self {
            Self::Ping(payload) => return bytes.extend(frame(0x89, Some(key), payload)),
            Self::Pong(payload) => return bytes.extend(frame(0x8a, Some(key), payload)),
            Self::Message { message, cuts } => (message, cuts),
        };
        let payload = message.as_bytes();
        let mut ends: Vec<usize> = cuts
            .iter()
            .map(|cut| cut.index(payload.len() + 1))
            .collect();
        ends.push(payload.len());
        ends.sort_unstable();
        let mut opcode = if message.is_text() { 0x1 } else { 0x2 };
        let mut from = 0;
        let last = ends.len() - 1;
        for (at, end) in ends.into_iter().enumerate() {
            let fin = if at == last { 0x80 } else { 0 };
            bytes.extend(frame(fin | opcode, Some(key), &payload[from..end]));
            (from, opcode) = (end, 0);
        }
    }
}

/// Feeds the bytes in pieces and tells the events and how it ended.
fn hear_in_pieces(bytes: &[u8], sizes: &[usize]) -> (Vec<Event>, Option<ProtocolError>, Vec<u8>) {
    let mut server = Side::server();
    let (mut events, mut rest) = (Vec::new(), bytes);
    let mut sizes = sizes.iter().copied().cycle();
    loop {
        let size = sizes.next().unwrap_or(usize::MAX).min(rest.len());
        let (piece, behind) = rest.split_at(size);
        rest = behind;
        server.input.extend_from_slice(piece);
        loop {
            match server
                .conn
                .decode(&mut server.input, &mut server.scratch, server.now)
            {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => return (events, Some(error), server.said()),
            }
        }
        if rest.is_empty() {
            return (events, None, server.said());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_split_and_any_fragmentation_give_what_was_said(
        said in vec(said(), 0..8),
        key: [u8; 4],
        sizes in vec(prop_oneof![1..20_usize, 1..5_000_usize, 20_000..40_000_usize], 1..6),
    ) {
        let mut bytes = Vec::new();
        for one in &said {
            one.encode(key, &mut bytes);
        }
        bytes.extend(frame(0x88, Some(key), &close_payload(1000, "done")));
        let mut expected: Vec<Event> = said.iter().map(Said::event).collect();
        expected.push(Event::Close(Close::new(CloseCode::NORMAL, "done").unwrap()));
        let whole = hear_in_pieces(&bytes, &[]);
        prop_assert_eq!(&whole.0, &expected);
        prop_assert_eq!(hear_in_pieces(&bytes, &sizes), whole);
    }

    #[test]
    fn any_split_of_any_bytes_gives_the_same_events_and_the_same_error(
        mut bytes in vec(any::<u8>(), 0..200),
        firsts in vec(prop::sample::select(vec![0x81_u8, 0x01, 0x80, 0x00, 0x89, 0x88, 0x82]), 8),
        sizes in vec(1..9_usize, 1..6),
    ) {
        // Bytes without a shape hardly ever begin with a frame: these do, and go wrong somewhere behind.
        for (at, first) in firsts.into_iter().enumerate() {
            if let Some([a, b]) = bytes.get_mut(at * 19..at * 19 + 2) {
                (*a, *b) = (first, 0x80 | 13);
            }
        }
        prop_assert_eq!(hear_in_pieces(&bytes, &sizes), hear_in_pieces(&bytes, &[]));
    }

    #[test]
    fn two_conns_tell_each_other_everything(
        messages in vec(prop_oneof![
            "\\PC{0,80}".prop_map(Message::from),
            vec(any::<u8>(), 0..70_000).prop_map(Message::from),
        ], 0..6),
    ) {
        let (mut server, mut client) = (Side::server(), Side::client());
        let events: Vec<Event> = messages.iter().cloned().map(Event::Message).collect();
        for message in &messages {
            server.conn.send(message, &mut server.scratch).unwrap();
            client.conn.send(message, &mut client.scratch).unwrap();
        }
        let (from_server, from_client) = (server.said(), client.said());
        prop_assert_eq!(server.hear(&from_client), Ok(events.clone()));
        prop_assert_eq!(client.hear(&from_server), Ok(events));
    }
}
