//! How many instructions a message costs, held against what it once cost: the guard of the hot path.
//!
//! `bench/run-instructions` builds and runs it. Called with `work ROW ROUNDS` it does a row's work and nothing else:
//! that is what valgrind looks at.

mod channels;
mod driver;
mod engine;
mod group;
mod guard;
mod outbox;
mod row;
mod sockjs;
mod traffic;

use std::{env, process::ExitCode};

use anyhow::{Context, bail};

use crate::row::ROWS;

fn main() -> anyhow::Result<ExitCode> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match *args {
        [file] => guard::compare(file),
        ["--update", file] => guard::update(file),
        ["work", name, rounds] => {
            let row = ROWS.iter().find(|row| row.name == name);
            (row.context("there is no such row")?.work)(rounds.parse()?)?;
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!("usage: instructions [--update] FILE"),
    }
}
