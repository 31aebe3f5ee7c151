//! The rules of a stream, and a stream against a list of all that ever was.

use std::{num::NonZeroU32, time::Duration};

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::Durability;

const TTL: u64 = 10;
const META_TTL: u64 = 30;
const SIZE: u32 = 3;

fn retention() -> Retention {
    Retention {
        size: NonZeroU32::new(SIZE).unwrap(),
        ttl: Duration::from_secs(TTL),
        meta_ttl: Duration::from_secs(META_TTL),
        durability: Durability::Ephemeral,
    }
}

fn since(offset: u64, epoch: &str) -> Option<StreamPosition> {
    Some(StreamPosition {
        offset,
        epoch: epoch.to_owned(),
    })
}

fn offsets(history: &History) -> Vec<u64> {
    let publications = history.publications.iter();
    publications.map(|publication| publication.offset).collect()
}

#[derive(Clone, Debug)]
enum Step {
    Publish,
    Clear,
    Wait(u64),
    Read(Option<u64>, Option<u32>, Order),
}

fn step() -> impl Strategy<Value = Step> {
    let order = prop_oneof![Just(Order::Forward), Just(Order::Reverse)];
    prop_oneof![
        4 => Just(Step::Publish),
        1 => Just(Step::Clear),
        2 => (0..12_u64).prop_map(Step::Wait),
        4 => (proptest::option::of(0..12_u64), proptest::option::of(0..5_u32), order)
            .prop_map(|(since, limit, order)| Step::Read(since, limit, order)),
    ]
}

/// All that ever was, and what of it is there.
#[derive(Default)]
struct Model {
    top: u64,
    kept: Vec<u64>,
    last: u64,
    now: u64,
}

impl Model {
    fn read(&mut self, since: Option<u64>, limit: Option<u32>, order: Order) -> Vec<u64> {
        if self.now >= self.last + TTL {
            self.kept.clear();
        }
        let mut read: Vec<u64> = self.kept.clone();
        match order {
            Order::Forward => read.retain(|offset| since.is_none_or(|since| *offset > since)),
            Order::Reverse => {
                read.retain(|offset| since.is_none_or(|since| *offset < since));
                read.reverse();
            }
        }
        read.truncate(limit.map_or(usize::MAX, |limit| limit as usize));
        read
    }
}

proptest! {
    #[test]
    fn a_stream_does_what_a_list_of_all_that_was_says(steps in vec(step(), 0..60)) {
        let start = Instant::now();
        let mut stream = Stream::new("epoch".to_owned(), start);
        let mut model = Model::default();
        for step in steps {
            let now = start + Duration::from_secs(model.now);
            match step {
                Step::Publish => {
                    let publication = stream.append(Publication::default(), retention(), now);
                    model.read(None, None, Order::Forward);
                    model.top += 1;
                    model.kept.push(model.top);
                    if model.kept.len() > SIZE as usize {
                        model.kept.remove(0);
                    }
                    model.last = model.now;
                    prop_assert_eq!(publication.offset, model.top);
                    prop_assert_eq!(publication.epoch.is_empty(), model.top > 1);
                }
                Step::Clear => {
                    stream.clear();
                    model.kept.clear();
                }
                Step::Wait(seconds) => model.now += seconds,
                Step::Read(offset, limit, order) => {
                    let since = offset.and_then(|offset| since(offset, "epoch"));
                    let history = stream.read(&Read { since, limit, order }, retention(), now);
                    prop_assert_eq!(offsets(&history), model.read(offset, limit, order));
                    prop_assert_eq!(history.top.offset, model.top);
                    prop_assert!(!stream.is_forgotten(now));
                }
            }
        }
    }
}

#[test]
fn with_another_epoch_only_the_top_is_read() {
    let now = Instant::now();
    let mut stream = Stream::new("epoch".to_owned(), now);
    stream.append(Publication::default(), retention(), now);
    let mut read = Read {
        since: since(0, "other"),
        ..Read::default()
    };
    assert!(offsets(&stream.read(&read, retention(), now)).is_empty());
    // A client that knows no epoch yet asks without one.
    read.since = since(0, "");
    let history = stream.read(&read, retention(), now);
    assert_eq!(
        (offsets(&history), history.top),
        (vec![1], stream.position())
    );
}

#[test]
fn a_stream_is_forgotten_once_nobody_used_it_for_its_time() {
    let now = Instant::now();
    let mut stream = Stream::new("epoch".to_owned(), now);
    stream.append(Publication::default(), retention(), now);
    let almost = now + Duration::from_secs(META_TTL - 1);
    assert!(!stream.is_forgotten(almost));
    stream.read(&Read::default(), retention(), almost);
    assert!(!stream.is_forgotten(now + Duration::from_secs(2 * META_TTL - 2)));
    assert!(stream.is_forgotten(almost + Duration::from_secs(META_TTL)));
}

#[test]
fn versions_only_grow_but_in_another_epoch() {
    let mut stream = Stream::new("epoch".to_owned(), Instant::now());
    stream.set_version(2, "a");
    assert!(stream.is_outdated(2, "a") && stream.is_outdated(1, "a"));
    assert!(!stream.is_outdated(3, "a") && !stream.is_outdated(1, "b"));
    // What has no version is never late, and makes nothing late.
    assert!(!stream.is_outdated(0, "a"));
    stream.set_version(0, "b");
    assert!(stream.is_outdated(2, "a"));
}

#[test]
fn the_longest_time_is_not_too_long() {
    let now = Instant::now();
    let retention = Retention {
        ttl: Duration::MAX,
        meta_ttl: Duration::MAX,
        ..retention()
    };
    let mut stream = Stream::new("epoch".to_owned(), now);
    stream.append(Publication::default(), retention, now);
    assert!(!stream.is_forgotten(now));
    assert_eq!(offsets(&stream.read(&Read::default(), retention, now)), [1]);
}
