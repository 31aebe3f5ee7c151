//! What the broker says of itself.

use std::sync::{
    Arc, Mutex,
    mpsc::{Receiver, channel},
};

use sockeye_broker_sqlite::{Options, SqliteBroker};
use sockeye_channels::{
    Announcement, Broker, Deliver, Publication, StreamPosition, contract::publication,
};

use super::{kept, open, publish};

#[tokio::test]
async fn what_is_on_disk_is_counted_and_nothing_waits_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(&folder.path().join("s.db"));
    let before = broker.stats();
    assert_eq!((before.batches.sum, before.queue_len), (0, 0));
    for data in ["1", "2", "3"] {
        publish(&broker, data).await;
    }
    // The writer gives places back behind its answers; what closes comes behind that.
    broker.close().await;
    let stats = broker.stats();
    let sum = |counts: &mut dyn Iterator<Item = u64>| counts.sum::<u64>();
    let commits = sum(&mut stats.commits.classes.iter().map(|(_, count)| *count));
    let batches = sum(&mut stats.batches.classes.iter().map(|(_, count)| *count));
    assert_eq!((batches, stats.batches.sum), (3, 3));
    assert_eq!(commits + stats.commits.above, 3);
    assert!(!stats.commits.sum.is_zero());
    assert_eq!((stats.queue_len, stats.queue_bytes), (0, 0));
    assert_eq!((stats.refused_full, stats.refused_unavailable), (0, 0));
}

#[tokio::test]
async fn what_waits_for_the_disk_shows_by_number_and_by_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.queue_len = 2;
    let broker = Arc::new(SqliteBroker::open(folder.path().join("s.db"), options).unwrap());
    // One that is delivered keeps the writer until this test lets it go on.
    let (held, gate) = channel();
    broker.attach(Arc::new(Gate(Mutex::new(gate))));
    let publishing = |data: String| {
        let broker = Arc::clone(&broker);
        tokio::spawn(async move {
            let publication = publication(data.as_str());
            broker.publish("news", publication, kept()).await.unwrap();
        })
    };
    let all = [
        publishing("1".to_owned()),
        publishing("x".repeat(3000)),
        publishing("3".to_owned()),
    ];
    // The first keeps its place until it was delivered, and nobody is.
    while broker.stats().queue_len + broker.stats().queue_waiting < 3 {
        tokio::task::yield_now().await;
    }
    let stats = broker.stats();
    assert_eq!((stats.queue_bytes, stats.queue_waiting), (4 * 1024, 1));
    drop(held);
    for one in all {
        one.await.unwrap();
    }
    broker.close().await;
    assert_eq!(broker.stats().queue_len, 0);
}

#[tokio::test]
async fn refusals_are_counted_and_a_closed_broker_is_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::default();
    options.danger.max_pages = Some(64);
    let broker = SqliteBroker::open(folder.path().join("s.db"), options).unwrap();
    assert!(broker.is_open());
    let data = "x".repeat(10_000);
    let publish = || broker.publish("news", publication(data.as_str()), kept());
    while publish().await.is_ok() {}
    let stats = broker.stats();
    assert_eq!((stats.refused_full, stats.refused_unavailable), (1, 0));
    // What the disk refuses may pass.
    assert!(broker.is_open());
    broker.close().await;
    assert!(!broker.is_open());
}

/// Delivers once its other end is gone.
#[derive(Debug)]
struct Gate(Mutex<Receiver<()>>);

impl Deliver for Gate {
    fn publication(&self, _: &str, _: &Arc<Publication>, _: Option<&StreamPosition>) {
        assert!(self.0.lock().unwrap().recv().is_err());
    }

    fn announcement(&self, _: &str, _: &Announcement) {}
}
