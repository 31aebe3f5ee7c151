//! Publishers and subscribers while the server is killed, again and again: what was acknowledged is there once, in
//! order, at every subscriber.

use std::{
    env,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use sockeye::client::Connector;
use sockeye_channel_client::{
    CallError, Codec, HistoryRequest, Line, Options, Publication, Pushes, StreamPosition,
    SubscribeRequest,
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};

use crate::{
    ledger::{Heard, Ledger},
    program::{Place, Program},
};

const SETTINGS: &str = r#"
[channels.namespace.kept]
history_size = 1000000
history_ttl = "1h"
force_recovery = true
allow_subscribe_for_client = true
allow_subscribe_for_anonymous = true
allow_publish_for_client = true
allow_publish_for_anonymous = true
allow_history_for_client = true
allow_history_for_anonymous = true
"#;

const CHANNELS: [&str; 2] = ["kept:one", "kept:two"];
const PUBLISHERS: usize = 8;
const SUBSCRIBERS: usize = 6;
/// How many acknowledgements a server lives for, at most.
const LIFE: u64 = 400;

/// What all of a test share.
struct Test {
    url: String,
    books: [Mutex<Ledger>; CHANNELS.len()],
    acknowledged: AtomicU64,
    refused: AtomicU64,
    /// Somebody was acknowledged or refused.
    progress: Notify,
    /// How often a server was started.
    starts: watch::Sender<u64>,
    /// Where each channel ends, once that is known; 0 before.
    ends: watch::Sender<[u64; CHANNELS.len()]>,
    is_over: AtomicBool,
}

/// How many times the server is killed: a few, unless `NOTHING_LOST_ROUNDS` says how many.
fn rounds() -> u64 {
    let asked = env::var("NOTHING_LOST_ROUNDS").ok();
    asked.map_or(4, |rounds| rounds.parse().unwrap())
}

#[tokio::test]
async fn what_was_acknowledged_is_there_once_and_in_order_whenever_the_server_is_killed() {
    let place = Place::new("nothing-lost");
    let mut server = place.start(SETTINGS, 0);
    let (port, talk) = (server.port, Talk::begin(&server));
    for round in 0..rounds() {
        // A different moment each time, of which no two are the same distance from a commit.
        let life = 1 + (round * 2_654_435_761) % LIFE;
        talk.acknowledge(life).await;
        drop(server);
        if round % 2 == 1 {
            place.tear_log();
        }
        server = place.start(SETTINGS, port);
        talk.has_started();
    }
    talk.acknowledge(1).await;
    talk.end().await;
}

#[tokio::test]
async fn a_full_disk_refuses_publications_until_there_is_room_and_loses_none() {
    let Ok(disk) = env::var("SOCKEYE_SMALL_DISK") else {
        eprintln!("not tried: SOCKEYE_SMALL_DISK names no folder on a disk of 8 MiB");
        return;
    };
    let place = Place::on(Path::new(&disk), "full-disk");
    let mut server = place.start(SETTINGS, 0);
    let (port, talk) = (server.port, Talk::begin(&server));
    for _ in 0..3 {
        talk.acknowledge(50).await;
        place.fill_disk();
        talk.be_refused().await;
        place.make_room();
        talk.acknowledge(50).await;
        drop(server);
        server = place.start(SETTINGS, port);
        talk.has_started();
    }
    talk.end().await;
}

/// Publishers and subscribers at work.
struct Talk {
    test: Arc<Test>,
    publishers: JoinSet<()>,
    subscribers: JoinSet<(usize, Heard)>,
}

impl Talk {
    fn begin(server: &Program) -> Self {
        let test = Arc::new(Test {
            url: server.url(),
            books: Default::default(),
            acknowledged: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            progress: Notify::new(),
            starts: watch::Sender::new(1),
            ends: watch::Sender::default(),
            is_over: AtomicBool::new(false),
        });
        let (mut publishers, mut subscribers) = (JoinSet::new(), JoinSet::new());
        for number in 0..PUBLISHERS {
            publishers.spawn(publish(Arc::clone(&test), number));
        }
        for number in 0..SUBSCRIBERS {
            subscribers.spawn(subscribe(Arc::clone(&test), number));
        }
        Self {
            test,
            publishers,
            subscribers,
        }
    }

    /// Waits until so many more were acknowledged.
    async fn acknowledge(&self, more: u64) {
        self.test.more_of(&self.test.acknowledged, more).await;
    }

    /// Waits until every publisher was refused something.
    async fn be_refused(&self) {
        let more = PUBLISHERS as u64;
        self.test.more_of(&self.test.refused, more).await;
    }

    fn has_started(&self) {
        self.test.starts.send_modify(|starts| *starts += 1);
    }

    /// Lets subscribers hear what is left, and holds all that they heard against the books.
    async fn end(self) {
        let test = self.test;
        test.is_over.store(true, Relaxed);
        self.publishers.join_all().await;
        let (line, _pushes) = test.connect(Codec::Json).await;
        let mut ends = [0; CHANNELS.len()];
        for (channel, end) in CHANNELS.iter().zip(&mut ends) {
            *end = line.history(history(channel, None)).await.unwrap().offset;
        }
        test.ends.send_replace(ends);
        for (channel, heard) in self.subscribers.join_all().await {
            let top = ends[channel];
            let books = test.books[channel].lock().unwrap();
            books.check(&heard, top).unwrap();
            assert!(top >= books.acknowledged.len() as u64 && top > 0);
        }
    }
}

impl Test {
    /// Waits until so many more were counted.
    async fn more_of(&self, counter: &AtomicU64, more: u64) {
        let enough = counter.load(Relaxed) + more;
        loop {
            let progress = self.progress.notified();
            if counter.load(Relaxed) >= enough {
                return;
            }
            progress.await;
        }
    }

    /// Connects, to the next server if this one is gone.
    async fn connect(&self, codec: Codec) -> (Line, Pushes) {
        let mut starts = self.starts.subscribe();
        loop {
            starts.borrow_and_update();
            let options = Options::default().codec(codec);
            match Line::connect(&Connector::new(), &self.url, options).await {
                Ok(connected) => return connected,
                Err(_) => starts.changed().await.unwrap(),
            }
        }
    }
}

/// Publishes one after the other, into each channel in turn. What was not acknowledged is not tried again.
async fn publish(test: Arc<Test>, publisher: usize) {
    let mut number = 0;
    while !test.is_over.load(Relaxed) {
        let (line, _) = test.connect(Codec::Json).await;
        loop {
            number += 1;
            let channel = number % CHANNELS.len();
            let data = format!("\"{publisher}-{number}\"");
            let books = || test.books[channel].lock().unwrap();
            books().tried.insert(data.clone());
            match line.publish(CHANNELS[channel], data.clone()).await {
                Ok(()) => {
                    books().acknowledged.push(data);
                    test.acknowledged.fetch_add(1, Relaxed);
                }
                Err(CallError::Refused(_)) => drop(test.refused.fetch_add(1, Relaxed)),
                Err(_) => break,
            }
            test.progress.notify_waiters();
            if test.is_over.load(Relaxed) {
                return;
            }
        }
    }
}

/// Hears a channel over as many connections as it takes, up to where it ends.
async fn subscribe(test: Arc<Test>, number: usize) -> (usize, Heard) {
    let channel = number % CHANNELS.len();
    let codec = [Codec::Json, Codec::Protobuf][number / CHANNELS.len() % 2];
    let mut hearing = Hearing {
        channel: CHANNELS[channel],
        position: StreamPosition::default(),
        heard: Heard::new(),
    };
    loop {
        let (line, mut pushes) = test.connect(codec).await;
        if hearing.recover(&line).await.is_none() {
            continue;
        }
        let mut ends = test.ends.subscribe();
        loop {
            let end = ends.borrow_and_update()[channel];
            if end > 0 && hearing.position.offset >= end {
                return (channel, hearing.heard);
            }
            tokio::select! {
                pushed = pushes.next() => match pushed {
                    Some(push) => hearing.hear(push.r#pub),
                    None => break,
                },
                known = ends.changed() => known.unwrap(),
            }
        }
    }
}

/// What one subscriber heard, and where it is.
struct Hearing {
    channel: &'static str,
    position: StreamPosition,
    heard: Heard,
}

impl Hearing {
    /// Subscribes from where it was; `None` if the connection ended meanwhile.
    async fn recover(&mut self, line: &Line) -> Option<()> {
        let request = SubscribeRequest {
            channel: self.channel.to_owned(),
            recover: true,
            offset: self.position.offset,
            epoch: self.position.epoch.clone(),
            ..SubscribeRequest::default()
        };
        let result = line.subscribe_as(request).await.ok()?;
        assert!(result.was_recovering);
        let known = std::mem::replace(&mut self.position.epoch, result.epoch.clone());
        assert!(known.is_empty() || known == result.epoch, "another epoch");
        if !result.recovered {
            // More was missed than one reply holds: the rest is read.
            while self.position.offset < result.offset {
                let read = history(self.channel, Some(self.position.clone()));
                let page = line.history(read).await.ok()?.publications;
                assert!(!page.is_empty(), "history ends before its top");
                page.into_iter()
                    .for_each(|publication| self.hear(Some(publication)));
            }
        }
        result
            .publications
            .into_iter()
            .for_each(|publication| self.hear(Some(publication)));
        Some(())
    }

    fn hear(&mut self, publication: Option<Publication>) {
        let Some(publication) = publication else {
            return;
        };
        let data = String::from_utf8(publication.data.to_vec()).unwrap();
        let before = self.heard.insert(publication.offset, data);
        assert_eq!(before, None, "offset {} came twice", publication.offset);
        assert!(publication.offset > self.position.offset, "out of order");
        self.position.offset = publication.offset;
    }
}

fn history(channel: &str, since: Option<StreamPosition>) -> HistoryRequest {
    HistoryRequest {
        channel: channel.to_owned(),
        limit: if since.is_some() { 300 } else { 0 },
        since,
        ..HistoryRequest::default()
    }
}
