//! What is sent to the members of a room: encoded once for all to whom the same bytes go.

use std::{str, sync::Arc};

use bytes::{Bytes, BytesMut};
use sockeye_channel_proto::{Codec, JoinPush, NotJson, Publication, Push, Reply, fossil};
use sockeye_endpoint::Shared;
use sockeye_types::Message;

use super::{Delta, Kind, Shape};
use crate::Announcement;

/// One publication or announcement, in the forms that somebody was sent.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) what: What,
    made: Vec<(Form, Result<Arc<Shared>, NotJson>)>,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum What {
    Published(Arc<Publication>),
    Announced(Announcement),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    codec: Codec,
    shape: Shape,
    delta: Delta,
    payload: Payload,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payload {
    Whole,
    Patch,
}

impl Frames {
    pub(super) const fn new(what: What) -> Self {
        Self {
            what,
            made: Vec::new(),
        }
    }

    /// Returns the form for a kind of members, who have `previous`, if that is the payload before.
    pub(super) fn form(
        &mut self,
        channel: &str,
        kind: Kind,
        previous: Option<&Bytes>,
    ) -> Result<Arc<Shared>, NotJson> {
        let has_payload = matches!(self.what, What::Published(_));
        let delta = if has_payload { kind.delta } else { Delta::None };
        let previous = previous.filter(|_| delta == Delta::Fossil);
        let form = Form {
            codec: kind.codec,
            shape: kind.shape,
            delta,
            payload: if previous.is_some() {
                Payload::Patch
            } else {
                Payload::Whole
            },
        };
        if let Some((_, made)) = self.made.iter().find(|(made, _)| *made == form) {
            return made.clone();
        }
        let made = self
            .what
            .push(channel, form, previous)
            .and_then(|push| encoded(push, form.codec, form.shape))
            .map(|message| Arc::new(Shared::new(message)));
        self.made.push((form, made.clone()));
        made
    }
}

impl What {
    fn push(&self, channel: &str, form: Form, previous: Option<&Bytes>) -> Result<Push, NotJson> {
        let mut push = Push {
            channel: channel.to_owned(),
            ..Push::default()
        };
        match self {
            Self::Published(publication) if form.delta == Delta::Fossil => {
                push.r#pub = Some(as_delta(publication, previous, form.codec)?);
            }
            Self::Published(publication) => push.r#pub = Some(Publication::clone(publication)),
            Self::Announced(Announcement::Join(info)) => {
                push.join = Some(JoinPush {
                    info: Some(info.clone()),
                });
            }
            Self::Announced(Announcement::Leave(info)) => {
                push.leave = Some(JoinPush {
                    info: Some(info.clone()),
                });
            }
        }
        Ok(push)
    }
}

/// Encodes what one member alone is sent: whole, and marked with what it missed.
pub(super) fn alone(
    channel: &str,
    what: &What,
    kind: Kind,
    skipped: u64,
) -> Result<Message, NotJson> {
    let form = Form {
        codec: kind.codec,
        shape: kind.shape,
        delta: kind.delta,
        payload: Payload::Whole,
    };
    let mut push = what.push(channel, form, None)?;
    if let Some(publication) = push.r#pub.as_mut().filter(|_| skipped > 0) {
        publication
            .tags
            .insert(SKIPPED.to_owned(), skipped.to_string());
    }
    encoded(push, form.codec, form.shape)
}

/// The tag of a publication before which some were dropped, for who is not told otherwise.
pub(super) const SKIPPED: &str = "sockeye-skipped";

/// Makes a message of a push.
pub(crate) fn encoded(push: Push, codec: Codec, shape: Shape) -> Result<Message, NotJson> {
    let mut frame = BytesMut::new();
    shape.encode(push, codec, &mut frame)?;
    Ok(codec.message(frame))
}

impl Shape {
    /// Appends a push to a frame.
    pub(crate) fn encode(
        self,
        push: Push,
        codec: Codec,
        frame: &mut BytesMut,
    ) -> Result<(), NotJson> {
        match self {
            Self::Reply => {
                let reply = Reply {
                    push: Some(push),
                    ..Reply::default()
                };
                codec.encode(&reply, frame)
            }
            Self::Bare => codec.encode(&push, frame),
        }
    }
}

/// Makes publications what a subscription with deltas is told in a reply: the first is whole, each other a patch of the
/// one before.
pub(crate) fn chained(
    publications: &[Arc<Publication>],
    codec: Codec,
) -> Result<Vec<Publication>, NotJson> {
    let mut previous = None;
    let mut chain = Vec::with_capacity(publications.len());
    for publication in publications {
        chain.push(as_delta(publication, previous, codec)?);
        previous = Some(&publication.data);
    }
    Ok(chain)
}

/// A patch that is not shorter than the payload is not worth it.
fn as_delta(
    publication: &Publication,
    previous: Option<&Bytes>,
    codec: Codec,
) -> Result<Publication, NotJson> {
    let cut = match codec {
        Codec::Json => fossil::Cut::AtCharacters,
        _ => fossil::Cut::Anywhere,
    };
    let patch = previous
        .and_then(|previous| fossil::encode(previous, &publication.data, cut).ok())
        .filter(|patch| patch.len() < publication.data.len());
    let mut publication = publication.clone();
    if let Some(patch) = patch {
        publication.delta = true;
        publication.data = patch.into();
    }
    if codec == Codec::Json {
        let text = str::from_utf8(&publication.data).map_err(|_| NotJson)?;
        publication.data = serde_json::to_string(text).map_err(|_| NotJson)?.into();
    }
    Ok(publication)
}
