//! The bound and the sums, whatever comes in whatever order.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Op {
    Offer(usize),
    Broadcast(usize, Overflow),
    Join(usize),
    Grow(usize),
    Take(usize),
    Written,
}

fn op() -> impl Strategy<Value = Op> {
    let overflow = prop_oneof![
        Just(Overflow::Close),
        Just(Overflow::DropOldest),
        Just(Overflow::KeepLatest)
    ];
    prop_oneof![
        (0usize..1500).prop_map(Op::Offer),
        (0usize..1500, overflow).prop_map(|(len, overflow)| Op::Broadcast(len, overflow)),
        (0usize..1500).prop_map(Op::Join),
        (0usize..300).prop_map(Op::Grow),
        (0usize..2000).prop_map(Op::Take),
        Just(Op::Written),
    ]
}

proptest! {
    #[test]
    fn the_bound_and_the_books_hold_whatever_comes(ops in proptest::collection::vec(op(), 1..200)) {
        let mut outbox = Outbox::default();
        let (mut largest, mut in_flight) = (0, 0);
        let mut open: Option<(Arc<Batch>, Room)> = None;
        for op in ops {
            match op {
                Op::Offer(len) => {
                    if let Offered::Taken(wake) = outbox.offer(&mut message(len), ROOM) {
                        largest = largest.max(cost_of(len));
                        wake.into_iter().for_each(Waker::wake);
                    }
                }
                Op::Broadcast(len, overflow) => {
                    largest = largest.max(cost_of(len));
                    outbox.broadcast(&Arc::new(Shared::new(message(len))), ROOM, overflow).wake();
                }
                Op::Join(len) => {
                    let batch = Arc::new(Batch::new(Arc::new(Shared::new(message(len)))));
                    if let Some((left, wake)) = outbox.join(&batch, ROOM) {
                        largest = largest.max(cost_of(len));
                        open = Some((batch, left));
                        wake.wake();
                    }
                    continue;
                }
                Op::Grow(len) => {
                    let before = outbox.buffered();
                    if let Some((batch, left)) = &open
                        && batch.push(&Arc::new(Shared::new(message(len))), *left)
                    {
                        prop_assert_eq!(outbox.buffered(), before + cost_of(len));
                        prop_assert!(outbox.buffered() <= LIMIT);
                    }
                    continue;
                }
                // As its contract says: a driver takes more once all that it took is written.
                Op::Take(budget) if in_flight == 0 => {
                    let mut into = VecDeque::new();
                    outbox.take(budget, &mut into);
                    in_flight += into.iter().map(Outgoing::cost).sum::<usize>();
                }
                Op::Take(_) => {}
                Op::Written => {
                    outbox.written().wake();
                    in_flight = 0;
                }
            }
            let queued: usize = outbox.queue.iter().map(|outgoing| outgoing.cost()).sum();
            prop_assert_eq!((outbox.queue.cost(), outbox.in_flight), (queued, in_flight));
            prop_assert!(outbox.buffered() <= LIMIT.max(largest) + largest, "{} of {}", outbox.buffered(), largest);
        }
    }
}
