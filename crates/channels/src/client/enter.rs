//! A subscription begins, whoever made it: what it is given, what was missed, and its place in the room.

use std::sync::Arc;

use sockeye_channel_proto::{ErrorCode, Filter, Publication, StreamPosition, SubscribeResult};
use sockeye_types::Message;
use tokio::time::Instant;

use super::{Client, Identity, Refusal, Side, Subscription};
use crate::{
    Announcement, Asked, Asker, Continuity, Granted, Namespace, RecoveryMode,
    catch_up::{Outcome, catch_up},
    credentials::ServerSubscription,
    grant,
    rooms::{Joining, Member},
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
    pub(super) filter: Option<Box<Filter>>,
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
    subscription: Subscription,
    pub(super) result: SubscribeResult,
}

impl Client {
    /// Shows the subscriber to others, and reads what it missed.
    ///
    /// Cancel safety: dropped before it is done, nothing has happened.
    pub(super) async fn prepare(
        self: &Arc<Self>,
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
        let joining = self.core.rooms.join(&entry.channel, self.id).await?;
        if granted.presence {
            joining.appear(self.info(identity, entry.given.info.clone()));
        }
        let mut result = self.start_result(&entry, granted);
        let position = self.recover(&entry, granted, &mut result).await?;
        Ok(Prepared {
            member: Member {
                client: Arc::clone(self),
                position,
                hears_join_leave: granted.join_leave,
                filter: entry.filter,
            },
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

    fn start_result(&self, entry: &Entry, granted: Granted) -> SubscribeResult {
        let expire_at = entry.given.expire_at;
        let expires =
            expire_at > 0 && entry.side == Side::Client && !entry.namespace.sub_refresh_hook;
        SubscribeResult {
            recoverable: granted.continuity >= Continuity::Recoverable,
            positioned: granted.continuity >= Continuity::Positioned,
            data: entry.given.data.clone(),
            expires,
            ttl: if expires { self.core.ttl(expire_at) } else { 0 },
            ..SubscribeResult::default()
        }
    }

    /// Says where it begins, and what it missed.
    async fn recover(
        &self,
        entry: &Entry,
        granted: Granted,
        result: &mut SubscribeResult,
    ) -> Result<Option<StreamPosition>, Refusal> {
        let retention = entry.namespace.retention();
        let Some(retention) = retention.filter(|_| granted.continuity > Continuity::None) else {
            return Ok(None);
        };
        let mode = entry.namespace.recovery_mode;
        let is_auto = mode == RecoveryMode::AutoCache;
        let start = StreamPosition::default();
        let asked = entry.recover.as_ref().or_else(|| is_auto.then_some(&start));
        let since = asked.filter(|_| granted.continuity >= Continuity::Recoverable);
        let limit = self.core.settings().settings().recovery_limit;
        let caught = catch_up(
            &*self.core.broker,
            &entry.channel,
            retention,
            since.map(|since| (since, mode)),
            limit,
        )
        .await?;
        result.epoch.clone_from(&caught.top.epoch);
        result.offset = caught.top.offset;
        result.was_recovering = since.is_some();
        match caught.outcome {
            Outcome::Fresh => {}
            Outcome::Recovered(publications) => {
                self.core.tally.recovered();
                result.recovered = true;
                result.offset = since.map_or(0, |since| since.offset);
                result.publications = recovered(&publications, entry.filter.as_deref());
            }
            Outcome::Unrecovered => {
                self.core.tally.not_recovered();
                if entry.unrecoverable == Unrecoverable::Refused {
                    return Err(ErrorCode::UnrecoverablePosition.into());
                }
            }
        }
        Ok(Some(caught.top))
    }

    /// Sends the reply, and lets the client hear what follows it.
    pub(super) fn settle(
        self: &Arc<Self>,
        prepared: Prepared,
        reply: Option<Message>,
    ) -> Result<Subscription, Refusal> {
        let Prepared {
            joining,
            member,
            subscription,
            ..
        } = prepared;
        {
            let mut state = self.state();
            if let Err(at) = state.place(&subscription.channel) {
                state.subscriptions.insert(at, subscription.clone());
            }
        }
        if let Err(hole) = joining.finish(member, reply) {
            let mut state = self.state();
            if let Ok(at) = state.place(&subscription.channel) {
                state.subscriptions.remove(at);
            }
            return Err(hole.into());
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
    pub(super) fn remove(&self, channel: &str, code: u32) -> Option<Subscription> {
        let (gone, identity) = {
            let mut state = self.state();
            let at = state.place(channel).ok()?;
            let gone = state.subscriptions.remove(at);
            let super::Phase::Connected(identity) = &state.phase else {
                return Some(gone);
            };
            (gone, identity.clone())
        };
        self.core.rooms.leave(channel, self.id);
        let caller = self.caller(Some(&identity));
        self.core.hooks().unsubscribed(caller, channel, code);
        Some(gone)
    }
}

fn recovered(publications: &[Arc<Publication>], filter: Option<&Filter>) -> Vec<Publication> {
    let publications = publications.iter();
    publications
        .filter(|publication| filter.is_none_or(|filter| filter.matches(&publication.tags)))
        .map(|publication| Publication::clone(publication))
        .collect()
}
