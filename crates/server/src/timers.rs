//! The clock of a timing wheel: wakes drivers when their deadlines come.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::wheel::{Key, Wheel};

/// The wheel's precision: a deadline is kept to within this much, never early.
const TICK_MILLIS: u64 = 10;
const TICK_NANOS: u32 = 10_000_000;
const TICKS_A_SECOND: u64 = 100;

/// The deadlines of one worker's drivers. One task sleeps for all of them.
pub(crate) struct Timers {
    start: Instant,
    /// The last tick whose drivers were woken.
    passed: AtomicU64,
    state: Mutex<State>,
}

struct State {
    wheel: Wheel<Waker>,
    /// Wakes the ticker, and the tick it sleeps until.
    ticker: Option<(Waker, u64)>,
}

impl Timer {
    /// Says whether it will wake somebody.
    #[inline]
    pub(crate) fn is_armed(&self) -> bool {
        self.tick != UNARMED
    }
}

/// One driver's entry in the wheel. It is small, since there is one for each connection, and belongs to the timers it
/// was armed with: who drops it disarms it before.
#[derive(Debug)]
pub(crate) struct Timer {
    /// At which tick it comes due; [`UNARMED`] if it does not.
    tick: u64,
    key: Key,
}

const UNARMED: u64 = u64::MAX;

impl Default for Timer {
    fn default() -> Self {
        Self {
            tick: UNARMED,
            key: Key::NONE,
        }
    }
}

impl Timers {
    pub(crate) fn new() -> Self {
        let state = Mutex::new(State {
            wheel: Wheel::new(),
            ticker: None,
        });
        Self {
            start: Instant::now(),
            passed: AtomicU64::new(0),
            state,
        }
    }

    /// Returns the future that wakes drivers; it ends when nobody else holds these timers.
    pub(crate) fn ticker(self: &Arc<Self>) -> Ticker {
        Ticker {
            timers: Arc::downgrade(self),
            sleep: Box::pin(sleep_until(self.start)),
        }
    }

    /// Wakes `waker` at a moment, or a little after. A timer that is armed for an earlier moment stays as it is: the
    /// driver looks then, and arms it anew. So deadlines that bytes keep moving away cost nothing.
    pub(crate) fn arm(&self, timer: &mut Timer, moment: std::time::Instant, waker: &Waker) {
        let tick = self.tick_at(Instant::from_std(moment));
        if timer.tick <= tick {
            return;
        }
        let mut state = self.lock();
        state.remove(timer);
        timer.tick = state.wheel.due_at(tick);
        timer.key = state.wheel.insert(timer.tick, waker.clone());
        if let Some((ticker, _)) = state.ticker.take_if(|(_, until)| timer.tick < *until) {
            drop(state);
            ticker.wake();
        }
    }

    /// Says whether the waker was woken at the moment that was armed; then the timer is no longer armed.
    pub(crate) fn has_fired(&self, timer: &mut Timer) -> bool {
        // Whoever is woken on another thread sees it, since the ticker wakes behind it.
        let fired = timer.tick <= self.passed.load(Ordering::Acquire);
        if fired {
            timer.tick = UNARMED;
        }
        fired
    }

    /// Takes a timer out.
    pub(crate) fn disarm(&self, timer: &mut Timer) {
        if timer.tick != UNARMED {
            self.lock().remove(timer);
            timer.tick = UNARMED;
        }
    }

    /// Wakes everybody who has a timer armed, without disarming any.
    pub(crate) fn wake_all(&self) {
        let wakers: Vec<Waker> = self.lock().wheel.iter().cloned().collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first tick that is not before a moment.
    fn tick_at(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.start);
        since.as_secs() * TICKS_A_SECOND + u64::from(since.subsec_nanos().div_ceil(TICK_NANOS))
    }

    /// The last tick that has passed by a moment.
    fn tick_before(&self, moment: Instant) -> u64 {
        let since = moment.saturating_duration_since(self.start);
        since.as_secs() * TICKS_A_SECOND + u64::from(since.subsec_nanos() / TICK_NANOS)
    }

    fn moment_of(&self, tick: u64) -> Instant {
        let since = Duration::from_millis(tick.saturating_mul(TICK_MILLIS));
        self.start.checked_add(since).unwrap_or(self.start)
    }
}

impl State {
    fn remove(&mut self, timer: &Timer) {
        // What has come due is out of the wheel already, and its key may be another's by now.
        if timer.tick != UNARMED && self.wheel.is_ahead(timer.tick) {
            self.wheel.remove(timer.key);
        }
    }
}

impl Drop for Timers {
    /// The ticker has nobody left to wake: it may end.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some((ticker, _)) = state.ticker.take() {
            ticker.wake();
        }
    }
}

/// Sleeps until the next deadline, wakes whom it concerns, and so on.
pub(crate) struct Ticker {
    timers: Weak<Timers>,
    sleep: Pin<Box<Sleep>>,
}

impl Future for Ticker {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(timers) = self.timers.upgrade() else {
                return Poll::Ready(());
            };
            let mut due = Vec::new();
            let mut state = timers.lock();
            let passed = timers.tick_before(Instant::now());
            state.wheel.advance(passed, |waker| due.push(waker));
            timers.passed.store(passed, Ordering::Release);
            let next = state.wheel.next_tick();
            state.ticker = Some((cx.waker().clone(), next.unwrap_or(u64::MAX)));
            drop(state);
            due.into_iter().for_each(Waker::wake);
            let Some(next) = next else {
                return Poll::Pending;
            };
            let moment = timers.moment_of(next);
            drop(timers);
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
        let timers = Arc::new(Timers::new());
        tokio::spawn(timers.ticker());
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut timer = Timer::default();
        timers.arm(&mut timer, now() + Duration::from_secs(100), &waker);
        tokio::time::sleep(Duration::from_millis(99_990)).await;
        assert_eq!(
            (
                counter.0.load(Ordering::Relaxed),
                timers.has_fired(&mut timer)
            ),
            (0, false)
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(
            (
                counter.0.load(Ordering::Relaxed),
                timers.has_fired(&mut timer)
            ),
            (1, true)
        );
        assert!(!timers.has_fired(&mut timer));
    }

    #[tokio::test(start_paused = true)]
    async fn an_earlier_deadline_moves_the_timer_and_a_later_one_does_not() {
        let timers = Arc::new(Timers::new());
        tokio::spawn(timers.ticker());
        tokio::task::yield_now().await;
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let mut timer = Timer::default();
        timers.arm(&mut timer, now() + Duration::from_secs(50), &waker);
        tokio::task::yield_now().await;
        timers.arm(&mut timer, now() + Duration::from_secs(1), &waker);
        timers.arm(&mut timer, now() + Duration::from_secs(90), &waker);
        tokio::time::sleep(Duration::from_millis(1020)).await;
        assert_eq!(
            (
                counter.0.load(Ordering::Relaxed),
                timers.has_fired(&mut timer)
            ),
            (1, true)
        );
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_disarmed_timer_wakes_nobody_and_a_late_disarming_takes_nothing_of_others() {
        let timers = Arc::new(Timers::new());
        tokio::spawn(timers.ticker());
        let counter = Arc::new(Counter::default());
        let waker = Waker::from(Arc::clone(&counter));
        let (mut first, mut late, mut other) =
            (Timer::default(), Timer::default(), Timer::default());
        timers.arm(&mut first, now() + Duration::from_secs(1), &waker);
        timers.arm(&mut late, now() + Duration::from_secs(1), &waker);
        timers.disarm(&mut first);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(counter.0.load(Ordering::Relaxed), 1);
        timers.arm(&mut other, now() + Duration::from_secs(1), &waker);
        timers.disarm(&mut late);
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!(counter.0.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_ticker_ends_with_the_last_timer() {
        let timers = Arc::new(Timers::new());
        let ticker = tokio::spawn(timers.ticker());
        tokio::task::yield_now().await;
        drop(timers);
        ticker.await.unwrap();
    }
}
