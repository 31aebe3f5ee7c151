//! A client asks what was published, and who is there.

use sockeye_channel_proto::{
    Disconnect, ErrorCode, HistoryRequest, HistoryResult, PresenceResult, PresenceStatsResult,
    Publication,
};

use super::{Client, Identity, Refusal};
use crate::{Asker, NamedBy, Order, Read, Verdict, may_read_history, may_read_presence};

impl Client {
    pub(super) async fn presence(
        &self,
        identity: &Identity,
        channel: &str,
    ) -> Result<PresenceResult, Refusal> {
        self.may_see(identity, channel)?;
        let present = self.core.presence.list(channel).await?;
        Ok(PresenceResult {
            presence: present
                .into_iter()
                .map(|(id, info)| (id.to_string(), info))
                .collect(),
        })
    }

    pub(super) async fn presence_stats(
        &self,
        identity: &Identity,
        channel: &str,
    ) -> Result<PresenceStatsResult, Refusal> {
        self.may_see(identity, channel)?;
        Ok(self.core.presence.stats(channel).await?.into())
    }

    fn may_see(&self, identity: &Identity, channel: &str) -> Result<(), Refusal> {
        let checked = self.core.settings();
        let (_, namespace) = checked.channel(channel, NamedBy::Client)?;
        let asker = Asker::new(&identity.user, checked.settings());
        let (standing, _) = self.standing(channel);
        allowed(may_read_presence(&asker, namespace, standing))
    }

    pub(super) async fn history(
        &self,
        identity: &Identity,
        request: HistoryRequest,
    ) -> Result<HistoryResult, Refusal> {
        let checked = self.core.settings();
        let settings = checked.settings();
        let (_, namespace) = checked.channel(&request.channel, NamedBy::Client)?;
        let asker = Asker::new(&identity.user, settings);
        let (standing, _) = self.standing(&request.channel);
        allowed(may_read_history(&asker, namespace, standing))?;
        let Some(retention) = namespace.retention() else {
            return Err(ErrorCode::NotAvailable.into());
        };
        let most = settings.history_limit;
        // Fewer than none is as many as allowed.
        let limit = u32::try_from(request.limit).unwrap_or(most).min(most);
        let since = request.since;
        if request.reverse && since.as_ref().is_some_and(|since| since.offset == 0) {
            return Err(ErrorCode::BadRequest.into());
        }
        let epoch = since.as_ref().map(|since| since.epoch.clone());
        let read = Read {
            since,
            limit: Some(limit),
            order: if request.reverse {
                Order::Reverse
            } else {
                Order::Forward
            },
        };
        let read = self.core.broker.history(&request.channel, read, retention);
        let history = read.await?;
        if epoch.is_some_and(|epoch| !epoch.is_empty() && epoch != history.top.epoch) {
            return Err(ErrorCode::UnrecoverablePosition.into());
        }
        let publications = history.publications.iter();
        Ok(HistoryResult {
            publications: publications
                .map(|publication| Publication::clone(publication))
                .collect(),
            epoch: history.top.epoch,
            offset: history.top.offset,
        })
    }
}

fn allowed(verdict: Verdict) -> Result<(), Refusal> {
    match verdict {
        Verdict::Allowed(_) => Ok(()),
        Verdict::Refused(code) => Err(code.into()),
        Verdict::Closed(code) => Err(code.into()),
        // No hook decides who reads.
        Verdict::AskHook => Err(Disconnect::ServerError.into()),
    }
}
