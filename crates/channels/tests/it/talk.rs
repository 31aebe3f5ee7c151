//! A client that speaks the protocol by hand.

use std::{sync::Arc, time::Duration};

use regex::Regex;
use sockeye_channels::{
    Access, BadToken, Broker, Channels, ConnectionGrant, Credentials, Grant, JoinLeave,
    MemoryBroker, Namespace, ServerSubscription, Settings, SubscriptionGrant, Verified,
};
use sockeye_endpoint::{Closed, Endpoints, MemoryPeer};
use sockeye_types::Message;

/// Everything that a client may want, for users and for others.
pub(crate) fn open() -> Namespace {
    let all = Access::CLIENTS.and_anonymous();
    Namespace::default()
        .history(10, Duration::from_secs(300))
        .with_presence()
        .recovery(Grant::Forced)
        .allow_subscribe(all)
        .allow_publish(all)
        .allow_presence(all)
        .allow_history(all)
}

pub(crate) fn told() -> Namespace {
    open().join_leave(JoinLeave::Forced)
}

pub(crate) fn settings(namespace: Namespace) -> Settings {
    Settings::default()
        .without_namespace(namespace)
        .anonymous(sockeye_channels::AnonymousConnect::Anybody)
}

pub(crate) fn channels(settings: Settings) -> Channels {
    over(settings, Arc::new(MemoryBroker::new()))
}

pub(crate) fn over(settings: Settings, broker: Arc<dyn Broker>) -> Channels {
    let channels = Channels::new(settings.validate().unwrap(), broker);
    let channels = channels.unwrap().credentials(Arc::new(Words));
    let running = channels.clone();
    tokio::spawn(async move { running.run().await });
    channels
}

/// Tokens in plain words, `user` or `user until seconds`; with what the server subscribes to behind `in`.
#[derive(Debug)]
pub(crate) struct Words;

impl Words {
    fn expire_at(token: &str, now: u64) -> Result<u64, BadToken> {
        match token.split_once(" until ") {
            Some((_, left)) => {
                let left: i64 = left.split(' ').next().unwrap().parse().unwrap();
                let at = now.saturating_add_signed(left);
                if left > 0 {
                    Ok(at)
                } else {
                    Err(BadToken::Expired)
                }
            }
            None => Ok(0),
        }
    }
}

impl Credentials for Words {
    fn connection<'a>(&'a self, token: &'a str, now: u64) -> Verified<'a, ConnectionGrant> {
        Box::pin(async move {
            if token == "bad" {
                return Err(BadToken::Invalid);
            }
            let mut grant = ConnectionGrant {
                user: token.split(' ').next().unwrap().to_owned(),
                expire_at: Self::expire_at(token, now)?,
                ..ConnectionGrant::default()
            };
            if let Some((_, channel)) = token.split_once(" in ") {
                let given = ServerSubscription::default();
                grant.subs.insert(channel.to_owned(), given);
            }
            Ok(grant)
        })
    }

    /// `user channel` and when it expires.
    fn subscription<'a>(&'a self, token: &'a str, now: u64) -> Verified<'a, SubscriptionGrant> {
        Box::pin(async move {
            let mut words = token.split(' ');
            let (Some(user), Some(channel)) = (words.next(), words.next()) else {
                return Err(BadToken::Invalid);
            };
            Ok(SubscriptionGrant {
                user: user.to_owned(),
                channel: channel.to_owned(),
                subscription: ServerSubscription {
                    expire_at: Self::expire_at(token, now)?,
                    ..ServerSubscription::default()
                },
                ..SubscriptionGrant::default()
            })
        })
    }
}

/// A client.
pub(crate) struct Talk(pub(crate) MemoryPeer);

impl Talk {
    pub(crate) fn new(channels: &Channels) -> Self {
        Self::at(channels, "/")
    }

    pub(crate) fn at(channels: &Channels, target: &str) -> Self {
        let endpoints = Endpoints::new().at("/", channels.handler());
        Self(MemoryPeer::at(endpoints, target).unwrap().unwrap())
    }

    /// Connects with a token, or without.
    pub(crate) async fn connected(channels: &Channels, token: &str) -> Self {
        let mut talk = Self::new(channels);
        talk.say(&format!(r#"{{"connect":{{"token":"{token}"}},"id":1}}"#))
            .await;
        let answer = talk.hear().await;
        assert!(
            answer.starts_with(r#"{"id":1,"connect":{"client":"CLIENT""#),
            "{answer}"
        );
        talk
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.0.send(text).await;
    }

    /// The next message, with random names replaced; pings are answered on the way.
    pub(crate) async fn hear(&mut self) -> String {
        loop {
            let Some(message) = self.0.recv().await else {
                panic!("closed: {:?}", self.0.closed().await);
            };
            let text = plain(&message);
            if text != "{}" {
                return text;
            }
            self.say("{}").await;
        }
    }

    /// Says something and hears exactly this, a message after the other.
    pub(crate) async fn exchange(&mut self, say: &str, expected: &[&str]) {
        self.say(say).await;
        for expected in expected {
            assert_eq!(self.hear().await, *expected, "behind {say}");
        }
    }

    pub(crate) fn hears_nothing(&mut self) {
        let heard = self.0.try_recv().map(|message| plain(&message));
        assert_eq!(heard, None);
    }

    pub(crate) async fn is_closed(&mut self, code: u16, reason: &str) {
        let Closed {
            code: got,
            reason: said,
            ..
        } = self.0.closed().await;
        assert_eq!((u16::from(got), said.as_str()), (code, reason));
    }
}

pub(crate) fn plain(message: &Message) -> String {
    let text = message.as_text().unwrap();
    let uuid = Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").unwrap();
    let epoch = Regex::new(r#""epoch":"[A-Za-z]{8}""#).unwrap();
    let version = Regex::new(r#""version":"[^"]+""#).unwrap();
    let text = uuid.replace_all(text, "CLIENT");
    let text = epoch.replace_all(&text, r#""epoch":"EPOCH""#);
    version.replace_all(&text, r#""version":"V""#).into_owned()
}

/// The epoch that a reply tells.
pub(crate) fn epoch_of(message: &Message) -> String {
    let text = message.as_text().unwrap();
    let epoch = Regex::new(r#""epoch":"([A-Za-z]{8})""#).unwrap();
    epoch.captures(text).unwrap()[1].to_owned()
}
