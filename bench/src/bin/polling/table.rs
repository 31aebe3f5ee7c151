//! The table, in Markdown.

use sockeye_bench::{
    host::Machine,
    show::{grouped, millis, table, today},
};

use crate::{args::Args, cost::Cost, way::Way};

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
    let lines = costs.iter().map(|(way, cost)| {
        let talk = &cost.talk;
        [
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
        ]
    });
    text.push_str(&table(&HEAD, lines));
    text
}
