//! Has valgrind count, and compares.

use std::{
    collections::BTreeMap,
    env, fs,
    io::{self, Write},
    process::{Command, ExitCode},
};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::row::{ROWS, Row};

/// By how much a cost may differ from the one on file, in percent.
const TOLERANCE: f64 = 3.0;

/// What the file holds.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Costs {
    /// What compiled the program: another compiler makes other instructions.
    rustc: String,
    /// Instructions for each operation, by row.
    instructions: BTreeMap<String, f64>,
}

/// Measures every row and compares it with the file: a table, and a failure if a row differs.
pub(crate) fn compare(file: &str) -> anyhow::Result<ExitCode> {
    let text = fs::read_to_string(file).with_context(|| format!("can't read {file}"))?;
    let known: Costs = serde_json::from_str(&text).with_context(|| format!("can't read {file}"))?;
    let mut out = io::stdout().lock();
    let rustc = rustc()?;
    if known.rustc != rustc {
        writeln!(
            out,
            "{file} is of {}, this is {rustc}: costs may differ by that alone",
            known.rustc
        )?;
    }
    writeln!(
        out,
        "{:<24} {:>12} {:>12} {:>9}",
        "instructions for", "on file", "now", "change"
    )?;
    let mut differing = known
        .instructions
        .keys()
        .filter(|name| ROWS.iter().all(|row| row.name != **name))
        .count();
    for row in ROWS {
        let now = cost(row)?;
        let Some(then) = known.instructions.get(row.name) else {
            differing += 1;
            writeln!(out, "{:<24} {:>12} {now:>12.1}   not on file", row.name, "")?;
            continue;
        };
        let change = (now / then - 1.0) * 100.0;
        let verdict = if change.abs() > TOLERANCE {
            "   differs"
        } else {
            ""
        };
        differing += usize::from(!verdict.is_empty());
        writeln!(
            out,
            "{:<24} {then:>12.1} {now:>12.1} {change:>+8.2}%{verdict}",
            row.name
        )?;
    }
    if differing == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(
        out,
        "{differing} rows differ by more than {TOLERANCE} %: mend them, or say why and run with --update"
    )?;
    Ok(ExitCode::FAILURE)
}

/// Measures every row and writes the file.
pub(crate) fn update(file: &str) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let mut instructions = BTreeMap::new();
    for row in ROWS {
        let cost = cost(row)?;
        writeln!(out, "{:<24} {cost:>12.1}", row.name)?;
        instructions.insert(row.name.to_owned(), (cost * 10.0).round() / 10.0);
    }
    let costs = Costs {
        rustc: rustc()?,
        instructions,
    };
    fs::write(file, serde_json::to_string_pretty(&costs)? + "\n")?;
    Ok(ExitCode::SUCCESS)
}

/// Instructions for one operation. Of two runs one does twice as much: what they share, such as starting, falls out.
fn cost(row: &Row) -> anyhow::Result<f64> {
    let once = counted(row, row.rounds)?;
    let twice = counted(row, row.rounds * 2)?;
    let more = u32::try_from(twice.saturating_sub(once)).context("a row is too long")?;
    Ok(f64::from(more) / f64::from(row.rounds) / f64::from(row.operations))
}

/// Instructions of a whole run.
fn counted(row: &Row, rounds: u32) -> anyhow::Result<u64> {
    let mut valgrind = Command::new("valgrind");
    valgrind
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(env::current_exe()?)
        .args(["work", row.name, &rounds.to_string()])
        // The environment lies on the stack, and where that is may matter.
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default());
    let output = valgrind.output().context("can't run valgrind")?;
    let words = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {words}", row.name);
    let collected = words
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.context("valgrind does not say what it counted")?;
    Ok(count.trim().parse()?)
}

fn rustc() -> anyhow::Result<String> {
    let output = Command::new("rustc").arg("--version").output();
    let output = output.context("can't run rustc")?;
    if !output.status.success() {
        bail!("rustc does not tell its version");
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
