//! A client publishes.

use sockeye_channel_proto::{ErrorCode, Publication, PublishRequest};

use super::{Client, Identity, Rate, Refusal};
use crate::{
    Asker, NamedBy, PublishOptions, Standing, Verdict,
    hooks::{PublishGrant, Publishing},
    may_publish,
    tally::Origin,
};

impl Client {
    pub(super) async fn publish(
        &self,
        identity: &Identity,
        request: PublishRequest,
    ) -> Result<(), Refusal> {
        if request.r#type != 0 {
            return Err(ErrorCode::NotAvailable.into());
        }
        let checked = self.core.settings();
        let (name, namespace) = checked.channel(&request.channel, NamedBy::Client)?;
        if !namespace.publication_data_format.takes(&request.data) {
            return Err(ErrorCode::BadRequest.into());
        }
        let rate = Rate::Publish(name.namespace().map(Into::into));
        let limit = namespace.publishes_per_second_per_client;
        let is_paced = self.state().take(rate, limit)
            && (self.core).may_publish_into(name.as_str(), namespace);
        if !is_paced {
            return Err(ErrorCode::TooManyRequests.into());
        }
        let asker = Asker::new(&identity.user, checked.settings());
        let (standing, info) = self.standing(&request.channel);
        let granted = match may_publish(&asker, namespace, standing) {
            Verdict::Allowed(_) => PublishGrant::default(),
            Verdict::AskHook => {
                let publishing = Publishing {
                    caller: self.caller(Some(identity)),
                    channel: request.channel.clone(),
                    data: request.data.clone(),
                };
                self.core.hooks().publish(publishing).await?
            }
            Verdict::Refused(code) => return Err(code.into()),
            Verdict::Closed(code) => return Err(code.into()),
        };
        let retention = namespace.retention().filter(|_| !granted.skip_history);
        let key = granted.idempotency_key;
        let ttl = checked.settings().idempotency_ttl;
        let options = PublishOptions {
            version_epoch: (granted.version > 0 && retention.is_some())
                .then_some(granted.version_epoch),
            retention,
            idempotency: (!key.is_empty()).then_some((key, ttl)),
        };
        let publication = Publication {
            data: granted.data.unwrap_or(request.data),
            info: Some(self.info(identity, info)),
            tags: granted.tags,
            version: granted.version,
            key: request.key,
            ..Publication::default()
        };
        self.core
            .publish(&request.channel, publication, options, Origin::Client)
            .await?;
        Ok(())
    }

    /// Says whether it is subscribed, and what others may know of it there.
    pub(super) fn standing(&self, channel: &str) -> (Standing, bytes::Bytes) {
        match self.state().find(channel) {
            Some(found) => (Standing::Subscribed, found.info.clone()),
            None => (Standing::Apart, bytes::Bytes::new()),
        }
    }
}
