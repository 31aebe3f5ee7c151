//! `compare-report EXPECTED INDEX`: prints every case that differs, and the counts; fails if one does.

use std::{env, fs, process::ExitCode};

use sockeye_conformance::{Report, Unreadable};

fn main() -> ExitCode {
    let paths: Vec<String> = env::args().skip(1).collect();
    let [expected, index] = paths.as_slice() else {
        eprintln!("usage: compare-report EXPECTED INDEX");
        return ExitCode::from(2);
    };
    match (
        read(expected, Report::from_expectations),
        read(index, Report::from_index),
    ) {
        (Ok(expected), Ok(found)) => compare(&expected, &found),
        (Err(failure), _) | (_, Err(failure)) => {
            eprintln!("{failure}");
            ExitCode::from(2)
        }
    }
}

fn read(path: &str, parse: fn(&str) -> Result<Report, Unreadable>) -> Result<Report, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    parse(&text).map_err(|error| format!("{path}: {error}"))
}

fn compare(expected: &Report, found: &Report) -> ExitCode {
    let differences = found.differences_from(expected);
    for difference in &differences {
        eprintln!("{difference}");
    }
    for (outcome, count) in found.counts() {
        eprintln!("{count:>4} {outcome}");
    }
    let (run, all) = (found.len(), expected.len());
    eprintln!(
        "{run} of {all} cases ran, {} not as expected",
        differences.len()
    );
    if differences.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
