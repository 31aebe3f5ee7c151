//! Kinds of values that channels' settings take: numbers with an end, rates, URLs, single characters.

use std::{num::NonZeroU32, time::Duration};

use serde::{Deserialize, Serialize};
use toml::Value;

use super::value::{Count, Time};

/// A whole number from 0 to [`Count::MOST`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Number(pub(crate) u32);

/// How many at most: a whole number from 1 to [`Count::MOST`], or `"off"` for any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct AtMost(pub(crate) Option<NonZeroU32>);

/// A length of time, or `"auto"` for what is set elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct AutoTime(pub(crate) Option<Duration>);

/// One ASCII character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Mark(pub(crate) char);

/// An absolute URL of `http` or `https`, or `"off"`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Url(pub(crate) Option<String>);

/// The same, in which `{{name}}` may stand for what is known later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct UrlTemplate(pub(crate) Option<String>);

const OFF: &str = "off";
const AUTO: &str = "auto";

impl TryFrom<Value> for Number {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let number = value.as_integer();
        number
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| *number <= Count::MOST)
            .map(Self)
            .ok_or_else(|| format!("{value} is not a number from 0 to {}", Count::MOST))
    }
}

impl From<Number> for Value {
    fn from(Number(number): Number) -> Self {
        Self::Integer(number.into())
    }
}

impl TryFrom<Value> for AtMost {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let number = match &value {
            Value::String(text) if text == OFF => return Ok(Self(None)),
            // As an environment variable has it.
            Value::String(text) => text.parse().ok(),
            other => other.as_integer(),
        };
        let number = number.map_or(value, Value::Integer);
        let Count(count) = Count::try_from(number).map_err(|why| why + ", or \"off\"")?;
        Ok(Self(NonZeroU32::new(count)))
    }
}

impl From<AtMost> for Value {
    fn from(AtMost(most): AtMost) -> Self {
        most.map_or_else(
            || Self::String(OFF.to_owned()),
            |most| Self::Integer(most.get().into()),
        )
    }
}

impl TryFrom<Value> for AutoTime {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        if value.as_str() == Some(AUTO) {
            return Ok(Self(None));
        }
        let Time(time) = Time::try_from(value).map_err(|why| why + ", or \"auto\"")?;
        Ok(Self(Some(time)))
    }
}

impl From<AutoTime> for Value {
    fn from(AutoTime(time): AutoTime) -> Self {
        time.map_or_else(|| Self::String(AUTO.to_owned()), |time| Time(time).into())
    }
}

impl TryFrom<Value> for Mark {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let mut chars = value.as_str().unwrap_or_default().chars();
        match (chars.next(), chars.next()) {
            (Some(mark), None) if mark.is_ascii_graphic() => Ok(Self(mark)),
            _ => Err(format!("{value} is not one ASCII character, such as \":\"")),
        }
    }
}

impl From<Mark> for Value {
    fn from(Mark(mark): Mark) -> Self {
        Self::String(mark.to_string())
    }
}

impl TryFrom<Value> for Url {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        url(&value, is_url).map(Self)
    }
}

impl TryFrom<Value> for UrlTemplate {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let is_template = |text: &str| is_url(&text.replace("{{", "").replace("}}", ""));
        url(&value, is_template).map(Self)
    }
}

fn url(value: &Value, is_one: impl FnOnce(&str) -> bool) -> Result<Option<String>, String> {
    match value.as_str() {
        Some(OFF) => Ok(None),
        Some(text) if is_one(text) => Ok(Some(text.to_owned())),
        _ => Err(format!(
            "{value} is not a URL: write one such as \"https://example.com/hook\", or \"off\""
        )),
    }
}

fn is_url(text: &str) -> bool {
    // Whatever else a URI may hold, these don't stand for themselves in one (RFC 3986 §2).
    let uri = text
        .parse::<http::Uri>()
        .ok()
        .filter(|_| !text.contains(['{', '}']));
    uri.is_some_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.authority().is_some()
    })
}

impl From<Url> for Value {
    fn from(Url(url): Url) -> Self {
        Self::String(url.unwrap_or_else(|| OFF.to_owned()))
    }
}

impl From<UrlTemplate> for Value {
    fn from(UrlTemplate(url): UrlTemplate) -> Self {
        Url(url).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn both_ways<T>(values: &[Value])
    where
        T: TryFrom<Value, Error = String> + Into<Value>,
    {
        for value in values {
            let read = T::try_from(value.clone()).unwrap();
            assert_eq!(read.into(), *value);
        }
    }

    #[test]
    fn each_prints_as_it_reads() {
        both_ways::<Number>(&[0.into(), 1_000_000.into()]);
        both_ways::<AtMost>(&["off".into(), 1.into(), 1_000_000.into()]);
        both_ways::<AutoTime>(&["auto".into(), "5s".into()]);
        both_ways::<Mark>(&["$".into(), ":".into()]);
        both_ways::<Url>(&["off".into(), "https://a.example:1/b?c".into()]);
        both_ways::<UrlTemplate>(&["off".into(), "https://{{a}}.example/{{b}}".into()]);
        assert_eq!(
            AtMost::try_from(Value::from("7")),
            Ok(AtMost(NonZeroU32::new(7)))
        );
    }

    #[test]
    fn what_is_none_is_refused_with_how_it_is_written() {
        for bad in [Value::from(-1), 1_000_001.into(), "1".into(), 1.5.into()] {
            assert!(Number::try_from(bad).unwrap_err().contains("from 0 to"));
        }
        for bad in [Value::from(0), "many".into(), true.into()] {
            assert!(AtMost::try_from(bad).unwrap_err().contains("or \"off\""));
        }
        assert!(
            AutoTime::try_from(Value::from("0s"))
                .unwrap_err()
                .contains("or \"auto\"")
        );
        for bad in ["", "::", "é", " "] {
            assert!(Mark::try_from(Value::from(bad)).is_err(), "{bad}");
        }
        for bad in [
            "",
            "/hook",
            "example.com",
            "ftp://a.example",
            "http://",
            "http://a.example/{{b}}",
            "http://a b",
        ] {
            assert!(
                Url::try_from(Value::from(bad))
                    .unwrap_err()
                    .contains("is not a URL")
            );
        }
    }
}
