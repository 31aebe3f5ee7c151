//! From a method's name and its parameters to what the channels are asked, and back to JSON.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sockeye_channels::{Channels, ClientInfo, ErrorCode, Publication, Published, StreamPosition};

use super::{
    answer::{Answer, Envelope, Failure, Mode, respond, result, written},
    ask::Ask,
};

/// Calls channels.
#[derive(Clone, Debug)]
pub(super) struct Call {
    channels: Channels,
    /// How many commands a batch may hold, or channels a broadcast.
    most: usize,
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
struct Presence {
    presence: BTreeMap<String, ClientInfo>,
}

#[derive(Serialize)]
struct History<'a> {
    publications: Vec<&'a Publication>,
    epoch: String,
    offset: u64,
}

#[derive(Serialize)]
struct Named<T> {
    channels: BTreeMap<String, T>,
}

#[derive(Serialize)]
struct Counted {
    num_clients: usize,
}

#[derive(Serialize)]
struct Nodes {
    nodes: [Node; 1],
}

#[derive(Serialize)]
struct Node {
    uid: String,
    name: &'static str,
    version: &'static str,
    num_clients: usize,
    num_users: usize,
    num_subs: usize,
    num_channels: usize,
    uptime: u64,
}

#[derive(Serialize)]
struct Connections {
    connections: BTreeMap<String, Connection>,
}

#[derive(Serialize)]
struct Connection {
    transport: &'static str,
    channels: Vec<String>,
}

#[derive(Serialize)]
struct Responses {
    responses: Vec<Envelope>,
}

#[derive(Serialize)]
struct Replies {
    replies: Vec<BTreeMap<String, Box<RawValue>>>,
}

/// A command as it was written before methods had paths of their own.
#[derive(Deserialize)]
struct Line<'a> {
    method: String,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
}

impl Call {
    pub(super) fn new(channels: Channels, most: u32) -> Self {
        Self {
            channels,
            most: usize::try_from(most).unwrap_or(usize::MAX),
        }
    }

    /// Answers a call of one method.
    pub(super) async fn method(&self, method: &str, body: &Bytes, mode: Mode) -> Response<Bytes> {
        let ask = match Ask::read(body) {
            Ok(ask) => ask,
            Err(failure) => return respond(Err(failure), mode),
        };
        if method == "batch" {
            return match self.batch(&ask).await {
                // It has no envelope.
                Ok(replies) => written(StatusCode::OK, &replies),
                Err(failure) => respond(Err(failure), mode),
            };
        }
        respond(self.one(method, &ask).await, mode)
    }

    /// Answers calls that stand in lines, one in each, by lines.
    pub(super) async fn lines(&self, body: &Bytes) -> Response<Bytes> {
        let mut answers = Vec::new();
        let lines = body
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty());
        for (count, line) in lines.enumerate() {
            if count >= self.most {
                return respond(
                    Err(Failure::Unreadable("the body has too many lines\n")),
                    Mode::Body,
                );
            }
            let Ok(Line { method, params }) = serde_json::from_slice(line) else {
                return respond(
                    Err(Failure::Unreadable("a line is no command\n")),
                    Mode::Body,
                );
            };
            let params = params.map_or("{}", RawValue::get);
            let answer = match Ask::read(params.as_bytes()) {
                Ok(ask) => self.one(&method, &ask).await,
                Err(failure) => Err(failure),
            };
            answers.extend(serde_json::to_vec(&Envelope::from(answer)).unwrap_or_default());
            answers.push(b'\n');
        }
        answers.pop();
        super::json(StatusCode::OK, answers.into())
    }

    async fn one(&self, method: &str, ask: &Ask<'_>) -> Answer {
        match method {
            "publish" => self.publish(ask).await,
            "broadcast" => self.broadcast(ask).await,
            "history" => self.history(ask).await,
            "history_remove" => {
                self.channels.history_remove(&ask.channel).await?;
                result(&Empty {})
            }
            "subscribe" => {
                let (whom, given, since) = (ask.whom(), ask.given()?, ask.recover_since.clone());
                let subscribed = self.channels.subscribe(&whom, &ask.channel, given, since);
                subscribed.await?;
                result(&Empty {})
            }
            "unsubscribe" => {
                self.channels.unsubscribe(&ask.whom(), &ask.channel).await;
                result(&Empty {})
            }
            "disconnect" => {
                self.channels.disconnect(&ask.whom(), ask.ending());
                result(&Empty {})
            }
            "refresh" => self.refresh(ask),
            "send" => {
                let num_clients = self.channels.send_to_user(&ask.whom(), &ask.data()?);
                result(&Counted { num_clients })
            }
            _ => self.about(method, ask).await,
        }
    }

    /// What is only looked up.
    async fn about(&self, method: &str, ask: &Ask<'_>) -> Answer {
        match method {
            "presence" => {
                let present = self.channels.presence(&ask.channel).await?.into_iter();
                let presence = present.map(|(id, info)| (id.to_string(), info)).collect();
                result(&Presence { presence })
            }
            "presence_stats" => result(&self.channels.presence_stats(&ask.channel).await?),
            "channels" => result(&self.named(&ask.pattern)),
            "info" => result(&self.info()),
            "connections" => result(&self.connections(ask.user())),
            _ => Err(Failure::Refused(ErrorCode::MethodNotFound)),
        }
    }

    async fn publish(&self, ask: &Ask<'_>) -> Answer {
        let published = self.channels.publish(&ask.channel, ask.order()?).await?;
        position(published)
    }

    async fn broadcast(&self, ask: &Ask<'_>) -> Answer {
        if ask.channels.is_empty() || ask.channels.len() > self.most {
            return Err(Failure::Refused(ErrorCode::BadRequest));
        }
        let published = self.channels.broadcast(&ask.channels, &ask.order()?).await;
        let answers = published
            .into_iter()
            .map(|published| published.map_err(Failure::from).and_then(position));
        result(&Responses {
            responses: answers.map(Envelope::from).collect(),
        })
    }

    async fn history(&self, ask: &Ask<'_>) -> Answer {
        let history = self.channels.history(&ask.channel, ask.part()).await?;
        result(&History {
            publications: history.publications.iter().map(AsRef::as_ref).collect(),
            epoch: history.top.epoch,
            offset: history.top.offset,
        })
    }

    fn refresh(&self, ask: &Ask<'_>) -> Answer {
        // The first second of 1970 is over for everybody.
        let expire_at = if ask.expired { 1 } else { ask.expire_at() };
        let info = ask.info()?;
        self.channels.refresh(&ask.whom(), expire_at, info.as_ref());
        result(&Empty {})
    }

    fn named(&self, pattern: &str) -> Named<Counted> {
        let all = self.channels.channels().into_iter();
        let wanted = all.filter(|(name, _)| pattern.is_empty() || matches(pattern, name));
        let counted = wanted.map(|(name, num_clients)| (name.to_string(), Counted { num_clients }));
        Named {
            channels: counted.collect(),
        }
    }

    fn info(&self) -> Nodes {
        let stats = self.channels.info();
        let node = Node {
            uid: stats.node.to_string(),
            name: "sockeye",
            version: env!("CARGO_PKG_VERSION"),
            num_clients: stats.clients,
            num_users: stats.users,
            num_subs: stats.subscriptions,
            num_channels: stats.channels,
            uptime: stats.uptime.as_secs(),
        };
        Nodes { nodes: [node] }
    }

    fn connections(&self, user: &str) -> Connections {
        let connections = self.channels.connections(user).into_iter();
        let shown = connections.map(|connection| {
            let channels = connection.channels.iter().map(ToString::to_string);
            let shown = Connection {
                transport: connection.transport,
                channels: channels.collect(),
            };
            (connection.client.to_string(), shown)
        });
        Connections {
            connections: shown.collect(),
        }
    }

    async fn batch(&self, ask: &Ask<'_>) -> Result<Replies, Failure> {
        if ask.commands.len() > self.most {
            return Err(Failure::Refused(ErrorCode::LimitExceeded));
        }
        let mut replies = Vec::with_capacity(ask.commands.len());
        for command in &ask.commands {
            let Some((method, params)) = command.iter().next() else {
                return Err(Failure::Unreadable("a command names no method\n"));
            };
            let answer = match Ask::read(params.get().as_bytes()) {
                Ok(ask) => self.one(method, &ask).await,
                Err(failure) => Err(failure),
            };
            replies.push(match Envelope::from(answer) {
                Envelope::Result(answer) => BTreeMap::from([(method.clone(), answer)]),
                error @ Envelope::Error(_) => of_envelope(&error)?,
            });
        }
        Ok(Replies { replies })
    }
}

/// `{"error": …}` as it stands in a batch.
fn of_envelope(error: &Envelope) -> Result<BTreeMap<String, Box<RawValue>>, Failure> {
    Ok(serde_json::from_slice(&serde_json::to_vec(error)?)?)
}

impl<'a> Ask<'a> {
    /// Reads the parameters of a method; nothing at all is as good as none.
    fn read(body: &'a [u8]) -> Result<Self, Failure> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        Ok(serde_json::from_slice(body)?)
    }
}

fn position(published: Published) -> Answer {
    #[derive(Serialize)]
    struct Position {
        #[serde(skip_serializing_if = "Option::is_none")]
        offset: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        epoch: Option<String>,
    }
    let position = published.position;
    let (offset, epoch) = position
        .map(|StreamPosition { offset, epoch }| (offset, epoch))
        .unzip();
    result(&Position { offset, epoch })
}

/// Says whether a name has a shape: `*` stands for anything, `?` for one character.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    // Where to go on, if the last `*` takes one character more.
    let (mut at, mut in_name, mut retry) = (0, 0, None);
    while in_name < name.len() {
        match pattern.get(at) {
            Some('*') => {
                retry = Some((at + 1, in_name + 1));
                at += 1;
            }
            Some(char) if *char == '?' || Some(char) == name.get(in_name) => {
                at += 1;
                in_name += 1;
            }
            _ => match retry {
                Some((star, next)) => {
                    (at, in_name) = (star, next);
                    retry = Some((star, next + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|char| *char == '*')
}
