//! The clock of a timing wheel: wakes drivers when their deadlines come.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::wheel::{Key, Wheel};

/// The wheel's precision: a deadline is kept to within this much, never early.
const TICK: Duration = Duration::from_millis(10);

/// The deadlines of one worker's drivers. One task sleeps for all of them.
#[derive(Clone)]
pub(crate) struct Timers(Arc<Shared>);

struct Shared {
    start: Instant,
    state: Mutex<State>,
}

struct State {
    wheel: Wheel<Waker>,
    /// Wakes the ticker, and the tick it sleeps until.
    ticker: Option<(Waker, u64)>,
}

/// One driver's place in the wheel; dropped, it is taken out.
pub(crate) struct Timer {
    timers: Timers,
    armed: Option<(Key, u64)>,
}

impl Timers {
    pub(crate) fn new() -> Self {
        let state = Mutex::new(State {
            wheel: Wheel::new(),
            ticker: None,
        });
        Self(Arc::new(Shared {
            start: Instant::now(),
            state,
        }))
    }

    /// Returns the future that wakes drivers; it ends when nobody else holds these timers.
    pub(crate) fn ticker(&self) -> Ticker {
        Ticker {
            timers: Arc::downgrade(&self.0),
            sleep: Box::pin(sleep_until(self.0.start)),
        }
    }

    pub(crate) fn timer(&self) -> Timer {
        Timer {
            timers: self.clone(),
            armed: None,
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first tick that is not before a moment.
    fn tick_at(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.start);
        u64::try_from(since.as_nanos().div_ceil(TICK.as_nanos())).unwrap_or(u64::MAX)
    }

    /// The last tick that has passed by a moment.
    fn tick_before(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.start);
        u64::try_from(since.as_nanos() / TICK.as_nanos()).unwrap_or(u64::MAX)
    }

    fn moment_of(&self, tick: u64) -> Instant {
        self.start + TICK.saturating_mul(u32::try_from(tick).unwrap_or(u32::MAX))
    }
}

impl Drop for Shared {
    /// The ticker has nobody left to wake: it may end.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((ticker, _)) = state.ticker.take() {
            ticker.wake();
        }
    }
}

impl Timer {
    /// Wakes `waker` at a moment, or a little after. A timer that is armed for an earlier moment stays as it is: the
    /// driver looks then, and arms it anew. So deadlines that bytes keep moving away cost nothing.
    pub(crate) fn arm(&mut self, moment: std::time::Instant, waker: &Waker) {
        let shared = &self.timers.0;
        let tick = shared.tick_at(Instant::from_std(moment));
        if self.armed.is_some_and(|(_, armed)| armed <= tick) {
            return;
        }
        let mut state = shared.lock();
        if let Some((key, armed)) = self.armed.take()
            && state.wheel.is_ahead(armed)
        {
            state.wheel.remove(key);
        }
        let tick = state.wheel.due_at(tick);
        self.armed = Some((state.wheel.insert(tick, waker.clone()), tick));
        if let Some((ticker, _)) = state.ticker.take_if(|(_, until)| tick < *until) {
            drop(state);
            ticker.wake();
        }
    }

    /// Says whether the moment that was armed has passed; then the timer is no longer armed.
    pub(crate) fn has_fired(&mut self, now: std::time::Instant) -> bool {
        let fired = self
            .armed
            .is_some_and(|(_, tick)| tick <= self.timers.0.tick_before(Instant::from_std(now)));
        if fired {
            self.disarm();
        }
        fired
    }

    fn disarm(&mut self) {
        if let Some((key, tick)) = self.armed.take() {
            let mut state = self.timers.0.lock();
            // What has come due is out of the wheel already, and its key may be another's by now.
            if state.wheel.is_ahead(tick) {
                state.wheel.remove(key);
            }
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.disarm();
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timer")
            .field("armed", &self.armed)
            .finish_non_exhaustive()
    }
}

/// Sleeps until the next deadline, wakes whom it concerns, and so on.
pub(crate) struct Ticker {
    timers: std::sync::Weak<Shared>,
    sleep: Pin<Box<Sleep>>,
}

impl Future for Ticker {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(shared) = self.timers.upgrade() else {
                return Poll::Ready(());
            };
            let mut due = Vec::new();
            let mut state = shared.lock();
            state
                .wheel
                .advance(shared.tick_before(Instant::now()), |waker| due.push(waker));
            let next = state.wheel.next_tick();
            state.ticker = Some((cx.waker().clone(), next.unwrap_or(u64::MAX)));
            drop(state);
            due.into_iter().for_each(Waker::wake);
            let Some(next) = next else {
                return Poll::Pending;
            };
            let moment = shared.moment_of(next);
            drop(shared);
            self.sleep.as_mut().reset(moment);
            if self.sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        task::Wake,
    };

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn now() -> std::time::Instant {
        Instant::now().into_std()
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_fires_once_and_not_early() {
        let timers = Timers::new();
        tokio::spawn(timers.ticker());
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut timer = timers.timer();
        timer.arm(now() + Duration::from_secs(100), &waker);
        tokio::time::sleep(Duration::from_millis(99_990)).await;
        assert_eq!(
            (counter.0.load(Ordering::Relaxed), timer.has_fired(now())),
            (0, false)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(
            (counter.0.load(Ordering::Relaxed), timer.has_fired(now())),
            (1, true)
        );
        assert!(!timer.has_fired(now()));
    }

    #[tokio::test(start_paused = true)]
    async fn an_earlier_deadline_moves_the_timer_and_a_later_one_does_not() {
        let timers = Timers::new();
        tokio::spawn(timers.ticker());
        tokio::task::yield_now().await;
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut timer = timers.timer();
        timer.arm(now() + Duration::from_secs(50), &waker);
        tokio::task::yield_now().await;
        timer.arm(now() + Duration::from_secs(1), &waker);
        timer.arm(now() + Duration::from_secs(90), &waker);
        tokio::time::sleep(Duration::from_millis(1020)).await;
        assert_eq!(
            (counter.0.load(Ordering::Relaxed), timer.has_fired(now())),
            (1, true)
        );
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_timer_wakes_nobody_and_a_late_drop_takes_nothing_of_others() {
        let timers = Timers::new();
        tokio::spawn(timers.ticker());
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let (mut first, mut late, mut other) = (timers.timer(), timers.timer(), timers.timer());
        first.arm(now() + Duration::from_secs(1), &waker);
        late.arm(now() + Duration::from_secs(1), &waker);
        drop(first);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);
        other.arm(now() + Duration::from_secs(1), &waker);
        drop(late);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(counter.0.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_ticker_ends_with_the_last_timer() {
        let timers = Timers::new();
        let ticker = tokio::spawn(timers.ticker());
        tokio::task::yield_now().await;
        drop(timers);
        ticker.await.unwrap();
    }
}
