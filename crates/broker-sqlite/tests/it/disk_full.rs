//! There is no more room: publishes are refused, nothing is lost, and it goes on when there is room again.
//!
//! `SOCKEYE_SMALL_DISK` names a folder on a disk of 8 MiB that may be filled, for the second test.

use std::time::{Duration, Instant};

use sockeye_broker_sqlite::{Options, SqliteBroker};
use sockeye_channels::{Broker, BrokerError, contract::Ledger, contract::publication};

use super::{all, kept, open, publish};

#[tokio::test]
async fn a_full_disk_refuses_publishes_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let mut options = Options::default();
    options.danger.max_pages = Some(64);
    let broker = SqliteBroker::open(&file, options).unwrap();
    let (mut ledger, mut number) = (Ledger::default(), 0);
    let full = loop {
        number += 1;
        let data = format!("{number:010000}");
        match broker
            .publish("news", publication(data.as_str()), kept())
            .await
        {
            Ok(published) => {
                let position = published.position.unwrap();
                ledger.acknowledge("news", &position, data.as_bytes());
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(full, BrokerError::Full(_)), "{full:?}");
    assert!(ledger.len() > 10);
    // What was refused was not published by half.
    assert_eq!(ledger.faults("news", &all(&broker, "news").await), []);
    broker.remove_history("news").await.unwrap();
    let begin = Instant::now();
    let data = "x".repeat(10_000);
    while let Err(error) = broker
        .publish("news", publication(data.as_str()), kept())
        .await
    {
        assert!(matches!(error, BrokerError::Full(_)), "{error:?}");
        assert!(begin.elapsed() < Duration::from_secs(60), "it stays full");
        tokio::task::yield_now().await;
    }
    let history = all(&broker, "news").await;
    assert_eq!(history.top.offset, ledger.len() as u64 + 1);
    assert_eq!(history.publications.len(), 1);
    broker.close().await;
    let reopened = open(&file);
    assert_eq!(all(&reopened, "news").await, history);
    assert_eq!(
        publish(&reopened, "more").await.offset,
        history.top.offset + 1
    );
}

#[tokio::test]
async fn a_disk_that_is_really_full_refuses_publishes_until_somebody_makes_room() {
    let Ok(disk) = std::env::var("SOCKEYE_SMALL_DISK") else {
        return;
    };
    let folder = tempfile::tempdir_in(disk).unwrap();
    let (file, ballast) = (folder.path().join("s.db"), folder.path().join("ballast"));
    // Once it is gone there is room for the whole log in the file: less would be taken by that alone.
    std::fs::write(&ballast, vec![1; 5_000_000]).unwrap();
    let broker = open(&file);
    let mut ledger = Ledger::default();
    let full = loop {
        let data = format!("{:010000}", ledger.len());
        match broker
            .publish("news", publication(data.as_str()), kept())
            .await
        {
            Ok(published) => {
                let position = published.position.unwrap();
                ledger.acknowledge("news", &position, data.as_bytes());
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(full, BrokerError::Full(_)), "{full:?}");
    assert_eq!(ledger.faults("news", &all(&broker, "news").await), []);
    std::fs::remove_file(ballast).unwrap();
    let position = publish(&broker, "more").await;
    ledger.acknowledge("news", &position, b"more");
    broker.close().await;
    assert_eq!(ledger.faults("news", &all(&open(&file), "news").await), []);
}
