//! Any bytes to the watcher of frames: how they are cut does not matter, and what it tells is what conns make of them.

use std::time::Instant;

use sockeye_types::Message;
use sockeye_ws_proto::{Conn, Event, FrameHead, FrameScanner};

use crate::wire::{Fed, client, server};

/// What is told of a message: whether it is text, and how many bytes it has.
type Told = (bool, u64);

/// Bytes of either side. The first byte says how long the pieces are.
pub fn scanner(data: &[u8]) {
    let Some((&cut, bytes)) = data.split_first() else {
        return;
    };
    let heads = scan(bytes, bytes.len().max(1));
    assert_eq!(heads, scan(bytes, usize::from(cut) + 1));
    let now = Instant::now();
    agrees(&heads, bytes, server(None, now), now);
    agrees(&heads, bytes, client([1, 2, 3, 4], None, now), now);
}

fn scan(bytes: &[u8], cut: usize) -> Vec<FrameHead> {
    let mut scanner = FrameScanner::new();
    let mut heads = Vec::new();
    for mut piece in bytes.chunks(cut) {
        heads.extend(std::iter::from_fn(|| scanner.scan(&mut piece)));
        assert!(piece.is_empty());
    }
    heads
}

/// What the conn hears is what was told, as far as it goes; if it found no fault, all but a message that is not whole.
fn agrees(heads: &[FrameHead], bytes: &[u8], conn: Conn, now: Instant) {
    let mut fed = Fed::new(conn, now);
    fed.feed(bytes);
    let is_open = fed.conn.is_open();
    let seen = fed.finish();
    let (told, heard) = (told_messages(heads), heard_messages(&seen.events));
    assert_eq!(told.get(..heard.len()), Some(&*heard));
    assert!(!is_open || told.len() - heard.len() <= 1);
    let (told, heard) = (told_controls(heads), heard_controls(&seen.events));
    assert_eq!(told.get(..heard.len()), Some(&*heard));
    assert!(!is_open || told.len() == heard.len());
    // What the conn answered is whole frames, and each ping it heard has its pong.
    let answers = told_controls(&scan(&seen.replies, seen.replies.len().max(1)));
    let is_control = |opcode: u8| move |(known, _): &&(u8, Vec<u8>)| *known == opcode;
    let pings = heard.iter().filter(is_control(0x9));
    let pongs = answers.iter().filter(is_control(0xa));
    assert!(pings.map(|ping| &ping.1).eq(pongs.map(|pong| &pong.1)));
}

/// The messages whose last frame was told, in order.
fn told_messages(heads: &[FrameHead]) -> Vec<Told> {
    let mut so_far = (false, 0_u64);
    let mut whole = Vec::new();
    for head in heads.iter().filter(|head| head.opcode & 0x8 == 0) {
        if head.opcode != 0 {
            so_far = (head.opcode == 0x1, 0);
        }
        so_far.1 = so_far.1.saturating_add(head.length);
        if head.fin {
            whole.push(so_far);
        }
    }
    whole
}

fn heard_messages(events: &[Event]) -> Vec<Told> {
    let messages = events.iter().filter_map(|event| match event {
        Event::Message(message) => Some(message),
        Event::Ping(_) | Event::Pong(_) | Event::Close(_) => None,
    });
    messages
        .map(|message| {
            let is_text = matches!(message, Message::Text(_));
            (is_text, message.as_bytes().len() as u64)
        })
        .collect()
}

/// Opcode and payload of each ping and pong.
fn told_controls(heads: &[FrameHead]) -> Vec<(u8, Vec<u8>)> {
    let beats = heads.iter().filter(|head| matches!(head.opcode, 0x9 | 0xa));
    let payload = |head: &FrameHead| head.control.as_deref().unwrap_or_default().to_vec();
    beats.map(|head| (head.opcode, payload(head))).collect()
}

fn heard_controls(events: &[Event]) -> Vec<(u8, Vec<u8>)> {
    let beats = events.iter().filter_map(|event| match event {
        Event::Ping(payload) => Some((0x9, payload.to_vec())),
        Event::Pong(payload) => Some((0xa, payload.to_vec())),
        Event::Message(_) | Event::Close(_) => None,
    });
    beats.collect()
}
