//! What goes to the server: the outbox, in one request after the other.

use std::{mem, sync::Arc, time::Duration};

use bytes::BytesMut;
use http::{StatusCode, uri::PathAndQuery};
use sockeye_sockjs_proto::send_body;
use sockeye_types::{Close, Limits};
use tokio::time::{Instant, sleep_until};

use super::{Fallback, data_url, http_line::HttpLine, loss::words};
use crate::{
    Closed, ConnectError, Initiator,
    driver::{after, clock},
    ping::Ping,
    sender::{Control, Outbox, Queued, Waiting},
};

/// Sends: what waits goes into one request, and the next one waits for its answer, so that nothing overtakes.
#[derive(Debug)]
pub(super) struct Sending {
    line: HttpLine,
    target: PathAndQuery,
    waiting: Waiting,
    outbox: Arc<Outbox>,
    most: Most,
    stall_time: Duration,
    asked: Asking,
    pings: Vec<Ping>,
}

/// How much goes into one request.
#[derive(Clone, Copy, Debug)]
struct Most {
    bytes: usize,
    messages: usize,
}

/// Whether the caller has asked for the end.
#[derive(Debug)]
enum Asking {
    No { close_time: Duration },
    Yes { close: Close, until: Instant },
}

/// One request to send.
struct Batch {
    body: BytesMut,
    cost: Vec<u32>,
    pings: Vec<Ping>,
}

impl Sending {
    pub(super) fn new(
        line: HttpLine,
        target: PathAndQuery,
        (outbox, waiting): (Arc<Outbox>, Waiting),
        fallback: &Fallback,
        limits: &Limits,
    ) -> Self {
        Self {
            line,
            target,
            waiting,
            outbox,
            most: Most {
                bytes: fallback.send_bytes,
                messages: fallback.send_messages,
            },
            stall_time: limits.stall_time,
            asked: Asking::No {
                close_time: limits.close_time,
            },
            pings: Vec::new(),
        }
    }

    /// Sends what waits in the outbox, until the caller's close or a failure.
    pub(super) async fn run(&mut self) -> Closed {
        loop {
            let Some(batch) = self.gather().await else {
                return match &self.asked {
                    Asking::Yes { close, .. } => Closed::new(close, Initiator::Client),
                    Asking::No { .. } => Closed::new(&Close::going_away(), Initiator::Client),
                };
            };
            if let Err(closed) = self.deliver(batch).await {
                return closed;
            }
        }
    }

    /// Waits for something to send; `None` once everything has left and the caller has closed.
    async fn gather(&mut self) -> Option<Batch> {
        let mut queued = Vec::new();
        while self.pings.is_empty() && queued.is_empty() {
            tokio::select! {
                biased;
                Some(control) = self.waiting.control.recv() => {
                    self.asked.obey(control, &mut self.pings, &mut self.waiting.messages);
                }
                first = self.waiting.messages.recv() => queued.push(first?),
            }
        }
        let mut bytes = queued
            .iter()
            .map(|first| first.message.len())
            .sum::<usize>();
        while bytes < self.most.bytes && queued.len() < self.most.messages {
            let Ok(next) = self.waiting.messages.try_recv() else {
                break;
            };
            bytes = bytes.saturating_add(next.message.len());
            queued.push(next);
        }
        Some(Batch::new(queued, mem::take(&mut self.pings)))
    }

    /// Sends one request and waits for its answer.
    async fn deliver(&mut self, batch: Batch) -> Result<(), Closed> {
        let Batch { body, cost, pings } = batch;
        let started = clock();
        let stalled = Instant::from_std(after(started, self.stall_time));
        let told = self.line.tell(&self.target, body.freeze(), stalled);
        tokio::pin!(told);
        let told = loop {
            let until = self
                .asked
                .until()
                .map_or(stalled, |asked| asked.min(stalled));
            tokio::select! {
                biased;
                told = &mut told => break told,
                Some(control) = self.waiting.control.recv() => {
                    self.asked.obey(control, &mut self.pings, &mut self.waiting.messages);
                }
                () = sleep_until(until) => {
                    return Err(Closed::cut("the server takes nothing of what is sent"));
                }
            }
        };
        judge(told)?;
        for cost in cost {
            self.outbox.make_room(cost);
        }
        let taken = clock().saturating_duration_since(started);
        for ping in pings {
            let _ = ping.pong.send(taken);
            drop(ping.place);
        }
        Ok(())
    }
}

impl Asking {
    fn obey(
        &mut self,
        control: Control,
        pings: &mut Vec<Ping>,
        messages: &mut tokio::sync::mpsc::UnboundedReceiver<Queued>,
    ) {
        match (control, &self) {
            (Control::Ping(ping), _) => pings.push(ping),
            (Control::Close(close), Self::No { close_time }) => {
                messages.close();
                let until = Instant::from_std(after(clock(), *close_time));
                *self = Self::Yes { close, until };
            }
            (Control::Close(_), Self::Yes { .. }) => {}
        }
    }

    fn until(&self) -> Option<Instant> {
        match self {
            Self::No { .. } => None,
            Self::Yes { until, .. } => Some(*until),
        }
    }
}

impl Batch {
    fn new(queued: Vec<Queued>, pings: Vec<Ping>) -> Self {
        let cost = queued.iter().map(|queued| queued.cost).collect();
        let texts: Vec<_> = queued
            .into_iter()
            .map(|queued| data_url::to_text(queued.message))
            .collect();
        let mut body = BytesMut::new();
        send_body(texts.iter().map(|text| text.as_str()), &mut body);
        Self { body, cost, pings }
    }
}

/// What an answer to a send says. One that does not take it ends the session: what follows must not arrive without it.
fn judge(told: Result<StatusCode, ConnectError>) -> Result<(), Closed> {
    match told {
        Ok(status) if status.is_success() => Ok(()),
        Ok(StatusCode::NOT_FOUND) => Err(Closed::lost("the server no longer knows the session")),
        Ok(status) => Err(Closed::cut(format!(
            "the server answered what was sent with {status}"
        ))),
        Err(error) => Err(Closed::lost(words(&error))),
    }
}
