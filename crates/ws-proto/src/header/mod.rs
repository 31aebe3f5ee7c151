//! The grammar of the header values that a handshake reads: comma lists, tokens, extensions.

mod extensions;
mod tokens;

pub(crate) use extensions::{Extension, extensions};
pub(crate) use tokens::{Count, count, distinct_tokens, has_token, is_token};

use thiserror::Error;

/// A header value is not what its grammar asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("malformed header value")]
pub(crate) struct Malformed;
