//! What a connection does when its time has come.

use std::{sync::Arc, time::Duration};

use sockeye_channel_proto::{Disconnect, Reply, StreamPosition, Unsubscribe};
use tokio::time::{Instant, sleep};

use super::{Client, Refusal, Side, Subscription, frame::Replies, timers::Timer};
use crate::{Continuity, NamedBy, Read, hooks::Refreshed, hub::Shape};

/// How long a broker may take from storing a publication to telling it, before a subscriber that has not heard it is taken
/// to have lost it.
const TELLING_TIME: Duration = Duration::from_secs(1);

impl Client {
    /// Does all that is due; the agenda does not hold the client while it is called.
    pub(crate) fn handle_due(self: &Arc<Self>, now: Instant) {
        loop {
            let due = self.state().timers.take_due(now);
            let Some(timer) = due else { break };
            match timer {
                Timer::Stale => self.disconnect(&Disconnect::Stale.into()),
                Timer::Ping => self.ping(now),
                Timer::Pong => self.disconnect(&Disconnect::NoPong.into()),
                Timer::Expiry => self.expire(),
                Timer::Tick => self.tick(now),
            }
        }
        let state = self.state();
        self.core.agenda.put(self.id, None, state.timers.first());
    }

    fn ping(&self, now: Instant) {
        let checked = self.core.settings();
        let settings = checked.settings();
        let mut replies = Replies::new(self);
        if replies.add(&Reply::default()).is_ok() {
            replies.flush(self);
        }
        // Who only listens answers nothing.
        if self.shape == Shape::Reply {
            self.set_timer(Timer::Pong, Some(now + settings.pong_wait));
        }
        self.set_timer(Timer::Ping, Some(now + settings.ping_interval));
    }

    fn tick(self: &Arc<Self>, now: Instant) {
        let interval = self.core.settings().settings().presence_update_interval;
        self.set_timer(Timer::Tick, Some(now + interval));
        let is_watched = |found: &Subscription| {
            found.expire_at > 0
                || found.granted.presence
                || found.granted.continuity > Continuity::None
        };
        let watched: Vec<_> = {
            let state = self.state();
            let subscriptions = state.subscriptions.iter();
            subscriptions
                .filter(|found| is_watched(found))
                .cloned()
                .collect()
        };
        if watched.is_empty() {
            return;
        }
        let client = Arc::clone(self);
        tokio::spawn(async move { client.look_after_all(&watched, now).await });
    }

    async fn look_after_all(self: &Arc<Self>, watched: &[Subscription], now: Instant) {
        let mut behind = Vec::new();
        {
            let _turn = self.turn.lock().await;
            for subscription in watched {
                let top = self.look_after(subscription, now).await;
                behind.extend(top.map(|top| (&*subscription.channel, top)));
            }
        }
        if behind.is_empty() {
            return;
        }
        sleep(TELLING_TIME).await;
        let _turn = self.turn.lock().await;
        for (channel, top) in behind {
            if self.is_behind(channel, &top) == Some(true) {
                self.lost(channel).await;
            }
        }
    }

    /// Returns what should have come of a channel, if it did not.
    async fn look_after(
        self: &Arc<Self>,
        subscription: &Subscription,
        now: Instant,
    ) -> Option<StreamPosition> {
        self.state().find(&subscription.channel)?;
        if subscription.granted.presence {
            self.reappear(subscription).await;
        }
        if subscription.expire_at > 0 {
            self.look_at_expiry(subscription).await;
        }
        let delay = self.core.settings().settings().position_check_delay;
        let is_old = now.duration_since(subscription.checked) >= delay;
        if is_old && subscription.granted.continuity > Continuity::None {
            return self.check_position(subscription, now).await;
        }
        None
    }

    async fn look_at_expiry(self: &Arc<Self>, subscription: &Subscription) {
        let channel = &*subscription.channel;
        let now = self.core.now();
        let checked = self.core.settings();
        let namespace = checked.channel(channel, NamedBy::Application);
        let asks = namespace.is_ok_and(|(_, namespace)| namespace.sub_refresh_hook);
        if asks && now >= subscription.expire_at {
            let caller = self.caller(self.identity().as_ref());
            let hooks = self.core.hooks();
            match hooks.sub_refresh(caller, channel.to_owned()).await {
                Ok(Refreshed::Until { expire_at, info })
                    if expire_at == 0 || expire_at > self.core.now() =>
                {
                    self.renew_subscription(channel, expire_at, info);
                    return;
                }
                Err(refused) => {
                    if let Refusal::Close(ending) = refused.into() {
                        self.disconnect(&ending);
                        return;
                    }
                }
                Ok(_) => {}
            }
        }
        let grace = checked.settings().expired_sub_close_delay.as_secs();
        if now < subscription.expire_at.saturating_add(grace) {
            return;
        }
        match subscription.side {
            Side::Token | Side::Server => self.disconnect(&Disconnect::SubscriptionExpired.into()),
            Side::Client => {
                let code = Unsubscribe::Expired;
                self.end_subscription(channel, code.code(), code.reason())
                    .await;
            }
        }
    }

    /// Compares where it should be with where the stream is, and returns the latter if they differ. What can't be compared
    /// now is compared later.
    async fn check_position(
        &self,
        subscription: &Subscription,
        now: Instant,
    ) -> Option<StreamPosition> {
        let channel = &*subscription.channel;
        let checked = self.core.settings();
        let namespace = checked.channel(channel, NamedBy::Application).ok();
        let retention = namespace.and_then(|(_, namespace)| namespace.retention())?;
        let read = Read {
            limit: Some(0),
            ..Read::default()
        };
        let history = self.core.broker.history(channel, read, retention).await;
        let top = history.ok()?.top;
        // Looked at behind the stream, so that what comes meanwhile does not seem to be missing.
        if self.is_behind(channel, &top)? {
            return Some(top);
        }
        if let Some(found) = self.state().find_mut(channel) {
            found.checked = now;
        }
        None
    }

    /// Says whether less came of a channel than there was. `None` where nobody is subscribed any more.
    fn is_behind(&self, channel: &str, top: &StreamPosition) -> Option<bool> {
        let own = self.core.hub.position(channel)?;
        Some(own.epoch != top.epoch || own.offset < top.offset)
    }
}
