//! How many publishes a second are acknowledged, by how many publishers at once: each waits for its answer before its
//! next. `cargo run --release -p sockeye-broker-sqlite --example acknowledged [FOLDER]`; the disk of the folder is what
//! is measured.

#![allow(clippy::print_stdout, reason = "it prints numbers")]

use std::{
    env,
    error::Error,
    num::NonZeroU32,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use sockeye_broker_sqlite::{Options, SqliteBroker, Synchronous};
use sockeye_channels::{Broker, Durability, Publication, PublishOptions, Retention};

const TIME: Duration = Duration::from_secs(3);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).map_or_else(env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    println!("synchronous  publishers  acknowledged/s  p50 ms  p99 ms");
    for synchronous in [Synchronous::Full, Synchronous::Normal] {
        for publishers in [1, 16, 256] {
            let mut options = Options::default();
            options.synchronous = synchronous;
            let file = folder
                .path()
                .join(format!("{synchronous:?}-{publishers}.db"));
            let broker = Arc::new(SqliteBroker::open(file, options)?);
            let begin = Instant::now();
            let mut waits = runtime.block_on(measure(&broker, publishers))?;
            let second = waits.len() as f64 / begin.elapsed().as_secs_f64();
            waits.sort_unstable();
            let at = |percent: usize| {
                waits
                    .get(waits.len() * percent / 100)
                    .copied()
                    .unwrap_or_default()
            };
            let ms = |percent| at(percent).as_secs_f64() * 1000.0;
            let name = format!("{synchronous:?}");
            let (p50, p99) = (ms(50), ms(99));
            println!("{name:11}  {publishers:10}  {second:14.0}  {p50:6.2}  {p99:6.2}");
            runtime.block_on(broker.close());
        }
    }
    Ok(())
}

async fn measure(
    broker: &Arc<SqliteBroker>,
    publishers: usize,
) -> Result<Vec<Duration>, Box<dyn Error>> {
    let options = PublishOptions {
        retention: Some(Retention {
            size: NonZeroU32::MIN.saturating_add(999),
            ttl: Duration::from_secs(300),
            meta_ttl: Duration::from_secs(3000),
            durability: Durability::Durable,
        }),
        ..PublishOptions::default()
    };
    let publishers = (0..publishers).map(|publisher| {
        let (broker, options) = (Arc::clone(broker), options.clone());
        tokio::spawn(async move {
            let (begin, mut waits) = (Instant::now(), Vec::new());
            let channel = format!("channel-{}", publisher % 64);
            while begin.elapsed() < TIME {
                let publication = Publication {
                    data: vec![b'x'; 200].into(),
                    ..Publication::default()
                };
                let asked = Instant::now();
                broker
                    .publish(&channel, publication, options.clone())
                    .await?;
                waits.push(asked.elapsed());
            }
            Ok::<_, sockeye_channels::BrokerError>(waits)
        })
    });
    let mut waits = Vec::new();
    for publisher in publishers.collect::<Vec<_>>() {
        waits.extend(publisher.await??);
    }
    Ok(waits)
}
