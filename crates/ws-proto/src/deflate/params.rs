//! The four parameters of permessage-deflate (RFC 7692 §7.1), as they stand in an offer or an answer.

use std::fmt;

use sockeye_types::ContextTakeover;
use thiserror::Error;

use crate::header::Extension;

/// The extension's name (RFC 7692 §7).
pub(super) const NAME: &str = "permessage-deflate";

const SERVER_NO_CONTEXT_TAKEOVER: &str = "server_no_context_takeover";
const CLIENT_NO_CONTEXT_TAKEOVER: &str = "client_no_context_takeover";
const SERVER_MAX_WINDOW_BITS: &str = "server_max_window_bits";
const CLIENT_MAX_WINDOW_BITS: &str = "client_max_window_bits";

/// All four, whether given or not. It prints as the extension with those that are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Params {
    /// None if `server_no_context_takeover` is given (RFC 7692 §7.1.1.1).
    pub(super) server_context: ContextTakeover,
    /// None if `client_no_context_takeover` is given (RFC 7692 §7.1.1.2).
    pub(super) client_context: ContextTakeover,
    /// `server_max_window_bits` (RFC 7692 §7.1.2.1).
    pub(super) server_window: MaxWindow,
    /// `client_max_window_bits` (RFC 7692 §7.1.2.2).
    pub(super) client_window: MaxWindow,
}

/// What a `…_max_window_bits` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MaxWindow {
    /// It is not given.
    Absent,
    /// It is given without a value.
    Supported,
    /// It is given with a value from 8 to 15.
    Bits(u8),
}

/// A parameter is none of the four, or not as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidParams {
    /// A parameter that RFC 7692 does not define.
    #[error("an unknown parameter")]
    Unknown,
    /// A parameter is given twice.
    #[error("a parameter is given twice")]
    Doubled,
    /// A parameter lacks its value, or has one that it can't have.
    #[error("a parameter's value is missing or illegal")]
    Value,
}

impl Params {
    /// None of the four.
    pub(super) const NONE: Self = Self {
        server_context: ContextTakeover::Kept,
        client_context: ContextTakeover::Kept,
        server_window: MaxWindow::Absent,
        client_window: MaxWindow::Absent,
    };

    /// Reads the parameters of an extension of this [`NAME`]. Either window may come without a value.
    pub(super) fn read(extension: &Extension<'_>) -> Result<Self, InvalidParams> {
        let mut params = Self::NONE;
        for (name, value) in &extension.params {
            let value = value.as_deref();
            match *name {
                SERVER_NO_CONTEXT_TAKEOVER => read_context(&mut params.server_context, value)?,
                CLIENT_NO_CONTEXT_TAKEOVER => read_context(&mut params.client_context, value)?,
                SERVER_MAX_WINDOW_BITS => read_window(&mut params.server_window, value)?,
                CLIENT_MAX_WINDOW_BITS => read_window(&mut params.client_window, value)?,
                _ => return Err(InvalidParams::Unknown),
            }
        }
        Ok(params)
    }
}

fn read_context(context: &mut ContextTakeover, value: Option<&str>) -> Result<(), InvalidParams> {
    match (*context, value) {
        (ContextTakeover::None, _) => Err(InvalidParams::Doubled),
        (ContextTakeover::Kept, Some(_)) => Err(InvalidParams::Value),
        (ContextTakeover::Kept, None) => {
            *context = ContextTakeover::None;
            Ok(())
        }
    }
}

fn read_window(window: &mut MaxWindow, value: Option<&str>) -> Result<(), InvalidParams> {
    if *window != MaxWindow::Absent {
        return Err(InvalidParams::Doubled);
    }
    *window = match value {
        None => MaxWindow::Supported,
        // RFC 7692 §7.1.2: a decimal integer without leading zeros, 8 to 15.
        Some("8") => MaxWindow::Bits(8),
        Some("9") => MaxWindow::Bits(9),
        Some("10") => MaxWindow::Bits(10),
        Some("11") => MaxWindow::Bits(11),
        Some("12") => MaxWindow::Bits(12),
        Some("13") => MaxWindow::Bits(13),
        Some("14") => MaxWindow::Bits(14),
        Some("15") => MaxWindow::Bits(15),
        Some(_) => return Err(InvalidParams::Value),
    };
    Ok(())
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAME)?;
        for (name, context) in [
            (SERVER_NO_CONTEXT_TAKEOVER, self.server_context),
            (CLIENT_NO_CONTEXT_TAKEOVER, self.client_context),
        ] {
            if context == ContextTakeover::None {
                write!(f, "; {name}")?;
            }
        }
        for (name, window) in [
            (SERVER_MAX_WINDOW_BITS, self.server_window),
            (CLIENT_MAX_WINDOW_BITS, self.client_window),
        ] {
            match window {
                MaxWindow::Absent => {}
                MaxWindow::Supported => write!(f, "; {name}")?,
                MaxWindow::Bits(bits) => write!(f, "; {name}={bits}")?,
            }
        }
        Ok(())
    }
}
