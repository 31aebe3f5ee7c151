//! What an operator can set: read from a file, the environment and the command line, then checked as a whole.
//!
//! Flags beat the environment, which beats the file, which beats the defaults. A setting keeps the place it was made
//! at, so that whatever is wrong with it can be answered there.

mod api;
mod broker;
mod channels;
mod channels_rule;
mod checked;
mod error;
mod hooks;
mod key;
mod namespace;
mod number;
mod proxy;
mod raw;
mod reload;
mod resolve;
mod rule;
mod secret;
mod setting;
mod sockjs;
#[cfg(test)]
mod tests;
mod tls;
mod tokens;
mod value;

pub(crate) use api::{Api, Callers};
pub(crate) use broker::{Broker as Kept, RawSynchronous};
pub(crate) use channels::Channels;
pub(crate) use checked::{Config, Endpoint};
pub(crate) use error::InvalidConfig;
pub(crate) use hooks::Hooks;
pub(crate) use reload::Reloaded;
pub(crate) use resolve::{Resolved, Sources, resolve};
pub(crate) use secret::Secret;
pub(crate) use setting::{ChannelFlags, FILE_VARIABLE, Flags};
pub(crate) use sockjs::OverHttp;
pub(crate) use tls::{Certificate, Tls, TlsFlags, in_full};
pub(crate) use tokens::Tokens;
pub(crate) use value::{Listen, Port, Workers};
