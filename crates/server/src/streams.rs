//! Sessions that one streaming response carries each, with messages as they are.

mod frames;
mod inlet;
mod query;
mod requests;
mod service;

pub(crate) use self::{
    frames::StreamWire,
    requests::{answer, is_at},
    service::StreamService,
};
