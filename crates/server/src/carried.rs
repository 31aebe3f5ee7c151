//! Sessions that requests carry: the driver of each, where its requests meet it, and what is on its way to who receives.

mod driver;
mod line;
mod pipe;
mod receiver;
mod table;
#[cfg(test)]
pub(crate) mod testing;
mod wire;

pub(crate) use self::{
    driver::Driver,
    line::{Asks, Joined, Line},
    receiver::Receiver,
    table::{Bound, Table, Taken},
    wire::Wire,
};
