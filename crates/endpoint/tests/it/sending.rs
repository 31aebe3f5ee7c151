//! Sending when there is no room, and when there is nobody any more.

use std::{
    future::{Future, pending},
    pin::pin,
    task::{Context, Poll, Waker},
};

use futures_executor::block_on;
use sockeye_endpoint::{Endpoints, MemoryPeer, PingRefused, Socket, TrySendError};
use sockeye_types::{Limits, Message};

/// An endpoint whose outbox is full after one message.
fn tight() -> Endpoints {
    Endpoints::new()
        .at("/", |socket: Socket| async move {
            drop(socket);
            pending().await
        })
        .limits(Limits::default().outbox_bytes(1))
}

#[test]
fn a_message_that_can_not_be_sent_comes_back() {
    let mut peer = MemoryPeer::at(tight(), "/").unwrap().unwrap();
    let sender = peer.session().sender();
    sender.try_send("first").unwrap();
    let full = sender.try_send("second").unwrap_err();
    assert!(matches!(&full, TrySendError::Full(message) if *message == Message::from("second")));
    let mut cx = Context::from_waker(Waker::noop());
    let mut waits = pin!(sender.send("waits"));
    assert!(waits.as_mut().poll(&mut cx).is_pending());
    block_on(peer.lose_without_waiting());
    let Poll::Ready(Err(refused)) = waits.as_mut().poll(&mut cx) else {
        panic!("the session is closed")
    };
    assert_eq!(refused.0, Message::from("waits"));
    assert!(matches!(
        sender.try_send("late"),
        Err(TrySendError::Closed(_))
    ));
    assert_eq!(peer.session().ping("late"), Err(PingRefused::Closed));
}

trait LoseWithoutWaiting {
    async fn lose_without_waiting(&mut self);
}

impl LoseWithoutWaiting for MemoryPeer {
    /// The handler above never returns: the end is told, and not waited for.
    async fn lose_without_waiting(&mut self) {
        let mut cx = Context::from_waker(Waker::noop());
        assert!(pin!(self.lose()).poll(&mut cx).is_pending());
    }
}
