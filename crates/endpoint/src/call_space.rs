//! Room in which handlers' calls run, used again and again.

use std::{
    any::Any,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{HandlerResult, catch::caught, program::Failure, seat::Seat};

/// How many kinds of calls keep their room. A handler has three; what comes beyond makes room anew.
const MAX_ROOMS: usize = 16;

/// Room in which handlers' calls run. A driver lends its thread's to the sessions it serves: a call that is done at once
/// needs no memory of its own. One that waits takes its room with it.
#[derive(Default)]
pub struct CallSpace {
    /// The one that was used last comes first.
    rooms: Vec<Box<dyn Any + Send>>,
    /// Where whoever is called stays.
    pub(crate) seat: Option<Pin<Box<Seat>>>,
}

/// Room for calls of one type, unless one of them waits in it.
type Room<F> = Option<Pin<Box<Option<F>>>>;

/// How a call ended. A failure is boxed: it is rare.
pub(crate) type Ended = Result<(), Box<Failure>>;

/// A call that was begun.
pub(crate) enum Begun<W = WaitingCall> {
    Done(Ended),
    Waits(W),
}

/// A call that waits for something; poll it until it is done, and no more.
pub(crate) type WaitingCall = Pin<Box<dyn Call + Send>>;

/// Room in which there may be a call.
pub(crate) trait Call {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended>;
}

impl<F: Future<Output = HandlerResult>> Call for Option<F> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Ended> {
        poll_after(self, |_| {}, cx)
    }
}

/// Polls a call, once something was done before. One that is done is dropped; a panic is a failure.
#[inline]
fn poll_after<F: Future<Output = HandlerResult>>(
    mut room: Pin<&mut Option<F>>,
    before: impl FnOnce(Pin<&mut Option<F>>),
    cx: &mut Context<'_>,
) -> Poll<Ended> {
    let polled = caught(|| {
        before(room.as_mut());
        let Some(call) = room.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let polled = call.poll(cx);
        if polled.is_ready() {
            room.set(None);
        }
        polled
    });
    match polled {
        Ok(Poll::Ready(Ok(()))) => Poll::Ready(Ok(())),
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(Err(error))) => Poll::Ready(Err(Box::new(Failure::Error(error)))),
        Err(panic) => {
            room.set(None);
            Poll::Ready(Err(Box::new(Failure::Panic(panic))))
        }
    }
}

impl CallSpace {
    /// Makes a space that grows with what runs in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a call and runs it up to where it waits. It is made here, since moving it around would cost more than
    /// most calls do.
    #[inline]
    pub(crate) fn begin<F>(&mut self, call: impl FnOnce() -> F, cx: &mut Context<'_>) -> Begun
    where
        F: Future<Output = HandlerResult> + Send + 'static,
    {
        if !self
            .rooms
            .first()
            .is_some_and(|first| first.is::<Room<F>>())
        {
            self.bring_forward::<F>();
        }
        match self
            .rooms
            .first_mut()
            .and_then(|first| first.downcast_mut())
        {
            Some(room) => begin_in(room, call, cx),
            None => Begun::Done(Ok(())),
        }
    }

    /// Makes the room for calls of this type the first.
    #[cold]
    fn bring_forward<F: Send + 'static>(&mut self) {
        let at = self.rooms.iter().position(|room| room.is::<Room<F>>());
        let at = at.unwrap_or_else(|| {
            if self.rooms.len() == MAX_ROOMS {
                self.rooms.pop();
            }
            let room: Room<F> = None;
            self.rooms.push(Box::new(room));
            self.rooms.len() - 1
        });
        if let Some(rooms) = self.rooms.get_mut(..=at) {
            rooms.rotate_right(1);
        }
    }
}

#[inline]
fn begin_in<F>(room: &mut Room<F>, call: impl FnOnce() -> F, cx: &mut Context<'_>) -> Begun
where
    F: Future<Output = HandlerResult> + Send + 'static,
{
    let own = room.get_or_insert_with(|| Box::pin(None));
    match poll_after(own.as_mut(), |mut own| own.set(Some(call())), cx) {
        Poll::Ready(ended) => Begun::Done(ended),
        Poll::Pending => match room.take() {
            Some(own) => Begun::Waits(own),
            None => Begun::Done(Ok(())),
        },
    }
}

impl fmt::Debug for CallSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSpace")
            .field("rooms", &self.rooms.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, poll_fn, ready},
        sync::Arc,
        task::Waker,
    };

    use super::*;

    fn begin<F>(space: &mut CallSpace, call: F) -> Begun
    where
        F: Future<Output = HandlerResult> + Send + 'static,
    {
        space.begin(|| call, &mut Context::from_waker(Waker::noop()))
    }

    /// Waits until nobody but itself and the test holds the mark.
    async fn wait(mark: Arc<()>) -> HandlerResult {
        poll_fn(|_| match Arc::strong_count(&mark) {
            2 => Poll::Ready(()),
            _ => Poll::Pending,
        })
        .await;
        Ok(())
    }

    #[test]
    fn a_call_that_is_done_is_dropped_and_leaves_its_room() {
        let (mark, mut space) = (Arc::new(()), CallSpace::new());
        for _ in 0..3 {
            assert!(matches!(
                begin(&mut space, wait(Arc::clone(&mark))),
                Begun::Done(Ok(()))
            ));
            assert_eq!((Arc::strong_count(&mark), space.rooms.len()), (1, 1));
        }
    }

    #[test]
    fn a_call_that_waits_takes_its_room_with_it_and_is_dropped_once() {
        let (mark, mut space) = (Arc::new(()), CallSpace::new());
        let other = Arc::clone(&mark);
        let Begun::Waits(mut first) = begin(&mut space, wait(Arc::clone(&mark))) else {
            panic!("it must wait")
        };
        let Begun::Waits(second) = begin(&mut space, wait(Arc::clone(&mark))) else {
            panic!("it must wait")
        };
        assert_eq!((Arc::strong_count(&mark), space.rooms.len()), (4, 1));
        drop((second, other));
        drop(space);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(matches!(first.as_mut().poll(&mut cx), Poll::Ready(Ok(()))));
        assert_eq!(
            Arc::strong_count(&mark),
            1,
            "it went as soon as it was done"
        );
        assert!(first.as_mut().poll(&mut cx).is_pending());
    }

    #[test]
    fn kinds_of_calls_share_a_space_up_to_a_bound() {
        struct Kind<const N: usize>;
        fn one<const N: usize>(space: &mut CallSpace) {
            let kind = Kind::<N>;
            let call = async move {
                let _kind = kind;
                ready(Ok(())).await
            };
            assert!(matches!(begin(space, call), Begun::Done(Ok(()))));
        }
        let mut space = CallSpace::new();
        for _ in 0..2 {
            one::<0>(&mut space);
            one::<1>(&mut space);
            one::<2>(&mut space);
            assert!(matches!(
                begin(&mut space, pending::<HandlerResult>()),
                Begun::Waits(_)
            ));
            assert_eq!(space.rooms.len(), 4);
        }
        macro_rules! kinds {
            ($($n:literal)*) => { $(one::<$n>(&mut space);)* };
        }
        kinds!(3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19);
        assert_eq!(space.rooms.len(), MAX_ROOMS);
    }
}
