//! One command that runs all servers in turns and prints what each costs, side by side.

mod args;
mod build;
mod contender;
mod idle;
mod machine;
mod report;
mod result;
mod row;
mod slices;
mod target;

use std::{fs::File, io, process::ExitCode};

use anyhow::Context;
use clap::{Parser, ValueEnum};
use serde::Serialize;

use crate::{
    args::{Args, Cpus},
    machine::Machine,
    result::{Entry, Figures, Measured},
    row::{Row, Work},
    slices::Plan,
    target::Verdict,
};

/// Most rounds of the idle row: each takes some seconds a server, and memory hardly varies.
const IDLE_ROUNDS: usize = 3;

/// Everything, as the JSON file holds it.
#[derive(Debug, Serialize)]
struct Record<'a> {
    machine: Machine,
    slices: usize,
    seconds: f64,
    idle_connections: usize,
    rows: &'a [Measured],
    targets: &'a [Verdict],
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let cpus = args.cpus()?;
    build::servers()?;
    let out = &mut io::stdout().lock();
    let machine = Machine::ask(cpus);
    report::print_machine(out, &machine)?;
    let mut rows = Vec::new();
    for row in all_unless_given(&args.rows) {
        let measured = measure(*row, &args, cpus)?;
        report::print_row(out, &measured)?;
        rows.push(measured);
    }
    let targets = target::judge(&rows);
    report::print_verdicts(out, &targets)?;
    if let Some(path) = &args.json {
        let record = Record {
            machine,
            slices: args.slices,
            seconds: args.seconds,
            idle_connections: args.idle_connections,
            rows: &rows,
            targets: &targets,
        };
        let file = File::create(path).with_context(|| path.display().to_string())?;
        serde_json::to_writer_pretty(file, &record)?;
    }
    Ok(if rows.iter().any(has_failed) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn measure(row: Row, args: &Args, cpus: Cpus) -> anyhow::Result<Measured> {
    let contenders = all_unless_given(&args.servers);
    let entries = match row.work() {
        Work::Echo(_) | Work::FanOut(_) | Work::Churn { .. } => {
            let plan = Plan {
                cpus,
                slices: args.slices,
                length: args.slice()?,
            };
            let results = slices::run(row, contenders, plan);
            results.into_iter().map(Entry::sliced).collect()
        }
        Work::Idle => {
            let rounds = args.slices.min(IDLE_ROUNDS);
            let results = idle::run(contenders, cpus, args.idle_connections, rounds);
            results.into_iter().map(Entry::idle).collect()
        }
    };
    Ok(Measured::new(row, entries))
}

fn all_unless_given<T: ValueEnum>(given: &[T]) -> &[T] {
    if given.is_empty() {
        T::value_variants()
    } else {
        given
    }
}

fn has_failed(measured: &Measured) -> bool {
    let mut entries = measured.entries.iter();
    entries.any(|entry| matches!(entry.figures, Figures::Failed(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_explains_every_row_and_every_server() {
        let readme = include_str!("../../../README.md");
        let rows = Row::value_variants().iter().map(Row::to_possible_value);
        let servers = contender::Contender::value_variants();
        let servers = servers.iter().map(ValueEnum::to_possible_value);
        for value in rows.chain(servers) {
            let name = format!("`{}`", value.unwrap().get_name());
            assert!(readme.contains(&name), "{name}");
        }
    }
}
