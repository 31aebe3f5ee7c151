//! SockJS below an endpoint's path: what its requests are answered with.

mod frames;
mod requests;
mod service;

pub(crate) use self::{
    frames::{FRAMED, IsBinary, frame, message, shared_frame},
    requests::{answer, is_resource},
    service::Service,
};
