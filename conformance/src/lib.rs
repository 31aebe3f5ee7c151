//! What outside conformance suites say of Sockeye, held against what is expected.
//!
//! The programs the suites run against are in `src/bin/`; `run-autobahn` and
//! `run-autobahn-client` run the Autobahn suite.

mod report;

pub use report::{Difference, Outcome, Report, Unreadable};
