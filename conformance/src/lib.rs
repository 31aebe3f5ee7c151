//! What outside conformance suites say of Sockeye, held against what is expected.
//!
//! The programs the suites run against are in `src/bin/`; `run-autobahn` and
//! `run-autobahn-client` run the Autobahn suite, `run-sockjs-protocol` the one of SockJS.

mod report;
pub mod services;

pub use report::{Difference, Outcome, Report, Unreadable};
