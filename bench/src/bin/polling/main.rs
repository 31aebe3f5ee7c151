//! One command that holds the same chat over WebSocket, SockJS and repeated requests, and shows what each costs: it
//! prints a table, and writes it into `docs/POLLING.md` with a plot beside it.

mod args;
mod cost;
mod plot;
mod table;
mod way;

use std::{
    fs,
    io::{self, Write},
    thread,
};

use anyhow::{Context, anyhow};
use clap::Parser;
use sockeye_bench::{
    host::{Cpus, Machine, build_servers},
    measure::{pin, use_ordinary_pages},
    show::with_measured,
};

use crate::{args::Args, cost::Cost, way::Way};

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let cpus = args.cpus.cpus()?;
    use_ordinary_pages();
    build_servers()?;
    let machine = Machine::ask(cpus);
    // Threads stay where the one that spawns them is.
    pin(cpus.generator)?;
    let costs = all_at_once(&args, cpus)?;
    let said = table::of(&args, &machine, &costs);
    writeln!(io::stdout().lock(), "{said}")?;
    let (page_path, plot_path) = args.paths()?;
    let shown = |path: &std::path::Path| path.display().to_string();
    let before = fs::read_to_string(&page_path).with_context(|| shown(&page_path))?;
    let after = with_measured(&before, &said).with_context(|| shown(&page_path))?;
    fs::write(&page_path, after).with_context(|| shown(&page_path))?;
    fs::write(&plot_path, plot::of(&args, &machine, &costs)).with_context(|| shown(&plot_path))
}

/// Holds all chats at once, each with a server process of its own: whatever else the machine does then happens to all.
/// They hardly disturb each other, since all of them sleep most of the time.
fn all_at_once(args: &Args, cpus: Cpus) -> anyhow::Result<Vec<(Way, Cost)>> {
    thread::scope(|scope| {
        let threads: Vec<_> = args
            .ways()
            .iter()
            .map(|way| (*way, scope.spawn(|| Cost::measure(*way, args, cpus))))
            .collect();
        threads
            .into_iter()
            .map(|(way, thread)| {
                let cost = thread.join().map_err(|_| anyhow!("a thread panicked"))?;
                Ok((way, cost.with_context(|| way.name())?))
            })
            .collect()
    })
}
