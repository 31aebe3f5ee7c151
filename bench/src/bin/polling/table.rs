//! The table, in Markdown.

use std::fmt::Write;

use sockeye_bench::host::Machine;

use crate::{args::Args, cost::Cost, date::today, way::Way};

const HEAD: [&str; 10] = [
    "",
    "B on the wire for each message heard",
    "of them up / down",
    "requests, each client and minute",
    "server CPU µs for each message heard",
    "delay, median",
    "delay, p99",
    "silence: B, each client and minute",
    "silence: server CPU µs, each client and minute",
    "B to enter",
];

/// Returns what was done, where and when, and the table.
pub(crate) fn of(args: &Args, machine: &Machine, costs: &[(Way, Cost)]) -> String {
    let mut text = format!(
        "Measured on {} with {}, Linux {}, load before {}. {}.\n\n",
        today(),
        machine.model,
        machine.kernel,
        machine.load,
        args.scene()
    );
    row(&mut text, &HEAD.map(str::to_owned));
    row(
        &mut text,
        &HEAD.map(|head| if head.is_empty() { "--" } else { "--:" }.to_owned()),
    );
    for (way, cost) in costs {
        let talk = &cost.talk;
        row(
            &mut text,
            &[
                way.name().to_owned(),
                grouped(talk.bytes() / cost.heard),
                format!(
                    "{} / {}",
                    grouped(talk.sent / cost.heard),
                    grouped(talk.received / cost.heard)
                ),
                grouped(cost.each_minute(talk, talk.requests)),
                format!("{:.1}", talk.cpu / cost.heard),
                millis(cost.median_delay),
                millis(cost.p99_delay),
                grouped(cost.each_minute(&cost.silence, cost.silence.bytes())),
                grouped(cost.each_minute(&cost.silence, cost.silence.cpu)),
                grouped(cost.opening / cost.clients),
            ],
        );
    }
    text
}

fn row(text: &mut String, cells: &[String; 10]) {
    // Writing to a string can't fail.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// Rounds, and parts thousands.
pub(crate) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Writes milliseconds with as many digits as say something.
pub(crate) fn millis(millis: f64) -> String {
    if millis < 10.0 {
        format!("{millis:.2} ms")
    } else {
        format!("{millis:.0} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        for (number, text) in [
            (0.0, "0"),
            (999.4, "999"),
            (1000.0, "1,000"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(millis(0.1234), "0.12 ms");
        assert_eq!(millis(512.3), "512 ms");
    }
}
