//! Where a handler and its session stay while a call refers to them.
#![expect(
    unsafe_code,
    reason = "a call refers to what it is for, wherever that is moved: calls that own it cost twice as much"
)]

use std::{
    marker::PhantomPinned,
    mem::{ManuallyDrop, MaybeUninit},
    pin::Pin,
    ptr,
    task::{Context, Poll},
};

use crate::{
    Session,
    call_space::{Begun, Ended, WaitingCall},
    calls::{Called, Served, Stage},
};

/// Whom a call is for, as the call may refer to it.
#[derive(Clone, Copy)]
pub(crate) struct Lent {
    pub(crate) handler: &'static dyn Called,
    pub(crate) session: &'static Session,
}

/// A place that does not move. A driver lends its thread's to the sessions it serves, as it does with a [`CallSpace`];
/// a call that waits takes it along.
pub(crate) struct Seat {
    /// A call that waits. Then `served` is owned here, and otherwise a copy of what is owned elsewhere, or nothing.
    call: Option<WaitingCall>,
    served: MaybeUninit<Served>,
    _stays: PhantomPinned,
}

/// A call that waits, with whom it is for.
pub(crate) struct Seated(Pin<Box<Seat>>);

impl Seat {
    pub(crate) fn new() -> Pin<Box<Self>> {
        Box::pin(Self {
            call: None,
            served: MaybeUninit::uninit(),
            _stays: PhantomPinned,
        })
    }

    /// Drops the call, and gives up what it was for.
    fn empty(self: Pin<&mut Self>) -> Option<Served> {
        // SAFETY: nothing is moved but what is owned here, once nothing refers to it any more.
        let seat = unsafe { self.get_unchecked_mut() };
        drop(seat.call.take()?);
        // SAFETY: there was a call that waited, and so it was owned here; the call was taken, and so it is no more.
        Some(unsafe { seat.served.assume_init_read() })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // SAFETY: it was never moved, and is not moved here.
        drop(unsafe { Pin::new_unchecked(self) }.empty());
    }
}

/// Begins a call for whoever is there. If it waits, nobody is there any more: the call keeps them.
#[inline]
pub(crate) fn begin(
    served: &mut Option<Served>,
    stage: Stage<'_, '_>,
    call: impl FnOnce(Lent, Stage<'_, '_>) -> Begun,
) -> Begun<Seated> {
    let Some(there) = served else {
        return Begun::Done(Ok(()));
    };
    let Stage { space, cx } = stage;
    let mut seat = space.seat.take().unwrap_or_else(Seat::new);
    // SAFETY: the seat stays where it is; what is written is a copy that nobody drops. What a call refers to is there
    // as long as the call: one that is done was dropped while `served` held it, and one that waits is dropped before
    // what its seat has owned since. Handlers are written for any lifetime, and so cannot keep what is lent beyond
    // their call.
    let lent = unsafe {
        let seat = ptr::from_mut(seat.as_mut().get_unchecked_mut());
        let copy = &raw mut (*seat).served;
        (*copy).write(ptr::read(there));
        let copy = &*(*copy).as_ptr();
        Lent {
            handler: &*copy.handler,
            session: &copy.session,
        }
    };
    match call(lent, Stage { space, cx }) {
        Begun::Done(ended) => {
            space.seat = Some(seat);
            Begun::Done(ended)
        }
        Begun::Waits(call) => {
            // SAFETY: nothing is moved.
            unsafe { seat.as_mut().get_unchecked_mut() }.call = Some(call);
            // The copy is the one that is left.
            let _left = ManuallyDrop::new(served.take());
            Begun::Waits(Seated(seat))
        }
    }
}

impl Seated {
    /// Goes on with the call; not any more once it was ready.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        // SAFETY: nothing is moved.
        match &mut unsafe { self.0.as_mut().get_unchecked_mut() }.call {
            Some(call) => call.as_mut().poll(cx),
            None => Poll::Pending,
        }
    }

    /// Gives whom the call was for, once, and gives the call up.
    pub(crate) fn leave(&mut self) -> Option<Served> {
        self.0.as_mut().empty()
    }
}
