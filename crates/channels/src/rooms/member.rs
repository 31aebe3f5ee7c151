//! A subscriber of a channel.

use std::{collections::BTreeMap, sync::Arc};

use sockeye_channel_proto::{Codec, Filter, Publication, Push, StreamPosition};
use sockeye_types::Message;

use crate::client::{Client, NotCarried, encode_push};

/// A subscriber of a channel.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) client: Arc<Client>,
    /// Behind which publication it is, if it is watched for gaps.
    pub(crate) position: Option<StreamPosition>,
    /// It is told who comes and leaves.
    pub(crate) hears_join_leave: bool,
    /// What it wants, if not everything.
    pub(crate) filter: Option<Box<Filter>>,
}

/// Why a subscriber does not have what it should have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// Something is missing between what it has and what comes.
    Gap,
}

impl Member {
    /// Takes a publication, unless it has it already or does not want it.
    pub(super) fn hear(
        &mut self,
        frames: &mut Frames,
        position: Option<&StreamPosition>,
    ) -> Option<Lost> {
        if let (Some(own), Some(new)) = (&mut self.position, position) {
            if !own.epoch.is_empty() && own.epoch != new.epoch {
                return Some(Lost::Gap);
            }
            if new.offset <= own.offset {
                return None;
            }
            if new.offset != own.offset + 1 {
                return Some(Lost::Gap);
            }
            own.clone_from(new);
        }
        let is_wanted = self
            .filter
            .as_ref()
            .is_none_or(|filter| filter.matches(frames.tags()));
        if is_wanted {
            self.client.push_frame(frames);
        }
        None
    }
}

/// A push, encoded once for each codec that somebody reads.
#[derive(Debug)]
pub(crate) struct Frames {
    push: Push,
    json: Option<Result<Message, NotCarried>>,
    protobuf: Option<Result<Message, NotCarried>>,
}

impl Frames {
    pub(crate) const fn of(push: Push) -> Self {
        Self {
            push,
            json: None,
            protobuf: None,
        }
    }

    pub(super) fn of_publication(channel: &str, publication: &Arc<Publication>) -> Self {
        Self::of(Push {
            channel: channel.to_owned(),
            r#pub: Some(Publication::clone(publication)),
            ..Push::default()
        })
    }

    /// Returns it in a codec, or that the codec can't carry it.
    pub(crate) fn message(&mut self, codec: Codec) -> Result<Message, NotCarried> {
        let kept = match codec {
            Codec::Json => &mut self.json,
            _ => &mut self.protobuf,
        };
        kept.get_or_insert_with(|| encode_push(codec, &self.push))
            .clone()
    }

    fn tags(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        self.push
            .r#pub
            .as_ref()
            .map_or(&NONE, |publication| &publication.tags)
    }
}
