//! `cargo run -p sockeye-house [-- arrows|sizes|lints|links]`: the checks that keep this workspace in order.
//!
//! What each check asks for is written in its own file; what it may let pass, in `house/*.toml`.

mod arrows;
mod failure;
mod files;
mod finding;
mod links;
mod lints;
mod rooms;
mod sizes;
mod sleeps;
mod source;
mod tokens;
mod workspace;

use std::{env, process::ExitCode};

use crate::{failure::Failure, finding::Finding, workspace::Workspace};

const USAGE: &str = "usage: sockeye-house [arrows | sizes | lints | links]";

type Check = fn(&Workspace) -> Result<Vec<Finding>, Failure>;

const CHECKS: [(&str, Check); 4] = [
    ("arrows", arrows::check),
    ("sizes", sizes::check),
    ("lints", lints::check),
    ("links", links::check),
];

fn main() -> ExitCode {
    let asked: Vec<String> = env::args().skip(1).collect();
    if let Some(unknown) = asked
        .iter()
        .find(|asked| CHECKS.iter().all(|(name, _)| name != asked))
    {
        eprintln!("unknown check `{unknown}`\n{USAGE}");
        return ExitCode::from(2);
    }
    match run(&asked) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("sockeye-house: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Runs the checks that were asked for, all if none was, and returns how many findings there were.
fn run(asked: &[String]) -> Result<usize, Failure> {
    let workspace = Workspace::load()?;
    let mut total = 0;
    for (name, check) in CHECKS {
        if !asked.is_empty() && asked.iter().all(|asked| asked != name) {
            continue;
        }
        let findings = check(&workspace)?;
        for finding in &findings {
            eprintln!("{name}: {finding}");
        }
        let verdict = if findings.is_empty() { "ok" } else { "FAILED" };
        eprintln!("{name}: {verdict}");
        total += findings.len();
    }
    Ok(total)
}
