//! Broadcasts of a group to many sessions, without a transport.

use std::{collections::VecDeque, hint::black_box, task::Waker};

use anyhow::{Context, ensure};
use sockeye_endpoint::{
    CanWrite, Conversation, Endpoints, Group, Handler, HandlerResult, Opening, Queue, Rested,
    Session,
};
use sockeye_types::Message;

use crate::{row::MEMBERS, traffic};

/// Nobody says anything.
struct Silence;

impl Handler for Silence {
    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        Ok(())
    }
}

/// So many broadcasts come while the members' drivers rest; then each does a turn.
pub(crate) fn fan_out(messages: u32, rounds: u32) -> anyhow::Result<()> {
    let (group, routes) = (
        Group::new(),
        Endpoints::new().at("/", Silence).into_routes()?,
    );
    let endpoint = routes.find("/").context("there is no endpoint")?.endpoint;
    let members: Vec<Conversation> = (0..MEMBERS)
        .map(|_| endpoint.open(Opening::default()))
        .inspect(|member| group.join(member.session()))
        .collect();
    let (message, mut lent) = (traffic::text(128), Queue::default());
    let mut taken = VecDeque::new();
    for _ in 0..rounds {
        for _ in 0..messages {
            group.send(black_box(&message).clone());
        }
        for member in &members {
            member.attend(&mut lent);
            let due = black_box(member.take_batched(usize::MAX, &mut taken));
            ensure!(due.batch.is_some());
            let rested = member.rest(Waker::noop(), CanWrite::Yes, &mut lent);
            ensure!(rested == Rested::Resting);
        }
    }
    Ok(())
}
