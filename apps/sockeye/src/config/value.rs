//! The kinds of values that settings take: sizes, times, addresses, counts, and how each is written.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    num::NonZeroUsize,
    str::FromStr,
    time::Duration,
};

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};
use toml::Value;

/// A size in bytes, up to [`Size::MOST`]: `65536` or `"64 KiB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Size(pub(crate) usize);

/// How many of something there may be: a whole number from 1 to [`Count::MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Count(pub(crate) u32);

/// A length of time above zero and up to [`Time::MOST`], with its unit: `"25s"`, `"500ms"`, `"1m 30s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Time(pub(crate) Duration);

/// A length of time, or `"off"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Period(pub(crate) Option<Duration>);

/// An address to listen on: `"0.0.0.0:8080"`, `"[::1]:8080"`, `"localhost:8080"`, `":8080"` or a port alone.
///
/// Without an address it is every IPv4 address of the machine. Port 0 lets the system choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Listen(pub(crate) SocketAddr);

/// An address to listen on, or `"off"`. A port alone is one of the loopback's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Port(pub(crate) Option<SocketAddr>);

/// How many workers there are: `"auto"` for one a core, or a number from 1 to [`Workers::MOST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Workers(pub(crate) Option<NonZeroUsize>);

impl Size {
    /// The largest size that is taken for meant: 1 TiB.
    pub(crate) const MOST: u64 = 1 << 40;
}

impl TryFrom<Value> for Size {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let bytes = match &value {
            Value::Integer(bytes) => u64::try_from(*bytes).ok(),
            Value::String(text) => ByteSize::from_str(text).ok().map(|size| size.as_u64()),
            _ => None,
        };
        bytes
            .filter(|bytes| *bytes <= Self::MOST)
            .and_then(|bytes| usize::try_from(bytes).ok())
            .map(Self)
            .ok_or_else(|| {
                format!(
                    "{value} is not a size: write a number of bytes, or one with a unit such as \"64 KiB\", \
                     up to \"1 TiB\""
                )
            })
    }
}

impl From<Size> for Value {
    fn from(Size(bytes): Size) -> Self {
        for (unit, name) in [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
            if bytes >= unit && bytes % unit == 0 {
                return Self::String(format!("{} {name}", bytes / unit));
            }
        }
        Self::String(format!("{bytes} B"))
    }
}

impl Count {
    /// The largest count that is taken for meant.
    pub(crate) const MOST: u32 = 1_000_000;
}

impl TryFrom<Value> for Count {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        value
            .as_integer()
            .and_then(|count| u32::try_from(count).ok())
            .filter(|count| (1..=Self::MOST).contains(count))
            .map(Self)
            .ok_or_else(|| {
                format!(
                    "{value} is not a count: write a whole number from 1 to {}",
                    Self::MOST
                )
            })
    }
}

impl From<Count> for Value {
    fn from(Count(count): Count) -> Self {
        Self::Integer(count.into())
    }
}

impl Time {
    /// The longest time that is taken for meant: a year. Clocks can't count to what is much longer.
    pub(crate) const MOST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    /// A time of whole seconds.
    pub(crate) const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }
}

impl TryFrom<Value> for Time {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        value
            .as_str()
            .and_then(duration)
            .map(Self)
            .ok_or_else(|| {
                format!(
                    "{value} is not a length of time: write it with its unit, such as \"25s\" or \"500ms\", \
                     above zero and up to a year"
                )
            })
    }
}

impl From<Time> for Value {
    fn from(Time(time): Time) -> Self {
        Self::String(humantime::format_duration(time).to_string())
    }
}

impl TryFrom<Value> for Period {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value.as_str() {
            Some("off") => Some(Self(None)),
            Some(text) => duration(text).map(|time| Self(Some(time))),
            None => None,
        }
        .ok_or_else(|| {
            format!("{value} is not a period: write it with its unit, such as \"25s\", or \"off\"")
        })
    }
}

impl From<Period> for Value {
    fn from(Period(period): Period) -> Self {
        period.map_or_else(|| Self::String("off".to_owned()), |time| Time(time).into())
    }
}

fn duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text)
        .ok()
        .filter(|time| !time.is_zero() && *time <= Time::MOST)
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let with_port = |address, port: &str| {
            let port = port.parse().ok()?;
            Some(SocketAddr::new(address, port))
        };
        text.parse()
            .ok()
            .or_else(|| with_port(any, text.strip_prefix(':').unwrap_or(text)))
            .or_else(|| {
                with_port(
                    Ipv4Addr::LOCALHOST.into(),
                    text.strip_prefix("localhost:")?,
                )
            })
            .map(Self)
            .ok_or_else(|| {
                format!(
                    "\"{text}\" is not an address to listen on: write one such as \"0.0.0.0:8080\", \
                     \":8080\" or 8080"
                )
            })
    }
}

impl TryFrom<Value> for Listen {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => text.parse(),
            other => other.to_string().parse(),
        }
    }
}

impl From<Listen> for Value {
    fn from(Listen(address): Listen) -> Self {
        Self::String(address.to_string())
    }
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let port = text.strip_prefix(':').unwrap_or(text);
        if let Ok(port) = port.parse() {
            return Ok(Self(Some((Ipv4Addr::LOCALHOST, port).into())));
        }
        let Listen(address) = text.parse()?;
        Ok(Self(Some(address)))
    }
}

impl TryFrom<Value> for Port {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => text.parse(),
            other => other.to_string().parse(),
        }
    }
}

impl From<Port> for Value {
    fn from(Port(address): Port) -> Self {
        Self::String(address.map_or_else(|| "off".to_owned(), |address| address.to_string()))
    }
}

impl Workers {
    /// The most workers there may be.
    pub(crate) const MOST: usize = 1024;
}

impl FromStr for Workers {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self(None));
        }
        text.parse()
            .ok()
            .filter(|count: &NonZeroUsize| count.get() <= Self::MOST)
            .map(|count| Self(Some(count)))
            .ok_or_else(|| {
                format!(
                    "\"{text}\" is not a number of workers: write one from 1 to {}, or \"auto\" for one a core",
                    Self::MOST
                )
            })
    }
}

impl TryFrom<Value> for Workers {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => text.parse(),
            other => other.to_string().parse(),
        }
    }
}

impl From<Workers> for Value {
    fn from(Workers(count): Workers) -> Self {
        match count.and_then(|count| i64::try_from(count.get()).ok()) {
            Some(count) => Self::Integer(count),
            None => Self::String("auto".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(value: impl Into<Value>) -> Result<usize, String> {
        Size::try_from(value.into()).map(|size| size.0)
    }

    #[test]
    fn a_size_is_a_number_or_has_a_unit_and_prints_as_it_reads() {
        assert_eq!(size(1_048_576), Ok(1 << 20));
        assert_eq!(size("1048576"), Ok(1 << 20));
        assert_eq!(size("1 MiB"), Ok(1 << 20));
        assert_eq!(size("64kB"), Ok(64_000));
        for bytes in [0, 1, 1000, 1024, 1 << 20, (1 << 20) + 1, 3 << 30] {
            assert_eq!(size(Value::from(Size(bytes))), Ok(bytes));
        }
        for bad in ["", "many", "1 apple", "-1"] {
            assert!(size(bad).unwrap_err().contains("is not a size"), "{bad}");
        }
        assert_eq!(size("1 TiB"), Ok(1 << 40));
        assert!(size("1025 GiB").is_err() && size("20 EiB").is_err());
        assert!(size(-1).is_err() && size(true).is_err() && size(1.5).is_err());
    }

    #[test]
    fn a_count_is_a_whole_number_above_zero() {
        let count = |value: Value| Count::try_from(value).map(|count| count.0);
        assert_eq!(count(1.into()), Ok(1));
        assert_eq!(count(1_000_000.into()), Ok(Count::MOST));
        for bad in [
            0.into(),
            (-1).into(),
            1_000_001.into(),
            1.5.into(),
            "many".into(),
        ] {
            assert!(count(bad).unwrap_err().contains("is not a count"));
        }
    }

    #[test]
    fn a_time_has_a_unit_and_is_above_zero() {
        let time = |value: Value| Time::try_from(value).map(|time| time.0);
        assert_eq!(time("500ms".into()), Ok(Duration::from_millis(500)));
        assert_eq!(time("1m 30s".into()), Ok(Duration::from_secs(90)));
        assert_eq!(
            time(Time(Duration::from_millis(90_500)).into()),
            Ok(Duration::from_millis(90_500))
        );
        for bad in [
            25.into(),
            "25".into(),
            "0s".into(),
            "soon".into(),
            "2 years".into(),
        ] {
            assert!(time(bad).unwrap_err().contains("with its unit"));
        }
    }

    #[test]
    fn a_period_may_be_off() {
        let off = Period::try_from(Value::from("off")).unwrap();
        assert_eq!(off, Period(None));
        assert_eq!(Value::from(off), Value::from("off"));
        assert_eq!(
            Period::try_from(Value::from("5s")),
            Ok(Period(Some(Duration::from_secs(5))))
        );
        assert!(Period::try_from(Value::from("0s")).is_err());
        assert!(Period::try_from(Value::from(false)).is_err());
    }

    #[test]
    fn an_address_may_be_a_port_alone() {
        for (text, address) in [
            ("127.0.0.1:9000", "127.0.0.1:9000"),
            ("[::]:9000", "[::]:9000"),
            ("localhost:9000", "127.0.0.1:9000"),
            (":9000", "0.0.0.0:9000"),
            ("9000", "0.0.0.0:9000"),
        ] {
            assert_eq!(text.parse(), Ok(Listen(address.parse().unwrap())), "{text}");
        }
        assert_eq!(
            Listen::try_from(Value::from(9000)),
            Ok(Listen("0.0.0.0:9000".parse().unwrap()))
        );
        for bad in ["", ":", "here:9000", "1.2.3.4", "70000", "::1:9000x"] {
            assert!(bad.parse::<Listen>().is_err(), "{bad}");
        }
    }

    #[test]
    fn workers_are_counted_from_one() {
        let four = Workers(NonZeroUsize::new(4));
        assert_eq!("4".parse(), Ok(four));
        assert_eq!(Workers::try_from(Value::from(4)), Ok(four));
        assert_eq!("auto".parse(), Ok(Workers(None)));
        for bad in ["0", "-1", "1025", "all"] {
            assert!(bad.parse::<Workers>().is_err(), "{bad}");
        }
    }
}
