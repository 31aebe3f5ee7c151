//! The rules, each a test.

use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc, time::Duration};

use super::{Ears, Ledger, Subject};
use crate::{
    Announcement, Broker, ClientInfo, Durability, History, Order, Publication, PublishOptions,
    Published, Read, Retention, StreamPosition, Suppressed,
};

/// The channel in which deliveries are watched for being one at a time.
pub(super) const BUSY: &str = "busy";

const TTL: Duration = Duration::from_secs(10);
const META_TTL: Duration = Duration::from_secs(100);

/// A stream of which no test publishes too much, and that a crash leaves alone.
pub fn retention() -> Retention {
    Retention {
        size: NonZeroU32::new(100_000).unwrap(),
        ttl: TTL,
        meta_ttl: META_TTL,
        durability: Durability::Durable,
    }
}

/// Publishes into such a stream.
pub fn kept() -> PublishOptions {
    PublishOptions {
        retention: Some(retention()),
        ..PublishOptions::default()
    }
}

/// A publication with a payload and nothing else.
pub fn publication(data: impl Into<Vec<u8>>) -> Publication {
    Publication {
        data: data.into().into(),
        ..Publication::default()
    }
}

fn ears(subject: &Subject) -> Arc<Ears> {
    let ears = Arc::new(Ears::default());
    subject.broker.attach(Arc::<Ears>::clone(&ears));
    ears
}

async fn publish(subject: &Subject, data: &str, options: PublishOptions) -> Published {
    let published = subject.broker.publish("news", publication(data), options);
    published.await.unwrap()
}

async fn fill(subject: &Subject, count: u64) -> StreamPosition {
    for number in 1..=count {
        publish(subject, &format!("{number}"), kept()).await;
    }
    all(&subject.broker, "news").await.top
}

/// Reads all of a channel.
pub async fn all(broker: &Arc<dyn Broker>, channel: &str) -> History {
    let history = broker.history(channel, Read::default(), retention());
    history.await.unwrap()
}

fn offsets(history: &History) -> Vec<u64> {
    history.publications.iter().map(|it| it.offset).collect()
}

/// Offsets, deliveries and answers agree.
pub async fn offsets_begin_at_1_and_each_publication_is_delivered_once(subject: &Subject) {
    let ears = ears(subject);
    for expected in 1..=20 {
        let published = publish(subject, &format!("{expected}"), kept()).await;
        assert_eq!(published.suppressed, None);
        let position = published.position.unwrap();
        assert_eq!((position.offset, position.epoch.len()), (expected, 8));
        assert_eq!(
            ears.offsets("news").last(),
            Some(&expected),
            "answered after delivery"
        );
    }
    assert_eq!(ears.offsets("news"), (1..=20).collect::<Vec<_>>());
    let history = all(&subject.broker, "news").await;
    assert_eq!(history.publications, ears.heard("news"));
}

/// Every field survives, and bytes that are no JSON.
pub async fn publications_come_back_as_they_were(subject: &Subject) {
    let ears = ears(subject);
    let mut whole = publication([0, 255, 10]);
    whole.info = Some(ClientInfo {
        user: "ann".to_owned(),
        client: "1".to_owned(),
        conn_info: b"{}".as_slice().into(),
        chan_info: b"[1]".as_slice().into(),
    });
    whole.tags = BTreeMap::from([("a".to_owned(), "b".to_owned())]);
    (whole.key, whole.score, whole.time) = ("k".to_owned(), -3, 7);
    (whole.removed, whole.version) = (true, 5);
    // What only the stream can say.
    (whole.offset, whole.epoch) = (99, "wrong".to_owned());
    for _ in 0..2 {
        whole.version += 1;
        let published = subject.broker.publish("news", whole.clone(), kept());
        published.await.unwrap();
    }
    let history = all(&subject.broker, "news").await;
    (whole.version, whole.offset) = (6, 1);
    whole.epoch.clone_from(&history.top.epoch);
    assert_eq!(*history.publications[0], whole);
    (whole.version, whole.offset) = (7, 2);
    whole.epoch.clear();
    assert_eq!(*history.publications[1], whole);
    assert_eq!(ears.heard("news"), history.publications);
}

/// Many threads, one order; nothing is read before it was delivered.
pub async fn concurrent_publishers_make_one_order_and_readers_see_nothing_undelivered(
    subject: &Subject,
) {
    let ears = ears(subject);
    let threads = (0..8).map(|thread| {
        let (broker, ears) = (Arc::clone(&subject.broker), Arc::clone(&ears));
        std::thread::spawn(move || {
            let mut ledger = Ledger::default();
            let work = async {
                for number in 0..40 {
                    let data = format!("{thread}/{number}");
                    let kept = broker.publish(BUSY, publication(data.as_str()), kept());
                    let position = kept.await.unwrap().position.unwrap();
                    ledger.acknowledge(BUSY, &position, data.as_bytes());
                    let fleeting = PublishOptions::default();
                    let fleeting = broker.publish(BUSY, Publication::default(), fleeting);
                    fleeting.await.unwrap();
                    let read = all(&broker, BUSY).await.top.offset;
                    assert!(ears.offsets(BUSY).contains(&read), "read before delivery");
                }
            };
            let runtime = tokio::runtime::Builder::new_current_thread().build();
            runtime.unwrap().block_on(work);
            ledger
        })
    });
    let threads: Vec<_> = threads.collect();
    let ledgers: Vec<_> = threads.into_iter().map(|it| it.join().unwrap()).collect();
    let history = all(&subject.broker, BUSY).await;
    assert_eq!(offsets(&history), (1..=320).collect::<Vec<_>>());
    for ledger in ledgers {
        assert_eq!(ledger.faults(BUSY, &history), []);
    }
    let mut heard = ears.heard(BUSY);
    assert_eq!(heard.len(), 640);
    heard.retain(|publication| publication.offset > 0);
    assert_eq!(heard, history.publications);
}

/// Pages of any size, there and back.
pub async fn pages_of_history_fit_together_in_both_directions(subject: &Subject) {
    let top = fill(subject, 10).await;
    for (limit, order) in [1, 3, 4, 10, 11]
        .into_iter()
        .flat_map(|limit| [Order::Forward, Order::Reverse].map(|order| (limit, order)))
    {
        let (mut read, mut since) = (Vec::new(), None);
        loop {
            let (limit, page) = (Some(limit), since.clone());
            let page = Read {
                since: page,
                limit,
                order,
            };
            let page = subject
                .broker
                .history("news", page, retention())
                .await
                .unwrap();
            assert_eq!(page.top, top);
            let Some(last) = page.publications.last() else {
                break;
            };
            let (offset, epoch) = (last.offset, top.epoch.clone());
            since = Some(StreamPosition { offset, epoch });
            read.extend(offsets(&page));
        }
        let mut expected: Vec<_> = (1..=10).collect();
        if order == Order::Reverse {
            expected.reverse();
        }
        assert_eq!(read, expected, "{limit} {order:?}");
    }
}

/// Nothing, behind the end, before the end, before the beginning.
pub async fn odd_pages_hold_what_there_is(subject: &Subject) {
    let top = fill(subject, 10).await;
    let mut odd = Read {
        limit: Some(0),
        ..Read::default()
    };
    let none = subject
        .broker
        .history("news", odd.clone(), retention())
        .await
        .unwrap();
    assert_eq!((offsets(&none), none.top), (vec![], top.clone()));
    (odd.limit, odd.since) = (
        None,
        Some(StreamPosition {
            offset: u64::MAX,
            ..top.clone()
        }),
    );
    let behind = subject
        .broker
        .history("news", odd.clone(), retention())
        .await
        .unwrap();
    assert_eq!(offsets(&behind), Vec::<u64>::new());
    odd.order = Order::Reverse;
    let before = subject
        .broker
        .history("news", odd.clone(), retention())
        .await
        .unwrap();
    assert_eq!(before.publications.len(), 10);
    odd.since = Some(StreamPosition { offset: 0, ..top });
    let before = subject
        .broker
        .history("news", odd, retention())
        .await
        .unwrap();
    assert_eq!(offsets(&before), Vec::<u64>::new());
}

/// CENTRIFUGE.md §4: a read is enough to begin a stream.
pub async fn a_stream_has_its_epoch_before_its_first_publication(subject: &Subject) {
    let before = all(&subject.broker, "news").await;
    assert_eq!((before.top.offset, before.top.epoch.len()), (0, 8));
    assert!(
        before
            .top
            .epoch
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic())
    );
    assert_eq!(all(&subject.broker, "news").await, before);
    assert_ne!(all(&subject.broker, "other").await.top, before.top);
    let first = publish(subject, "1", kept()).await.position.unwrap();
    assert_eq!((first.offset, first.epoch), (1, before.top.epoch));
}

/// The top, and nothing else; no epoch is any epoch.
pub async fn with_another_epoch_only_the_top_is_read(subject: &Subject) {
    let top = fill(subject, 3).await;
    let read = async |epoch: &str, order| {
        let (offset, epoch) = (2, epoch.to_owned());
        let since = Some(StreamPosition { offset, epoch });
        let read = Read {
            since,
            limit: None,
            order,
        };
        let history = subject.broker.history("news", read, retention());
        let history = history.await.unwrap();
        assert_eq!(history.top, top);
        offsets(&history)
    };
    assert_eq!(read("_", Order::Forward).await, Vec::<u64>::new());
    assert_eq!(read("_", Order::Reverse).await, Vec::<u64>::new());
    assert_eq!(read("", Order::Forward).await, [3]);
    assert_eq!(read(&top.epoch, Order::Reverse).await, [1]);
}

/// Once a channel and key, until the key is forgotten; with and without a stream.
pub async fn a_repeat_is_told_where_the_first_one_stands(subject: &Subject) {
    let ears = ears(subject);
    let keyed = |key: &str, seconds, options| PublishOptions {
        idempotency: Some((key.to_owned(), Duration::from_secs(seconds))),
        ..options
    };
    let first = publish(subject, "1", keyed("long", 8, kept())).await;
    publish(subject, "2", keyed("short", 4, kept())).await;
    publish(subject, "3", keyed("none", 4, PublishOptions::default())).await;
    let again = publish(subject, "4", keyed("long", 8, kept())).await;
    assert_eq!(
        again,
        Published::suppressed(first.position.clone(), Suppressed::Repeated)
    );
    let again = publish(subject, "5", keyed("none", 4, PublishOptions::default())).await;
    assert_eq!(again, Published::suppressed(None, Suppressed::Repeated));
    let elsewhere = subject
        .broker
        .publish("other", publication("1"), keyed("long", 8, kept()));
    assert_eq!(elsewhere.await.unwrap().suppressed, None);
    assert_eq!(ears.offsets("news"), [1, 2, 0]);
    (subject.advance)(Duration::from_secs(5)).await;
    let again = publish(subject, "6", keyed("long", 8, kept())).await;
    assert_eq!(again.suppressed, Some(Suppressed::Repeated));
    let anew = publish(subject, "7", keyed("short", 4, kept())).await;
    assert_eq!((anew.suppressed, anew.position.unwrap().offset), (None, 3));
}

/// Versions grow, but in another epoch of theirs.
pub async fn old_versions_are_dropped(subject: &Subject) {
    let ears = ears(subject);
    let publish = async |version, epoch: Option<&str>| {
        let mut publication = publication(format!("{version}"));
        publication.version = version;
        let version_epoch = epoch.map(str::to_owned);
        let options = PublishOptions {
            version_epoch,
            ..kept()
        };
        let published = subject.broker.publish("news", publication, options);
        let published = published.await.unwrap();
        (published.position.unwrap().offset, published.suppressed)
    };
    assert_eq!(publish(2, Some("a")).await, (1, None));
    assert_eq!(publish(2, Some("a")).await, (1, Some(Suppressed::Outdated)));
    assert_eq!(publish(1, Some("a")).await, (1, Some(Suppressed::Outdated)));
    assert_eq!(publish(0, Some("a")).await, (2, None));
    assert_eq!(publish(3, Some("a")).await, (3, None));
    assert_eq!(publish(1, Some("b")).await, (4, None));
    assert_eq!(publish(1, None).await, (5, None));
    subject.broker.remove_history("news").await.unwrap();
    assert_eq!(publish(1, None).await, (5, Some(Suppressed::Outdated)));
    assert_eq!(ears.offsets("news"), [1, 2, 3, 4, 5]);
}

/// By size, at its edge, also where many were there before it shrank.
pub async fn the_oldest_of_too_many_are_forgotten(subject: &Subject) {
    fill(subject, 30).await;
    let mut options = kept();
    let size = NonZeroU32::new(5);
    options.retention = options
        .retention
        .and_then(|it| Some(Retention { size: size?, ..it }));
    let retention = options.retention.unwrap();
    for number in 31..=33 {
        publish(subject, "x", options.clone()).await;
        let history = subject.broker.history("news", Read::default(), retention);
        let history = history.await.unwrap();
        assert_eq!(offsets(&history), (number - 4..=number).collect::<Vec<_>>());
    }
    // Who was away for too long gets what there is.
    let (epoch, order) = (String::new(), Order::Forward);
    let since = Some(StreamPosition { offset: 3, epoch });
    let read = Read {
        since,
        limit: Some(2),
        order,
    };
    let history = subject
        .broker
        .history("news", read, retention)
        .await
        .unwrap();
    assert_eq!(offsets(&history), [29, 30]);
}

/// CENTRIFUGE.md §4: the top outlives the publications, and is forgotten in the end.
pub async fn publications_expire_and_later_the_stream_does(subject: &Subject) {
    let top = fill(subject, 2).await;
    (subject.advance)(TTL / 2).await;
    publish(subject, "3", kept()).await;
    // Each publication begins the time anew for all.
    (subject.advance)(TTL / 2).await;
    assert_eq!(offsets(&all(&subject.broker, "news").await), [1, 2, 3]);
    (subject.advance)(TTL / 2).await;
    let history = all(&subject.broker, "news").await;
    assert_eq!((offsets(&history), history.top.offset), (vec![], 3));
    assert_eq!(history.top.epoch, top.epoch);
    publish(subject, "4", kept()).await;
    assert_eq!(offsets(&all(&subject.broker, "news").await), [4]);
    (subject.advance)(META_TTL + Duration::from_secs(1)).await;
    let anew = publish(subject, "5", kept()).await.position.unwrap();
    assert_eq!(anew.offset, 1);
    assert_ne!(anew.epoch, top.epoch);
    assert_eq!(offsets(&all(&subject.broker, "news").await), [1]);
}

/// What is read is not forgotten.
pub async fn reading_keeps_a_stream_known(subject: &Subject) {
    let top = fill(subject, 1).await;
    for _ in 0..4 {
        (subject.advance)(META_TTL / 2).await;
        assert_eq!(all(&subject.broker, "news").await.top, top);
    }
    (subject.advance)(META_TTL + Duration::from_secs(1)).await;
    assert_ne!(all(&subject.broker, "news").await.top, top);
}

/// CENTRIFUGE.md §4: only the list becomes empty.
pub async fn removed_history_leaves_offset_and_epoch(subject: &Subject) {
    subject.broker.remove_history("news").await.unwrap();
    let top = fill(subject, 3).await;
    subject.broker.remove_history("news").await.unwrap();
    let history = all(&subject.broker, "news").await;
    assert_eq!((offsets(&history), history.top), (vec![], top));
    publish(subject, "4", kept()).await;
    assert_eq!(offsets(&all(&subject.broker, "news").await), [4]);
}

/// A channel without retention is a wire, nothing else.
pub async fn what_is_not_kept_has_no_offset_and_is_delivered(subject: &Subject) {
    let ears = ears(subject);
    publish(subject, "1", kept()).await;
    let published = publish(subject, "2", PublishOptions::default()).await;
    assert_eq!(published, Published::default());
    publish(subject, "3", kept()).await;
    assert_eq!(ears.offsets("news"), [1, 0, 2]);
    assert_eq!(offsets(&all(&subject.broker, "news").await), [1, 2]);
}

/// Who comes, then leaves.
pub async fn announcements_are_delivered_in_their_order(subject: &Subject) {
    let ears = ears(subject);
    subject.broker.listen("news").await.unwrap();
    let (join, leave) = (Announcement::Join, Announcement::Leave);
    let expected = [join(ClientInfo::default()), leave(ClientInfo::default())];
    for announcement in &expected {
        let announced = subject.broker.announce("news", announcement.clone());
        announced.await.unwrap();
    }
    assert_eq!(ears.announced("news"), expected);
    subject.broker.unlisten("news");
}
