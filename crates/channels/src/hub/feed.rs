//! Feeds a member that lags, as fast as it reads.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll};

use sockeye_channel_proto::Disconnect;
use sockeye_endpoint::Session;
use sockeye_types::Message;

use super::{
    frames,
    room::{Call, Room},
};
use crate::ClientId;

/// Sends what waits for a member until nothing does. Whoever has left is sent nothing more: it is sent under the room's
/// lock, like all else.
pub(super) async fn feed(room: Arc<Room>, client: ClientId, number: u64, session: Session) {
    while let Some(message) = next(&room, client, number) {
        let mut sending = session.send(message);
        let is_sent = poll_fn(|cx| {
            let mut state = room.state();
            if state.lag_of(client, number).is_none() {
                return Poll::Ready(false);
            }
            Pin::new(&mut sending).poll(cx).map(|sent| sent.is_ok())
        });
        if !is_sent.await {
            return;
        }
    }
}

fn next(room: &Arc<Room>, client: ClientId, number: u64) -> Option<Message> {
    let mut state = room.state();
    let kind = state.kind(client)?;
    let Some((what, skipped)) = state.lag_of(client, number)?.next() else {
        state.catch_up(client);
        return None;
    };
    if let Ok(message) = frames::alone(&room.name, &what, kind, skipped) {
        room.outside.count(&what, 1);
        return Some(message);
    }
    state.remove(client);
    drop(state);
    let call = Call::Disconnect(client, Disconnect::InappropriateProtocol);
    room.call(vec![call]);
    None
}
