//! Clients: connections, and what they hear.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use anyhow::Context;
use hdrhistogram::Histogram;
use sockeye::client::Connector;
use sockeye_channel_client::{Codec, Line, Options, Pushes, StreamPosition, SubscribeRequest};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
};

/// How many connections are under way at a time.
const DIALING: usize = 64;

/// One client: its connection, and what it is told.
pub(crate) struct Client {
    pub(crate) line: Line,
    pub(crate) pushes: Pushes,
}

/// Connects one client.
pub(crate) async fn connect(server: SocketAddr, codec: Codec) -> anyhow::Result<Client> {
    let url = format!("ws://{server}/connection/websocket");
    let options = Options::default().codec(codec);
    let (line, pushes) = Line::connect(&Connector::new().deflate(None), &url, options)
        .await
        .context("a client can't connect")?;
    Ok(Client { line, pushes })
}

/// Connects many clients, each subscribed to the channels that `channels` names for its number, recovering from a
/// position if one is given. Returns them with how many publications each got back.
pub(crate) async fn crowd(
    server: SocketAddr,
    codec: Codec,
    count: usize,
    channels: impl Fn(usize) -> Vec<String>,
    since: Option<StreamPosition>,
) -> anyhow::Result<Vec<(Client, usize)>> {
    let permits = Arc::new(Semaphore::new(DIALING));
    let mut joining = JoinSet::new();
    for number in 0..count {
        let (permits, channels, since) = (Arc::clone(&permits), channels(number), since.clone());
        joining.spawn(async move {
            let _permit = permits.acquire().await?;
            let client = connect(server, codec).await?;
            let mut recovered = 0;
            for channel in channels {
                let position = since.clone().unwrap_or_default();
                let request = SubscribeRequest {
                    channel,
                    recover: since.is_some(),
                    offset: position.offset,
                    epoch: position.epoch,
                    ..SubscribeRequest::default()
                };
                recovered += client.line.subscribe_as(request).await?.publications.len();
            }
            anyhow::Ok((client, recovered))
        });
    }
    let mut clients = Vec::with_capacity(count);
    while let Some(joined) = joining.join_next().await {
        clients.push(joined??);
    }
    Ok(clients)
}

/// What all clients of a row have heard.
#[derive(Default)]
pub(crate) struct Ears {
    heard: AtomicU64,
    all: Notify,
}

impl Ears {
    /// Has a client count what it hears, until its connection ends. One in a hundred notes when.
    pub(crate) fn listen(self: &Arc<Self>, mut pushes: Pushes) {
        let ears = Arc::clone(self);
        tokio::spawn(async move {
            while let Some(push) = pushes.next().await {
                if push.r#pub.is_some() {
                    ears.heard.fetch_add(1, Relaxed);
                    ears.all.notify_one();
                }
            }
        });
    }

    /// Waits until so many were heard in all.
    pub(crate) async fn until(&self, count: u64) {
        while self.heard.load(Relaxed) < count {
            self.all.notified().await;
        }
    }
}

/// What takes longer counts as this: ten minutes.
const MOST_MICROS: u64 = 600_000_000;

/// How long things took, in microseconds.
pub(crate) struct Times(Histogram<u64>);

impl Times {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, MOST_MICROS, 3)?))
    }

    pub(crate) fn note(&mut self, since: Instant) {
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros);
    }

    pub(crate) fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// In milliseconds.
    pub(crate) fn quantile(&self, quantile: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "microseconds")]
        let micros = self.0.value_at_quantile(quantile) as f64;
        micros / 1000.0
    }
}
