//! The reactor's task, turn by turn.

use std::{
    future::poll_fn,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tokio::task::yield_now;
use tracing::Span;

use super::{
    epoll_set::{EpollSet, When},
    key::{Key, MAX_SLOTS},
    newcomers::{Door, Entrance, Newcomer},
    slots::Slots,
    socket::Socket,
    waker,
    woken::Roll,
};
use crate::{
    driver::{Driver, clock},
    lent::Lent,
};

/// How many connections are polled before the runtime has its turn: its timers, its listener, requests over HTTP.
const POLLS_A_TURN: usize = 256;

/// About how many bytes go either way before the runtime has its turn, or how many messages are as much work.
const WORK_A_TURN: u64 = 1 << 20;

/// For how long at most the runtime waits for its turn while a reactor looks for more.
const LONGEST_SPIN: Duration = Duration::from_millis(1);

/// How many polls may share one look at the clock.
const POLLS_A_MOMENT: usize = 16;

/// Moves the bytes of one worker's plain sockets.
///
/// ```text
///   events ────┐
///   the woken ─┼─► due ─► one driver after the other, up to the budget ─► the runtime has its turn
///   newcomers ─┘    ▲                       │
///                   └─── whom they wake ◄───┘
/// ```
/// A broadcast wakes each member once: all it heard since leaves in one write.
pub(super) struct Reactor {
    sockets: EpollSet,
    roll: Roll,
    door: Door,
    connections: Slots<Connection>,
    /// Who has something to do, each once, and how many of them had their turn.
    due: Vec<Key>,
    done: usize,
    /// Who was woken; empty between turns.
    woken: Vec<Key>,
    /// For how long it looks for more before it waits.
    spin: Duration,
}

struct Connection {
    driver: Driver<Socket>,
    state: State,
    /// Who does not trace pays a word.
    span: Option<Box<Span>>,
}

/// Whether a connection is among those that are due.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Due,
    Resting,
}

/// Whether a reactor had to wait for something to do.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Waited {
    ForSomething,
    NotAtAll,
}

impl Connection {
    /// Puts it among those that are due, unless it is there.
    fn call(&mut self, key: Key, due: &mut Vec<Key>) {
        if self.state == State::Resting {
            self.state = State::Due;
            due.push(key);
        }
    }
}

impl Reactor {
    /// Makes the reactor of this thread's runtime.
    ///
    /// # Errors
    /// The system's error if it has no epoll set left, or the process no number for one more reactor.
    pub(super) fn new(spin: Duration) -> io::Result<Self> {
        let roll = Roll::enter().ok_or(io::ErrorKind::QuotaExceeded)?;
        // No slot has this number.
        let door = Key::new(roll.id(), 0, u32::MAX);
        Ok(Self {
            sockets: EpollSet::new()?,
            connections: Slots::new(roll.id()),
            roll,
            door: Door::new(door),
            due: Vec::new(),
            done: 0,
            woken: Vec::new(),
            spin: spin.min(LONGEST_SPIN),
        })
    }

    /// Returns where connections come in.
    pub(super) fn entrance(&self) -> Entrance {
        self.door.entrance()
    }

    /// Runs for ever. Dropped, its connections are cut.
    pub(super) async fn run(mut self) {
        loop {
            if self.wait().await == Waited::NotAtAll {
                // Waking itself would not do: the runtime would poll it again before its sockets and timers.
                yield_now().await;
            }
            Lent::with(|lent| self.turn(lent));
            if !self.spin.is_zero() {
                Lent::with(|lent| self.spin(lent));
            }
        }
    }

    /// Serves whoever has something to do within a short while, and then another such while.
    fn spin(&mut self, lent: &mut Lent) {
        let began = Instant::now();
        let (mut last, mut now) = (began, began);
        while self.is_done() && now - last < self.spin && now - began < LONGEST_SPIN {
            self.begin_round();
            self.hear(When::Now);
            self.call_woken();
            now = Instant::now();
            if !self.is_done() {
                last = now;
                lent.work = 0;
                self.poll_due(lent, &mut { POLLS_A_TURN });
            }
        }
    }

    /// Waits until somebody has something to do.
    async fn wait(&mut self) -> Waited {
        if !self.is_done() {
            return Waited::NotAtAll;
        }
        let mut waited = Waited::NotAtAll;
        let (roll, sockets) = (&self.roll, &self.sockets);
        poll_fn(|cx| {
            if roll.rest(cx.waker()) {
                return Poll::Ready(());
            }
            let polled = sockets.poll_ready(cx);
            if polled.is_pending() {
                waited = Waited::ForSomething;
            }
            polled
        })
        .await;
        waited
    }

    /// Gives those their turn who are due, and once more those whom that woke.
    fn turn(&mut self, lent: &mut Lent) {
        lent.work = 0;
        let mut budget = POLLS_A_TURN;
        if self.is_done() {
            // Before events are asked for all who are due had their turn: nobody overtakes anybody.
            self.begin_round();
            self.hear(When::Ready);
            self.call_woken();
        }
        self.poll_due(lent, &mut budget);
        if self.is_done() {
            self.begin_round();
            self.call_woken();
            self.poll_due(lent, &mut budget);
        }
    }

    fn begin_round(&mut self) {
        self.due.clear();
        self.done = 0;
    }

    fn is_done(&self) -> bool {
        self.done == self.due.len()
    }

    /// Asks what happened, and tells those whom it concerns: an event that is not taken note of is lost.
    fn hear(&mut self, when: When) {
        let (connections, due) = (&mut self.connections, &mut self.due);
        self.sockets.tell(when, |key, events| {
            if let Some(connection) = connections.get_mut(key) {
                if let Some(socket) = connection.driver.stream() {
                    socket.tell(events);
                }
                connection.call(key, due);
            }
        });
    }

    /// Calls those who were woken.
    fn call_woken(&mut self) {
        self.roll.take(&mut self.woken);
        for key in self.woken.drain(..) {
            if key == self.door.key() {
                self.due.push(key);
            } else if let Some(connection) = self.connections.get_mut(key) {
                connection.call(key, &mut self.due);
            }
        }
    }

    /// Polls those who are due, as far as the budget goes.
    fn poll_due(&mut self, lent: &mut Lent, budget: &mut usize) {
        let mut now = clock();
        while let Some(key) = self.due.get(self.done).copied() {
            if *budget == 0 || lent.work >= WORK_A_TURN {
                return;
            }
            *budget -= 1;
            self.done += 1;
            if self.done.is_multiple_of(POLLS_A_MOMENT) {
                now = clock();
            }
            if key == self.door.key() {
                self.let_in();
            } else {
                self.poll(key, lent, now);
            }
        }
    }

    /// Takes in those who wait for it.
    fn let_in(&mut self) {
        for Newcomer { driver, span } in self.door.take() {
            let span = (!span.is_disabled()).then(|| Box::new(span));
            let connection = Connection {
                driver,
                state: State::Due,
                span,
            };
            let Ok(key) = self.connections.insert(connection) else {
                tracing::warn!("a connection is cut: {MAX_SLOTS} are as many as a worker can have");
                continue;
            };
            let Some(connection) = self.connections.get_mut(key) else {
                continue;
            };
            if let Some(socket) = connection.driver.stream()
                && let Err(error) = self.sockets.add(&*socket, key)
            {
                tracing::warn!(%error, "a connection is cut: its socket can't be watched");
                socket.end();
            }
            self.due.push(key);
        }
    }

    /// Gives a connection its turn.
    fn poll(&mut self, key: Key, lent: &mut Lent, now: Instant) {
        let Some(connection) = self.connections.get_mut(key) else {
            return;
        };
        connection.state = State::Resting;
        let waker = waker::of(key);
        let mut cx = Context::from_waker(&waker);
        let span = connection.span.as_ref().map(|span| span.enter());
        let polled = catch_unwind(AssertUnwindSafe(|| {
            connection.driver.poll_turns(&mut cx, lent, now)
        }));
        drop(span);
        match polled {
            Ok(Poll::Pending) => {}
            Ok(Poll::Ready(())) => {
                self.connections.remove(key);
            }
            Err(_) => {
                // Handlers' panics are caught before: this one is a fault of ours, and costs nobody else anything.
                tracing::error!("a driver panicked: its connection is cut");
                *lent = Lent::default();
                self.connections.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_fits_the_memory_that_is_promised() {
        // With its session, head and deadline it must fit 512 bytes.
        let size = size_of::<Connection>();
        assert!(size <= 296, "{size}");
    }
}
