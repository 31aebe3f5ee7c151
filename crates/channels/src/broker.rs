//! Who keeps publications and fans them out: the seam between the hub and a memory, a file, or a cluster.

use std::{
    error::Error, fmt, future::Future, num::NonZeroU32, pin::Pin, sync::Arc, time::Duration,
};

use sockeye_channel_proto::{ClientInfo, Publication, StreamPosition};
use thiserror::Error;

/// What a broker answers with, some time.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, BrokerError>> + Send + 'a>>;

/// Keeps the streams of channels and tells the hub what is published.
///
/// Within a channel there is one order: offsets grow by one, [`Deliver::publication`] is called in their order, each
/// once, from one thread at a time; and a publish is answered only after it was delivered here, and, if it is durable,
/// after it is where no crash of the process loses it.
pub trait Broker: fmt::Debug + Send + Sync + 'static {
    /// Tells the broker, once and before anything else, to whom publications go.
    fn attach(&self, deliver: Arc<dyn Deliver>);

    /// Publishes into a channel. Without retention it goes to whoever listens now, and has no offset.
    ///
    /// Cancel safety: dropped before it is done, the publication may or may not be published, but never by half.
    fn publish<'a>(
        &'a self,
        channel: &'a str,
        publication: Publication,
        options: PublishOptions,
    ) -> Reply<'a, Published>;

    /// Reads a channel's stream. A stream that nobody touched yet gets its epoch now.
    ///
    /// Cancel safety: it changes nothing but that.
    fn history<'a>(
        &'a self,
        channel: &'a str,
        read: Read,
        retention: Retention,
    ) -> Reply<'a, History>;

    /// Forgets a channel's publications. Its offset and epoch stay.
    ///
    /// Cancel safety: dropped before it is done, it may or may not have happened.
    fn remove_history<'a>(&'a self, channel: &'a str) -> Reply<'a, ()>;

    /// Tells all subscribers who came or left. It is in order with other announcements of the channel, not with its
    /// publications.
    ///
    /// Cancel safety: dropped before it is done, it may or may not be told.
    fn announce<'a>(&'a self, channel: &'a str, announcement: Announcement) -> Reply<'a, ()>;

    /// Says that somebody here listens to a channel from now on. Done once this is sure to hear what is published next.
    ///
    /// Cancel safety: call [`unlisten`](Self::unlisten) if it is dropped before it is done.
    fn listen<'a>(&'a self, channel: &'a str) -> Reply<'a, ()>;

    /// Says that nobody here listens any more. It does not wait: it may be said in the middle of a delivery.
    fn unlisten(&self, channel: &str);

    /// Called about once a second: the moment to forget a part of what has expired. It must not take long.
    fn tend(&self) {}
}

/// What a broker tells the hub. Neither method waits for anybody.
pub trait Deliver: fmt::Debug + Send + Sync {
    /// A publication; `position` is that of the stream right behind it, if there is a stream.
    fn publication(
        &self,
        channel: &str,
        publication: &Arc<Publication>,
        position: Option<&StreamPosition>,
    );

    /// Who came or left.
    fn announcement(&self, channel: &str, announcement: &Announcement);
}

/// Who came to a channel, or left it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Announcement {
    /// Somebody subscribed.
    Join(ClientInfo),
    /// Somebody is no longer subscribed.
    Leave(ClientInfo),
}

/// How long a channel's stream is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// So many publications at most.
    pub size: NonZeroU32,
    /// Each for so long at most, counted from the last publication.
    pub ttl: Duration,
    /// The offset and the epoch for so long after they were last read or written.
    pub meta_ttl: Duration,
    /// What a crash may take.
    pub durability: Durability,
}

/// What a crash of the process may take of a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// All of it: it never touches a disk, and has another epoch afterwards.
    #[default]
    Ephemeral,
    /// Nothing that was acknowledged.
    Durable,
}

/// How a publication is published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishOptions {
    /// Whether a stream keeps it, and how.
    pub retention: Option<Retention>,
    /// What is published twice under a key is published once, for as long as the second says.
    pub idempotency: Option<(String, Duration)>,
    /// What it is a version of: dropped, unless its [`Publication::version`] is above the last one of the same epoch.
    /// It takes retention.
    pub version_epoch: Option<String>,
}

/// What became of a publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// The stream's position right behind it (behind the earlier one, if it was a repeat); `None` without a stream.
    pub position: Option<StreamPosition>,
    /// Why it was not published, if it was not.
    pub suppressed: Option<Suppressed>,
}

impl Published {
    /// Says at which position something was published.
    pub const fn at(position: Option<StreamPosition>) -> Self {
        Self {
            position,
            suppressed: None,
        }
    }

    /// Says that it was not published, and at which position the stream is.
    pub const fn suppressed(position: Option<StreamPosition>, why: Suppressed) -> Self {
        Self {
            position,
            suppressed: Some(why),
        }
    }
}

/// Why something was not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Suppressed {
    /// It was published before under its idempotency key.
    Repeated,
    /// A later version was published before.
    Outdated,
}

/// Which part of a stream is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// Behind which position; before which, in reverse. With another epoch than the stream's, nothing is read but the
    /// top.
    pub since: Option<StreamPosition>,
    /// How many publications at most; 0 for the top only, `None` for all.
    pub limit: Option<u32>,
    /// Which come first.
    pub order: Order,
}

/// In which order publications are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// The oldest first.
    #[default]
    Forward,
    /// The latest first.
    Reverse,
}

/// A part of a stream, and where the stream was when it was read, both of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct History {
    /// In the order that was asked for, each with its offset.
    pub publications: Vec<Arc<Publication>>,
    /// The position behind the latest publication.
    pub top: StreamPosition,
}

impl History {
    /// Puts both together.
    pub const fn new(publications: Vec<Arc<Publication>>, top: StreamPosition) -> Self {
        Self { publications, top }
    }
}

/// A broker could not do what was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// It can't be reached, or its storage refuses; later it may work.
    #[error("the broker is unavailable")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
    /// It has no room for more: the disk is full, or a limit is reached.
    #[error("the broker has no room")]
    Full(#[source] Box<dyn Error + Send + Sync>),
    /// It was shut down.
    #[error("the broker is closed")]
    Closed,
}
