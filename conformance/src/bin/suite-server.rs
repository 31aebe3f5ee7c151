//! `suite-server --listen ADDR`: the echo server that outside suites run against.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("suite-server: there is no server to run yet");
    ExitCode::FAILURE
}
