//! The tables, as people read them.

use std::io::{self, Write};

use sockeye_bench::measure::Spread;

use crate::{
    result::{Entry, Figures, Idle, Measured, Sliced},
    target::Verdict,
};

/// Prints one row's table.
pub(crate) fn print_row(out: &mut impl Write, measured: &Measured) -> io::Result<()> {
    writeln!(out, "\n{}", measured.title)?;
    if measured.is_idle() {
        writeln!(
            out,
            "{:<26}{:>30}{:>24}{:>8}{:>9}{:>24}{:>16}",
            "",
            "B/connection (min–max) n",
            "x best peer (min–max)",
            "x uWS",
            "x floor",
            "B after a 16 KiB echo",
            "held, closed"
        )?;
    } else {
        writeln!(
            out,
            "{:<26}{:>30}{:>24}{:>8}{:>9}{:>14}{:>10}{:>10}{:>10}{:>10}{:>12}",
            "",
            "CPU µs/message (min–max) n",
            "x best peer (min–max)",
            "x uWS",
            "x floor",
            "messages/s",
            "p50 µs",
            "p90",
            "p99",
            "p99.9",
            "max"
        )?;
    }
    for entry in &measured.entries {
        write!(out, "{:<26}", entry.server.name())?;
        match &entry.figures {
            Figures::Sliced(sliced) => print_sliced(out, entry, sliced)?,
            Figures::Idle(idle) => print_idle(out, entry, idle)?,
            Figures::Failed(why) => writeln!(out, "  FAILED: {why}")?,
        }
    }
    out.flush()
}

fn print_sliced(out: &mut impl Write, entry: &Entry, sliced: &Sliced) -> io::Result<()> {
    let rate = Spread::of(sliced.rates.iter().copied()).map_or(0.0, |spread| spread.median);
    let latency = &sliced.latency;
    writeln!(
        out,
        "{:>30}{:>24}{:>8}{:>9}{rate:>14.0}{:>10.1}{:>10.1}{:>10.1}{:>10.1}{:>12.1}",
        costs(entry, 3),
        times(entry.x_best_peer),
        median(entry.x_uws),
        median(entry.x_floor),
        latency.p50,
        latency.p90,
        latency.p99,
        latency.p999,
        latency.max,
    )
}

fn print_idle(out: &mut impl Write, entry: &Entry, idle: &Idle) -> io::Result<()> {
    let middle =
        |bytes: &[f64]| Spread::of(bytes.iter().copied()).map_or(0.0, |spread| spread.median);
    let after_echo = match idle.after_echo.as_slice() {
        [] => "–".to_owned(),
        bytes => format!("{:.0}", middle(bytes)),
    };
    writeln!(
        out,
        "{:>30}{:>24}{:>8}{:>9}{after_echo:>24}{:>12.1} MiB",
        costs(entry, 0),
        times(entry.x_best_peer),
        median(entry.x_uws),
        median(entry.x_floor),
        middle(&idle.held_when_closed) / f64::from(1 << 20),
    )
}

/// The cost with its spread and the number of readings behind it.
fn costs(entry: &Entry, digits: usize) -> String {
    entry.cost.map_or_else(String::new, |s| {
        format!(
            "{:.digits$} ({:.digits$}–{:.digits$}) {}",
            s.median, s.min, s.max, s.samples
        )
    })
}

fn times(ratio: Option<Spread>) -> String {
    ratio.map_or_else(String::new, |s| {
        format!("{:.2} ({:.2}–{:.2})", s.median, s.min, s.max)
    })
}

fn median(ratio: Option<Spread>) -> String {
    ratio.map_or_else(String::new, |s| format!("{:.2}", s.median))
}

/// Prints whether the promises were kept.
pub(crate) fn print_verdicts(out: &mut impl Write, verdicts: &[Verdict]) -> io::Result<()> {
    writeln!(out, "\ntargets (at most)")?;
    for verdict in verdicts {
        let word = match verdict.is_met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "not measured",
        };
        let figure = verdict
            .measured
            .map_or_else(String::new, |figure| format!("{figure:.2}"));
        writeln!(out, "{word:<14}{figure:>10}  {}", verdict.target)?;
    }
    out.flush()
}
