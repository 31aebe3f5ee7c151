//! A position in a channel's stream, as it is written on the command line.

use std::{fmt, str::FromStr};

use sockeye_channel_client::StreamPosition;
use thiserror::Error;

/// Behind which publication to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Since(pub(crate) StreamPosition);

/// The text is no position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "a position is `start`, an offset such as `17`, or an offset and an epoch such as `17:abcd`"
)]
pub(crate) struct InvalidSince;

impl FromStr for Since {
    type Err = InvalidSince;

    fn from_str(text: &str) -> Result<Self, InvalidSince> {
        if text == "start" {
            return Ok(Self(StreamPosition::default()));
        }
        let (offset, epoch) = text.split_once(':').unwrap_or((text, ""));
        let offset = offset.parse().map_err(|_| InvalidSince)?;
        Ok(Self(StreamPosition {
            offset,
            epoch: epoch.to_owned(),
        }))
    }
}

impl fmt::Display for Since {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.offset, self.0.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let since = |text: &str| text.parse::<Since>().map(|since| since.to_string());
        assert_eq!(since("start").unwrap(), "0:");
        assert_eq!(since("17").unwrap(), "17:");
        assert_eq!(since("17:abcd").unwrap(), "17:abcd");
        for none in ["", "x", ":abcd", "-1"] {
            assert_eq!(since(none), Err(InvalidSince), "{none}");
        }
    }
}
