//! Calls of handlers that wait: they keep the room they run in, end once, and disturb no other session of the thread.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
};

use sockeye_endpoint::{
    CallSpace, CanWrite, Closed, Conversation, Endpoints, Handler, HandlerResult, Opening, Queue,
    Rested, Session,
};
use sockeye_types::{Close, CloseCode, Message};

/// Waits in each of its calls that a gate bars, until it is opened, and counts the calls that are gone.
#[derive(Clone, Default)]
struct Waiter(Arc<Gates>);

#[derive(Default)]
struct Gates {
    barred: Mutex<Vec<&'static str>>,
    notes: Mutex<Vec<String>>,
    gone: AtomicUsize,
}

/// Counts one call when it is dropped.
struct Mark(Waiter);

impl Drop for Mark {
    fn drop(&mut self) {
        self.0.0.gone.fetch_add(1, Ordering::Relaxed);
    }
}

impl Waiter {
    fn bar(&self, gate: &'static str) {
        self.0.barred.lock().unwrap().push(gate);
    }

    fn open(&self, gate: &str) {
        self.0
            .barred
            .lock()
            .unwrap()
            .retain(|barred| *barred != gate);
    }

    async fn pass(&self, gate: &str) -> Mark {
        let mark = Mark(self.clone());
        poll_fn(|_| match self.0.barred.lock().unwrap().contains(&gate) {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
        self.0.notes.lock().unwrap().push(gate.to_owned());
        mark
    }

    fn notes(&self) -> String {
        self.0.notes.lock().unwrap().join(" ")
    }

    fn gone(&self) -> usize {
        self.0.gone.load(Ordering::Relaxed)
    }
}

impl Handler for Waiter {
    async fn on_open(&self, _: &Session) -> HandlerResult {
        let _mark = self.pass("open").await;
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        let text = message.as_text().unwrap();
        let _mark = self.pass(text).await;
        match text {
            "panic" => panic!("it panicked after it waited"),
            "fail" => Err("it failed after it waited".into()),
            _ => Ok(session.try_send(message)?),
        }
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        let _mark = self.pass("close").await;
        let code = closed.code.as_u16().to_string();
        self.0.notes.lock().unwrap().push(code);
    }
}

/// Another type of handler, whose calls need another room.
struct Echo;

impl Handler for Echo {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        session.send(message).await?;
        Ok(())
    }
}

/// A driver of one session that polls when it is told to.
struct Driver(Conversation);

impl Driver {
    fn of(handler: impl Handler) -> Self {
        let routes = Endpoints::new().at("/", handler).into_routes().unwrap();
        Self(routes.find("/").unwrap().endpoint.open(Opening::default()))
    }

    fn is_ready(&mut self, space: &mut CallSpace) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.0.poll_ready(&mut cx, space).is_ready()
    }

    fn deliver(&mut self, text: &'static str, space: &mut CallSpace) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.0.deliver(text.into(), &mut cx, space).is_ready()
    }

    fn is_done(&mut self, space: &mut CallSpace) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.0.poll_closed(&mut cx, space).is_ready()
    }

    /// What waits to leave, and the close that is due.
    fn take(&self) -> (Vec<Message>, Option<Close>) {
        let mut taken = std::collections::VecDeque::new();
        let due = self.0.take(usize::MAX, &mut taken);
        let messages = taken.iter().map(|outgoing| outgoing.message().clone());
        let rested = self
            .0
            .rest(Waker::noop(), CanWrite::Yes, &mut Queue::default());
        assert_eq!(rested, Rested::Resting);
        (messages.collect(), due.close)
    }
}

#[test]
fn a_call_that_waits_goes_on_where_it_was_and_is_gone_once() {
    let (waiter, mut space) = (Waiter::default(), CallSpace::new());
    waiter.bar("open");
    waiter.bar("b");
    let mut driver = Driver::of(waiter.clone());
    assert!(!driver.is_ready(&mut space) && !driver.is_ready(&mut space));
    assert_eq!(waiter.gone(), 0);
    waiter.open("open");
    assert!(driver.is_ready(&mut space) && driver.is_ready(&mut space));
    assert!(driver.deliver("a", &mut space));
    assert!(!driver.deliver("b", &mut space) && !driver.is_ready(&mut space));
    assert_eq!((waiter.notes().as_str(), waiter.gone()), ("open a", 2));
    waiter.open("b");
    assert!(driver.is_ready(&mut space) && driver.deliver("c", &mut space));
    assert_eq!((waiter.notes().as_str(), waiter.gone()), ("open a b c", 4));
    assert_eq!(driver.take().0, ["a".into(), "b".into(), "c".into()]);
}

#[test]
fn a_call_that_fails_after_it_waited_closes_its_session_alone() {
    for trouble in ["panic", "fail"] {
        let (waiter, mut space) = (Waiter::default(), CallSpace::new());
        let [mut failing, mut other] = [(); 2].map(|()| Driver::of(waiter.clone()));
        assert!(failing.is_ready(&mut space) && other.is_ready(&mut space));
        waiter.bar(trouble);
        assert!(failing.deliver("before", &mut space));
        assert!(!failing.deliver(trouble, &mut space));
        assert!(
            other.deliver("meanwhile", &mut space),
            "its room is another"
        );
        waiter.open(trouble);
        assert!(failing.is_ready(&mut space));
        assert_eq!(waiter.gone(), 5);
        let (before, close) = failing.take();
        assert_eq!(before, ["before".into()]);
        let close = close.unwrap();
        assert_eq!(close.code(), CloseCode::INTERNAL_ERROR);
        failing.0.end(Closed::new(&close, failing.0.initiator()));
        assert!(failing.is_done(&mut space) && failing.is_done(&mut space));
        assert!(waiter.notes().ends_with("close 1011"), "{}", waiter.notes());
        assert!(other.deliver("after", &mut space) && other.0.session().is_open());
    }
}

#[test]
fn a_session_that_ends_while_a_call_waits_is_closed_behind_it() {
    for last in ["ok", "fail", "panic"] {
        let (waiter, mut space) = (Waiter::default(), CallSpace::new());
        let mut driver = Driver::of(waiter.clone());
        assert!(driver.is_ready(&mut space));
        waiter.bar(last);
        waiter.bar("close");
        assert!(!driver.deliver(last, &mut space));
        driver.0.end(Closed::lost("gone"));
        assert!(!driver.is_done(&mut space));
        assert_eq!((waiter.notes().as_str(), waiter.gone()), ("open", 1));
        waiter.open(last);
        assert!(!driver.is_done(&mut space), "now the last call waits");
        assert_eq!((waiter.notes(), waiter.gone()), (format!("open {last}"), 2));
        waiter.open("close");
        assert!(driver.is_done(&mut space) && driver.is_done(&mut space));
        let notes = format!("open {last} close 1006");
        assert_eq!((waiter.notes(), waiter.gone()), (notes, 3));
    }
}

#[test]
fn a_conversation_that_is_dropped_drops_the_call_that_waits() {
    for ended in [false, true] {
        let (waiter, mut space) = (Waiter::default(), CallSpace::new());
        waiter.bar("a");
        let mut driver = Driver::of(waiter.clone());
        assert!(driver.is_ready(&mut space) && !driver.deliver("a", &mut space));
        if ended {
            driver.0.end(Closed::lost("gone"));
        }
        drop(driver);
        assert_eq!((waiter.notes().as_str(), waiter.gone()), ("open", 2));
    }
}

#[test]
fn handlers_of_several_types_take_turns_in_one_space() {
    let (waiter, mut space) = (Waiter::default(), CallSpace::new());
    let (mut waits, mut other) = (Driver::of(waiter.clone()), Driver::of(waiter.clone()));
    let mut echo = Driver::of(Echo);
    for driver in [&mut waits, &mut other, &mut echo] {
        assert!(driver.is_ready(&mut space));
    }
    waiter.bar("long");
    assert!(!waits.deliver("long", &mut space));
    for text in ["a", "b", "c"] {
        assert!(echo.deliver(text, &mut space) && other.deliver(text, &mut space));
    }
    waiter.open("long");
    // Whatever space is lent: the call has its own room.
    assert!(waits.is_ready(&mut CallSpace::new()));
    assert_eq!(waits.take().0, ["long".into()]);
    for driver in [&other, &echo] {
        assert_eq!(driver.take().0, ["a".into(), "b".into(), "c".into()]);
    }
}

/// Names itself and its session when a call ends, however that comes.
struct Named(String, Arc<Gates>);

struct Look<'a>(&'a Named, &'a Session);

impl Drop for Look<'_> {
    fn drop(&mut self) {
        let Self(Named(name, gates), session) = self;
        let note = format!("{name} {}", session.request().path());
        gates.notes.lock().unwrap().push(note);
    }
}

impl Handler for Named {
    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        let _look = Look(self, session);
        if message.as_text() == Some("wait") {
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[test]
fn a_call_sees_its_handler_and_its_session_up_to_its_end_wherever_they_are_moved() {
    for ended in [false, true] {
        let (gates, mut space) = (Arc::new(Gates::default()), CallSpace::new());
        let mut driver = Driver::of(Named("handler".to_owned(), Arc::clone(&gates)));
        assert!(driver.is_ready(&mut space) && driver.deliver("a", &mut space));
        let mut driver = Box::new(driver);
        assert!(driver.deliver("b", &mut space) && !driver.deliver("wait", &mut space));
        drop(space);
        let mut driver = *driver;
        assert!(!driver.is_ready(&mut CallSpace::new()));
        assert_eq!(gates.notes.lock().unwrap().len(), 2);
        if ended {
            driver.0.end(Closed::lost("gone"));
        }
        // It held the last handles of both.
        drop(driver);
        assert_eq!(*gates.notes.lock().unwrap(), ["handler /"; 3]);
    }
}

/// Panics before there is anything to wait for.
struct Hasty;

impl Handler for Hasty {
    fn on_message(&self, _: &Session, _: Message) -> impl Future<Output = HandlerResult> + Send {
        if true {
            panic!("at once");
        }
        async { Ok(()) }
    }
}

#[test]
fn a_method_that_panics_before_there_is_a_call_closes_its_session() {
    let mut space = CallSpace::new();
    let mut driver = Driver::of(Hasty);
    assert!(driver.is_ready(&mut space) && driver.deliver("a", &mut space));
    let close = driver.take().1.unwrap();
    assert_eq!(close.code(), CloseCode::INTERNAL_ERROR);
}
