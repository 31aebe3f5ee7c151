//! What is measured.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use clap::ValueEnum;
use sockeye_bench::{
    host::Server,
    measure::{cpu_time_at_rest, resident_bytes},
};
use sockeye_channel_client::StreamPosition;
use tokio::task::JoinSet;

use crate::{
    args::Args,
    crowd::{Ears, Times, connect, crowd},
};

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Row {
    /// One publisher, each publication acknowledged before the next.
    Publish1,
    /// The same with 16 publishers at once.
    Publish16,
    /// The same with 256.
    Publish256,
    /// One channel with 1,000 subscribers; the next publication when all have heard.
    Fanout1k,
    /// The same with the whole crowd.
    FanoutCrowd,
    /// As many channels as the crowd is large, with ten subscribers each, on a tenth of the connections.
    Channels,
    /// The crowd comes back at once, and a hundred publications are missing to each.
    Recovery,
    /// The crowd, each with one subscription, and nothing else.
    Memory,
}

/// What came of it.
pub(crate) struct Measured {
    /// How often it happened, a second.
    pub(crate) rate: f64,
    /// CPU time of the server each time.
    pub(crate) cpu: Duration,
    /// How long it took, in milliseconds, for half of them and for 99 in 100; where it can be told of each.
    pub(crate) latency: Option<(f64, f64)>,
    /// Bytes of the server for each connection.
    pub(crate) bytes: Option<f64>,
}

impl Row {
    pub(crate) fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    /// Says what is counted.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Publish1 | Self::Publish16 | Self::Publish256 => "acknowledged publication",
            Self::Fanout1k | Self::FanoutCrowd | Self::Channels => "delivery",
            Self::Recovery => "client that recovers",
            Self::Memory => "connection",
        }
    }

    pub(crate) async fn measure(self, server: &Server, args: &Args) -> anyhow::Result<Measured> {
        match self {
            Self::Publish1 => publish(server, args, 1).await,
            Self::Publish16 => publish(server, args, 16).await,
            Self::Publish256 => publish(server, args, 256).await,
            Self::Fanout1k => fan_out(server, args, 1000).await,
            Self::FanoutCrowd => fan_out(server, args, args.crowd).await,
            Self::Channels => channels(server, args).await,
            Self::Recovery => recovery(server, args).await,
            Self::Memory => memory(server, args).await,
        }
    }
}

/// A payload that is JSON, as each codec may carry it.
fn payload(args: &Args) -> Bytes {
    Bytes::from(format!("\"{}\"", "x".repeat(args.bytes.saturating_sub(2))))
}

/// What one publisher at a time would do, by so many at once, into one channel that keeps all.
async fn publish(server: &Server, args: &Args, publishers: usize) -> anyhow::Result<Measured> {
    let mut lines = Vec::new();
    for _ in 0..publishers {
        lines.push(connect(server.address(), args.codec()).await?);
    }
    let before = cpu_time_at_rest(server.pid())?;
    let (start, until) = (Instant::now(), Instant::now() + args.time());
    let mut publishing = JoinSet::new();
    for client in lines {
        let payload = payload(args);
        publishing.spawn(async move {
            let (mut times, mut count) = (Times::new()?, 0_u32);
            while Instant::now() < until {
                let asked = Instant::now();
                client.line.publish("kept:bench", payload.clone()).await?;
                times.note(asked);
                count += 1;
            }
            anyhow::Ok((times, count))
        });
    }
    let (mut times, mut count) = (Times::new()?, 0_u32);
    while let Some(published) = publishing.join_next().await {
        let (some, so_many) = published??;
        times.add(&some)?;
        count += so_many;
    }
    let took = start.elapsed();
    let cpu = cpu_time_at_rest(server.pid())?.saturating_sub(before);
    Ok(Measured {
        rate: f64::from(count) / took.as_secs_f64(),
        cpu: cpu / count.max(1),
        latency: Some((times.quantile(0.5), times.quantile(0.99))),
        bytes: None,
    })
}

/// One publishes, and again when all have heard.
async fn fan_out(server: &Server, args: &Args, hearers: usize) -> anyhow::Result<Measured> {
    let channel = |_| vec!["open:bench".to_owned()];
    let clients = crowd(server.address(), args.codec(), hearers, channel, None).await?;
    let ears = Arc::new(Ears::default());
    let mut lines = Vec::new();
    for (client, _) in clients {
        ears.listen(client.pushes);
        lines.push(client.line);
    }
    let publisher = connect(server.address(), args.codec()).await?;
    let each = u32::try_from(hearers)?;
    let payload = payload(args);
    let before = cpu_time_at_rest(server.pid())?;
    let (start, mut times, mut rounds) = (Instant::now(), Times::new()?, 0_u32);
    while start.elapsed() < args.time() {
        let asked = Instant::now();
        publisher
            .line
            .publish("open:bench", payload.clone())
            .await?;
        rounds += 1;
        ears.until(u64::from(rounds) * u64::from(each)).await;
        times.note(asked);
    }
    let took = start.elapsed();
    let cpu = cpu_time_at_rest(server.pid())?.saturating_sub(before);
    let deliveries = rounds.saturating_mul(each).max(1);
    Ok(Measured {
        rate: f64::from(deliveries) / took.as_secs_f64(),
        cpu: cpu / deliveries,
        latency: Some((times.quantile(0.5), times.quantile(0.99))),
        bytes: None,
    })
}

/// Many channels with ten subscribers each; one publishes into one after the other, sixteen under way.
async fn channels(server: &Server, args: &Args) -> anyhow::Result<Measured> {
    const EACH: usize = 10;
    let (count, connections) = (args.crowd, args.crowd.div_ceil(10).max(EACH));
    let a_connection = count * EACH / connections;
    let named = |number: usize| {
        let nth = move |place| {
            format!(
                "open:bench{}",
                (number * a_connection / EACH + place) % count
            )
        };
        (0..a_connection).map(nth).collect()
    };
    let idle = resident_bytes(server.pid())?;
    let clients = crowd(server.address(), args.codec(), connections, named, None).await?;
    let held = resident_bytes(server.pid())?.saturating_sub(idle);
    let ears = Arc::new(Ears::default());
    let mut lines = Vec::new();
    for (client, _) in clients {
        ears.listen(client.pushes);
        lines.push(client.line);
    }
    let publisher = connect(server.address(), args.codec()).await?;
    let payload = payload(args);
    let before = cpu_time_at_rest(server.pid())?;
    let (start, mut times, mut rounds) = (Instant::now(), Times::new()?, 0_u32);
    while start.elapsed() < args.time() {
        let asked = Instant::now();
        let channel = format!("open:bench{}", usize::try_from(rounds)? % count);
        publisher.line.publish(&channel, payload.clone()).await?;
        rounds += 1;
        ears.until(u64::from(rounds) * EACH as u64).await;
        times.note(asked);
    }
    let took = start.elapsed();
    let cpu = cpu_time_at_rest(server.pid())?.saturating_sub(before);
    let deliveries = rounds.saturating_mul(u32::try_from(EACH)?).max(1);
    Ok(Measured {
        rate: f64::from(deliveries) / took.as_secs_f64(),
        cpu: cpu / deliveries,
        latency: Some((times.quantile(0.5), times.quantile(0.99))),
        bytes: Some(average(held, connections)),
    })
}

/// All leave; a hundred publications later all come back and ask for them.
async fn recovery(server: &Server, args: &Args) -> anyhow::Result<Measured> {
    const MISSED: u32 = 100;
    let publisher = connect(server.address(), args.codec()).await?;
    let since = publisher.line.subscribe("kept:bench").await?;
    let since = StreamPosition {
        offset: since.offset,
        epoch: since.epoch,
    };
    for _ in 0..MISSED {
        publisher.line.publish("kept:bench", payload(args)).await?;
    }
    let before = cpu_time_at_rest(server.pid())?;
    let start = Instant::now();
    let channel = |_| vec!["kept:bench".to_owned()];
    let clients = crowd(
        server.address(),
        args.codec(),
        args.crowd,
        channel,
        Some(since),
    )
    .await?;
    let took = start.elapsed();
    let cpu = cpu_time_at_rest(server.pid())?.saturating_sub(before);
    let short = clients
        .iter()
        .filter(|(_, recovered)| *recovered != MISSED as usize);
    anyhow::ensure!(
        short.count() == 0,
        "a client did not get all that it missed"
    );
    let count = u32::try_from(clients.len())?;
    Ok(Measured {
        rate: f64::from(count) / took.as_secs_f64(),
        cpu: cpu / count,
        latency: None,
        bytes: None,
    })
}

/// A crowd that is subscribed and does nothing.
async fn memory(server: &Server, args: &Args) -> anyhow::Result<Measured> {
    let idle = resident_bytes(server.pid())?;
    let before = cpu_time_at_rest(server.pid())?;
    let start = Instant::now();
    let channel = |_| vec!["kept:bench".to_owned()];
    let clients = crowd(server.address(), args.codec(), args.crowd, channel, None).await?;
    let took = start.elapsed();
    let cpu = cpu_time_at_rest(server.pid())?.saturating_sub(before);
    let held = resident_bytes(server.pid())?.saturating_sub(idle);
    let count = u32::try_from(clients.len())?;
    Ok(Measured {
        rate: f64::from(count) / took.as_secs_f64(),
        cpu: cpu / count,
        latency: None,
        bytes: Some(average(held, clients.len())),
    })
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a process")]
fn average(bytes: u64, count: usize) -> f64 {
    bytes as f64 / count as f64
}
