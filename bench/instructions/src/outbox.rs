//! What waits to be sent to one session, without a transport.

use std::{collections::VecDeque, hint::black_box, task::Waker};

use anyhow::{Context, ensure};
use sockeye_endpoint::{CanWrite, Endpoints, Opening, Queue, Rested};

use crate::{group::Silence, row::BATCH, traffic};

/// A handler says a batch while the driver is at work, which takes it out to be sent.
pub(crate) fn pass(rounds: u32) -> anyhow::Result<()> {
    let routes = Endpoints::new().at("/", Silence).into_routes()?;
    let found = routes.find("/").context("there is no endpoint")?;
    let conversation = found.endpoint.open(Opening::default());
    let (message, mut lent) = (traffic::text(32), Queue::default());
    let mut taken = VecDeque::new();
    for _ in 0..rounds {
        conversation.attend(&mut lent);
        for _ in 0..BATCH {
            conversation
                .session()
                .try_send(black_box(&message).clone())?;
        }
        black_box(conversation.take(usize::MAX, &mut taken));
        ensure!(taken.drain(..).count() == usize::try_from(BATCH)?);
        conversation.written();
        let rested = conversation.rest(Waker::noop(), CanWrite::Yes, &mut lent);
        ensure!(rested == Rested::Resting);
    }
    Ok(())
}
