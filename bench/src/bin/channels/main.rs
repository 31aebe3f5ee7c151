//! One command that measures channels: publishing, fan-out, many channels, recovery of a crowd, memory; for Sockeye with
//! its file and without, beside centrifuge, the library that Centrifugo is made of.

mod args;
mod contender;
mod crowd;
mod figures;
mod rows;

use std::{
    env, fs,
    io::{self, Write},
};

use anyhow::Context;
use clap::Parser;
use sockeye_bench::{
    host::{Machine, build_program, build_servers},
    measure::{pin, use_ordinary_pages},
    show::{today, with_measured},
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
    let words: Vec<_> = env::args().skip(1).collect();
    let mut said = format!(
        "Measured on {}: {machine}. `channels {}`\n",
        today(),
        words.join(" ")
    );
    writeln!(out, "{said}")?;
    for row in args.rows() {
        let mut figures = Figures::new(row);
        for contender in args.contenders() {
            let server = contender.start(cpus)?;
            let measured = runtime.block_on(row.measure(&server, &args))?;
            figures.add(contender, &measured);
        }
        writeln!(out, "{figures}")?;
        said.push_str(&format!("\n{figures}"));
    }
    let Some(folder) = &args.report else {
        return Ok(());
    };
    let page = folder.join("CHANNELS-COST.md");
    let shown = || page.display().to_string();
    let before = fs::read_to_string(&page).with_context(shown)?;
    let after = with_measured(&before, &said).with_context(shown)?;
    fs::write(&page, after).with_context(shown)
}
