//! The books of a test that loses nothing: what was acknowledged, and what each subscriber heard.

use std::collections::{BTreeMap, BTreeSet};

/// What publishers and subscribers of one channel saw.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// What was tried: some of it may be published without an acknowledgement that arrived.
    pub(crate) tried: BTreeSet<String>,
    pub(crate) acknowledged: Vec<String>,
}

/// What one subscriber heard, by offset.
pub(crate) type Heard = BTreeMap<u64, String>;

impl Ledger {
    /// Holds what a subscriber heard up to `top` against the books.
    ///
    /// # Errors
    /// The first thing that is lost, doubled, made up, or in disorder.
    pub(crate) fn check(&self, heard: &Heard, top: u64) -> Result<(), String> {
        for (expected, offset) in (1..=top).zip(heard.keys()) {
            if expected != *offset {
                return Err(format!("offset {expected} is missing"));
            }
        }
        if heard.len() as u64 != top {
            return Err(format!("{} of {top} were heard", heard.len()));
        }
        let mut once = BTreeSet::new();
        for data in heard.values() {
            if !once.insert(data) {
                return Err(format!("{data} was heard twice"));
            }
            if !self.tried.contains(data) {
                return Err(format!("nobody published {data}"));
            }
        }
        match self.acknowledged.iter().find(|data| !once.contains(data)) {
            Some(lost) => Err(format!("{lost} was acknowledged and is lost")),
            None => self.check_order(heard),
        }
    }

    /// What one publisher had acknowledged in a row stands in that order: its data are `publisher-number`.
    fn check_order(&self, heard: &Heard) -> Result<(), String> {
        let mut last = BTreeMap::new();
        for data in heard.values() {
            let (publisher, number) = data.trim_matches('"').split_once('-').unwrap();
            let number: u64 = number.parse().unwrap();
            if last
                .insert(publisher, number)
                .is_some_and(|last| last >= number)
            {
                return Err(format!("{data} came too late"));
            }
        }
        Ok(())
    }
}

fn ledger() -> (Ledger, Heard) {
    let data = ["\"a-1\"", "\"b-1\"", "\"a-2\""].map(str::to_owned);
    let ledger = Ledger {
        tried: data.iter().cloned().chain(["\"a-3\"".to_owned()]).collect(),
        acknowledged: data.to_vec(),
    };
    (ledger, (1..).zip(data).collect())
}

#[test]
fn the_books_balance_with_and_without_what_was_not_acknowledged() {
    let (ledger, mut heard) = ledger();
    ledger.check(&heard, 3).unwrap();
    heard.insert(4, "\"a-3\"".to_owned());
    ledger.check(&heard, 4).unwrap();
}

#[test]
fn whatever_is_lost_doubled_made_up_or_in_disorder_is_found() {
    let broken = |change: fn(&mut Heard), top| {
        let (ledger, mut heard) = ledger();
        change(&mut heard);
        ledger.check(&heard, top).unwrap_err()
    };
    assert!(broken(|heard| drop(heard.remove(&3)), 2).contains("lost"));
    assert!(broken(|heard| drop(heard.remove(&2)), 3).contains("missing"));
    assert!(broken(|_| {}, 4).contains("3 of 4"));
    assert!(broken(|heard| drop(heard.insert(4, "\"a-1\"".to_owned())), 4).contains("twice"));
    assert!(broken(|heard| drop(heard.insert(4, "\"c-1\"".to_owned())), 4).contains("nobody"));
    let swap = |heard: &mut Heard| {
        heard.insert(1, "\"a-2\"".to_owned());
        heard.insert(3, "\"a-1\"".to_owned());
    };
    assert!(broken(swap, 3).contains("too late"));
}
