//! The broker on real files: what any broker must do, and what no crash, torn log or full disk may take.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests"
)]

mod contract;
mod crash;
mod disk_full;
mod opening;
mod reopened;
mod stats;
mod torn;

use std::{num::NonZeroU32, path::Path, sync::Arc, time::Duration};

use sockeye_broker_sqlite::{Options, SqliteBroker};
use sockeye_channels::{
    Broker, Durability, History, PublishOptions, Published, Read, Retention, StreamPosition,
    contract::publication,
};

/// A stream that forgets nothing in the time of a test.
fn retention() -> Retention {
    Retention {
        size: NonZeroU32::MAX,
        ttl: Duration::from_secs(100_000),
        meta_ttl: Duration::from_secs(1_000_000),
        durability: Durability::Durable,
    }
}

fn kept() -> PublishOptions {
    PublishOptions {
        retention: Some(retention()),
        ..PublishOptions::default()
    }
}

fn open(path: &Path) -> Arc<SqliteBroker> {
    Arc::new(SqliteBroker::open(path, Options::default()).unwrap())
}

async fn publish(broker: &SqliteBroker, data: &str) -> StreamPosition {
    let published: Published = broker
        .publish("news", publication(data), kept())
        .await
        .unwrap();
    published.position.unwrap()
}

async fn all(broker: &SqliteBroker, channel: &str) -> History {
    let history = broker.history(channel, Read::default(), retention());
    history.await.unwrap()
}
