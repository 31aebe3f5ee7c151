//! What an outbox takes, drops and hands out, at the edges of its limit.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    task::Wake as StdWake,
};

use super::*;

mod books;
mod joining;

const LIMIT: usize = 1000;
const UNLIMITED: Room = Room::UNLIMITED;
const ROOM: Room = Room {
    bytes: LIMIT,
    ..UNLIMITED
};

fn message(payload: usize) -> Message {
    Message::binary(vec![0; payload])
}

/// A payload that costs exactly this.
fn costing(cost: usize) -> Message {
    message(cost - cost_of(0))
}

fn shared(tag: &str) -> Arc<Shared> {
    Arc::new(Shared::new(Message::from(tag.repeat(400 - cost_of(0)))))
}

fn taken(outbox: &mut Outbox) -> Vec<Message> {
    let mut into = VecDeque::new();
    outbox.take(usize::MAX, &mut into);
    into.iter()
        .map(|outgoing| outgoing.message().clone())
        .collect()
}

fn tags(outbox: &mut Outbox) -> String {
    taken(outbox)
        .iter()
        .map(|message| message.as_text().map_or("-", |text| &text[..1]).to_owned())
        .collect()
}

#[derive(Default)]
struct Counter(AtomicUsize);

impl StdWake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn order() -> CloseOrder {
    CloseOrder {
        close: Close::normal(),
        initiator: Initiator::Handler,
    }
}

#[test]
fn the_number_of_messages_that_wait_is_limited_as_well() {
    let room = Room {
        messages: 2,
        ..UNLIMITED
    };
    for overflow in [Overflow::DropOldest, Overflow::KeepLatest] {
        let mut outbox = Outbox::default();
        for _ in 0..2 {
            assert!(matches!(
                outbox.offer(&mut message(1), room),
                Offered::Taken(_)
            ));
        }
        assert!(matches!(outbox.offer(&mut message(1), room), Offered::Full));
        let mut outbox = Outbox::default();
        for tag in ["a", "b", "c"] {
            outbox.broadcast(&shared(tag), room, overflow).wake();
        }
        let kept = if overflow == Overflow::KeepLatest {
            1
        } else {
            2
        };
        assert_eq!(
            (outbox.queue.len(), outbox.dropped()),
            (kept, 3 - kept as u64)
        );
    }
}

#[test]
fn the_limit_is_exact() {
    let mut outbox = Outbox::default();
    assert!(matches!(
        outbox.offer(&mut costing(400), ROOM),
        Offered::Taken(_)
    ));
    let mut refused = costing(601);
    assert!(matches!(outbox.offer(&mut refused, ROOM), Offered::Full));
    assert_eq!(refused, costing(601));
    assert!(matches!(
        outbox.offer(&mut costing(600), ROOM),
        Offered::Taken(_)
    ));
    assert_eq!(outbox.buffered(), LIMIT);
    assert!(
        matches!(outbox.offer(&mut message(0), ROOM), Offered::Full),
        "an empty message costs its place"
    );
}

#[test]
fn an_empty_outbox_takes_any_one_message() {
    let mut outbox = Outbox::default();
    assert!(matches!(
        outbox.offer(&mut message(10 * LIMIT), ROOM),
        Offered::Taken(_)
    ));
    assert!(matches!(outbox.offer(&mut message(0), ROOM), Offered::Full));
}

#[test]
fn what_is_in_flight_counts_until_it_is_written() {
    let mut outbox = Outbox::default();
    assert!(matches!(
        outbox.offer(&mut costing(LIMIT), ROOM),
        Offered::Taken(_)
    ));
    assert_eq!(taken(&mut outbox).len(), 1);
    assert!(matches!(outbox.offer(&mut message(0), ROOM), Offered::Full));
    outbox.written().wake();
    assert!(matches!(
        outbox.offer(&mut message(0), ROOM),
        Offered::Taken(_)
    ));
}

#[test]
fn who_still_waits_for_room_is_woken_once_when_it_is_there() {
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&counter));
    let mut outbox = Outbox::default();
    assert!(matches!(
        outbox.offer(&mut message(LIMIT), ROOM),
        Offered::Taken(_)
    ));
    let ticket = outbox.wait_for_room(None, &waker);
    assert_eq!(outbox.wait_for_room(Some(ticket), &waker), ticket);
    let other = outbox.wait_for_room(None, &waker);
    assert_ne!(other, ticket);
    outbox.return_ticket(other);
    taken(&mut outbox);
    assert_eq!(counter.0.load(Ordering::Relaxed), 0);
    outbox.written().wake();
    outbox.written().wake();
    assert_eq!(counter.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_resting_driver_is_woken_once_and_an_attending_one_never() {
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&counter));
    let mut outbox = Outbox::default();
    assert_eq!(
        outbox.rest(&waker, CanWrite::Yes, &mut Queue::default()).0,
        Rested::Resting
    );
    for _ in 0..3 {
        let Offered::Taken(wake) = outbox.offer(&mut message(1), ROOM) else {
            panic!("there is room")
        };
        wake.into_iter().for_each(Waker::wake);
    }
    assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    assert_eq!(
        outbox.rest(&waker, CanWrite::Yes, &mut Queue::default()).0,
        Rested::WorkWaits
    );
    taken(&mut outbox);
    outbox.attend(&mut Queue::default());
    outbox.close(order(), Queued::Delivered).wake();
    assert_eq!(
        outbox.rest(&waker, CanWrite::Yes, &mut Queue::default()).0,
        Rested::WorkWaits,
        "the close waits"
    );
}

#[test]
fn a_driver_with_a_blocked_socket_is_woken_for_the_close_alone() {
    let counter = Arc::new(Counter::default());
    let waker = Waker::from(Arc::clone(&counter));
    let mut outbox = Outbox::default();
    assert_eq!(
        outbox.rest(&waker, CanWrite::No, &mut Queue::default()).0,
        Rested::Resting
    );
    let Offered::Taken(wake) = outbox.offer(&mut message(1), ROOM) else {
        panic!("there is room")
    };
    wake.into_iter().for_each(Waker::wake);
    assert_eq!(counter.0.load(Ordering::Relaxed), 0);
    outbox.close(order(), Queued::Discarded).wake();
    assert_eq!(counter.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_close_comes_due_behind_what_was_queued_and_the_first_one_counts() {
    let mut outbox = Outbox::default();
    assert!(matches!(
        outbox.offer(&mut message(1), ROOM),
        Offered::Taken(_)
    ));
    outbox.close(order(), Queued::Delivered).wake();
    outbox
        .close(
            CloseOrder {
                close: Close::going_away(),
                initiator: Initiator::Server,
            },
            Queued::Discarded,
        )
        .wake();
    assert!(matches!(
        outbox.offer(&mut message(1), ROOM),
        Offered::Closed
    ));
    assert_eq!(outbox.take_close(), None);
    assert_eq!(taken(&mut outbox).len(), 1);
    assert_eq!(
        (outbox.take_close(), outbox.initiator()),
        (Some(Close::normal()), Some(Initiator::Handler))
    );
    assert_eq!(outbox.take_close(), None, "it is told once");
    assert_eq!(
        outbox
            .rest(Waker::noop(), CanWrite::Yes, &mut Queue::default())
            .0,
        Rested::Resting
    );
}

#[test]
fn the_policy_close_discards_and_closes_with_1013() {
    let mut outbox = Outbox::default();
    for _ in 0..3 {
        outbox.broadcast(&shared("a"), ROOM, Overflow::Close).wake();
    }
    assert_eq!(
        (outbox.take_close(), outbox.initiator()),
        (Some(Close::slow_consumer()), Some(Initiator::Server))
    );
    assert_eq!(outbox.dropped(), 2);
}

#[test]
fn the_policy_drop_oldest_drops_as_many_as_needed() {
    let mut outbox = Outbox::default();
    for tag in ["a", "b", "c"] {
        outbox
            .broadcast(&shared(tag), ROOM, Overflow::DropOldest)
            .wake();
    }
    assert_eq!((outbox.dropped(), outbox.buffered()), (1, 800));
    assert_eq!(tags(&mut outbox), "bc");
}

#[test]
fn the_policy_keep_latest_keeps_the_newest_alone() {
    let mut outbox = Outbox::default();
    for tag in ["a", "b", "c"] {
        outbox
            .broadcast(&shared(tag), ROOM, Overflow::KeepLatest)
            .wake();
    }
    assert_eq!(outbox.dropped(), 2);
    assert_eq!(tags(&mut outbox), "c");
}

#[test]
fn what_was_sent_to_one_alone_is_never_dropped_by_a_policy() {
    for overflow in [Overflow::DropOldest, Overflow::KeepLatest] {
        let mut outbox = Outbox::default();
        assert!(matches!(
            outbox.offer(&mut costing(400), ROOM),
            Offered::Taken(_)
        ));
        for tag in ["a", "b"] {
            outbox.broadcast(&shared(tag), ROOM, overflow).wake();
        }
        assert_eq!(tags(&mut outbox), "-b", "{overflow:?}");
    }
    let mut outbox = Outbox::default();
    assert!(matches!(
        outbox.offer(&mut costing(900), ROOM),
        Offered::Taken(_)
    ));
    outbox
        .broadcast(&shared("a"), ROOM, Overflow::DropOldest)
        .wake();
    assert_eq!(
        outbox.take_close(),
        Some(Close::slow_consumer()),
        "nothing else could make room"
    );
}

#[test]
fn the_newest_waits_beside_what_is_in_flight() {
    let mut outbox = Outbox::default();
    outbox
        .broadcast(&shared("a"), ROOM, Overflow::KeepLatest)
        .wake();
    outbox
        .broadcast(&shared("b"), ROOM, Overflow::KeepLatest)
        .wake();
    assert_eq!(tags(&mut outbox), "ab");
    for tag in ["c", "d"] {
        outbox
            .broadcast(&shared(tag), ROOM, Overflow::KeepLatest)
            .wake();
    }
    assert_eq!(tags(&mut outbox), "d");
}

#[test]
fn pings_pass_a_full_outbox_up_to_a_bound() {
    let mut outbox = Outbox::default();
    assert!(matches!(
        outbox.offer(&mut message(2 * LIMIT), ROOM),
        Offered::Taken(_)
    ));
    for _ in 0..MAX_PINGS {
        outbox.ping(Bytes::new()).unwrap().wake();
    }
    assert_eq!(outbox.ping(Bytes::new()).unwrap_err(), PingRefused::TooMany);
    assert_eq!(outbox.take_pings().unwrap().len(), MAX_PINGS);
    outbox.finish().wake();
    assert_eq!(outbox.ping(Bytes::new()).unwrap_err(), PingRefused::Closed);
}

#[test]
fn an_idle_outbox_holds_no_memory() {
    let mut outbox = Outbox::default();
    for _ in 0..100 {
        assert!(matches!(
            outbox.offer(&mut message(1), UNLIMITED),
            Offered::Taken(_)
        ));
    }
    taken(&mut outbox);
    outbox.written().wake();
    assert_eq!(
        outbox
            .rest(Waker::noop(), CanWrite::Yes, &mut Queue::default())
            .0,
        Rested::Resting
    );
    assert_eq!((outbox.queue.is_allocated(), outbox.buffered()), (false, 0));
    assert!(size_of::<Outbox>() <= 56, "{}", size_of::<Outbox>());
}

#[test]
fn a_lent_queue_comes_back() {
    let mut lent = Queue::default();
    lent.push(Outgoing::Message(message(1)), cost_of(1));
    lent.pop();
    let mut outbox = Outbox::default();
    outbox.attend(&mut lent);
    assert!(!lent.is_allocated() && outbox.queue.is_allocated());
    assert_eq!(
        outbox.rest(Waker::noop(), CanWrite::Yes, &mut lent).0,
        Rested::Resting
    );
    assert!(lent.is_allocated() && !outbox.queue.is_allocated());
}
