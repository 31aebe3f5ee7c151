//! The machine that a measurement happens on: its CPUs, and servers as child processes on one of them.

mod build;
mod cpus;
mod listener;
mod machine;
mod node_peer;
mod server;

pub use build::{build_program, build_servers};
pub use cpus::{Chosen, Cpus};
pub use listener::listener;
pub use machine::Machine;
pub use node_peer::NodePeer;
pub use server::{Program, Server};
