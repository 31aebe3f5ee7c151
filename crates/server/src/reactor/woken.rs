//! Who of a reactor's connections has been woken, from whatever thread.

use std::{
    cell::{Cell, RefCell},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
    task::Waker,
};

use slab::Slab;

use super::key::{Key, ReactorId};

/// All reactors of this process, by their numbers.
static REACTORS: RwLock<Slab<Arc<Mutex<Woken>>>> = RwLock::new(Slab::new());

thread_local! {
    /// The reactor of this thread: what is woken there takes no lock.
    static HERE: Cell<Option<ReactorId>> = const { Cell::new(None) };
    static WOKEN_HERE: RefCell<Woken> = const { RefCell::new(Woken { keys: Vec::new(), task: None }) };
}

/// Who was woken, and waits for a turn.
#[derive(Debug, Default)]
struct Woken {
    keys: Vec<Key>,
    /// The reactor's task, if it is to be woken as well.
    task: Option<Waker>,
}

impl Woken {
    /// Returns the reactor's task if it must be woken, once the lock is released.
    fn put(&mut self, key: Key) -> Option<Waker> {
        if self.keys.last() != Some(&key) {
            self.keys.push(key);
        }
        self.task.take()
    }

    fn take(&mut self, into: &mut Vec<Key>) {
        // A task that is woken while it works would be polled again before the runtime asks for other events.
        self.task = None;
        if into.is_empty() {
            mem::swap(into, &mut self.keys);
        } else {
            into.append(&mut self.keys);
        }
    }
}

/// Wakes a connection: it gets its turn soon. One that is gone does not.
pub(super) fn wake(key: Key) {
    let task = if HERE.get() == Some(key.reactor()) {
        WOKEN_HERE.try_with(|woken| woken.borrow_mut().put(key))
    } else {
        Ok(wake_elsewhere(key))
    };
    // On a thread that ends, whoever is woken there ends as well.
    task.ok().flatten().into_iter().for_each(Waker::wake);
}

fn wake_elsewhere(key: Key) -> Option<Waker> {
    let reactors = REACTORS.read().unwrap_or_else(PoisonError::into_inner);
    let woken = reactors.get(usize::from(key.reactor().0))?;
    lock(woken).put(key)
}

fn lock(woken: &Mutex<Woken>) -> MutexGuard<'_, Woken> {
    woken.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A reactor's place among those of this process, and at most one of its thread's.
#[derive(Debug)]
pub(super) struct Roll {
    id: ReactorId,
    elsewhere: Arc<Mutex<Woken>>,
}

impl Roll {
    /// Enters a reactor that runs on this thread from now on; `None` if the process has sixty-five thousand already.
    pub(super) fn enter() -> Option<Self> {
        let elsewhere = Arc::default();
        let mut reactors = REACTORS.write().unwrap_or_else(PoisonError::into_inner);
        let entry = reactors.vacant_entry();
        let id = ReactorId(u16::try_from(entry.key()).ok()?);
        entry.insert(Arc::clone(&elsewhere));
        drop(reactors);
        if HERE.get().is_none() {
            HERE.set(Some(id));
        }
        Some(Self { id, elsewhere })
    }

    pub(super) fn id(&self) -> ReactorId {
        self.id
    }

    /// Takes all who were woken. Until it [rests](Self::rest), the task sees by itself who else is.
    pub(super) fn take(&self, into: &mut Vec<Key>) {
        if HERE.get() == Some(self.id) {
            WOKEN_HERE.with_borrow_mut(|woken| woken.take(into));
        }
        lock(&self.elsewhere).take(into);
    }

    /// Has the task woken together with the next connection. Says whether one has been woken already.
    pub(super) fn rest(&self, task: &Waker) -> bool {
        let rest = |woken: &mut Woken| {
            match &mut woken.task {
                Some(known) => known.clone_from(task),
                None => woken.task = Some(task.clone()),
            }
            !woken.keys.is_empty()
        };
        let here = HERE.get() == Some(self.id) && WOKEN_HERE.with_borrow_mut(rest);
        rest(&mut lock(&self.elsewhere)) || here
    }
}

impl Drop for Roll {
    fn drop(&mut self) {
        let mut reactors = REACTORS.write().unwrap_or_else(PoisonError::into_inner);
        reactors.try_remove(usize::from(self.id.0));
        drop(reactors);
        if HERE.get() == Some(self.id) {
            HERE.set(None);
            // A thread that ends may have let it go already.
            let _ = WOKEN_HERE.try_with(|woken| mem::take(&mut *woken.borrow_mut()));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        task::Wake,
        thread,
    };

    use super::*;

    #[derive(Default)]
    struct Counter(AtomicUsize);

    impl Wake for Counter {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn taken(roll: &Roll) -> Vec<usize> {
        let mut keys = Vec::new();
        roll.take(&mut keys);
        keys.into_iter().map(Key::slot).collect()
    }

    #[test]
    fn who_is_woken_here_or_elsewhere_is_found_once_and_wakes_the_task_once() {
        let roll = Roll::enter().unwrap();
        let task = Arc::new(Counter::default());
        assert!(!roll.rest(&Waker::from(Arc::clone(&task))));
        let keys = [1, 2].map(|slot| Key::new(roll.id(), 0, slot));
        keys.into_iter().for_each(wake);
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
        assert_eq!(taken(&roll), [1, 2]);
        assert!(!roll.rest(&Waker::from(Arc::clone(&task))));
        thread::spawn(move || keys.into_iter().for_each(wake))
            .join()
            .unwrap();
        assert_eq!(task.0.load(Ordering::Relaxed), 2);
        assert_eq!(taken(&roll), [1, 2]);
        assert_eq!(taken(&roll), [0_usize; 0]);
    }

    #[test]
    fn who_was_woken_before_the_task_rests_is_seen() {
        let roll = Roll::enter().unwrap();
        wake(Key::new(roll.id(), 0, 3));
        assert!(roll.rest(Waker::noop()));
        assert_eq!(taken(&roll), [3]);
        let key = Key::new(roll.id(), 0, 4);
        thread::spawn(move || wake(key)).join().unwrap();
        assert!(roll.rest(Waker::noop()));
    }

    #[test]
    fn a_task_at_work_is_not_woken() {
        let roll = Roll::enter().unwrap();
        let task = Arc::new(Counter::default());
        roll.rest(&Waker::from(Arc::clone(&task)));
        assert_eq!(taken(&roll), [0_usize; 0]);
        let key = Key::new(roll.id(), 0, 6);
        wake(key);
        thread::spawn(move || wake(key)).join().unwrap();
        assert_eq!(task.0.load(Ordering::Relaxed), 0);
        assert_eq!(taken(&roll), [6, 6]);
    }

    #[test]
    fn a_storm_of_one_waker_is_one_entry() {
        let roll = Roll::enter().unwrap();
        for _ in 0..1000 {
            wake(Key::new(roll.id(), 0, 5));
        }
        assert_eq!(taken(&roll), [5]);
    }

    #[test]
    fn nobody_hears_of_a_reactor_that_is_gone() {
        let roll = Roll::enter().unwrap();
        let key = Key::new(roll.id(), 0, 0);
        drop(roll);
        wake(key);
        let roll = Roll::enter().unwrap();
        assert_eq!(taken(&roll), [0_usize; 0]);
    }
}
