//! What holds for all channels and every client, with the namespaces: as it is set, and once it is known to make sense.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use crate::{
    channel_name::{ChannelName, InvalidChannel, Separators, personal_channel},
    namespace::{DEFAULT_META_TTL, Namespace},
    settings_rule::{InvalidSettings, check},
};

/// What holds for all channels and every client. [`validate`](Self::validate) says whether it can be used.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option that an operator turns on or off"
)]
pub struct Settings {
    /// Which characters part a channel's name. Default `$`, `:`, `#` and `,`.
    pub separators: Separators,
    /// What holds for channels without a namespace. By default clients may do nothing there.
    pub without_namespace: Namespace,
    /// The namespaces, by name: two or more of `A-Z a-z 0-9 - _ .`. Default none: their channels are unknown.
    pub namespaces: BTreeMap<String, Namespace>,
    /// How long a channel's offset and epoch are kept where the namespace does not say. Default 30 days.
    pub history_meta_ttl: Duration,
    /// How many channels one client may be subscribed to. Default 128. One more is answered with 106, and if the server
    /// wants it, the client is closed with 3505. Each costs memory here and in the hub.
    pub channel_limit: u32,
    /// How many bytes the name of a channel may have that a client names. Default 255. A longer one is answered with
    /// 107. Clients can make the server hold as much for each channel.
    pub channel_bytes: usize,
    /// How many publications a client is given at once when it reads history, whatever it asks for. Default 300. It can
    /// make the server put as many in one reply.
    pub history_limit: u32,
    /// How many publications a client may recover. Default 300. Who missed more is told that it can't be recovered.
    pub recovery_limit: u32,
    /// How often a client is pinged, in whole seconds. Default 25 s. Shorter costs messages, longer makes who is gone
    /// stay longer.
    pub ping_interval: Duration,
    /// How long a client has to answer a ping; shorter than the interval. Default 8 s. Then it is closed with 3012.
    pub pong_wait: Duration,
    /// How long a client may take to say who it is. Default 10 s. Then it is closed with 3502: it costs a connection
    /// until then.
    pub stale_close_delay: Duration,
    /// How long a connection outlives its token. Default 25 s. Then it is closed with 3005. It is for networks that are
    /// slow and clocks that differ.
    pub expired_close_delay: Duration,
    /// How long a subscription outlives its token. Default 25 s. Then it ends with 2501, or the connection with 3006 if
    /// the server had made it.
    pub expired_sub_close_delay: Duration,
    /// How often a client says that it is still there, and what has expired is looked for. Default 27 s. Shorter costs
    /// a write to presence for each subscription.
    pub presence_update_interval: Duration,
    /// How long presence believes that; longer than twice the interval. Default 60 s. So long a client is shown whose
    /// server crashed.
    pub presence_ttl: Duration,
    /// How long a subscription's position is believed before it is compared with the stream. One that is behind, and still
    /// is a second later, ends. Default 40 s. Shorter costs a read for each subscription.
    pub position_check_delay: Duration,
    /// How many connections one user may have. Default `None`: any. One more is closed with 3504. Without it a user can
    /// take all connections that the server has.
    pub user_connection_limit: Option<NonZeroU32>,
    /// Who may connect without being somebody. Default [`AnonymousConnect::WithToken`].
    pub anonymous: AnonymousConnect,
    /// Lets every client do everything in every namespace, private channels aside: subscribe, publish, read. Default off.
    /// Tokens that clients do bring are still checked, but connections outlive them. It is for trying things out: whoever
    /// reaches the server can do anything.
    pub danger_insecure: bool,
    /// Whether each user is subscribed to a channel of its own, and which. Default not.
    pub personal_channel: Option<PersonalChannel>,
    /// How many commands a second a client may send, and as many at once. Default 1,000; `None` for any. One more is
    /// answered with 111, and one that can't be answered is closed with 3013. A client can make the server work that much.
    pub commands_per_second: Option<NonZeroU32>,
    /// How many commands a message may hold. Default 1,024. One more closes with 3501. Clients put all their
    /// subscriptions into one, so it must have room for more than [`channel_limit`](Self::channel_limit).
    pub commands_per_frame: u32,
    /// How long the server's API remembers an idempotency key. Default 5 min. Each costs some 100 bytes for so long.
    pub idempotency_ttl: Duration,
    /// Whether the application is asked who a client is that brings no token. Default off. Each such connection costs it
    /// a request.
    pub connect_hook: bool,
    /// Whether the application is asked if a connection that expires goes on. Default off: clients bring tokens.
    pub refresh_hook: bool,
    /// Which calls of clients go to the application. Default none.
    pub rpc: Rpc,
}

/// Who may connect without being somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AnonymousConnect {
    /// Nobody: tokens name a user. A token that names none is closed with 3507.
    Refused,
    /// Who brings a token that names nobody, or whom the connect hook lets in. Nothing at all is closed with 3501.
    #[default]
    WithToken,
    /// Everybody. Whoever reaches the server has a connection, and whatever namespaces give to anonymous clients.
    Anybody,
}

/// A channel that each user is subscribed to by the server: `#user`, or `namespace:#user`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonalChannel {
    /// Its namespace. Default `None`: it has none.
    pub namespace: Option<String>,
    /// How many connections a user has. Default [`PersonalConnections::Any`].
    pub connections: PersonalConnections,
}

/// How many connections a user with a personal channel has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PersonalConnections {
    /// As many as it makes.
    #[default]
    Any,
    /// One: the latest closes those before it. The channel's namespace must have presence.
    Latest,
}

impl PersonalChannel {
    /// Sets [`namespace`](Self::namespace).
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = Some(namespace.into());
        self
    }

    /// Sets [`connections`](Self::connections).
    #[must_use]
    pub const fn connections(mut self, connections: PersonalConnections) -> Self {
        self.connections = connections;
        self
    }
}

/// Which calls of clients go to the application. A method's namespace ends like a channel's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rpc {
    /// Methods without a namespace do.
    pub without_namespace: bool,
    /// The namespaces whose methods do. A call of another is answered with 104, and with 108 if none go there at all.
    pub namespaces: BTreeSet<String>,
}

impl Rpc {
    /// Sends methods without a namespace there.
    #[must_use]
    pub const fn with_plain_methods(mut self) -> Self {
        self.without_namespace = true;
        self
    }

    /// Sends methods of these namespaces there.
    #[must_use]
    pub fn namespaces(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.namespaces = names.into_iter().map(Into::into).collect();
        self
    }

    /// Says whether no call goes anywhere.
    pub fn is_off(&self) -> bool {
        !self.without_namespace && self.namespaces.is_empty()
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            separators: Separators::default(),
            without_namespace: Namespace::default(),
            namespaces: BTreeMap::new(),
            history_meta_ttl: DEFAULT_META_TTL,
            channel_limit: 128,
            channel_bytes: 255,
            history_limit: 300,
            recovery_limit: 300,
            ping_interval: Duration::from_secs(25),
            pong_wait: Duration::from_secs(8),
            stale_close_delay: Duration::from_secs(10),
            expired_close_delay: Duration::from_secs(25),
            expired_sub_close_delay: Duration::from_secs(25),
            presence_update_interval: Duration::from_secs(27),
            presence_ttl: Duration::from_secs(60),
            position_check_delay: Duration::from_secs(40),
            user_connection_limit: None,
            anonymous: AnonymousConnect::default(),
            danger_insecure: false,
            personal_channel: None,
            commands_per_second: NonZeroU32::new(1000),
            commands_per_frame: 1024,
            idempotency_ttl: Duration::from_secs(5 * 60),
            connect_hook: false,
            refresh_hook: false,
            rpc: Rpc::default(),
        }
    }
}

macro_rules! setters {
    ($($name:ident: $kind:ty,)*) => {
        impl Settings {
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
    separators: Separators,
    without_namespace: Namespace,
    history_meta_ttl: Duration,
    channel_limit: u32,
    channel_bytes: usize,
    history_limit: u32,
    recovery_limit: u32,
    ping_interval: Duration,
    pong_wait: Duration,
    stale_close_delay: Duration,
    expired_close_delay: Duration,
    expired_sub_close_delay: Duration,
    presence_update_interval: Duration,
    presence_ttl: Duration,
    position_check_delay: Duration,
    user_connection_limit: Option<NonZeroU32>,
    anonymous: AnonymousConnect,
    personal_channel: Option<PersonalChannel>,
    commands_per_second: Option<NonZeroU32>,
    commands_per_frame: u32,
    idempotency_ttl: Duration,
    rpc: Rpc,
}

impl Settings {
    /// Adds a namespace, or takes another one's place.
    #[must_use]
    pub fn namespace(mut self, name: impl Into<String>, namespace: Namespace) -> Self {
        self.namespaces.insert(name.into(), namespace);
        self
    }

    /// Turns on [`danger_insecure`](Self::danger_insecure).
    #[must_use]
    pub const fn with_danger_insecure(mut self) -> Self {
        self.danger_insecure = true;
        self
    }

    /// Turns on [`connect_hook`](Self::connect_hook).
    #[must_use]
    pub const fn with_connect_hook(mut self) -> Self {
        self.connect_hook = true;
        self
    }

    /// Turns on [`refresh_hook`](Self::refresh_hook).
    #[must_use]
    pub const fn with_refresh_hook(mut self) -> Self {
        self.refresh_hook = true;
        self
    }

    /// Checks ranges, and what must hold between settings.
    ///
    /// # Errors
    /// [`InvalidSettings`] with every rule that is broken, and where.
    pub fn validate(self) -> Result<CheckedSettings, InvalidSettings> {
        check(&self)?;
        let meta_ttl = self.history_meta_ttl;
        let whole = |namespace: &Namespace| {
            let mut namespace = namespace.clone();
            namespace.history_meta_ttl.get_or_insert(meta_ttl);
            Arc::new(namespace)
        };
        let named = self.namespaces.iter();
        Ok(CheckedSettings {
            without_namespace: whole(&self.without_namespace),
            namespaces: named
                .map(|(name, namespace)| (name.as_str().into(), whole(namespace)))
                .collect(),
            settings: self,
        })
    }
}

/// Settings that make sense together. Namespaces are found by one look into a table.
#[derive(Clone, Debug)]
pub struct CheckedSettings {
    settings: Settings,
    without_namespace: Arc<Namespace>,
    namespaces: HashMap<Box<str>, Arc<Namespace>>,
}

/// Who names a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NamedBy {
    /// A client, in whatever it asks.
    Client,
    /// The application, by the server's API, a token or a hook: it may use names that clients may not.
    Application,
}

impl CheckedSettings {
    /// Returns what was checked.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Parts a channel's name and finds its namespace.
    ///
    /// # Errors
    /// [`InvalidChannel`] if it is empty or there is no such namespace; for a client also if it is too long or not as the
    /// namespace wants it.
    pub fn channel<'a>(
        &self,
        channel: &'a str,
        by: NamedBy,
    ) -> Result<(ChannelName<'a>, &Arc<Namespace>), InvalidChannel> {
        if channel.is_empty() {
            return Err(InvalidChannel::Empty);
        }
        // What is too long is not looked at any further.
        if by == NamedBy::Client && channel.len() > self.settings.channel_bytes {
            return Err(InvalidChannel::TooLong);
        }
        let name = ChannelName::parse(channel, self.settings.separators);
        let namespace = self
            .namespace(name.namespace())
            .ok_or(InvalidChannel::UnknownNamespace)?;
        if by == NamedBy::Client {
            match &namespace.channel_regex {
                Some(regex) if !regex.is_match(name.rest()) => {
                    return Err(InvalidChannel::NotMatched);
                }
                None if !channel.is_ascii() => return Err(InvalidChannel::NotAscii),
                _ => {}
            }
        }
        Ok((name, namespace))
    }

    /// Finds a namespace by its name; `None` is the one of channels without.
    pub fn namespace(&self, name: Option<&str>) -> Option<&Arc<Namespace>> {
        match name {
            Some(name) => self.namespaces.get(name),
            None => Some(&self.without_namespace),
        }
    }

    /// Returns the channel that a user is subscribed to by the server; `None` without such channels, and for a user who
    /// has none: nobody in particular, and one whose id has a separator of users in it and would stand for several.
    pub fn personal_channel(&self, user: &str) -> Option<String> {
        let personal = self.settings.personal_channel.as_ref()?;
        personal_channel(
            personal.namespace.as_deref(),
            user,
            self.settings.separators,
        )
    }
}

#[cfg(test)]
mod tests;
