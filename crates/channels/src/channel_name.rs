//! A channel's name and its parts: the namespace, whether it wants a token, and which users it is limited to. Who may do
//! what with it stands elsewhere.

use sockeye_channel_proto::ErrorCode;
use thiserror::Error;

/// Which characters of a channel's name part it. Each must be another one, in ASCII, that no namespace's name has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Separators {
    /// What a name begins with that can't be subscribed to without a token. Default `$`.
    pub private: char,
    /// What ends the namespace: the first one in the name. Default `:`.
    pub namespace: char,
    /// What begins the list of users that a channel is limited to: the last one in the name. Default `#`.
    pub user_limited: char,
    /// What parts users in that list. Default `,`.
    pub users: char,
}

impl Default for Separators {
    fn default() -> Self {
        Self {
            private: '$',
            namespace: ':',
            user_limited: '#',
            users: ',',
        }
    }
}

impl Separators {
    /// Sets all of them, in the order of the fields.
    #[must_use]
    pub fn all(mut self, [private, namespace, user_limited, users]: [char; 4]) -> Self {
        (self.private, self.namespace) = (private, namespace);
        (self.user_limited, self.users) = (user_limited, users);
        self
    }

    pub(crate) const fn list(self) -> [char; 4] {
        [self.private, self.namespace, self.user_limited, self.users]
    }
}

/// A channel's name, parted. It is the whole string that a channel is known by: `$news` is another channel than `news`,
/// and `talk#1,2` another than `talk#2,1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelName<'a> {
    full: &'a str,
    namespace: Option<&'a str>,
    rest: &'a str,
    users: Option<&'a str>,
    separators: Separators,
}

/// A channel's name can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidChannel {
    /// It is empty. A client that subscribes to nothing is closed for it; everything else is answered with the code.
    #[error("the channel's name is empty")]
    Empty,
    /// It has more bytes than the settings allow.
    #[error("the channel's name is too long")]
    TooLong,
    /// No such namespace is configured.
    #[error("the channel's namespace is not configured")]
    UnknownNamespace,
    /// It has other characters than ASCII, and its namespace has no expression that allows them.
    #[error("the channel's name is not ASCII")]
    NotAscii,
    /// Its namespace's expression does not match.
    #[error("the channel's name is not as its namespace wants it")]
    NotMatched,
}

impl InvalidChannel {
    /// Returns what a client is answered.
    pub const fn code(self) -> ErrorCode {
        match self {
            Self::UnknownNamespace => ErrorCode::UnknownChannel,
            Self::Empty | Self::TooLong | Self::NotAscii | Self::NotMatched => {
                ErrorCode::BadRequest
            }
        }
    }
}

impl<'a> ChannelName<'a> {
    /// Parts a name. Every string has parts; whether there is such a namespace is another question.
    pub fn parse(channel: &'a str, separators: Separators) -> Self {
        let public = channel.strip_prefix(separators.private).unwrap_or(channel);
        let (namespace, rest) = match public.split_once(separators.namespace) {
            // Nothing before the separator is no namespace.
            Some((namespace, rest)) => (Some(namespace).filter(|name| !name.is_empty()), rest),
            None => (None, channel),
        };
        let users = channel.rsplit_once(separators.user_limited);
        Self {
            full: channel,
            namespace,
            rest,
            users: users.map(|(_, users)| users),
            separators,
        }
    }

    /// Returns the name as it was written.
    pub const fn as_str(&self) -> &'a str {
        self.full
    }

    /// Returns the namespace; `None` if it has none.
    pub const fn namespace(&self) -> Option<&'a str> {
        self.namespace
    }

    /// Returns what stands behind the namespace, or the whole name without one: what an expression is matched against.
    pub const fn rest(&self) -> &'a str {
        self.rest
    }

    /// Says whether it can't be subscribed to without a token.
    pub fn is_private(&self) -> bool {
        self.full.starts_with(self.separators.private)
    }

    /// Says whether it is written as one that is limited to some users. Only a namespace that allows such channels
    /// takes it for one.
    pub const fn is_user_limited(&self) -> bool {
        self.users.is_some()
    }

    /// Returns the users that it is limited to, as they are written; none if it is not limited.
    pub fn allowed_users(&self) -> impl Iterator<Item = &'a str> {
        let users = self.users.into_iter();
        users.flat_map(move |list| list.split(self.separators.users))
    }

    /// Says whether it is limited to users of whom this is one. Nobody in particular never is.
    pub fn names_user(&self, user: &str) -> bool {
        !user.is_empty() && self.allowed_users().any(|allowed| allowed == user)
    }
}

/// Returns a user's personal channel: `#user`, or `namespace:#user`.
///
/// `None` for nobody in particular, and for a user whose id would be read as a list: whoever is in it could listen.
pub(crate) fn personal_channel(
    namespace: Option<&str>,
    user: &str,
    separators: Separators,
) -> Option<String> {
    if user.is_empty() || user.contains([separators.users, separators.user_limited]) {
        return None;
    }
    let mut channel = String::new();
    if let Some(namespace) = namespace {
        channel.push_str(namespace);
        channel.push(separators.namespace);
    }
    channel.push(separators.user_limited);
    channel.push_str(user);
    Some(channel)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(channel: &str) -> ChannelName<'_> {
        ChannelName::parse(channel, Separators::default())
    }

    #[test]
    fn the_namespace_ends_at_the_first_colon_behind_one_dollar() {
        for (channel, namespace, rest) in [
            ("news", None, "news"),
            ("chat:room", Some("chat"), "room"),
            ("chat:room:1", Some("chat"), "room:1"),
            ("$chat:room", Some("chat"), "room"),
            ("$$chat:room", Some("$chat"), "room"),
            ("$news", None, "$news"),
            (":news", None, "news"),
            ("chat:", Some("chat"), ""),
            ("", None, ""),
        ] {
            let name = parsed(channel);
            assert_eq!(
                (name.namespace(), name.rest()),
                (namespace, rest),
                "{channel}"
            );
            assert_eq!(name.as_str(), channel);
            assert_eq!(name.is_private(), channel.starts_with('$'), "{channel}");
        }
    }

    #[test]
    fn users_stand_behind_the_last_hash() {
        for (channel, users) in [
            ("talk", vec![]),
            ("talk#1", vec!["1"]),
            ("talk:x#1,2", vec!["1", "2"]),
            ("talk#9#1,2", vec!["1", "2"]),
            ("$talk#1", vec!["1"]),
            ("talk#", vec![""]),
        ] {
            let name = parsed(channel);
            assert_eq!(name.allowed_users().collect::<Vec<_>>(), users, "{channel}");
            assert_eq!(name.is_user_limited(), !users.is_empty(), "{channel}");
        }
        assert!(parsed("talk#1,22").names_user("22"));
        assert!(!parsed("talk#1,22").names_user("2"));
        assert!(!parsed("talk#9#1").names_user("9"));
        assert!(!parsed("talk").names_user("1"));
    }

    #[test]
    fn nobody_in_particular_is_in_no_list() {
        for channel in ["talk#", "talk#,1", "#"] {
            assert!(!parsed(channel).names_user(""), "{channel}");
        }
    }

    #[test]
    fn every_separator_can_be_another() {
        let separators = Separators::default().all(['!', '/', '@', '+']);
        let name = ChannelName::parse("!chat/room@1+2", separators);
        assert!(name.is_private() && name.names_user("2"));
        assert_eq!((name.namespace(), name.rest()), (Some("chat"), "room@1+2"));
        let plain = ChannelName::parse("$chat:room#1,2", separators);
        assert!(!plain.is_private() && !plain.is_user_limited());
        assert_eq!(plain.namespace(), None);
    }

    #[test]
    fn a_personal_channel_is_limited_to_its_user() {
        let separators = Separators::default();
        let plain = personal_channel(None, "7", separators);
        assert_eq!(plain.as_deref(), Some("#7"));
        for nobody in ["", "1,2", "1#2"] {
            assert_eq!(personal_channel(None, nobody, separators), None, "{nobody}");
        }
        let channel = personal_channel(Some("own"), "7", separators).unwrap();
        assert_eq!(channel, "own:#7");
        assert!(parsed(&channel).names_user("7"));
    }

    proptest! {
        #[test]
        fn any_string_has_parts_that_lie_in_it(channel in "[$:#,a-zé]{0,12}", user in "[a-z,]{0,3}") {
            let name = parsed(&channel);
            prop_assert!(channel.ends_with(name.rest()));
            if let Some(namespace) = name.namespace() {
                let whole = format!("{namespace}:{}", name.rest());
                prop_assert_eq!(channel.strip_prefix('$').unwrap_or(&channel), whole);
            }
            prop_assert!(!name.names_user(&user) || channel.contains(&user));
        }
    }
}
