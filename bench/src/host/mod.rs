//! The machine that a measurement happens on: its CPUs, and servers as child processes on one of them.

mod build;
mod cpus;
mod machine;
mod server;
mod sockjs_node;

pub use build::build_servers;
pub use cpus::{Chosen, Cpus};
pub use machine::Machine;
pub use server::{Program, Server};
pub use sockjs_node::SockJsNode;
