//! Publications that are encoded once and sent many times.

use bytes::{BufMut, Bytes, BytesMut};
use prost::{Message, encode_length_delimiter, length_delimiter_len};

use crate::{
    Codec, HistoryResult, NotJson, Publication, Reply, SubscribeResult,
    codec::{separate, write_json},
};

/// A publication, checked and encoded once: it goes into pushes and results by being copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    codec: Codec,
    /// A publication without a length before it.
    bytes: Bytes,
}

// Keys of fields in `client.proto` whose values have a length: `number << 3 | 2`.
const REPLY_PUSH: u8 = 4 << 3 | 2;
const REPLY_SUBSCRIBE: u8 = 6 << 3 | 2;
const REPLY_HISTORY: u8 = 11 << 3 | 2;
const PUSH_CHANNEL: u8 = 2 << 3 | 2;
const PUSH_PUB: u8 = 4 << 3 | 2;
const SUBSCRIBE_PUBLICATIONS: u8 = 7 << 3 | 2;
const HISTORY_PUBLICATIONS: u8 = 1 << 3 | 2;

impl Prepared {
    /// Encodes a publication.
    ///
    /// # Errors
    /// [`NotJson`] if a payload is not what the codec can carry.
    pub fn new(codec: Codec, publication: &Publication) -> Result<Self, NotJson> {
        let bytes = match codec {
            Codec::Json => {
                // Room for the names of fields and numbers.
                let mut json = BytesMut::with_capacity(publication.data.len() + 64);
                write_json(publication, &mut json)?;
                json.freeze()
            }
            Codec::Protobuf => publication.encode_to_vec().into(),
        };
        Ok(Self { codec, bytes })
    }

    /// Returns the codec that it is encoded in.
    pub const fn codec(&self) -> Codec {
        self.codec
    }

    /// Appends to a frame the reply that pushes it in a channel.
    pub fn push(&self, channel: &str, frame: &mut BytesMut) {
        match self.codec {
            Codec::Json => {
                separate(frame);
                frame.put_slice(br#"{"push":"#);
                self.json_push(channel, frame);
                frame.put_u8(b'}');
            }
            Codec::Protobuf => {
                let length = self.protobuf_push_len(channel);
                put_length(field_len(length), frame);
                put_key(REPLY_PUSH, length, frame);
                self.protobuf_push(channel, frame);
            }
        }
    }

    /// Appends to a frame the bare push of it in a channel, for transports that go one way.
    pub fn bare_push(&self, channel: &str, frame: &mut BytesMut) {
        match self.codec {
            Codec::Json => {
                separate(frame);
                self.json_push(channel, frame);
            }
            Codec::Protobuf => {
                put_length(self.protobuf_push_len(channel), frame);
                self.protobuf_push(channel, frame);
            }
        }
    }

    fn json_push(&self, channel: &str, frame: &mut BytesMut) {
        frame.put_u8(b'{');
        if !channel.is_empty() {
            frame.put_slice(br#""channel":"#);
            put_string(channel, frame);
            frame.put_u8(b',');
        }
        frame.put_slice(br#""pub":"#);
        frame.put_slice(&self.bytes);
        frame.put_u8(b'}');
    }

    fn protobuf_push_len(&self, channel: &str) -> usize {
        let channel = match channel.len() {
            0 => 0,
            length => field_len(length),
        };
        channel + field_len(self.bytes.len())
    }

    fn protobuf_push(&self, channel: &str, frame: &mut BytesMut) {
        if !channel.is_empty() {
            put_field(PUSH_CHANNEL, channel.as_bytes(), frame);
        }
        put_field(PUSH_PUB, &self.bytes, frame);
    }
}

impl Codec {
    /// Appends to a frame the reply to a subscribe: a result, and instead of its publications those that are prepared.
    ///
    /// # Errors
    /// [`NotJson`] if a payload is not what the codec can carry, or a publication is prepared for another codec; the
    /// frame is as it was.
    pub fn encode_subscribe(
        self,
        id: u32,
        mut result: SubscribeResult,
        publications: &[Prepared],
        frame: &mut BytesMut,
    ) -> Result<(), NotJson> {
        self.check(publications)?;
        result.publications = Vec::new();
        if publications.is_empty() {
            return self.encode(&Reply::subscribe(id, result), frame);
        }
        match self {
            Self::Json => {
                let before = frame.len();
                begin_json(id, r#""subscribe":"#, frame);
                write_json(&result, frame).inspect_err(|_| frame.truncate(before))?;
                reopen(frame);
                put_publications(publications, frame);
                frame.put_slice(b"}}");
            }
            Self::Protobuf => {
                let result = result.encode_to_vec();
                let fields = [REPLY_SUBSCRIBE, SUBSCRIBE_PUBLICATIONS];
                put_result(id, fields, &result, publications, frame);
            }
        }
        Ok(())
    }

    /// Appends to a frame the reply to a history: a result, and instead of its publications those that are prepared.
    ///
    /// # Errors
    /// [`NotJson`] if a publication is prepared for another codec; the frame is as it was.
    pub fn encode_history(
        self,
        id: u32,
        mut result: HistoryResult,
        publications: &[Prepared],
        frame: &mut BytesMut,
    ) -> Result<(), NotJson> {
        self.check(publications)?;
        result.publications = Vec::new();
        match self {
            Self::Json => {
                begin_json(id, r#""history":{"#, frame);
                put_publications(publications, frame);
                frame.put_slice(br#","epoch":"#);
                put_string(&result.epoch, frame);
                frame.put_slice(format!(r#","offset":{}}}}}"#, result.offset).as_bytes());
            }
            Self::Protobuf => {
                let result = result.encode_to_vec();
                let fields = [REPLY_HISTORY, HISTORY_PUBLICATIONS];
                put_result(id, fields, &result, publications, frame);
            }
        }
        Ok(())
    }

    fn check(self, publications: &[Prepared]) -> Result<(), NotJson> {
        let is_own = |publication: &Prepared| publication.codec == self;
        publications.iter().all(is_own).then_some(()).ok_or(NotJson)
    }
}

/// Appends a JSON string. It cannot fail, since a string is no payload.
fn put_string(text: &str, frame: &mut BytesMut) {
    let written = write_json(text, frame);
    debug_assert!(written.is_ok(), "a string is JSON");
}

fn begin_json(id: u32, result: &str, frame: &mut BytesMut) {
    separate(frame);
    frame.put_u8(b'{');
    if id != 0 {
        frame.put_slice(format!(r#""id":{id},"#).as_bytes());
    }
    frame.put_slice(result.as_bytes());
}

/// Takes back the end of an object, so that another field can follow.
fn reopen(frame: &mut BytesMut) {
    frame.truncate(frame.len().saturating_sub(1));
    if frame.last() != Some(&b'{') {
        frame.put_u8(b',');
    }
}

fn put_publications(publications: &[Prepared], frame: &mut BytesMut) {
    frame.reserve(publications.iter().map(|each| each.bytes.len() + 1).sum());
    frame.put_slice(br#""publications":["#);
    for (index, publication) in publications.iter().enumerate() {
        if index > 0 {
            frame.put_u8(b',');
        }
        frame.put_slice(&publication.bytes);
    }
    frame.put_u8(b']');
}

/// Appends a reply: a result that is encoded but for its publications, and these.
fn put_result(
    id: u32,
    [field, publication_field]: [u8; 2],
    result: &[u8],
    publications: &[Prepared],
    frame: &mut BytesMut,
) {
    let id = Reply {
        id,
        ..Reply::default()
    }
    .encode_to_vec();
    let each = publications.iter().map(|each| field_len(each.bytes.len()));
    let length = result.len() + each.sum::<usize>();
    put_length(id.len() + field_len(length), frame);
    frame.put_slice(&id);
    put_key(field, length, frame);
    frame.put_slice(result);
    for publication in publications {
        put_field(publication_field, &publication.bytes, frame);
    }
}

/// How long a field is whose value has so many bytes.
fn field_len(value: usize) -> usize {
    1 + length_delimiter_len(value) + value
}

fn put_key(key: u8, length: usize, frame: &mut BytesMut) {
    frame.reserve(field_len(length));
    frame.put_u8(key);
    put_length(length, frame);
}

pub(crate) fn put_field(key: u8, value: &[u8], frame: &mut BytesMut) {
    put_key(key, value.len(), frame);
    frame.put_slice(value);
}

/// Appends a length. It cannot fail: a frame grows as far as memory does.
pub(crate) fn put_length(length: usize, frame: &mut BytesMut) {
    frame.reserve(length_delimiter_len(length) + length);
    let written = encode_length_delimiter(length, frame);
    debug_assert!(written.is_ok(), "a frame has room");
}
