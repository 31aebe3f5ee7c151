//! Who recovers what.

use super::*;

fn at(offset: u64, epoch: &str) -> StreamPosition {
    StreamPosition {
        offset,
        epoch: epoch.to_owned(),
    }
}

fn publications(offsets: std::ops::RangeInclusive<u64>) -> Vec<Arc<Publication>> {
    let publication = |offset| {
        Arc::new(Publication {
            offset,
            ..Publication::default()
        })
    };
    offsets.map(publication).collect()
}

fn stream(since: StreamPosition) -> Ask {
    Ask::Stream { since, limit: 300 }
}

fn cache(since: StreamPosition) -> Ask {
    Ask::Cache { since: Some(since) }
}

/// The verdict, the offsets that are given, and the offset of the result.
fn verdict(
    ask: &Ask,
    history: (std::ops::RangeInclusive<u64>, u64),
    tail: std::ops::RangeInclusive<u64>,
    top: u64,
) -> Option<(bool, Vec<u64>, u64)> {
    let history = History::new(publications(history.0), at(history.1, "abc"));
    let recovered = recover(ask, &history, &publications(tail), &at(top, "abc")).ok()?;
    let offsets = recovered.publications.iter();
    let offsets = offsets.map(|publication| publication.offset).collect();
    assert_eq!(recovered.position.epoch, "abc");
    Some((recovered.recovered, offsets, recovered.position.offset))
}

#[expect(clippy::reversed_empty_ranges, reason = "nothing is there")]
const NONE: std::ops::RangeInclusive<u64> = 1..=0;

#[test]
fn a_stream_is_recovered_if_nothing_of_it_is_missing() {
    for (since, history, tail, top, expected) in [
        (
            at(3, "abc"),
            (4..=6, 6),
            NONE,
            6,
            Some((true, vec![4, 5, 6], 3)),
        ),
        (
            at(3, ""),
            (4..=6, 6),
            NONE,
            6,
            Some((true, vec![4, 5, 6], 3)),
        ),
        (at(0, ""), (1..=2, 2), NONE, 2, Some((true, vec![1, 2], 0))),
        (at(6, "abc"), (NONE, 6), NONE, 6, Some((true, vec![], 6))),
        // What was told meanwhile fills the hole, and is not given twice.
        (
            at(3, "abc"),
            (4..=5, 5),
            5..=7,
            7,
            Some((true, vec![4, 5, 6, 7], 3)),
        ),
        (at(5, "abc"), (NONE, 5), 6..=6, 6, Some((true, vec![6], 5))),
        // What is not told yet comes later.
        (
            at(3, "abc"),
            (4..=7, 7),
            NONE,
            5,
            Some((true, vec![4, 5], 3)),
        ),
    ] {
        let ask = stream(since);
        assert_eq!(verdict(&ask, history, tail, top), expected, "{ask:?}");
    }
}

#[test]
fn a_stream_is_not_recovered_if_its_head_is_gone_or_it_is_too_much_or_another() {
    for (since, history, tail, top, expected) in [
        (at(3, "abc"), (5..=6, 6), NONE, 6, Some((false, vec![], 6))),
        (at(3, "abc"), (4..=5, 6), NONE, 6, Some((false, vec![], 6))),
        (at(7, "abc"), (NONE, 6), NONE, 6, Some((false, vec![], 6))),
        (at(5, "abc"), (NONE, 6), NONE, 6, Some((false, vec![], 6))),
        (at(3, "xyz"), (NONE, 6), NONE, 6, Some((false, vec![], 6))),
        (at(0, "_"), (NONE, 0), NONE, 0, Some((false, vec![], 0))),
        (
            at(u64::MAX, "abc"),
            (1..=1, 1),
            NONE,
            1,
            Some((false, vec![], 1)),
        ),
        // Others here are further than what was read; or it is further than others here.
        (at(3, "abc"), (4..=5, 5), NONE, 6, None),
        (at(3, "abc"), (4..=5, 5), 7..=7, 7, None),
        (at(7, "abc"), (NONE, 7), NONE, 6, None),
    ] {
        let ask = stream(since);
        assert_eq!(verdict(&ask, history, tail, top), expected, "{ask:?}");
    }
}

#[test]
fn a_cache_gives_the_latest_to_who_has_another() {
    let (old, other) = (cache(at(3, "abc")), cache(at(9, "xyz")));
    let (same, any) = (cache(at(6, "abc")), Ask::Cache { since: None });
    let latest = Some((true, vec![6], 6));
    let has_it = Some((true, vec![], 6));
    for (ask, history, tail, top, expected) in [
        (&old, (6..=6, 6), NONE, 6, latest.clone()),
        (&other, (6..=6, 6), NONE, 6, latest.clone()),
        (&any, (6..=6, 6), NONE, 6, latest.clone()),
        (&same, (6..=6, 6), NONE, 6, has_it.clone()),
        (&same, (NONE, 6), NONE, 6, has_it),
        (&old, (NONE, 6), NONE, 6, Some((false, vec![], 6))),
        (&old, (5..=5, 5), 6..=7, 7, Some((true, vec![7], 7))),
        (&old, (6..=8, 8), NONE, 6, latest),
        (&old, (8..=8, 8), NONE, 6, None),
    ] {
        assert_eq!(verdict(ask, history, tail, top), expected, "{ask:?}");
    }
}

#[test]
fn whoever_does_not_ask_learns_where_the_room_is() {
    assert_eq!(
        verdict(&Ask::Position, (NONE, 7), NONE, 6),
        Some((false, vec![], 6))
    );
    assert_eq!(
        verdict(&Ask::Position, (NONE, 5), 6..=6, 6),
        Some((false, vec![], 6))
    );
    let other = History::new(Vec::new(), at(6, "xyz"));
    assert_eq!(
        recover(&Ask::Position, &other, &[], &at(6, "abc")),
        Err(Behind)
    );
}
