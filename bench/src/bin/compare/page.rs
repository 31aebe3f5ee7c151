//! The page in `docs/`: what was measured, where and when, in tables.

use std::{env, fmt::Write, fs, path::Path};

use anyhow::Context;
use sockeye_bench::{
    host::Machine,
    measure::Spread,
    show::{grouped, table, today, with_measured},
};

use crate::{
    args::Args,
    contender::Contender,
    plot,
    result::{Entry, Figures, Measured},
    target::Verdict,
};

/// Writes `BENCHMARKS.md` and `benchmarks.svg`.
pub(crate) fn write(
    folder: &Path,
    args: &Args,
    machine: &Machine,
    (rows, targets): (&[Measured], &[Verdict]),
) -> anyhow::Result<()> {
    let page = folder.join("BENCHMARKS.md");
    let shown = || page.display().to_string();
    let before = fs::read_to_string(&page).with_context(shown)?;
    let said = format!(
        "{}\n{}\n{}{}",
        scene(args, machine),
        summary(rows),
        verdicts(targets),
        tables(rows)
    );
    fs::write(&page, with_measured(&before, &said).with_context(shown)?).with_context(shown)?;
    let plot_path = folder.join("benchmarks.svg");
    fs::write(&plot_path, plot::of(rows, machine)).context("benchmarks.svg")
}

fn scene(args: &Args, machine: &Machine) -> String {
    let words: Vec<_> = env::args().skip(1).collect();
    format!(
        "Measured on {} with {}, Linux {}, servers on CPU {}, the generator on CPU {}, load before {}. {} slices of {} s \
         for each server in each row: `compare {}`.\n",
        today(),
        machine.model,
        machine.kernel,
        machine.server_cpu,
        machine.generator_cpu,
        machine.load,
        args.slices,
        args.seconds,
        words.join(" ")
    )
}

/// Our figures in all rows, beside those that we are held against.
fn summary(rows: &[Measured]) -> String {
    let head = &[
        "Sockeye",
        "CPU µs, or B",
        "x uWS",
        "x best peer",
        "best peer",
        "x floor",
        "p50 µs",
        "p99 µs",
    ];
    let lines = rows.iter().filter_map(|row| {
        let ours = row.entry(Contender::Sockeye)?;
        let best = row.best(Contender::is_peer);
        let [p50, p99] = latencies(ours);
        Some([
            row.row.name(),
            cost(ours),
            times(ours.x_uws),
            times(ours.x_best_peer),
            best.map_or_else(none, |best| best.server.name()),
            times(ours.x_floor),
            p50,
            p99,
        ])
    });
    table(head, lines)
}

fn verdicts(targets: &[Verdict]) -> String {
    let mut text = "## Targets\n\n".to_owned();
    let lines = targets.iter().map(|verdict| {
        let word = match verdict.is_met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "not measured",
        };
        let figure = verdict.measured.map_or_else(none, figure);
        [verdict.target.clone(), figure, word.to_owned()]
    });
    text.push_str(&table(&["at most", "measured", ""], lines));
    text
}

fn tables(rows: &[Measured]) -> String {
    let mut text = "\n## All rows\n".to_owned();
    for row in rows {
        // Writing to a string can't fail.
        let _ = write!(text, "\n### {}\n\n", row.title);
        text.push_str(&if row.is_idle() {
            idle(row)
        } else {
            sliced(row)
        });
    }
    text
}

fn sliced(row: &Measured) -> String {
    let head = &[
        "",
        "CPU µs",
        "min–max",
        "x uWS",
        "x best peer",
        "x floor",
        "messages/s",
        "p50 µs",
        "p99 µs",
    ];
    let lines = row.entries.iter().map(|entry| {
        let rate = match &entry.figures {
            Figures::Sliced(sliced) => Spread::of(sliced.rates.iter().copied()),
            Figures::Idle(_) | Figures::Failed(_) => None,
        };
        let [p50, p99] = latencies(entry);
        [
            entry.server.name(),
            cost(entry),
            entry
                .cost
                .map_or_else(none, |s| format!("{}–{}", figure(s.min), figure(s.max))),
            times(entry.x_uws),
            times(entry.x_best_peer),
            times(entry.x_floor),
            rate.map_or_else(none, |rate| grouped(rate.median)),
            p50,
            p99,
        ]
    });
    table(head, lines)
}

fn idle(row: &Measured) -> String {
    let head = &[
        "",
        "B each",
        "x uWS",
        "x best peer",
        "x floor",
        "B each after an echo",
        "MiB held, closed",
    ];
    let lines = row.entries.iter().map(|entry| {
        let spread = |bytes: fn(&crate::result::Idle) -> &[f64]| match &entry.figures {
            Figures::Idle(idle) => Spread::of(bytes(idle).iter().copied()),
            Figures::Sliced(_) | Figures::Failed(_) => None,
        };
        let mib = f64::from(1 << 20);
        [
            entry.server.name(),
            cost(entry),
            times(entry.x_uws),
            times(entry.x_best_peer),
            times(entry.x_floor),
            spread(|idle| &idle.after_echo).map_or_else(none, |s| grouped(s.median)),
            spread(|idle| &idle.held_when_closed)
                .map_or_else(none, |s| format!("{:.1}", s.median / mib)),
        ]
    });
    table(head, lines)
}

fn cost(entry: &Entry) -> String {
    match (&entry.figures, entry.cost) {
        (Figures::Failed(why), _) => format!("failed: {}", why.replace(['|', '\n'], " ")),
        (_, Some(cost)) => figure(cost.median),
        (_, None) => none(),
    }
}

fn latencies(entry: &Entry) -> [String; 2] {
    match &entry.figures {
        Figures::Sliced(sliced) => [sliced.latency.p50, sliced.latency.p99].map(figure),
        Figures::Idle(_) | Figures::Failed(_) => [none(), none()],
    }
}

fn times(ratio: Option<Spread>) -> String {
    ratio.map_or_else(none, |s| format!("{:.2}", s.median))
}

/// Writes a figure with as many digits as say something.
pub(crate) fn figure(figure: f64) -> String {
    match figure {
        small if small < 10.0 => format!("{small:.3}"),
        middle if middle < 1000.0 => format!("{middle:.1}"),
        large => grouped(large),
    }
}

fn none() -> String {
    "–".to_owned()
}

#[cfg(test)]
mod tests {
    use crate::{result::Idle, row::Row};

    use super::*;

    #[test]
    fn every_row_and_every_server_has_a_line() {
        let idle = Idle {
            per_connection: vec![512.0],
            ..Idle::default()
        };
        let failed = (Contender::Uws, Err(anyhow::anyhow!("no | such\nthing")));
        let entries = vec![
            Entry::idle((Contender::Sockeye, Ok(idle))),
            Entry::idle(failed),
        ];
        let rows = [Measured::new(Row::Idle, entries)];
        assert!(summary(&rows).contains("| idle | 512.0 | – | – | – | – | – | – |"));
        let tables = tables(&rows);
        assert!(tables.contains("| sockeye | 512.0 |"), "{tables}");
        assert!(tables.contains("| uwebsockets-js | failed: no   such thing | – |"));
    }
}
