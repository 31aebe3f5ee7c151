//! Room in which handlers' calls run, used again and again.

use std::{
    any::Any,
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

/// How many kinds of calls keep their room. A handler has three; what comes beyond makes room anew.
const MAX_ROOMS: usize = 16;

/// Room in which handlers' calls run. A driver lends its thread's to the sessions it serves: a call that is done at once
/// needs no memory of its own. One that waits takes its room with it.
#[derive(Default)]
pub struct CallSpace(Vec<Box<dyn Any + Send>>);

/// Room for calls of one type, unless one of them waits in it.
type Room<F> = Option<Pin<Box<Option<F>>>>;

/// A call that was begun.
pub(crate) enum Begun<T> {
    Done(T),
    Waits(WaitingCall<T>),
}

/// A call that waits for something; poll it until it is done, and no more.
pub(crate) type WaitingCall<T> = Pin<Box<dyn Call<T> + Send>>;

/// Room in which there may be a call.
pub(crate) trait Call<T> {
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T>;
}

impl<F: Future> Call<F::Output> for Option<F> {
    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let Some(call) = self.as_mut().as_pin_mut() else {
            return Poll::Pending;
        };
        let polled = call.poll(cx);
        if polled.is_ready() {
            self.set(None);
        }
        polled
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
    pub(crate) fn begin<F>(
        &mut self,
        call: impl FnOnce() -> F,
        cx: &mut Context<'_>,
    ) -> Begun<F::Output>
    where
        F: Future + Send + 'static,
    {
        for room in &mut self.0 {
            if let Some(room) = room.downcast_mut() {
                return begin_in(room, call, cx);
            }
        }
        if self.0.len() == MAX_ROOMS {
            self.0.remove(0);
        }
        let mut room: Room<F> = None;
        let begun = begin_in(&mut room, call, cx);
        self.0.push(Box::new(room));
        begun
    }
}

#[inline]
fn begin_in<F>(
    room: &mut Room<F>,
    call: impl FnOnce() -> F,
    cx: &mut Context<'_>,
) -> Begun<F::Output>
where
    F: Future + Send + 'static,
{
    let mut own = room.take().unwrap_or_else(|| Box::pin(None));
    own.set(Some(call()));
    match own.as_mut().poll(cx) {
        Poll::Ready(output) => {
            *room = Some(own);
            Begun::Done(output)
        }
        Poll::Pending => Begun::Waits(own),
    }
}

impl fmt::Debug for CallSpace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSpace")
            .field("rooms", &self.0.len())
            .finish()
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

    fn begin<F>(space: &mut CallSpace, call: F) -> Begun<F::Output>
    where
        F: Future + Send + 'static,
    {
        space.begin(|| call, &mut Context::from_waker(Waker::noop()))
    }

    /// Waits until nobody but itself and the test holds the mark.
    async fn wait(mark: Arc<()>) -> usize {
        poll_fn(|_| match Arc::strong_count(&mark) {
            2 => Poll::Ready(()),
            _ => Poll::Pending,
        })
        .await;
        7
    }

    #[test]
    fn a_call_that_is_done_is_dropped_and_leaves_its_room() {
        let (mark, mut space) = (Arc::new(()), CallSpace::new());
        for _ in 0..3 {
            assert!(matches!(
                begin(&mut space, wait(Arc::clone(&mark))),
                Begun::Done(7)
            ));
            assert_eq!((Arc::strong_count(&mark), space.0.len()), (1, 1));
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
        assert_eq!((Arc::strong_count(&mark), space.0.len()), (4, 1));
        drop((second, other));
        drop(space);
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!(first.as_mut().poll(&mut cx), Poll::Ready(7));
        assert_eq!(
            Arc::strong_count(&mark),
            1,
            "it went as soon as it was done"
        );
        assert_eq!(first.as_mut().poll(&mut cx), Poll::Pending);
    }

    #[test]
    fn kinds_of_calls_share_a_space_up_to_a_bound() {
        struct Kind<const N: usize>;
        fn one<const N: usize>(space: &mut CallSpace) {
            let kind = Kind::<N>;
            let call = async move {
                let _kind = kind;
                ready(N).await
            };
            assert!(matches!(begin(space, call), Begun::Done(n) if n == N));
        }
        let mut space = CallSpace::new();
        for _ in 0..2 {
            one::<0>(&mut space);
            one::<1>(&mut space);
            one::<2>(&mut space);
            assert!(matches!(
                begin(&mut space, pending::<()>()),
                Begun::Waits(_)
            ));
            assert_eq!(space.0.len(), 4);
        }
        macro_rules! kinds {
            ($($n:literal)*) => { $(one::<$n>(&mut space);)* };
        }
        kinds!(3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19);
        assert_eq!(space.0.len(), MAX_ROOMS);
    }
}
