//! Payloads in JSON: a value that stands there as it is, not as a string. For `#[serde(with = "raw")]`.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// Writes the payload as it is; fails if it is no JSON. Nothing stands for `null`.
pub(crate) fn serialize<S: Serializer>(payload: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    let payload: &[u8] = if payload.is_empty() { b"null" } else { payload };
    let raw: &RawValue = serde_json::from_slice(payload).map_err(S::Error::custom)?;
    raw.serialize(serializer)
}

/// Takes the bytes of the value as they stand.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(Bytes::copy_from_slice(raw.get().as_bytes()))
}
