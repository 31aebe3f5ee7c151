//! A row as a table.

use std::fmt;

use sockeye_bench::show::{grouped, millis, table};

use crate::{
    contender::Contender,
    rows::{Measured, Row},
};

/// What one row came to, by who took part.
pub(crate) struct Figures {
    row: Row,
    lines: Vec<[String; 6]>,
}

impl Figures {
    pub(crate) const fn new(row: Row) -> Self {
        Self {
            row,
            lines: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, contender: Contender, measured: &Measured) {
        self.lines.push([
            contender.name(),
            grouped(measured.rate),
            format!("{:.2} µs", measured.cpu.as_secs_f64() * 1e6),
            or_dash(measured.latency.map(|(half, _)| millis(half))),
            or_dash(measured.latency.map(|(_, most)| millis(most))),
            or_dash(measured.bytes.map(grouped)),
        ]);
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = [
            self.row.unit(),
            "a second",
            "server CPU each",
            "p50",
            "p99",
            "bytes a connection",
        ];
        writeln!(f, "### `{}`\n", self.row.name())?;
        write!(f, "{}", table(&head, self.lines.iter().cloned()))
    }
}

fn or_dash(figure: Option<String>) -> String {
    figure.unwrap_or_else(|| "–".to_owned())
}
