//! Who may do what in a channel: pure verdicts over who asks, the channel's name and its namespace.

use sockeye_channel_proto::{Disconnect, ErrorCode, SubscribeRequest};

use crate::{
    channel_name::ChannelName,
    namespace::{Access, Anonymous, Circle, Grant, JoinLeave, Namespace},
    settings::{Rpc, Settings},
};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asker<'a> {
    /// The user's id; empty for nobody in particular.
    pub user: &'a str,
    /// Whether rights are looked at.
    pub trust: Trust,
}

/// Whether rights are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// They are.
    #[default]
    Checked,
    /// Whoever asks may: [`Settings::danger_insecure`].
    Insecure,
}

impl<'a> Asker<'a> {
    /// Says who asks under these settings.
    pub const fn new(user: &'a str, settings: &Settings) -> Self {
        let trust = if settings.danger_insecure {
            Trust::Insecure
        } else {
            Trust::Checked
        };
        Self { user, trust }
    }

    /// Says whether it is nobody in particular.
    pub const fn is_anonymous(&self) -> bool {
        self.user.is_empty()
    }

    fn is_among(&self, access: Access, standing: Standing) -> bool {
        let is_in_circle = match access.circle {
            Circle::Nobody => false,
            Circle::Subscribers => standing == Standing::Subscribed,
            Circle::Clients => true,
        };
        is_in_circle && (!self.is_anonymous() || access.anonymous == Anonymous::Included)
    }

    fn may(&self, access: Access, standing: Standing) -> bool {
        self.trust == Trust::Insecure || self.is_among(access, standing)
    }
}

/// Whether who asks is subscribed to the channel, by itself or by the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It is.
    Subscribed,
    /// It is not.
    Apart,
}

/// What became of the token that came with a subscribe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubscriptionToken {
    /// None came.
    Absent,
    /// It is good, and for this channel, user and client.
    Good,
    /// It was, once.
    Expired,
    /// It is none, or not signed as it must be.
    Invalid,
    /// It is for another channel, user or client.
    OfAnother,
}

/// What is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Yes, and why.
    Allowed(Source),
    /// The application says.
    AskHook,
    /// No: the command is answered with this.
    Refused(ErrorCode),
    /// No, and the connection ends.
    Closed(Disconnect),
}

/// Why something is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// A token says so.
    Token,
    /// The channel's name names the user.
    UserLimited,
    /// The namespace is open to such clients.
    Namespace,
    /// Nothing is looked at.
    Insecure,
}

const DENIED: Verdict = Verdict::Refused(ErrorCode::PermissionDenied);
const OFF: Verdict = Verdict::Refused(ErrorCode::NotAvailable);

/// Says whether somebody may subscribe: by a token, because the channel names it, by the application's word, or because
/// the namespace is open, in this order.
///
/// A channel that is limited to users is closed to all others but by a token: neither the application nor an open
/// namespace lets them in. A private channel takes a token, whatever else holds.
pub fn may_subscribe(
    asker: &Asker<'_>,
    channel: &ChannelName<'_>,
    namespace: &Namespace,
    token: SubscriptionToken,
) -> Verdict {
    match token {
        SubscriptionToken::Good => return Verdict::Allowed(Source::Token),
        SubscriptionToken::Expired => return Verdict::Refused(ErrorCode::TokenExpired),
        SubscriptionToken::Invalid => return DENIED,
        SubscriptionToken::OfAnother => return Verdict::Closed(Disconnect::InvalidToken),
        SubscriptionToken::Absent if channel.is_private() => return DENIED,
        SubscriptionToken::Absent => {}
    }
    let is_limited = namespace.allow_user_limited_channels && channel.is_user_limited();
    if is_limited {
        if channel.names_user(asker.user) {
            return Verdict::Allowed(Source::UserLimited);
        }
    } else if namespace.subscribe_hook {
        return Verdict::AskHook;
    } else if asker.is_among(namespace.allow_subscribe, Standing::Apart) {
        return Verdict::Allowed(Source::Namespace);
    }
    insecure_or_denied(asker)
}

/// Says whether somebody may publish: by the application's word, or because the namespace is open.
pub fn may_publish(asker: &Asker<'_>, namespace: &Namespace, standing: Standing) -> Verdict {
    if namespace.publish_hook {
        return Verdict::AskHook;
    }
    open_or_denied(asker, namespace.allow_publish, standing)
}

/// Says whether somebody may ask who is there. Where presence is off, nobody may know whether they might.
pub fn may_read_presence(asker: &Asker<'_>, namespace: &Namespace, standing: Standing) -> Verdict {
    if !namespace.presence {
        return OFF;
    }
    open_or_denied(asker, namespace.allow_presence, standing)
}

/// Says whether somebody may read what was published. Where nothing is kept, nobody may know whether they might.
pub fn may_read_history(asker: &Asker<'_>, namespace: &Namespace, standing: Standing) -> Verdict {
    if !namespace.has_history() {
        return OFF;
    }
    open_or_denied(asker, namespace.allow_history, standing)
}

/// Says whether a method goes to the application: 108 if none do, 104 if this one does not.
pub fn may_call(rpc: &Rpc, method: &str, settings: &Settings) -> Verdict {
    if rpc.is_off() {
        return OFF;
    }
    let is_there = match method.split_once(settings.separators.namespace) {
        Some((namespace, _)) => rpc.namespaces.contains(namespace),
        None => rpc.without_namespace,
    };
    if is_there {
        return Verdict::AskHook;
    }
    Verdict::Refused(ErrorCode::MethodNotFound)
}

fn open_or_denied(asker: &Asker<'_>, access: Access, standing: Standing) -> Verdict {
    if asker.is_among(access, standing) {
        return Verdict::Allowed(Source::Namespace);
    }
    insecure_or_denied(asker)
}

const fn insecure_or_denied(asker: &Asker<'_>) -> Verdict {
    match asker.trust {
        Trust::Insecure => Verdict::Allowed(Source::Insecure),
        Trust::Checked => DENIED,
    }
}

/// What a subscriber asks for beside the subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Asked {
    /// To be watched for gaps, or to be able to recover, which holds the other.
    pub continuity: Continuity,
    /// To hear who comes and leaves.
    pub join_leave: bool,
}

/// What a subscription knows of the stream's position; each holds those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Continuity {
    /// Nothing.
    #[default]
    None,
    /// It is watched for gaps.
    Positioned,
    /// It can recover what it missed.
    Recoverable,
}

impl From<&SubscribeRequest> for Asked {
    fn from(request: &SubscribeRequest) -> Self {
        Self {
            continuity: match (request.recoverable, request.positioned) {
                (true, _) => Continuity::Recoverable,
                (false, true) => Continuity::Positioned,
                (false, false) => Continuity::None,
            },
            join_leave: request.join_leave,
        }
    }
}

/// What a token, a hook or the API says instead of the namespace; `None` where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Override {
    /// Whether others see it when they ask who is there.
    pub presence: Option<bool>,
    /// Whether others are told that it comes and leaves.
    pub join_leave: Option<bool>,
    /// Whether it is told who comes and leaves.
    pub force_push_join_leave: Option<bool>,
    /// Whether it is watched for gaps.
    pub force_positioning: Option<bool>,
    /// Whether it can recover.
    pub force_recovery: Option<bool>,
}

impl Override {
    /// Says it from the five of them, in the order of the fields.
    #[must_use]
    pub const fn all(mut self, all: [Option<bool>; 5]) -> Self {
        [
            self.presence,
            self.join_leave,
            self.force_push_join_leave,
            self.force_positioning,
            self.force_recovery,
        ] = all;
        self
    }
}

/// What a subscription is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is given or not, whatever the others are"
)]
pub struct Granted {
    /// What it knows of the stream's position.
    pub continuity: Continuity,
    /// Others see it when they ask who is there.
    pub presence: bool,
    /// Others are told that it comes and leaves.
    pub announced: bool,
    /// It is told who comes and leaves, itself included.
    pub join_leave: bool,
}

/// Says what somebody who may subscribe is given: what is forced, and of what it asks for whatever it may have. Without
/// history there is no position to know, whoever forces it.
pub fn grant(
    asker: &Asker<'_>,
    namespace: &Namespace,
    asked: Asked,
    instead: &Override,
) -> Granted {
    let reads_history = asker.may(namespace.allow_history, Standing::Subscribed);
    let is_granted = |grant: Grant, forced: Option<bool>, wanted: Continuity| {
        let is_asked = asked.continuity >= wanted;
        forced.unwrap_or(grant == Grant::Forced)
            || is_asked && (grant == Grant::Asked || reads_history)
    };
    let continuity = if !namespace.has_history() {
        Continuity::None
    } else if is_granted(
        namespace.recovery,
        instead.force_recovery,
        Continuity::Recoverable,
    ) {
        Continuity::Recoverable
    } else if is_granted(
        namespace.positioning,
        instead.force_positioning,
        Continuity::Positioned,
    ) {
        Continuity::Positioned
    } else {
        Continuity::None
    };
    let is_on = namespace.join_leave != JoinLeave::Off;
    let is_forced = namespace.join_leave == JoinLeave::Forced;
    let sees_presence = asker.may(namespace.allow_presence, Standing::Subscribed);
    Granted {
        continuity,
        presence: instead.presence.unwrap_or(namespace.presence),
        announced: instead.join_leave.unwrap_or(is_on),
        join_leave: instead.force_push_join_leave.unwrap_or(is_forced)
            || asked.join_leave && is_on && sees_presence,
    }
}

#[cfg(test)]
mod tests;
