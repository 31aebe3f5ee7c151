//! Bytes that stand in a JSON string. For `#[serde(with = "quoted")]`.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};

/// Writes text as a string; fails if it is no text.
pub(crate) fn serialize<S: Serializer>(text: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    str::from_utf8(text)
        .map_err(S::Error::custom)?
        .serialize(serializer)
}

/// Reads a string.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    String::deserialize(deserializer).map(Bytes::from)
}
