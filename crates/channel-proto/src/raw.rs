//! Payloads in JSON: a value that stands there as it is, not as a string. For `#[serde(with = "raw")]`.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use serde_json::value::RawValue;

/// Writes the payload as it is, but for line feeds, which would end the message; fails if it is no JSON.
pub(crate) fn serialize<S: Serializer>(payload: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    let raw: &RawValue = serde_json::from_slice(payload).map_err(S::Error::custom)?;
    if !payload.contains(&b'\n') {
        return raw.serialize(serializer);
    }
    // They stand between tokens: a string of JSON has none. So what is left is JSON as well, and the same value.
    let one_line = raw.get().replace('\n', "");
    RawValue::from_string(one_line)
        .map_err(S::Error::custom)?
        .serialize(serializer)
}

/// Takes the bytes of the value as they stand.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(Bytes::copy_from_slice(raw.get().as_bytes()))
}
