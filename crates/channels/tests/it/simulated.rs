//! Clients that come and go, over a broker whose answers and deliveries are late by what a seed says, on a paused clock:
//! nobody misses anything or hears it twice without being told.

use std::{
    collections::HashMap,
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use proptest::prelude::*;
use serde_json::Value;
use sockeye_channels::{
    Announcement, Broker, Channels, Deliver, History, MemoryBroker, Publication, PublishOptions,
    PublishOrder, Published, Read, Reply, Retention, StreamPosition,
};
use tokio::{
    sync::mpsc::{UnboundedSender, unbounded_channel},
    task::JoinSet,
    time::timeout,
};

use crate::talk::{Talk, open, over, settings};

/// Lets so many milliseconds pass, by a clock that is moved when everybody waits.
async fn pass(milliseconds: u64) {
    let _ = timeout(Duration::from_millis(milliseconds), pending::<()>()).await;
}

/// Numbers that a seed makes (SplitMix64).
#[derive(Clone, Debug)]
struct Chance(Arc<Mutex<u64>>);

impl Chance {
    fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(seed)))
    }

    fn below(&self, end: u64) -> u64 {
        let mut state = self.0.lock().unwrap();
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    async fn wait(&self) {
        // Often not at all: then others come in between only where something waits anyway.
        if self.below(3) > 0 {
            pass(self.below(40)).await;
        }
    }
}

/// Keeps everything at once, and answers and delivers some time later: each channel in order, and one channel before
/// another as it comes.
#[derive(Debug)]
struct Late {
    kept: MemoryBroker,
    chance: Chance,
}

type Told = (Arc<Publication>, Option<StreamPosition>);

#[derive(Debug)]
struct LateDelivery {
    to: Arc<dyn Deliver>,
    chance: Chance,
    channels: Mutex<HashMap<String, UnboundedSender<Told>>>,
}

impl Deliver for LateDelivery {
    fn publication(
        &self,
        channel: &str,
        publication: &Arc<Publication>,
        position: Option<&StreamPosition>,
    ) {
        let mut channels = self.channels.lock().unwrap();
        let line = channels.entry(channel.to_owned()).or_insert_with(|| {
            let (put, mut come) = unbounded_channel::<Told>();
            let (to, chance, channel) = (
                Arc::clone(&self.to),
                self.chance.clone(),
                channel.to_owned(),
            );
            tokio::spawn(async move {
                while let Some((publication, position)) = come.recv().await {
                    chance.wait().await;
                    to.publication(&channel, &publication, position.as_ref());
                }
            });
            put
        });
        line.send((Arc::clone(publication), position.cloned()))
            .unwrap();
    }

    fn announcement(&self, channel: &str, announcement: &Announcement) {
        self.to.announcement(channel, announcement);
    }
}

impl Broker for Late {
    fn attach(&self, deliver: Arc<dyn Deliver>) {
        self.kept.attach(Arc::new(LateDelivery {
            to: deliver,
            chance: self.chance.clone(),
            channels: Mutex::default(),
        }));
    }

    fn publish<'a>(
        &'a self,
        channel: &'a str,
        publication: Publication,
        options: PublishOptions,
    ) -> Reply<'a, Published> {
        Box::pin(async move {
            self.chance.wait().await;
            let published = self.kept.publish(channel, publication, options).await;
            self.chance.wait().await;
            published
        })
    }

    fn history<'a>(&'a self, channel: &'a str, read: Read, kept: Retention) -> Reply<'a, History> {
        Box::pin(async move {
            self.chance.wait().await;
            let history = self.kept.history(channel, read, kept).await;
            self.chance.wait().await;
            history
        })
    }

    fn remove_history<'a>(&'a self, channel: &'a str) -> Reply<'a, ()> {
        self.kept.remove_history(channel)
    }

    fn announce<'a>(&'a self, channel: &'a str, announcement: Announcement) -> Reply<'a, ()> {
        self.kept.announce(channel, announcement)
    }

    fn listen<'a>(&'a self, channel: &'a str) -> Reply<'a, ()> {
        Box::pin(async move {
            self.chance.wait().await;
            self.kept.listen(channel).await
        })
    }

    fn unlisten(&self, channel: &str) {
        self.kept.unlisten(channel);
    }
}

/// One who comes back again and again, and what it knows.
struct Listener {
    channels: Channels,
    chance: Chance,
    offset: u64,
    epoch: String,
    recovered: u32,
    unrecovered: u32,
}

impl Listener {
    /// Subscribes from where it was, and listens for a while.
    async fn come(&mut self, patience: Duration) {
        let mut talk = Talk::connected(&self.channels, "ann").await;
        self.subscribe(&mut talk).await;
        while let Ok(heard) = timeout(patience, talk.hear()).await {
            for line in heard.lines() {
                let said: Value = serde_json::from_str(line).unwrap();
                let push = &said["push"];
                if push["unsubscribe"].is_object() {
                    self.subscribe(&mut talk).await;
                } else {
                    self.take(&push["pub"]);
                }
            }
            // Some leave in the middle, some do so politely.
            match self.chance.below(12) {
                0 => return,
                1 => {
                    talk.say(r#"{"unsubscribe":{"channel":"a"},"id":3}"#).await;
                    while !talk.hear_more(self).await {}
                    self.subscribe(&mut talk).await;
                }
                _ => {}
            }
        }
    }

    async fn subscribe(&mut self, talk: &mut Talk) {
        talk.say(&format!(
            r#"{{"subscribe":{{"channel":"a","recover":true,"offset":{},"epoch":"{}"}},"id":2}}"#,
            self.offset, self.epoch
        ))
        .await;
        let reply = talk.hear_value().await;
        let result = &reply["subscribe"];
        assert!(result.is_object(), "{reply}");
        if result["recovered"] == true {
            self.recovered += 1;
        } else {
            self.unrecovered += 1;
            self.offset = result["offset"].as_u64().unwrap_or_default();
        }
        self.epoch = result["epoch"].as_str().unwrap().to_owned();
        for publication in result["publications"].as_array().into_iter().flatten() {
            self.take(publication);
        }
    }

    fn take(&mut self, publication: &Value) {
        let offset = publication["offset"].as_u64().unwrap();
        assert_eq!(offset, self.offset + 1, "{publication}");
        assert_eq!(publication["data"], offset, "another one's offset");
        self.offset = offset;
    }
}

impl Talk {
    /// The next message as it is; pings are answered on the way.
    async fn hear_value(&mut self) -> Value {
        loop {
            let message = self.0.recv().await.unwrap();
            match message.as_text().unwrap() {
                "{}" => self.say("{}").await,
                text => return serde_json::from_str(text).unwrap(),
            }
        }
    }

    /// Hears one message more; whether it is the answer to the unsubscribe.
    async fn hear_more(&mut self, listener: &mut Listener) -> bool {
        let said = self.hear_value().await;
        if said["push"]["pub"].is_object() {
            listener.take(&said["push"]["pub"]);
        }
        said["id"] == 3
    }
}

async fn simulate(seed: u64) -> (u32, u32) {
    let chance = Chance::new(seed);
    let late = Late {
        kept: MemoryBroker::new(),
        chance: chance.clone(),
    };
    // Short enough for some to come back too late.
    let namespace = open().history(12, Duration::from_secs(600));
    let channels = over(settings(namespace), Arc::new(late));
    let mut listeners = JoinSet::new();
    for _ in 0..4 {
        let mut listener = Listener {
            channels: channels.clone(),
            chance: chance.clone(),
            offset: 0,
            epoch: String::new(),
            recovered: 0,
            unrecovered: 0,
        };
        listeners.spawn(async move {
            for _ in 0..6 {
                listener.come(Duration::from_millis(300)).await;
                listener.chance.wait().await;
                if listener.chance.below(3) == 0 {
                    pass(listener.chance.below(1500)).await;
                }
            }
            listener
        });
    }
    for number in 1..=120_u32 {
        let order = PublishOrder::of(number.to_string());
        channels.publish("a", order).await.unwrap();
        chance.wait().await;
    }
    let (mut recovered, mut unrecovered) = (0, 0);
    for mut listener in listeners.join_all().await {
        // Whoever stays hears the end.
        listener.come(Duration::from_secs(2)).await;
        listener.chance = Chance::new(1);
        recovered += listener.recovered;
        unrecovered += listener.unrecovered;
    }
    (recovered, unrecovered)
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().start_paused(true).build().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_is_missed_or_heard_twice_however_late_a_broker_is(seed: u64) {
        let (recovered, _) = runtime().block_on(simulate(seed));
        prop_assert!(recovered > 0);
    }
}

#[test]
fn the_simulation_reaches_both_verdicts() {
    let totals = (0..6).map(|seed| runtime().block_on(simulate(seed)));
    let (recovered, unrecovered) = totals.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
    assert!(
        recovered > 50 && unrecovered > 3,
        "{recovered} {unrecovered}"
    );
}
