//! What holds for the channels of one namespace: what is kept, who may do what, and what that may cost.

use std::{num::NonZeroU32, time::Duration};

use regex::Regex;
use serde_json::value::RawValue;

use crate::broker::{Durability, Retention};

/// What holds for the channels of one namespace. By default nothing is kept and clients may do nothing: only the server
/// publishes, and only a token opens a channel.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option that an operator turns on or off"
)]
pub struct Namespace {
    /// How many publications a channel keeps, at most. Default 0: none. With [`history_ttl`](Self::history_ttl) or not
    /// at all. Whoever may publish can fill it: each costs its bytes, in memory or on disk, for each channel.
    pub history_size: u32,
    /// How long a channel keeps its publications after the last one. Default zero: it keeps none. Longer costs room for
    /// channels that are no longer used.
    pub history_ttl: Duration,
    /// How long a channel's offset and epoch are kept after they were last read or written, at least as long as the
    /// publications. Default `None`: as [`Settings::history_meta_ttl`](crate::Settings::history_meta_ttl) says. Whoever
    /// may subscribe or read history can make new channels: each costs some 100 bytes for so long.
    pub history_meta_ttl: Option<Duration>,
    /// What a crash may take of what is kept. Default [`Durability::Durable`]: a publish is answered once it is on disk.
    /// Ephemeral channels are faster and lose everything when the server ends.
    pub durability: Durability,
    /// Who is watched for gaps. Default [`Grant::Permitted`]. It takes history, and costs each subscription a position.
    pub positioning: Grant,
    /// Who may recover what they missed. Default [`Grant::Permitted`]. It takes history; many clients that come back at
    /// once cost a read for each channel and position.
    pub recovery: Grant,
    /// What who recovers is given. Default [`RecoveryMode::Stream`].
    pub recovery_mode: RecoveryMode,
    /// Whether the server knows who is subscribed. Default off. Each subscription costs an entry, and a question for
    /// presence an answer that is as large as the channel has subscribers.
    pub presence: bool,
    /// Who is told who comes and leaves. Default [`JoinLeave::Off`]. In a channel of n subscribers n who come cost n²
    /// messages: leave it off in large ones.
    pub join_leave: JoinLeave,
    /// Which kinds of patches subscribers may ask for. Default none. Each publication costs the making of a patch, and
    /// each channel with such a subscriber the last payload.
    pub allowed_delta_types: Vec<DeltaType>,
    /// Whether subscribers may ask for some publications only, by their tags. Default off. Each such subscriber costs
    /// a comparison for each publication.
    pub allow_tags_filter: bool,
    /// Who may subscribe without a token. Default [`Access::NOBODY`]. Who may can listen to every channel whose name
    /// they guess, and make new ones.
    pub allow_subscribe: Access,
    /// Who may publish. Default [`Access::NOBODY`]. Who may can fill history and outboxes: see the rates below. All
    /// clients are all: also in channels that are private or limited to other users.
    pub allow_publish: Access,
    /// Who may ask who is there. Default [`Access::NOBODY`]. It takes [`presence`](Self::presence), and tells users' ids.
    /// All clients are all, as for [`allow_publish`](Self::allow_publish).
    pub allow_presence: Access,
    /// Who may read what was published. Default [`Access::NOBODY`]. It takes history, and also grants positioning and
    /// recovery to who asks. All clients are all, as for [`allow_publish`](Self::allow_publish).
    pub allow_history: Access,
    /// Whether a channel `name#1,2` is open to the users 1 and 2, and to nobody else without a token. Default off: `#`
    /// is a character like others.
    pub allow_user_limited_channels: bool,
    /// What channels' names look like behind the namespace. Default `None`: any ASCII. Looser ones let whoever may
    /// subscribe make more channels.
    pub channel_regex: Option<ChannelRegex>,
    /// Which payloads are taken, of clients and of the server's API. Default [`DataFormat::NotEmpty`].
    pub publication_data_format: DataFormat,
    /// Whether the application is asked who may subscribe. Default off. Each subscription costs it a request.
    pub subscribe_hook: bool,
    /// Whether the application is asked who may publish what. Default off. Each publication of a client costs it a
    /// request.
    pub publish_hook: bool,
    /// Whether the application is asked if a subscription that expires goes on. Default off: clients bring tokens.
    pub sub_refresh_hook: bool,
    /// How many publications a second one client may make here, and as many at once. Default `None`: any. One more is
    /// answered with 111.
    pub publishes_per_second_per_client: Option<NonZeroU32>,
    /// How many publications a second all clients together may make in one channel, and as many at once. Default `None`:
    /// any. One more is answered with 111, so that one client can silence the others where its own rate is no lower.
    pub publishes_per_second_per_channel: Option<NonZeroU32>,
    /// How many subscriptions a second one client may ask for here, and as many at once. Default `None`: any. One more
    /// is answered with 111. Lower than a client has channels, and it needs several tries to come back.
    pub subscribes_per_second_per_client: Option<NonZeroU32>,
    /// What becomes of a subscriber that reads too slowly. Default [`OverflowPolicy::Close`].
    pub overflow: OverflowPolicy,
    /// How many publications of one channel may wait for a slow subscriber whom the policy keeps, beside its outbox.
    /// Default 128. Whoever reads nothing can make the server hold as many, for each subscription.
    pub overflow_publications: u32,
    /// How many bytes of payload they may have. Default 256 KiB. One publication is let in whatever its size.
    pub overflow_bytes: usize,
}

/// Who may do something without being told so by a token or a hook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Access {
    /// Which connections.
    pub circle: Circle,
    /// Whether that means those of nobody in particular, too.
    pub anonymous: Anonymous,
}

/// Which connections may do something in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Circle {
    /// None.
    #[default]
    Nobody,
    /// Those that are subscribed to it.
    Subscribers,
    /// All.
    Clients,
}

/// Whether connections without a user's id count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Anonymous {
    /// They don't.
    #[default]
    Excluded,
    /// They do.
    Included,
}

impl Access {
    /// Nobody may.
    pub const NOBODY: Self = Self::of(Circle::Nobody);
    /// Users that are subscribed may.
    pub const SUBSCRIBERS: Self = Self::of(Circle::Subscribers);
    /// Every user may.
    pub const CLIENTS: Self = Self::of(Circle::Clients);

    const fn of(circle: Circle) -> Self {
        Self {
            circle,
            anonymous: Anonymous::Excluded,
        }
    }

    /// Means those without a user's id, too.
    #[must_use]
    pub const fn and_anonymous(mut self) -> Self {
        self.anonymous = Anonymous::Included;
        self
    }
}

/// Who gets something that subscribers may ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Grant {
    /// Who asks for it and may read the channel's history.
    #[default]
    Permitted,
    /// Who asks for it.
    Asked,
    /// Everybody.
    Forced,
}

/// What somebody who recovers is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecoveryMode {
    /// All they missed.
    #[default]
    Stream,
    /// The latest publication: the channel is a state, not a log.
    Cache,
    /// The same, to everybody who subscribes, asked or not. Recovery must be [`Grant::Forced`].
    AutoCache,
}

impl RecoveryMode {
    /// Says whether only the latest publication counts.
    pub const fn is_cache(self) -> bool {
        matches!(self, Self::Cache | Self::AutoCache)
    }
}

/// Who is told who comes to a channel and leaves it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinLeave {
    /// Nobody.
    #[default]
    Off,
    /// Who asks for it and may ask who is there.
    Permitted,
    /// Every subscriber.
    Forced,
}

/// A kind of patch that a payload can be sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeltaType {
    /// Fossil's.
    Fossil,
}

impl DeltaType {
    /// Returns the kind that goes by a name on the wire.
    pub fn named(name: &str) -> Option<Self> {
        (name == Self::Fossil.as_str()).then_some(Self::Fossil)
    }

    /// Returns its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fossil => "fossil",
        }
    }
}

/// Which payloads a namespace takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataFormat {
    /// Any but an empty one.
    #[default]
    NotEmpty,
    /// Any JSON value.
    Json,
    /// A JSON object.
    JsonObject,
    /// Any, also an empty one.
    Binary,
}

impl DataFormat {
    /// Says whether a payload is taken.
    pub fn takes(self, data: &[u8]) -> bool {
        let json = || serde_json::from_slice::<&RawValue>(data).ok();
        match self {
            Self::NotEmpty => !data.is_empty(),
            Self::Json => json().is_some(),
            Self::JsonObject => json().is_some_and(|value| value.get().starts_with('{')),
            Self::Binary => true,
        }
    }
}

/// What becomes of a subscriber whose outbox is full when something is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OverflowPolicy {
    /// Its connection is closed with 3008; its client comes back and recovers what it may.
    #[default]
    Close,
    /// So much waits for it, and then the oldest are dropped. It is told in-band.
    DropOldest,
    /// The latest of each key waits for it, or of the channel where there are no keys. It is told in-band.
    Conflate,
}

/// An expression for channels' names.
#[derive(Clone, Debug)]
pub struct ChannelRegex(Regex);

impl ChannelRegex {
    /// Takes an expression. It is found anywhere in the name unless it says `^` and `$`.
    ///
    /// # Errors
    /// It is none, or too large: it would take more than 10 MiB.
    pub fn new(text: &str) -> Result<Self, regex::Error> {
        Regex::new(text).map(Self)
    }

    /// Returns it as it is written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Says whether it is found in a name. It takes time in proportion to the name.
    pub fn is_match(&self, rest: &str) -> bool {
        self.0.is_match(rest)
    }
}

impl PartialEq for ChannelRegex {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Default for Namespace {
    fn default() -> Self {
        Self {
            history_size: 0,
            history_ttl: Duration::ZERO,
            history_meta_ttl: None,
            durability: Durability::Durable,
            positioning: Grant::default(),
            recovery: Grant::default(),
            recovery_mode: RecoveryMode::default(),
            presence: false,
            join_leave: JoinLeave::default(),
            allowed_delta_types: Vec::new(),
            allow_tags_filter: false,
            allow_subscribe: Access::NOBODY,
            allow_publish: Access::NOBODY,
            allow_presence: Access::NOBODY,
            allow_history: Access::NOBODY,
            allow_user_limited_channels: false,
            channel_regex: None,
            publication_data_format: DataFormat::default(),
            subscribe_hook: false,
            publish_hook: false,
            sub_refresh_hook: false,
            publishes_per_second_per_client: None,
            publishes_per_second_per_channel: None,
            subscribes_per_second_per_client: None,
            overflow: OverflowPolicy::default(),
            overflow_publications: 128,
            overflow_bytes: 256 << 10,
        }
    }
}

impl Namespace {
    /// Keeps so many publications for so long: see [`history_size`](Self::history_size).
    #[must_use]
    pub const fn history(mut self, size: u32, ttl: Duration) -> Self {
        (self.history_size, self.history_ttl) = (size, ttl);
        self
    }

    /// Says how long publications are kept, and what a crash may take; `None` if none are kept.
    ///
    /// What [`Settings::history_meta_ttl`](crate::Settings::history_meta_ttl) says is only known to a namespace of
    /// [`CheckedSettings`](crate::CheckedSettings); in another one it is at least the default, 30 days.
    pub fn retention(&self) -> Option<Retention> {
        let size = NonZeroU32::new(self.history_size)?;
        let ttl = Some(self.history_ttl).filter(|ttl| !ttl.is_zero())?;
        let meta_ttl = || ttl.max(DEFAULT_META_TTL);
        Some(Retention {
            size,
            ttl,
            meta_ttl: self.history_meta_ttl.unwrap_or_else(meta_ttl),
            durability: self.durability,
        })
    }

    /// Says whether a namespace can be called so: two or more of `A-Z a-z 0-9 - _ .`.
    pub fn is_name(name: &str) -> bool {
        name.len() >= 2 && name.chars().all(is_name_char)
    }

    /// Says whether publications are kept.
    pub const fn has_history(&self) -> bool {
        self.history_size > 0 && !self.history_ttl.is_zero()
    }

    /// Says whether a subscriber may have patches of a kind, by its name on the wire.
    pub fn allows_delta(&self, name: &str) -> Option<DeltaType> {
        DeltaType::named(name).filter(|delta| self.allowed_delta_types.contains(delta))
    }
}

/// Says whether namespaces' names are made of a character.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

/// How long a channel's offset and epoch are kept unless it is said.
pub(crate) const DEFAULT_META_TTL: Duration = Duration::from_secs(720 * 60 * 60);

macro_rules! setters {
    ($($name:ident: $kind:ty,)*) => {
        impl Namespace {
            $(
                #[doc = concat!("Sets [`", stringify!($name), "`](Self::", stringify!($name), ").")]
                #[must_use]
                pub fn $name(mut self, $name: $kind) -> Self {
                    self.$name = $name;
                    self
                }
            )*
        }
    };
}

setters! {
    history_meta_ttl: Option<Duration>,
    durability: Durability,
    positioning: Grant,
    recovery: Grant,
    recovery_mode: RecoveryMode,
    join_leave: JoinLeave,
    allowed_delta_types: Vec<DeltaType>,
    allow_subscribe: Access,
    allow_publish: Access,
    allow_presence: Access,
    allow_history: Access,
    channel_regex: Option<ChannelRegex>,
    publication_data_format: DataFormat,
    publishes_per_second_per_client: Option<NonZeroU32>,
    publishes_per_second_per_channel: Option<NonZeroU32>,
    subscribes_per_second_per_client: Option<NonZeroU32>,
    overflow: OverflowPolicy,
    overflow_publications: u32,
    overflow_bytes: usize,
}

macro_rules! switches {
    ($($on:ident: $name:ident,)*) => {
        impl Namespace {
            $(
                #[doc = concat!("Turns on [`", stringify!($name), "`](Self::", stringify!($name), ").")]
                #[must_use]
                pub const fn $on(mut self) -> Self {
                    self.$name = true;
                    self
                }
            )*
        }
    };
}

switches! {
    with_presence: presence,
    with_tags_filters: allow_tags_filter,
    with_user_limited_channels: allow_user_limited_channels,
    with_subscribe_hook: subscribe_hook,
    with_publish_hook: publish_hook,
    with_sub_refresh_hook: sub_refresh_hook,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publications_are_kept_if_size_and_time_are_above_zero() {
        let day = Duration::from_secs(86_400);
        for (size, ttl) in [(0, Duration::ZERO), (1, Duration::ZERO), (0, day)] {
            let namespace = Namespace::default().history(size, ttl);
            assert_eq!(
                (namespace.retention(), namespace.has_history()),
                (None, false)
            );
        }
        let namespace = Namespace::default().history(10, day);
        let kept = namespace.retention().unwrap();
        assert!(namespace.has_history());
        assert_eq!((kept.size.get(), kept.ttl), (10, day));
        assert_eq!(
            (kept.meta_ttl, kept.durability),
            (30 * day, Durability::Durable)
        );
        let longer = namespace.history(10, 60 * day).retention().unwrap();
        assert_eq!(longer.meta_ttl, 60 * day);
    }

    #[test]
    fn a_format_takes_what_it_names() {
        use DataFormat::{Binary, Json, JsonObject, NotEmpty};
        for (data, takers) in [
            (&b""[..], &[Binary][..]),
            (b"boom", &[NotEmpty, Binary]),
            (b"\xff", &[NotEmpty, Binary]),
            (b"1", &[NotEmpty, Json, Binary]),
            (b"{} {}", &[NotEmpty, Binary]),
            (b" {\"a\":1}\n", &[NotEmpty, Json, JsonObject, Binary]),
            (b"[{}]", &[NotEmpty, Json, Binary]),
            (b"{", &[NotEmpty, Binary]),
        ] {
            for format in [NotEmpty, Json, JsonObject, Binary] {
                assert_eq!(
                    format.takes(data),
                    takers.contains(&format),
                    "{format:?} {data:?}"
                );
            }
        }
    }

    #[test]
    fn patches_are_for_who_names_a_kind_that_is_allowed() {
        let namespace = Namespace::default();
        assert_eq!(namespace.allows_delta("fossil"), None);
        let namespace = namespace.allowed_delta_types(vec![DeltaType::Fossil]);
        assert_eq!(namespace.allows_delta("fossil"), Some(DeltaType::Fossil));
        assert_eq!(namespace.allows_delta(""), None);
        assert_eq!(namespace.allows_delta("xdelta"), None);
    }

    #[test]
    fn an_expression_is_found_anywhere_unless_it_says_otherwise() {
        let regex = |text| ChannelRegex::new(text).unwrap();
        assert!(regex("[0-9]").is_match("room 1"));
        assert!(!regex("^[0-9]+$").is_match("room 1"));
        assert!(regex(r"^\p{L}+$").is_match("комната"));
        assert_eq!(regex("a"), regex("a"));
        assert_ne!(regex("a"), regex("b"));
        assert!(ChannelRegex::new("(").is_err());
        assert!(ChannelRegex::new("(a{1000}){1000}{1000}").is_err());
    }
}
