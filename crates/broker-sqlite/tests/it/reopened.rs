//! What is there after a restart, and what stays out of the file.

use std::{sync::Arc, time::Duration};

use rusqlite::Connection;
use sockeye_broker_sqlite::{DangerClock, Options, SqliteBroker};
use sockeye_channels::{
    Announcement, Broker, BrokerError, Deliver, Durability, Publication, PublishOptions, Read,
    Retention, StreamPosition, Suppressed, contract::publication,
};

use super::{all, kept, open, publish, retention};

#[tokio::test]
async fn positions_keys_versions_and_epochs_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let options = || PublishOptions {
        idempotency: Some(("key".to_owned(), Duration::from_secs(300))),
        version_epoch: Some("v".to_owned()),
        ..kept()
    };
    let mut versioned = publication("1");
    versioned.version = u64::MAX - 1;
    let broker = open(&file);
    let first = broker
        .publish("news", versioned.clone(), options())
        .await
        .unwrap();
    let untouched = all(&broker, "untouched").await;
    let before = all(&broker, "news").await;
    broker.close().await;
    let refused = broker.publish("news", publication("2"), kept()).await;
    assert!(matches!(refused, Err(BrokerError::Closed)), "{refused:?}");
    let broker = open(&file);
    assert_eq!(all(&broker, "news").await, before);
    assert_eq!(all(&broker, "untouched").await, untouched);
    let again = broker
        .publish("news", versioned.clone(), options())
        .await
        .unwrap();
    assert_eq!(
        (again.suppressed, again.position),
        (Some(Suppressed::Repeated), first.position)
    );
    let mut options = options();
    options.idempotency = None;
    let again = broker.publish("news", versioned, options).await.unwrap();
    assert_eq!(again.suppressed, Some(Suppressed::Outdated));
    assert_eq!(publish(&broker, "3").await.offset, 2);
    broker.remove_history("news").await.unwrap();
    broker.close().await;
    let history = all(&open(&file), "news").await;
    assert_eq!((history.publications.len(), history.top.offset), (0, 2));
}

#[tokio::test]
async fn what_waits_when_it_is_closed_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let broker = open(&file);
    let publishes = (0..200).map(|number| {
        let broker = Arc::clone(&broker);
        tokio::spawn(async move { publish(&broker, &format!("{number}")).await })
    });
    let publishes: Vec<_> = publishes.collect();
    tokio::task::yield_now().await;
    broker.close().await;
    let mut acknowledged = 0;
    for publish in publishes {
        acknowledged += u64::from(publish.await.is_ok());
    }
    assert_eq!(all(&open(&file), "news").await.top.offset, acknowledged);
}

#[tokio::test]
async fn what_is_ephemeral_never_touches_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let broker = open(&file);
    let ephemeral = Retention {
        durability: Durability::Ephemeral,
        ..retention()
    };
    let options = PublishOptions {
        retention: Some(ephemeral),
        idempotency: Some(("key".to_owned(), Duration::from_secs(9))),
        ..PublishOptions::default()
    };
    broker
        .publish("news", publication("1"), options)
        .await
        .unwrap();
    let fleeting = PublishOptions::default();
    broker
        .publish("news", publication("2"), fleeting)
        .await
        .unwrap();
    let history = broker
        .history("news", Read::default(), ephemeral)
        .await
        .unwrap();
    assert_eq!(history.publications.len(), 1);
    broker.close().await;
    assert_eq!(rows(&Connection::open(&file).unwrap()), [0, 0, 0]);
}

#[derive(Debug)]
struct Panics;

impl Deliver for Panics {
    fn publication(&self, _: &str, _: &Arc<Publication>, _: Option<&StreamPosition>) {
        panic!("as a test wants it");
    }

    fn announcement(&self, _: &str, _: &Announcement) {}
}

#[tokio::test]
async fn who_panics_when_something_is_delivered_stops_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(&folder.path().join("s.db"));
    broker.attach(Arc::new(Panics));
    for offset in 1..=3 {
        assert_eq!(publish(&broker, &format!("{offset}")).await.offset, offset);
    }
    assert_eq!(all(&broker, "news").await.publications.len(), 3);
}

fn rows(connection: &Connection) -> [i64; 3] {
    ["channels", "publications", "keys"].map(|table| {
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    })
}

#[tokio::test]
async fn what_has_expired_leaves_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let (mut options, clock) = (Options::default(), DangerClock::default());
    options.danger.clock = clock.clone();
    let broker = SqliteBroker::open(&file, options).unwrap();
    let mut options = PublishOptions {
        idempotency: Some(("key".to_owned(), Duration::from_secs(9))),
        ..kept()
    };
    for channel in 0..600 {
        let channel = format!("{channel}");
        broker
            .publish(&channel, publication("1"), options.clone())
            .await
            .unwrap();
    }
    options.idempotency = None;
    // Another connection may look.
    let look = Connection::open(&file).unwrap();
    look.busy_timeout(Duration::from_secs(9)).unwrap();
    assert_eq!(rows(&look), [600, 600, 600]);
    clock.advance(Duration::from_secs(10));
    until(&look, [600, 600, 0]).await;
    clock.advance(Duration::from_secs(100_000));
    until(&look, [600, 0, 0]).await;
    clock.advance(Duration::from_secs(1_000_000));
    until(&look, [0, 0, 0]).await;
    let anew = broker
        .publish("1", publication("1"), options)
        .await
        .unwrap();
    assert_eq!(anew.position.unwrap().offset, 1);
}

/// Waits for upkeep.
async fn until(look: &Connection, expected: [i64; 3]) {
    let begin = std::time::Instant::now();
    while rows(look) != expected {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "{:?}",
            rows(look)
        );
        tokio::task::yield_now().await;
    }
}
