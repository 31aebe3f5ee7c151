//! A broker that loses what it should deliver: clients are told, and recover.

use std::sync::Arc;

use sockeye_channels::{
    Announcement, Broker, Channels, Deliver, History, MemoryBroker, Publication, PublishOptions,
    PublishOrder, Published, Read, Reply, Retention, StreamPosition,
};
use tokio::time::Instant;

use crate::talk::{Talk, open, over, plain, settings};

/// Keeps everything, and does not deliver what says `"lost"`.
#[derive(Debug)]
struct Leaky(MemoryBroker);

#[derive(Debug)]
struct Sieve(Arc<dyn Deliver>);

impl Deliver for Sieve {
    fn publication(
        &self,
        channel: &str,
        publication: &Arc<Publication>,
        position: Option<&StreamPosition>,
    ) {
        if publication.data != "\"lost\"" {
            self.0.publication(channel, publication, position);
        }
    }

    fn announcement(&self, channel: &str, announcement: &Announcement) {
        self.0.announcement(channel, announcement);
    }
}

impl Broker for Leaky {
    fn attach(&self, deliver: Arc<dyn Deliver>) {
        self.0.attach(Arc::new(Sieve(deliver)));
    }

    fn publish<'a>(
        &'a self,
        channel: &'a str,
        publication: Publication,
        options: PublishOptions,
    ) -> Reply<'a, Published> {
        self.0.publish(channel, publication, options)
    }

    fn history<'a>(&'a self, channel: &'a str, read: Read, kept: Retention) -> Reply<'a, History> {
        self.0.history(channel, read, kept)
    }

    fn remove_history<'a>(&'a self, channel: &'a str) -> Reply<'a, ()> {
        self.0.remove_history(channel)
    }

    fn announce<'a>(&'a self, channel: &'a str, announcement: Announcement) -> Reply<'a, ()> {
        self.0.announce(channel, announcement)
    }

    fn listen<'a>(&'a self, channel: &'a str) -> Reply<'a, ()> {
        self.0.listen(channel)
    }

    fn unlisten(&self, channel: &str) {
        self.0.unlisten(channel);
    }
}

fn leaky() -> Channels {
    over(settings(open()), Arc::new(Leaky(MemoryBroker::new())))
}

async fn publish(channels: &Channels, data: &'static str) {
    channels.publish("a", PublishOrder::of(data)).await.unwrap();
}

const ENDED: &str =
    r#"{"push":{"channel":"a","unsubscribe":{"code":2500,"reason":"insufficient state"}}}"#;

#[tokio::test(start_paused = true)]
async fn a_gap_ends_the_subscription_and_the_client_recovers() {
    let channels = leaky();
    let mut talk = Talk::connected(&channels, "ann").await;
    talk.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
    talk.hear().await;
    publish(&channels, r#""lost""#).await;
    publish(&channels, "2").await;
    assert_eq!(talk.hear().await, ENDED);
    assert_eq!(channels.info().subscriptions, 0);
    talk.say(r#"{"subscribe":{"channel":"a","recover":true},"id":3}"#)
        .await;
    let reply = talk.hear().await;
    assert!(reply.contains(r#"{"data":"lost","offset":1"#), "{reply}");
    assert!(reply.contains(r#""recovered":true"#), "{reply}");
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_a_subscription_of_the_server_s_ends_the_connection() {
    let channels = leaky();
    let mut talk = Talk::connected(&channels, "ann in a").await;
    publish(&channels, r#""lost""#).await;
    publish(&channels, "2").await;
    talk.is_closed(3010, "insufficient state").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_without_a_successor_is_found_by_the_check() {
    let channels = leaky();
    let mut talk = Talk::connected(&channels, "ann").await;
    let start = Instant::now();
    talk.say(r#"{"subscribe":{"channel":"a"},"id":2}"#).await;
    talk.hear().await;
    publish(&channels, r#""lost""#).await;
    while let Some(message) = talk.0.recv().await {
        if plain(&message) == ENDED {
            break;
        }
        talk.say("{}").await;
    }
    // Two ticks, and the time that a broker may take to tell.
    assert_eq!(start.elapsed().as_secs(), 55);
}
