//! Batches that may still grow: what ends them, and what they count.

use super::*;

fn joined(outbox: &mut Outbox, tag: &str, room: Room) -> Option<(Arc<Batch>, Room)> {
    let batch = Arc::new(Batch::new(shared(tag)));
    let (left, wake) = outbox.join(&batch, room)?;
    wake.wake();
    Some((batch, left))
}

#[test]
fn what_follows_a_batch_ends_it_and_so_does_who_takes_it_or_closes() {
    type End = fn(&mut Outbox);
    let ends: [(End, &str); 6] = [
        (
            |outbox| drop(outbox.offer(&mut message(1), UNLIMITED)),
            "ab-",
        ),
        (
            |outbox| {
                outbox
                    .broadcast(&shared("x"), UNLIMITED, Overflow::Close)
                    .wake();
            },
            "abx",
        ),
        (|outbox| drop(joined(outbox, "x", UNLIMITED)), "abx"),
        (|outbox| drop(taken(outbox)), ""),
        (
            |outbox| outbox.close(order(), Queued::Delivered).wake(),
            "ab",
        ),
        (|outbox| outbox.close(order(), Queued::Discarded).wake(), ""),
    ];
    for (end, left) in ends {
        let mut outbox = Outbox::default();
        let (batch, room) = joined(&mut outbox, "a", UNLIMITED).unwrap();
        assert!(batch.push(&shared("b"), room));
        end(&mut outbox);
        assert!(!batch.push(&shared("c"), room), "{left}");
        assert_eq!(tags(&mut outbox), left);
    }
}

#[test]
fn a_batch_that_is_discarded_counts_all_its_messages() {
    let mut outbox = Outbox::default();
    let (batch, room) = joined(&mut outbox, "a", UNLIMITED).unwrap();
    assert!(batch.push(&shared("b"), room));
    outbox.close(order(), Queued::Discarded).wake();
    assert_eq!((outbox.dropped(), outbox.buffered()), (2, 0));
}

#[test]
fn a_batch_grows_as_far_as_there_is_room_beside_all_else() {
    let mut outbox = Outbox::default();
    assert!(matches!(
        outbox.offer(&mut costing(100), ROOM),
        Offered::Taken(_)
    ));
    taken(&mut outbox);
    assert!(matches!(
        outbox.offer(&mut costing(99), ROOM),
        Offered::Taken(_)
    ));
    let (batch, room) = joined(&mut outbox, "a", ROOM).unwrap();
    assert!(batch.push(&shared("b"), room));
    let full = Arc::new(Shared::new(message(2)));
    assert!(!batch.push(&full, room));
    assert_eq!(outbox.buffered(), 999);
    assert!(joined(&mut outbox, "c", ROOM).is_none());
    assert_eq!(tags(&mut outbox), "-ab");
}

#[test]
fn a_batch_is_taken_as_it_is_unless_less_is_asked_for() {
    let mut outbox = Outbox::default();
    let (batch, room) = joined(&mut outbox, "a", UNLIMITED).unwrap();
    assert!(batch.push(&shared("b"), room));
    let mut into = VecDeque::new();
    assert!(outbox.take_batched(400, &mut into).is_none());
    assert_eq!((into.len(), outbox.buffered()), (1, 800));
    outbox.written().wake();
    into.clear();
    let (whole, _) = joined(&mut outbox, "c", UNLIMITED).unwrap();
    let taken = outbox.take_batched(800, &mut into).unwrap();
    assert!(Arc::ptr_eq(&taken, &whole));
    assert_eq!((into.len(), outbox.buffered()), (1, 800));
}
