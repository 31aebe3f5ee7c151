//! What the broker in memory remembers, and what any broker must do.

use std::{num::NonZeroU32, time::Duration};

use super::*;
use crate::Durability;

fn retention() -> Retention {
    Retention {
        size: NonZeroU32::new(100).unwrap(),
        ttl: Duration::from_secs(10),
        meta_ttl: Duration::from_secs(100),
        durability: Durability::Ephemeral,
    }
}

fn kept() -> PublishOptions {
    PublishOptions {
        retention: Some(retention()),
        ..PublishOptions::default()
    }
}

fn keyed(key: &str, options: PublishOptions) -> PublishOptions {
    PublishOptions {
        idempotency: Some((key.to_owned(), Duration::from_secs(5))),
        ..options
    }
}

async fn publish(
    broker: &MemoryBroker,
    channel: &str,
    options: PublishOptions,
) -> Result<Published, BrokerError> {
    broker
        .publish(channel, Publication::default(), options)
        .await
}

fn channels(broker: &MemoryBroker) -> usize {
    let shards = broker.shards.iter();
    shards.map(|shard| locked(&shard.channels).len()).sum()
}

fn tend_all(broker: &MemoryBroker) {
    for _ in 0..SHARDS {
        broker.tend();
    }
}

#[tokio::test(start_paused = true)]
async fn what_nobody_used_for_long_holds_no_memory() {
    let broker = MemoryBroker::new();
    for channel in 0..100 {
        let options = keyed("key", kept());
        publish(&broker, &format!("{channel}"), options)
            .await
            .unwrap();
    }
    tend_all(&broker);
    assert_eq!((channels(&broker), broker.keys.load(Relaxed)), (100, 100));
    tokio::time::advance(Duration::from_secs(5)).await;
    tend_all(&broker);
    assert_eq!((channels(&broker), broker.keys.load(Relaxed)), (100, 0));
    tokio::time::advance(Duration::from_secs(95)).await;
    tend_all(&broker);
    assert_eq!((channels(&broker), broker.streams.load(Relaxed)), (0, 0));
}

#[tokio::test]
async fn a_channel_without_a_stream_holds_no_memory() {
    let broker = MemoryBroker::new();
    publish(&broker, "news", PublishOptions::default())
        .await
        .unwrap();
    broker.remove_history("news").await.unwrap();
    assert_eq!(channels(&broker), 0);
}

#[tokio::test(start_paused = true)]
async fn there_are_as_many_streams_as_there_may_be() {
    let broker = MemoryBroker::with_limits(MemoryLimits {
        streams: 2,
        ..MemoryLimits::default()
    });
    publish(&broker, "a", kept()).await.unwrap();
    publish(&broker, "b", kept()).await.unwrap();
    let refused = publish(&broker, "c", kept()).await;
    assert!(matches!(refused, Err(BrokerError::Full(_))), "{refused:?}");
    assert_eq!(channels(&broker), 2);
    publish(&broker, "a", kept()).await.unwrap();
    publish(&broker, "c", PublishOptions::default())
        .await
        .unwrap();
    tokio::time::advance(Duration::from_secs(100)).await;
    tend_all(&broker);
    publish(&broker, "c", kept()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn of_too_many_keys_those_are_forgotten_that_expire_first() {
    let broker = MemoryBroker::with_limits(MemoryLimits {
        idempotency_keys: 2,
        ..MemoryLimits::default()
    });
    let mut suppressed = Vec::new();
    for key in ["1", "2", "3", "3", "2", "1"] {
        let published = publish(&broker, "news", keyed(key, kept())).await.unwrap();
        suppressed.push(published.suppressed.is_some());
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(suppressed, [false, false, false, true, true, false]);
    assert_eq!(broker.keys.load(Relaxed), 2);
}

#[cfg(feature = "contract")]
mod contract {
    use super::*;
    use crate::contract::Subject;

    crate::broker_contract!(async {
        Subject {
            broker: Arc::new(MemoryBroker::new()),
            advance: Box::new(|by| Box::pin(tokio::time::advance(by))),
            keep: Box::new(()),
        }
    });
}
