//! Which offer a server accepts and how it answers; what a client offers and which answer it takes (RFC 7692 §7.1).

use std::cmp::min;

use sockeye_types::{ContextTakeover, Deflate, WindowBits};
use thiserror::Error;

use super::{
    Agreed, Direction,
    params::{InvalidParams, MaxWindow, NAME, Params},
};
use crate::header::Extension;

/// The server's answer to a client's offer can't be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidAnswer {
    /// An extension that was not offered.
    #[error("an extension that was not offered")]
    NotOffered,
    /// permessage-deflate is answered twice.
    #[error("permessage-deflate is answered twice")]
    Doubled,
    /// A parameter is not one of RFC 7692.
    #[error("permessage-deflate is answered wrongly")]
    Params(#[from] InvalidParams),
    /// The server does not agree to forget its context between messages, as it was asked (RFC 7692 §7.1.1.1).
    #[error("server_no_context_takeover was asked for and not answered")]
    ServerContext,
    /// The server does not agree to a window as small as it was asked for (RFC 7692 §7.1.2.1).
    #[error("server_max_window_bits is missing or larger than was asked for")]
    ServerWindow,
    /// The server asks for a window larger than was offered, or so small that zlib has none (RFC 7692 §7.1.2.2).
    #[error("client_max_window_bits is larger than was offered, or 8")]
    ClientWindow,
}

/// Accepts the first offer that can be obeyed: returns what is agreed on and the extension to answer. Declined is an
/// offer with a parameter that is unknown, given twice or illegal (RFC 7692 §7.1).
pub(crate) fn accept(offers: &[Extension<'_>], wish: &Deflate) -> Option<(Agreed, String)> {
    offers
        .iter()
        .filter(|offer| offer.name == NAME)
        .filter_map(|offer| Params::read(offer).ok())
        .find_map(|offer| accept_one(&offer, wish))
}

fn accept_one(offer: &Params, wish: &Deflate) -> Option<(Agreed, String)> {
    let mut answer = Params::NONE;
    // Either side's wish that there be no context is enough (RFC 7692 §7.1.1).
    answer.server_context = neither(offer.server_context, wish.own_context);
    answer.client_context = neither(offer.client_context, wish.peer_context);

    let compress_window = match offer.server_window {
        // RFC 7692 §7.1.2.1: the server may name a window that the client did not ask for.
        MaxWindow::Absent => wish.own_window,
        // An offer without a value is illegal, and one of 8 can't be obeyed with zlib.
        MaxWindow::Supported => return None,
        MaxWindow::Bits(bits) => min(WindowBits::new(bits).ok()?, wish.own_window),
    };
    if offer.server_window != MaxWindow::Absent || compress_window < WindowBits::MAX {
        answer.server_window = MaxWindow::Bits(compress_window.as_u8());
    }

    // RFC 7692 §7.1.2.2: the server may name a window only if the client can obey, and none larger than the client's.
    let client_bits = match offer.client_window {
        MaxWindow::Absent => WindowBits::MAX.as_u8(),
        MaxWindow::Supported => wish.peer_window.as_u8(),
        MaxWindow::Bits(bits) => min(bits, wish.peer_window.as_u8()),
    };
    if client_bits < WindowBits::MAX.as_u8() {
        answer.client_window = MaxWindow::Bits(client_bits);
    }

    let agreed = Agreed {
        compress: Direction {
            window: compress_window,
            context: answer.server_context,
        },
        decompress: Direction {
            window: at_least(client_bits),
            context: answer.client_context,
        },
        level: wish.level,
        min_bytes: wish.min_bytes,
    };
    Some((agreed, answer.to_string()))
}

/// What a client offers.
pub(crate) fn offer(wish: &Deflate) -> String {
    params_of(wish).to_string()
}

fn params_of(wish: &Deflate) -> Params {
    Params {
        server_context: wish.peer_context,
        client_context: wish.own_context,
        server_window: if wish.peer_window < WindowBits::MAX {
            MaxWindow::Bits(wish.peer_window.as_u8())
        } else {
            MaxWindow::Absent
        },
        // Without a value it says that we obey whatever window the server asks for.
        client_window: if wish.own_window < WindowBits::MAX {
            MaxWindow::Bits(wish.own_window.as_u8())
        } else {
            MaxWindow::Supported
        },
    }
}

/// Checks the server's answer to [`offer`]: returns what is agreed on, or nothing if the server declined.
///
/// # Errors
/// [`InvalidAnswer`] if the server answered what was not offered or not what was asked for.
pub(crate) fn take_answer(
    answers: &[Extension<'_>],
    wish: Option<&Deflate>,
) -> Result<Option<Agreed>, InvalidAnswer> {
    let Some(answer) = answers.first() else {
        return Ok(None);
    };
    let Some(wish) = wish else {
        return Err(InvalidAnswer::NotOffered);
    };
    if answers.iter().any(|answer| answer.name != NAME) {
        return Err(InvalidAnswer::NotOffered);
    }
    if answers.len() > 1 {
        return Err(InvalidAnswer::Doubled);
    }
    take_one(&Params::read(answer)?, wish).map(Some)
}

fn take_one(answer: &Params, wish: &Deflate) -> Result<Agreed, InvalidAnswer> {
    if wish.peer_context == ContextTakeover::None && answer.server_context == ContextTakeover::Kept
    {
        return Err(InvalidAnswer::ServerContext);
    }
    let server_bits = match answer.server_window {
        MaxWindow::Absent => WindowBits::MAX.as_u8(),
        MaxWindow::Supported => return Err(InvalidParams::Value.into()),
        MaxWindow::Bits(bits) => bits,
    };
    if server_bits > wish.peer_window.as_u8() {
        return Err(InvalidAnswer::ServerWindow);
    }
    let compress_window = match answer.client_window {
        MaxWindow::Absent => wish.own_window,
        MaxWindow::Supported => return Err(InvalidParams::Value.into()),
        MaxWindow::Bits(bits) => WindowBits::new(bits)
            .ok()
            .filter(|window| *window <= wish.own_window)
            .ok_or(InvalidAnswer::ClientWindow)?,
    };
    Ok(Agreed {
        compress: Direction {
            window: compress_window,
            context: neither(wish.own_context, answer.client_context),
        },
        decompress: Direction {
            window: at_least(server_bits),
            context: answer.server_context,
        },
        level: wish.level,
        min_bytes: wish.min_bytes,
    })
}

/// Takes the context over only if neither side is against it.
fn neither(one: ContextTakeover, other: ContextTakeover) -> ContextTakeover {
    match (one, other) {
        (ContextTakeover::Kept, ContextTakeover::Kept) => ContextTakeover::Kept,
        _ => ContextTakeover::None,
    }
}

/// A window to inflate with: what fits in 8 bits fits in 9.
fn at_least(bits: u8) -> WindowBits {
    WindowBits::new(bits).unwrap_or(WindowBits::MIN)
}

#[cfg(test)]
mod tests;
