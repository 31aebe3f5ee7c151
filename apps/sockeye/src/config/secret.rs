//! Values that nobody else may read: keys and secrets, as text or in a file of their own.

use std::{fmt, fs, io};

use serde::{Deserialize, Serialize};
use toml::Value;

/// What stands before the path of a file that holds the secret.
const FILE: &str = "file:";
/// What is printed in place of a secret.
const HIDDEN: &str = "(hidden)";

/// A secret: as it is, or `"file:PATH"`. Empty for none. It is never printed.
#[derive(Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Secret(String);

impl Secret {
    /// Says whether there is none.
    pub(crate) fn is_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the bytes. A file's end of line does not count.
    ///
    /// # Errors
    /// The file can't be read.
    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        let Some(path) = self.0.strip_prefix(FILE) else {
            return Ok(self.0.clone().into_bytes());
        };
        let mut bytes = fs::read(path)?;
        while bytes.last().is_some_and(|byte| b"\r\n".contains(byte)) {
            bytes.pop();
        }
        Ok(bytes)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_none() { "none" } else { HIDDEN })
    }
}

impl TryFrom<Value> for Secret {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            // The value itself is not for a report.
            Value::String(text) if text == HIDDEN => Err(format!(
                "\"{HIDDEN}\" is what is printed in a secret's place: write the secret, or \"{FILE}PATH\""
            )),
            Value::String(text) => Ok(Self(text)),
            _ => Err(format!(
                "a secret is text: write it in quotes, or \"{FILE}PATH\""
            )),
        }
    }
}

impl From<Secret> for Value {
    fn from(secret: Secret) -> Self {
        // A path gives nothing away.
        let is_shown = secret.is_none() || secret.0.starts_with(FILE);
        Self::String(if is_shown {
            secret.0
        } else {
            HIDDEN.to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed_and_a_path_is() {
        let secret = Secret::try_from(Value::from("open sesame")).unwrap();
        assert_eq!(secret.read().unwrap(), b"open sesame");
        assert_eq!(format!("{secret:?}"), "(hidden)");
        let printed = Value::from(secret);
        assert_eq!(printed, Value::from("(hidden)"));
        assert!(Secret::try_from(printed).is_err());

        let file = Value::from("file:/run/secrets/key");
        assert_eq!(Value::from(Secret::try_from(file.clone()).unwrap()), file);
        assert!(Secret::try_from(Value::from("")).unwrap().is_none());
        assert!(
            !Secret::try_from(Value::from(12345))
                .unwrap_err()
                .contains("12345")
        );
    }
}
