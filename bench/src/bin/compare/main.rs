//! One command that runs all servers in turns and prints what each costs, side by side.

mod args;
mod contender;
mod idle;
mod page;
mod plot;
mod report;
mod result;
mod row;
mod slices;
mod target;

use std::{
    fs::File,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Context;
use clap::Parser;
use serde::Serialize;
use sockeye_bench::{
    host::{Cpus, Machine, build_servers},
    measure::use_ordinary_pages,
};

use crate::{
    args::Args,
    idle::Silent,
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
    machine: &'a Machine,
    slices: usize,
    seconds: f64,
    idle_connections: usize,
    idle_sessions: usize,
    rows: &'a [Measured],
    targets: &'a [Verdict],
}

fn main() -> anyhow::Result<ExitCode> {
    let args = Args::parse();
    let cpus = args.cpus.cpus()?;
    // Servers inherit it, also those that can't ask for it themselves.
    use_ordinary_pages();
    build_servers()?;
    let out = &mut io::stdout().lock();
    let machine = Machine::ask(cpus);
    writeln!(out, "{machine}")?;
    let mut rows = Vec::new();
    for row in args.rows() {
        let measured = measure(row, &args, cpus)?;
        report::print_row(out, &measured)?;
        rows.push(measured);
    }
    let targets = target::judge(&rows);
    report::print_verdicts(out, &targets)?;
    if let Some(path) = &args.json {
        let record = Record {
            machine: &machine,
            slices: args.slices,
            seconds: args.seconds,
            idle_connections: args.idle_connections,
            idle_sessions: args.idle_sessions,
            rows: &rows,
            targets: &targets,
        };
        let file = File::create(path).with_context(|| path.display().to_string())?;
        serde_json::to_writer_pretty(file, &record)?;
    }
    if let Some(folder) = &args.report {
        page::write(folder, &args, &machine, (&rows, &targets))?;
    }
    Ok(if rows.iter().any(has_failed) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn measure(row: Row, args: &Args, cpus: Cpus) -> anyhow::Result<Measured> {
    let contenders = &args.contenders(row);
    let entries = match row.work() {
        Work::Echo(_)
        | Work::Paced(..)
        | Work::SecureEcho(_)
        | Work::Page(_)
        | Work::FanOut(_)
        | Work::Churn { .. } => {
            let plan = Plan {
                cpus,
                slices: args.slices,
                length: args.slice()?,
            };
            let results = slices::run(row, contenders, plan);
            results.into_iter().map(Entry::sliced).collect()
        }
        Work::Idle(target, kind) => {
            let connections = args.idle_connections / row.idle_divisor();
            let silent = Silent::Connections(target, kind, connections);
            idle(row, args, (cpus, silent))
        }
        Work::IdleSessions(carrier) => {
            let silent = Silent::Sessions(carrier, args.idle_sessions);
            idle(row, args, (cpus, silent))
        }
    };
    Ok(Measured::new(row, entries))
}

fn idle(row: Row, args: &Args, place: (Cpus, Silent)) -> Vec<Entry> {
    let rounds = args.slices.min(IDLE_ROUNDS);
    let results = idle::run(row, &args.contenders(row), place, rounds);
    results.into_iter().map(Entry::idle).collect()
}

fn has_failed(measured: &Measured) -> bool {
    let mut entries = measured.entries.iter();
    entries.any(|entry| matches!(entry.figures, Figures::Failed(_)))
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

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
