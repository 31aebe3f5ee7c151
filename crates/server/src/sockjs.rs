//! SockJS below an endpoint's path: what its requests are answered with, and the sessions that they carry.

mod driver;
mod frames;
mod line;
mod pipe;
mod receiver;
mod requests;
mod service;
mod table;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use self::{
    frames::{FRAMED, IsBinary, frame, message},
    receiver::Receiver,
    requests::{answer, is_resource},
    service::Service,
};
