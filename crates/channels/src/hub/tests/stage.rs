//! What conversations are held on: a hub, a broker that can be deaf, and members in memory.

use std::{
    future::{Future, poll_fn},
    num::NonZeroU32,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicIsize, AtomicUsize, Ordering::Relaxed},
    },
    task::Poll,
    time::Duration,
};

use bytes::Bytes;
use sockeye_channel_proto::{
    ClientInfo, Codec, Disconnect, Publication, Push, Reply as Answer, StreamPosition, fossil,
};
use sockeye_endpoint::{Endpoint, Endpoints, Handler, HandlerResult, MemoryPeer, Opening, Session};
use sockeye_types::{Close, Limits, Message};

use super::super::*;
use crate::{
    Announcement, BrokerError, ClientId, Durability, History, MemoryBroker, OverflowPolicy,
    PublishOptions, Published, Read, Reply, Retention,
    recovery::{Ask, Recovered},
};

pub(super) const RETENTION: Option<Retention> = Some(Retention {
    size: NonZeroU32::new(5).unwrap(),
    ttl: Duration::from_secs(60),
    meta_ttl: Duration::from_secs(600),
    durability: Durability::Ephemeral,
});

pub(super) struct Stage {
    pub(super) hub: Arc<Hub>,
    pub(super) broker: Arc<Deaf>,
    calls: Arc<Calls>,
    pub(super) overflow: Overflow,
}

#[derive(Default)]
struct Calls(Mutex<Vec<String>>);

impl Upcalls for Calls {
    fn told(&self, _: Duration) {}

    fn lost(&self, client: ClientId, _: &str, why: Lost) {
        self.0.lock().unwrap().push(format!("{client} {why:?}"));
    }

    fn disconnect(&self, client: ClientId, _: &str, why: Disconnect) {
        self.0.lock().unwrap().push(format!("{client} {why:?}"));
    }
}

struct Quiet;

impl Handler for Quiet {
    async fn on_message(&self, _: &Session, _: Message) -> HandlerResult {
        Ok(())
    }
}

impl Stage {
    pub(super) fn new() -> Self {
        let broker = Arc::new(Deaf::default());
        let told = Arc::clone(&broker);
        broker.inner.attach(Arc::new(Ear(Arc::downgrade(&told))));
        let calls = Arc::new(Calls::default());
        let upcalls: Weak<Calls> = Arc::downgrade(&calls);
        Self {
            hub: Hub::new(told, upcalls),
            broker,
            calls,
            overflow: Overflow {
                policy: OverflowPolicy::Close,
                publications: 4,
                bytes: 1 << 20,
            },
        }
    }

    pub(super) fn peer(&self, outbox: usize) -> Peer {
        self.peer_at(&endpoint(outbox))
    }

    pub(super) fn peers(&self, many: usize) -> Vec<Peer> {
        let endpoint = endpoint(1 << 20);
        (0..many).map(|_| self.peer_at(&endpoint)).collect()
    }

    fn peer_at(&self, endpoint: &Endpoint) -> Peer {
        let mut memory = MemoryPeer::open(endpoint, Opening::default());
        assert_eq!(memory.try_recv(), None);
        Peer {
            memory,
            client: ClientId::random().unwrap(),
            kind: Kind::default(),
            last: Bytes::new(),
            overflow: self.overflow,
        }
    }

    pub(super) async fn enter(&self, peer: &mut Peer, kind: Kind, ask: &Ask) -> Recovered {
        let mut joining = self.hub.join("news");
        let recovered = joining.settle(ask, RETENTION).await.unwrap();
        peer.reply();
        peer.kind = kind;
        if kind.delta == Delta::Fossil
            && let Some(last) = recovered.publications.last()
        {
            peer.last = last.data.clone();
        }
        joining.enter(peer.member(kind)).unwrap();
        recovered
    }

    /// Publishes a JSON string into the stream.
    pub(super) async fn publish(&self, text: &str) -> u64 {
        self.publish_bytes(format!("\"{text}\"").as_bytes()).await
    }

    pub(super) async fn publish_bytes(&self, data: &[u8]) -> u64 {
        let publication = Publication {
            data: Bytes::copy_from_slice(data),
            ..Publication::default()
        };
        self.publish_as(publication).await
    }

    pub(super) async fn publish_to(&self, text: &str, tag: &str) {
        let publication = Publication {
            data: format!("\"{text}\"").into(),
            tags: [("to".to_owned(), tag.to_owned())].into(),
            key: tag.to_owned(),
            ..Publication::default()
        };
        self.publish_as(publication).await;
    }

    async fn publish_as(&self, publication: Publication) -> u64 {
        let published = self.broker.publish("news", publication, options());
        published.await.unwrap().position.unwrap().offset
    }

    /// Tells the hub what no broker of this process would.
    pub(super) fn deliver_at(&self, text: &str, position: StreamPosition) {
        let epoch = self.hub.position("news").unwrap().epoch;
        let position = StreamPosition {
            epoch: if position.epoch.is_empty() {
                epoch
            } else {
                position.epoch
            },
            ..position
        };
        let publication = Publication {
            data: format!("\"{text}\"").into(),
            offset: position.offset,
            ..Publication::default()
        };
        let delivery = Delivery(Arc::downgrade(&self.hub));
        delivery.publication("news", &Arc::new(publication), Some(&position));
    }

    pub(super) async fn announce(&self, announcement: Announcement) {
        self.broker.announce("news", announcement).await.unwrap();
    }

    /// Lets the stream's meta TTL pass: the next who asks gets another epoch.
    pub(super) async fn forget_stream(&self) {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(601)).await;
    }

    pub(super) async fn epoch(&self) -> String {
        let top = Ask::Position.read(None);
        let history = self.broker.history("news", top, RETENTION.unwrap()).await;
        history.unwrap().top.epoch
    }

    pub(super) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.0.lock().unwrap())
    }

    pub(super) fn is_empty(&self) -> bool {
        let shards = self.hub.shards.iter();
        shards
            .map(|shard| shard.lock().unwrap().len())
            .sum::<usize>()
            == 0
    }
}

fn endpoint(outbox: usize) -> Arc<Endpoint> {
    let endpoints = Endpoints::new().at("/", Quiet);
    let limits = Limits::default().outbox_bytes(outbox);
    let routes = endpoints.limits(limits).into_routes().unwrap();
    Arc::clone(routes.find("/").unwrap().endpoint)
}

pub(super) fn options() -> PublishOptions {
    PublishOptions {
        retention: RETENTION,
        ..PublishOptions::default()
    }
}

pub(super) fn at(offset: u64, epoch: &str) -> StreamPosition {
    StreamPosition {
        offset,
        epoch: epoch.to_owned(),
    }
}

pub(super) fn who(user: &str) -> ClientInfo {
    ClientInfo {
        user: user.to_owned(),
        ..ClientInfo::default()
    }
}

pub(super) fn json() -> Kind {
    Kind::default()
}

pub(super) fn protobuf() -> Kind {
    Kind {
        codec: Codec::Protobuf,
        ..Kind::default()
    }
}

pub(super) fn positioned() -> Kind {
    Kind {
        positioned: Positioned::Yes,
        ..Kind::default()
    }
}

/// Waits for all of these, each of which has its turn before the next has its second.
pub(super) async fn all<F: Future + Unpin>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut futures: Vec<_> = futures.map(|future| (future, None)).collect();
    poll_fn(|cx| {
        for (future, done) in futures.iter_mut().filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(output) = Pin::new(future).poll(cx) {
                *done = Some(output);
            }
        }
        let is_done = futures.iter().all(|(_, done)| done.is_some());
        if is_done {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    futures.into_iter().filter_map(|(_, done)| done).collect()
}

/// A session in memory, as a client.
pub(super) struct Peer {
    pub(super) memory: MemoryPeer,
    pub(super) client: ClientId,
    kind: Kind,
    last: Bytes,
    pub(super) overflow: Overflow,
}

impl Peer {
    pub(super) fn member(&self, kind: Kind) -> Member {
        Member {
            session: self.memory.session().clone(),
            client: self.client,
            kind,
            filter: None,
            overflow: self.overflow,
        }
    }

    pub(super) fn become_kind(&mut self, kind: Kind) {
        self.kind = kind;
    }

    pub(super) fn reply(&mut self) {
        self.memory.session().try_send("reply").unwrap();
    }

    pub(super) async fn end(&mut self) {
        self.memory.close(Close::normal()).await;
    }

    /// What it was sent by now: payloads, who came and left; patches are marked, and applied.
    pub(super) fn heard(&mut self) -> Vec<String> {
        let mut heard = Vec::new();
        while let Some(message) = self.memory.try_recv() {
            heard.push(self.read(&message));
        }
        heard
    }

    pub(super) fn read(&mut self, message: &Message) -> String {
        if message.as_text() == Some("reply") {
            return "reply".to_owned();
        }
        let frame = Bytes::copy_from_slice(message.as_bytes());
        let codec = self.kind.codec;
        let push: Push = match self.kind.shape {
            Shape::Bare => codec.decode(&frame).next().unwrap().unwrap(),
            Shape::Reply => {
                let answer: Answer = codec.decode(&frame).next().unwrap().unwrap();
                answer.push.unwrap()
            }
        };
        assert_eq!(push.channel, "news");
        if let Some(join) = push.join {
            return format!("+{}", join.info.unwrap().user);
        }
        if let Some(leave) = push.leave {
            return format!("-{}", leave.info.unwrap().user);
        }
        self.payload(push.r#pub.unwrap())
    }

    fn payload(&mut self, publication: Publication) -> String {
        let mut data = publication.data;
        if self.kind.delta == Delta::Fossil && self.kind.codec == Codec::Json {
            data = serde_json::from_slice::<String>(&data).unwrap().into();
        }
        let mark = if publication.delta { "~" } else { "" };
        if publication.delta {
            data = fossil::apply(&self.last, &data, 1 << 20).unwrap().into();
        }
        self.last = data.clone();
        let skipped = publication.tags.get(frames::SKIPPED);
        let skipped = skipped
            .map(|skipped| format!("({skipped})"))
            .unwrap_or_default();
        let text = String::from_utf8(data.to_vec()).unwrap();
        format!("{skipped}{mark}{}", text.trim_matches('"'))
    }
}

/// The broker in memory, counted, and deaf at times: then it stores, and tells later.
#[derive(Debug, Default)]
pub(super) struct Deaf {
    inner: MemoryBroker,
    deliver: OnceLock<Arc<dyn Deliver>>,
    held: Mutex<Option<Vec<Told>>>,
    reads: AtomicUsize,
    listening: AtomicIsize,
}

/// What is yet to be told.
type Told = (Arc<Publication>, Option<StreamPosition>);

#[derive(Debug)]
struct Ear(Weak<Deaf>);

impl Deaf {
    pub(super) async fn deaf(&self, text: &str) {
        self.held.lock().unwrap().get_or_insert_default();
        let publication = Publication {
            data: format!("\"{text}\"").into(),
            ..Publication::default()
        };
        self.publish("news", publication, options()).await.unwrap();
    }

    pub(super) fn tell_now(&self) {
        let held = self.held.lock().unwrap().take().unwrap_or_default();
        for (publication, position) in held {
            let deliver = self.deliver.get().unwrap();
            deliver.publication("news", &publication, position.as_ref());
        }
    }

    pub(super) fn reads(&self) -> usize {
        self.reads.load(Relaxed)
    }

    pub(super) fn listening(&self) -> isize {
        self.listening.load(Relaxed)
    }
}

impl Deliver for Ear {
    fn publication(
        &self,
        channel: &str,
        publication: &Arc<Publication>,
        position: Option<&StreamPosition>,
    ) {
        let broker = self.0.upgrade().unwrap();
        if let Some(held) = &mut *broker.held.lock().unwrap() {
            held.push((Arc::clone(publication), position.cloned()));
            return;
        }
        let deliver = broker.deliver.get().unwrap();
        deliver.publication(channel, publication, position);
    }

    fn announcement(&self, channel: &str, announcement: &Announcement) {
        let broker = self.0.upgrade().unwrap();
        let deliver = broker.deliver.get().unwrap();
        deliver.announcement(channel, announcement);
    }
}

impl Broker for Deaf {
    fn attach(&self, deliver: Arc<dyn Deliver>) {
        self.deliver.set(deliver).unwrap();
    }

    fn publish<'a>(
        &'a self,
        channel: &'a str,
        publication: Publication,
        options: PublishOptions,
    ) -> Reply<'a, Published> {
        self.inner.publish(channel, publication, options)
    }

    fn history<'a>(
        &'a self,
        channel: &'a str,
        read: Read,
        retention: Retention,
    ) -> Reply<'a, History> {
        Box::pin(async move {
            self.reads.fetch_add(1, Relaxed);
            let history = self.inner.history(channel, read, retention).await;
            // It takes its time, in which others come.
            tokio::task::yield_now().await;
            history
        })
    }

    fn remove_history<'a>(&'a self, channel: &'a str) -> Reply<'a, ()> {
        self.inner.remove_history(channel)
    }

    fn announce<'a>(&'a self, channel: &'a str, announcement: Announcement) -> Reply<'a, ()> {
        self.inner.announce(channel, announcement)
    }

    fn listen<'a>(&'a self, _: &'a str) -> Reply<'a, ()> {
        self.listening.fetch_add(1, Relaxed);
        Box::pin(async { Ok::<(), BrokerError>(()) })
    }

    fn unlisten(&self, _: &str) {
        self.listening.fetch_sub(1, Relaxed);
    }
}
