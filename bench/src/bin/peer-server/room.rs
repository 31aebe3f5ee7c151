//! Everyone on `/broadcast`: a queue each, as in the chat example of `tokio-tungstenite`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Everyone who hears what is said.
#[derive(Debug)]
pub(crate) struct Room<M>(Arc<Mutex<Members<M>>>);

#[derive(Debug)]
struct Members<M> {
    next_id: u64,
    queues: Vec<(u64, UnboundedSender<M>)>,
}

/// One who is in the room until dropped.
#[derive(Debug)]
pub(crate) struct Member<M> {
    room: Room<M>,
    id: u64,
}

impl<M> Room<M> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Members {
            next_id: 0,
            queues: Vec::new(),
        })))
    }

    pub(crate) fn join(&self) -> (Member<M>, UnboundedReceiver<M>) {
        let (queue, heard) = unbounded_channel();
        let mut members = self.members();
        let id = members.next_id;
        members.next_id += 1;
        members.queues.push((id, queue));
        let room = self.clone();
        (Member { room, id }, heard)
    }

    fn members(&self) -> MutexGuard<'_, Members<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Clone for Room<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Clone> Member<M> {
    /// Queues the message for all, also for the one who says it.
    pub(crate) fn say(&self, message: &M) {
        for (_, queue) in &self.room.members().queues {
            // One whose writer is gone leaves the room by itself.
            let _ = queue.send(message.clone());
        }
    }
}

impl<M> Drop for Member<M> {
    fn drop(&mut self) {
        self.room.members().queues.retain(|(id, _)| *id != self.id);
    }
}
