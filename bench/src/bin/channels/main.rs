//! One command that measures channels: publishing, fan-out, many channels, recovery of a crowd, memory; for Sockeye with
//! its file and without, beside centrifuge, the library that Centrifugo is made of.

mod args;
mod contender;
mod crowd;
mod figures;
mod rows;

use std::io::{self, Write};

use clap::Parser;
use sockeye_bench::{
    host::{Machine, build_program, build_servers},
    measure::{pin, use_ordinary_pages},
};

use crate::{args::Args, figures::Figures};

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let cpus = args.cpus.cpus()?;
    use_ordinary_pages();
    build_servers()?;
    build_program()?;
    let machine = Machine::ask(cpus);
    pin(cpus.generator)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut out = io::stdout().lock();
    writeln!(out, "{machine}\n")?;
    for row in args.rows() {
        let mut figures = Figures::new(row);
        for contender in args.contenders() {
            let server = contender.start(cpus)?;
            let measured = runtime.block_on(row.measure(&server, &args))?;
            figures.add(contender, &measured);
        }
        writeln!(out, "{figures}")?;
    }
    Ok(())
}
