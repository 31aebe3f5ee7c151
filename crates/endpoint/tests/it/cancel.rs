//! Every future of this crate, dropped at each of its awaits: nothing is lost and nothing happens twice.

use std::{
    collections::VecDeque,
    future::{Future, pending, poll_fn},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use futures_executor::block_on;
use sockeye_endpoint::{
    CallSpace, Closed, Conversation, Endpoints, Found, Handler, HandlerResult, Interceptor,
    MemoryPeer, Opening, Refusal, Routes, SendError, Session, Socket, UpgradeRequest,
};
use sockeye_types::{Close, CloseCode, Limits, Message};

/// Counts how often it was woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Takes so many steps and drops the future; returns what it came to if it was done by then. A step is a poll, the next
/// one is that `meanwhile` happens and must wake it, and so on: so it is dropped before and after what it waits for.
fn take_steps<T>(
    future: impl Future<Output = T>,
    steps: usize,
    mut meanwhile: impl FnMut(usize),
) -> Option<T> {
    let bell = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&bell));
    let mut future = pin!(future);
    for step in 0..steps {
        if step % 2 == 1 {
            meanwhile(step / 2);
            let woken = bell.0.swap(0, Ordering::Relaxed) > 0;
            assert!(woken, "after {step} steps it would never go on");
        } else if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(output);
        }
    }
    None
}

/// Runs a test that drops a future after 0, 1, 2… steps, until it says that the future was done.
fn drop_at_each_await(mut test: impl FnMut(usize) -> Option<()>) {
    let steps = (0..100).find(|steps| test(*steps).is_some());
    assert!(
        steps.expect("it never ended") > 1,
        "it has no await to be dropped at"
    );
}

/// Waits for nothing, but waits.
async fn pause() {
    let mut paused = false;
    poll_fn(|cx| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn routes(endpoints: Endpoints) -> Routes {
    endpoints.into_routes().unwrap()
}

fn open(endpoints: Endpoints) -> Conversation {
    routes(endpoints)
        .find("/")
        .unwrap()
        .endpoint
        .open(Opening::default())
}

/// What waits to leave; there is room again afterwards.
fn drain(conversation: &Conversation) -> Vec<String> {
    let mut taken = VecDeque::new();
    conversation.take(usize::MAX, &mut taken);
    conversation.written();
    let text = |message: &Message| message.as_text().unwrap().to_owned();
    taken
        .iter()
        .map(|outgoing| text(outgoing.message()))
        .collect()
}

/// Opens a session whose function gives its socket away and waits for ever.
fn socket_of(limits: Limits) -> (Conversation, Socket) {
    let place = Arc::new(Mutex::new(None));
    let away = Arc::clone(&place);
    let give_away = move |socket| {
        *away.lock().unwrap() = Some(socket);
        pending()
    };
    let conversation = open(Endpoints::new().limits(limits).at("/", give_away));
    let socket = place.lock().unwrap().take().unwrap();
    (conversation, socket)
}

/// Drops a send, made by `send`, at each await: a rival takes the room that comes first.
fn drop_sends<F: Future<Output = Result<(), SendError>>>(send: impl Fn(Socket) -> F) {
    drop_at_each_await(|steps| {
        let (conversation, socket) = socket_of(Limits::default().outbox_bytes(1));
        let rival = socket.sender();
        let mut rivals = ["first", "second", "third"].into_iter();
        let mut sent: Vec<&str> = rivals.next().into_iter().collect();
        rival.try_send("first").unwrap();
        let mut left = Vec::new();
        let done = take_steps(send(socket), steps, |_| {
            left.extend(drain(&conversation));
            if let Some(next) = rivals.next() {
                rival.try_send(next).unwrap();
                sent.push(next);
            }
        });
        sent.extend(done.as_ref().map(|_| "last"));
        left.extend(drain(&conversation));
        assert_eq!(left, sent);
        assert_eq!(conversation.session().buffered_bytes(), 0);
        done.map(Result::unwrap)
    });
}

#[test]
fn a_dropped_send_has_sent_nothing() {
    drop_sends(|socket| async move { socket.send("last").await });
    drop_sends(|socket| async move { socket.session().send("last").await });
    drop_sends(|socket| async move { socket.sender().send("last").await });
}

#[test]
fn a_send_that_waits_hands_the_message_back_when_the_session_ends() {
    let (mut conversation, socket) = socket_of(Limits::default().outbox_bytes(1));
    socket.try_send("first").unwrap();
    let done = take_steps(socket.send("second"), 3, |_| {
        conversation.end(Closed::lost("gone"));
    });
    let SendError(message) = done.unwrap().unwrap_err();
    assert_eq!(message, Message::from("second"));
}

#[test]
fn a_dropped_send_leaves_nothing_behind() {
    let (_conversation, socket) = socket_of(Limits::default().outbox_bytes(1));
    socket.try_send("first").unwrap();
    let task = Arc::new(Bell::default());
    let waker = Waker::from(Arc::clone(&task));
    let sending = pin!(socket.send("second")).poll(&mut Context::from_waker(&waker));
    assert!(sending.is_pending());
    drop(waker);
    assert_eq!(
        Arc::strong_count(&task),
        1,
        "nobody keeps the task that gave up"
    );
}

#[test]
fn a_dropped_recv_has_taken_nothing() {
    drop_at_each_await(|steps| {
        let (mut conversation, mut socket) = socket_of(Limits::default());
        let (mut cx, mut space) = (Context::from_waker(Waker::noop()), CallSpace::new());
        assert!(conversation.poll_ready(&mut cx, &mut space).is_ready());
        let mut message = Some(Message::from("one"));
        let mut deliver = |message| {
            let ready = conversation.deliver(message, &mut cx, &mut space);
            assert!(ready.is_pending(), "it waits until it was received");
        };
        let done = take_steps(socket.recv(), steps, |_| {
            deliver(message.take().unwrap());
        });
        message.into_iter().for_each(&mut deliver);
        let received = done.clone().unwrap_or_else(|| block_on(socket.recv()));
        assert_eq!(received, Some("one".into()));
        assert!(
            conversation.poll_ready(&mut cx, &mut space).is_ready(),
            "there is room again"
        );
        assert_eq!(take_steps(socket.recv(), 1, |_| {}), None, "it came once");
        conversation.end(Closed::lost("gone"));
        assert_eq!(block_on(socket.recv()), None);
        done.map(drop)
    });
}

/// Pauses before and after whatever it does, and writes it down.
#[derive(Clone, Default)]
struct Slow(Arc<Mutex<Vec<String>>>);

impl Slow {
    async fn note(&self, line: String) {
        pause().await;
        self.0.lock().unwrap().push(line);
        pause().await;
    }

    fn notes(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Handler for Slow {
    async fn on_open(&self, _: &Session) -> HandlerResult {
        self.note("open".to_owned()).await;
        Ok(())
    }

    async fn on_message(&self, session: &Session, message: Message) -> HandlerResult {
        let text = message.as_text().unwrap_or_default().to_owned();
        if text == "close" {
            session.close(Close::new(4000.into(), "as asked")?);
        }
        for answer in 1..=2 {
            pause().await;
            pause().await;
            let _ = session.send(format!("{text} {answer}")).await;
        }
        self.note(text).await;
        Ok(())
    }

    async fn on_close(&self, _: &Session, closed: Closed) {
        self.note(format!("close {}", closed.code.as_u16())).await;
    }
}

fn slow() -> (Slow, MemoryPeer) {
    let slow = Slow::default();
    (slow.clone(), MemoryPeer::of(slow))
}

#[test]
fn a_message_whose_send_to_a_handler_was_dropped_is_not_heard() {
    drop_at_each_await(|steps| {
        let (slow, mut peer) = slow();
        let done = take_steps(peer.send("one"), steps, |_| {});
        block_on(async {
            peer.send("two").await;
            peer.close(Close::normal()).await;
        });
        let expected: &[&str] = match done {
            Some(()) => &["open", "one", "two", "close 1000"],
            None => &["open", "two", "close 1000"],
        };
        assert_eq!(slow.notes(), expected);
        done
    });
}

#[test]
fn a_dropped_receive_from_a_handler_has_taken_nothing() {
    drop_at_each_await(|steps| {
        let (_, mut peer) = slow();
        block_on(peer.send("hi"));
        let done = take_steps(peer.recv(), steps, |_| {}).map(Option::unwrap);
        let mut received: Vec<Message> = done.iter().cloned().collect();
        block_on(async {
            while received.len() < 2 {
                received.push(peer.recv().await.unwrap());
            }
            peer.send("over").await;
            assert_eq!(
                peer.recv().await,
                Some("over 1".into()),
                "nothing came twice"
            );
        });
        assert_eq!(received, ["hi 1".into(), "hi 2".into()]);
        done.map(drop)
    });
}

/// Drops the end of a session, made by `end`, at each await.
fn drop_ends(code: CloseCode, end: &impl AsyncFn(&mut MemoryPeer) -> Closed) {
    drop_at_each_await(|steps| {
        let (slow, mut peer) = slow();
        block_on(peer.send("hi"));
        let done = take_steps(end(&mut peer), steps, |_| {});
        if steps == 0 {
            assert!(peer.session().is_open(), "nothing has begun");
            return None;
        }
        assert!(!peer.session().is_open());
        // Another end changes nothing any more; it only waits.
        let closed = block_on(peer.lose());
        assert_eq!(closed.code, code);
        assert_eq!(done.as_ref().unwrap_or(&closed), &closed);
        let end = format!("close {}", code.as_u16());
        assert_eq!(slow.notes(), ["open", "hi", end.as_str()]);
        done.map(drop)
    });
}

#[test]
fn a_session_whose_end_was_dropped_ends_once_all_the_same() {
    drop_ends(CloseCode::NORMAL, &async |peer| {
        peer.close(Close::normal()).await
    });
    drop_ends(CloseCode::ABNORMAL, &async |peer| peer.lose().await);
}

#[test]
fn a_dropped_wait_for_the_end_changes_nothing() {
    drop_at_each_await(|steps| {
        let (slow, mut peer) = slow();
        block_on(peer.send("close"));
        let done = take_steps(peer.closed(), steps, |_| {});
        let closed = block_on(peer.closed());
        assert_eq!(closed.code.as_u16(), 4000);
        assert_eq!(done.as_ref().unwrap_or(&closed), &closed);
        assert_eq!(slow.notes(), ["open", "close", "close 4000"]);
        done.map(drop)
    });
}

/// Leaves a mark in the attributes and in a list, between pauses.
struct Mark(&'static str, Arc<Mutex<Vec<&'static str>>>);

#[derive(Default)]
struct Marks(Vec<&'static str>);

impl Interceptor for Mark {
    async fn before_upgrade(&self, request: &mut UpgradeRequest<'_>) -> Result<(), Refusal> {
        self.1.lock().unwrap().push(self.0);
        pause().await;
        let Marks(mut left) = request.attributes.remove().unwrap_or_default();
        left.push(self.0);
        request.attributes.insert(Marks(left));
        Ok(())
    }
}

#[test]
fn a_dropped_interception_asks_nobody_else() {
    drop_at_each_await(|steps| {
        let asked = Arc::default();
        let mark = |name| Mark(name, Arc::clone(&asked));
        let names = ["a", "b", "c"];
        let endpoints = Endpoints::new().at("/", Slow::default());
        let endpoints = names
            .into_iter()
            .map(mark)
            .fold(endpoints, Endpoints::interceptor);
        let routes = routes(endpoints);
        let Found {
            endpoint, params, ..
        } = routes.find("/").unwrap();
        let (head, ()) = http::Request::get("/").body(()).unwrap().into_parts();
        let mut request = UpgradeRequest::new(&head, &params, None);
        let done = take_steps(endpoint.intercept(&mut request), steps, |_| {});
        let polls = steps.div_ceil(2);
        let Marks(left) = request.attributes.remove().unwrap_or_default();
        assert_eq!(*asked.lock().unwrap(), names[..polls.min(3)]);
        assert_eq!(left, names[..polls.saturating_sub(1)]);
        done.map(Result::unwrap)
    });
}
