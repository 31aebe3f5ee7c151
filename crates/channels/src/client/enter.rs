//! A subscription begins, whoever made it: what it is given, what was missed, and its place in the room.

use std::sync::Arc;

use sockeye_channel_proto::{
    Disconnect, ErrorCode, Filter, Publication, StreamPosition, SubscribeResult,
};
use sockeye_types::Message;
use tokio::time::Instant;

use super::{Client, Identity, Phase, Refusal, Side, Subscription, presence::Appeared};
use crate::{
    Announcement, Asked, Asker, Continuity, Granted, Namespace, RecoveryMode,
    credentials::ServerSubscription,
    grant,
    hub::{Announcements, Delta, Joining, Kind, Member, Overflow, Positioned, chained},
    recovery::{Ask, Recovered},
};

/// Who wants to be where, and is allowed to.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) channel: String,
    pub(super) namespace: Arc<Namespace>,
    pub(super) asked: Asked,
    /// Where it was, if it wants what it missed.
    pub(super) recover: Option<StreamPosition>,
    pub(super) given: ServerSubscription,
    pub(super) filter: Option<Filter>,
    pub(super) delta: Delta,
    pub(super) side: Side,
    pub(super) unrecoverable: Unrecoverable,
}

/// What becomes of somebody who can't recover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unrecoverable {
    /// It is subscribed and told so.
    Said,
    /// It is not subscribed.
    Refused,
}

/// All but subscribed. Dropped, it never was.
#[derive(Debug)]
pub(super) struct Prepared {
    joining: Joining,
    member: Member,
    appeared: Option<Appeared>,
    subscription: Subscription,
    pub(super) result: SubscribeResult,
}

impl Client {
    /// Reads what the subscriber missed, and shows it to others.
    ///
    /// Cancel safety: dropped before it is done, nothing has happened.
    pub(super) async fn prepare(
        &self,
        identity: &Identity,
        entry: Entry,
    ) -> Result<Prepared, Refusal> {
        let checked = self.core.settings();
        let expire_at = entry.given.expire_at;
        if expire_at > 0 && expire_at <= self.core.now() {
            return Err(ErrorCode::Expired.into());
        }
        let asker = Asker::new(&identity.user, checked.settings());
        let granted = grant(&asker, &entry.namespace, entry.asked, &entry.given.instead);
        let mut joining = self.core.hub.join(&entry.channel);
        let mut result = self.start_result(&entry, granted);
        self.recover(&mut joining, &entry, granted, &mut result)
            .await?;
        let appeared = if granted.presence {
            let info = self.info(identity, entry.given.info.clone());
            Some(self.appear(joining.channel(), info).await?)
        } else {
            None
        };
        Ok(Prepared {
            member: self.member(&entry, granted),
            appeared,
            subscription: Subscription {
                channel: Arc::clone(joining.channel()),
                side: entry.side,
                granted,
                info: entry.given.info,
                expire_at,
                checked: Instant::now(),
            },
            joining,
            result,
        })
    }

    fn member(&self, entry: &Entry, granted: Granted) -> Member {
        let namespace = &entry.namespace;
        let is_positioned =
            granted.continuity > Continuity::None && namespace.retention().is_some();
        Member {
            session: self.session.clone(),
            client: self.id,
            kind: Kind {
                codec: self.codec,
                shape: self.shape,
                delta: entry.delta,
                positioned: if is_positioned {
                    Positioned::Yes
                } else {
                    Positioned::No
                },
                announcements: if granted.join_leave {
                    Announcements::Heard
                } else {
                    Announcements::Unheard
                },
            },
            filter: entry.filter.clone(),
            overflow: Overflow {
                policy: namespace.overflow,
                publications: namespace.overflow_publications,
                bytes: namespace.overflow_bytes,
            },
        }
    }

    fn start_result(&self, entry: &Entry, granted: Granted) -> SubscribeResult {
        let expire_at = entry.given.expire_at;
        let expires =
            expire_at > 0 && entry.side == Side::Client && !entry.namespace.sub_refresh_hook;
        SubscribeResult {
            recoverable: granted.continuity >= Continuity::Recoverable,
            positioned: granted.continuity >= Continuity::Positioned,
            delta: entry.delta == Delta::Fossil,
            data: entry.given.data.clone(),
            expires,
            ttl: if expires { self.core.ttl(expire_at) } else { 0 },
            ..SubscribeResult::default()
        }
    }

    /// Says where it begins, and what it missed.
    async fn recover(
        &self,
        joining: &mut Joining,
        entry: &Entry,
        granted: Granted,
        result: &mut SubscribeResult,
    ) -> Result<(), Refusal> {
        let limit = self.core.settings().settings().recovery_limit;
        let ask = ask(entry, granted, limit);
        let recovered = joining.settle(&ask, entry.namespace.retention()).await?;
        result.epoch.clone_from(&recovered.position.epoch);
        result.offset = recovered.position.offset;
        if !matches!(ask, Ask::Stream { .. } | Ask::Cache { .. }) {
            return Ok(());
        }
        result.was_recovering = true;
        if recovered.recovered {
            self.core.tally.recovered();
            result.recovered = true;
            // Where it was: it counts on with each publication.
            result.offset = entry.recover.as_ref().map_or(0, |since| since.offset);
            result.publications = self.told(entry, &recovered)?;
        } else {
            self.core.tally.not_recovered();
            if entry.unrecoverable == Unrecoverable::Refused {
                return Err(ErrorCode::UnrecoverablePosition.into());
            }
        }
        Ok(())
    }

    /// Returns what it missed, as it is told.
    fn told(&self, entry: &Entry, recovered: &Recovered) -> Result<Vec<Publication>, Refusal> {
        if entry.delta == Delta::Fossil {
            let chained = chained(&recovered.publications, self.codec);
            return chained.map_err(|_| Disconnect::InappropriateProtocol.into());
        }
        let filter = entry.filter.as_ref();
        let wanted = recovered
            .publications
            .iter()
            .filter(|publication| filter.is_none_or(|filter| filter.matches(&publication.tags)));
        Ok(wanted.map(|one| Publication::clone(one)).collect())
    }

    /// Sends the reply, and lets the client hear what follows it.
    pub(super) fn settle(
        &self,
        prepared: Prepared,
        reply: Option<Message>,
    ) -> Result<Subscription, Refusal> {
        let Prepared {
            joining,
            member,
            appeared,
            subscription,
            ..
        } = prepared;
        {
            let mut state = self.state();
            if let Err(at) = state.place(&subscription.channel) {
                if state.subscriptions.is_empty() {
                    // Many have one, and a vector that grows by itself makes room for four.
                    state.subscriptions.reserve_exact(1);
                }
                state.subscriptions.insert(at, subscription.clone());
            }
        }
        if let Some(reply) = reply {
            self.push(reply);
        }
        if let Err(error) = joining.enter(member) {
            let mut state = self.state();
            if let Ok(at) = state.place(&subscription.channel) {
                state.subscriptions.remove(at);
            }
            return Err(error.into());
        }
        if let Some(appeared) = appeared {
            appeared.stay();
        }
        self.core.tally.subscribed();
        Ok(subscription)
    }

    /// Tells who listens that it came. It hears so itself.
    pub(super) async fn announce_join(&self, identity: &Identity, subscription: &Subscription) {
        if subscription.granted.announced {
            let info = self.info(identity, subscription.info.clone());
            self.announce(&subscription.channel, Announcement::Join(info))
                .await;
        }
    }

    pub(super) async fn announce_leave(&self, identity: &Identity, gone: &Subscription) {
        if gone.granted.announced {
            let info = self.info(identity, gone.info.clone());
            self.announce(&gone.channel, Announcement::Leave(info))
                .await;
        }
    }

    async fn announce(&self, channel: &str, announcement: Announcement) {
        if let Err(error) = self.core.broker.announce(channel, announcement).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(channel, error, "who comes and leaves was not told");
        }
    }

    /// Takes a subscription away: nobody sees it any more, and nothing of the channel comes. Who listens is not told.
    pub(super) async fn remove(&self, channel: &str, code: u32) -> Option<Subscription> {
        let (gone, identity) = {
            let mut state = self.state();
            let at = state.place(channel).ok()?;
            let gone = state.subscriptions.remove(at);
            let identity = match &state.phase {
                Phase::Connected(identity) => Some(identity.clone()),
                _ => None,
            };
            (gone, identity)
        };
        self.leave(&gone).await;
        if let Some(identity) = identity {
            let caller = self.caller(Some(&identity));
            self.core.hooks().unsubscribed(caller, channel, code);
        }
        Some(gone)
    }

    /// Leaves the room, and those who are present.
    pub(super) async fn leave(&self, gone: &Subscription) {
        self.core.hub.leave(&gone.channel, self.id);
        if gone.granted.presence {
            self.disappear(&gone.channel).await;
        }
    }
}

/// Says what somebody wants to know at the start. Who is in a cache by itself is given the latest without asking.
fn ask(entry: &Entry, granted: Granted, limit: u32) -> Ask {
    if granted.continuity == Continuity::None || entry.namespace.retention().is_none() {
        return Ask::Nothing;
    }
    if granted.continuity < Continuity::Recoverable {
        return Ask::Position;
    }
    let since = entry.recover.clone();
    match (entry.namespace.recovery_mode, since) {
        (RecoveryMode::AutoCache, since) => Ask::Cache { since },
        (_, None) => Ask::Position,
        (RecoveryMode::Cache, since) => Ask::Cache { since },
        (_, Some(since)) => Ask::Stream { since, limit },
    }
}
