//! What the server counted, in the text format that Prometheus reads (version 0.0.4).
//!
//! No label holds anything that a client chose, so that nothing needs to be escaped.

mod broker;
mod channels;

use std::{
    fmt::{Display, Write},
    time::Duration,
};

use sockeye::{Histogram, Snapshot};
use sockeye_broker_sqlite::Stats;
use sockeye_channels::Channels;

use crate::process::Process;

/// Writes all metrics; those of channels and of their file where there are some.
pub(crate) fn text(
    now: &Snapshot,
    channels: Option<(&Channels, Option<Stats>)>,
    process: &Process,
) -> String {
    let mut text = Exposition::default();
    text.family("sockeye_build_info", "gauge", "The version that runs.");
    text.sample("", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    text.family(
        "sockeye_connections",
        "gauge",
        "Connections that are open, by what they are for.",
    );
    text.sample("", &[("kind", "http")], now.asking);
    text.sample("", &[("kind", "session")], now.sessions);
    text.family(
        "sockeye_handshakes_total",
        "counter",
        "Opening handshakes, by result.",
    );
    for (result, count) in &now.handshakes {
        text.sample("", &[("result", result)], count);
    }
    text.family(
        "sockeye_closes_total",
        "counter",
        "Sessions that ended, by code and by who started.",
    );
    for close in &now.closes {
        let labels = [("code", close.code), ("initiator", close.initiator)];
        text.sample("", &labels, close.count);
    }
    sessions(&mut text, now);
    messages(&mut text, now);
    slowness(&mut text, now);
    troubles(&mut text, now);
    if let Some((channels, stats)) = channels {
        channels::write(&mut text, channels);
        if let Some(stats) = stats {
            broker::write(&mut text, &stats);
        }
    }
    costs(&mut text, process);
    text.text
}

/// Under the names that all of Prometheus' client libraries give them.
fn costs(text: &mut Exposition, process: &Process) {
    text.known(
        "process_cpu_seconds_total",
        "counter",
        "Time that the process spent on cores.",
        process.cpu_seconds,
    );
    text.known(
        "process_resident_memory_bytes",
        "gauge",
        "Memory of the process that is resident.",
        process.resident_bytes,
    );
    text.known(
        "process_start_time_seconds",
        "gauge",
        "When the process started, since 1970.",
        process.start_seconds,
    );
    text.known(
        "process_open_fds",
        "gauge",
        "Descriptors that are open.",
        process.open_fds,
    );
    text.known(
        "process_max_fds",
        "gauge",
        "Descriptors that may be open.",
        process.max_fds,
    );
}

fn sessions(text: &mut Exposition, now: &Snapshot) {
    text.family(
        "sockeye_sessions",
        "gauge",
        "Sessions that are open, by transport.",
    );
    for one in &now.transports {
        text.sample("", &[("transport", one.transport.as_str())], one.open);
    }
    text.family(
        "sockeye_sessions_opened_total",
        "counter",
        "Sessions that opened, by transport.",
    );
    for one in &now.transports {
        text.sample("", &[("transport", one.transport.as_str())], one.opened);
    }
}

fn messages(text: &mut Exposition, now: &Snapshot) {
    let volumes = [
        ("in", "text", now.received_text),
        ("in", "binary", now.received_binary),
        ("out", "text", now.sent_text),
        ("out", "binary", now.sent_binary),
    ];
    text.family(
        "sockeye_messages_total",
        "counter",
        "Messages, by direction and kind.",
    );
    for (direction, kind, volume) in volumes {
        text.sample(
            "",
            &[("direction", direction), ("kind", kind)],
            volume.messages,
        );
    }
    text.family(
        "sockeye_message_bytes_total",
        "counter",
        "Bytes of messages, uncompressed, by direction and kind.",
    );
    for (direction, kind, volume) in volumes {
        text.sample(
            "",
            &[("direction", direction), ("kind", kind)],
            volume.bytes,
        );
    }
}

fn slowness(text: &mut Exposition, now: &Snapshot) {
    text.family(
        "sockeye_outbox_bytes",
        "gauge",
        "Bytes that wait for peers whose sockets take no more.",
    );
    text.sample("", &[], now.outbox_bytes);
    text.family(
        "sockeye_slow_consumers_total",
        "counter",
        "Sessions that ended because their peer read too slowly.",
    );
    text.sample("", &[("policy", "close")], now.slow_closed);
    text.sample("", &[("policy", "stall")], now.slow_stalled);
    text.family(
        "sockeye_dropped_messages_total",
        "counter",
        "Messages dropped before they were sent, by overflow policy.",
    );
    for (policy, count) in &now.dropped {
        text.sample("", &[("policy", policy)], count);
    }
}

fn troubles(text: &mut Exposition, now: &Snapshot) {
    round_trips(text, &now.round_trips);
    text.family(
        "sockeye_missed_heartbeats_total",
        "counter",
        "Sessions that ended because a heartbeat was not answered.",
    );
    text.sample("", &[], now.missed_heartbeats);
    text.family(
        "sockeye_accept_errors_total",
        "counter",
        "Times that a connection could not be accepted.",
    );
    text.sample("", &[], now.accept_errors);
    text.family(
        "sockeye_pages_total",
        "counter",
        "Pages served, by class of status.",
    );
    for (status, count) in &now.pages {
        text.sample("", &[("status", status)], count);
    }
}

fn round_trips(text: &mut Exposition, times: &Histogram) {
    text.histogram(
        "sockeye_heartbeat_round_trip_seconds",
        "How long peers took to answer heartbeats.",
        of_times(&times.buckets, times.above, times.sum),
    );
}

/// Upper bounds with how many lie between each and the one before, how many lie above, and the sum.
type Classes<T> = (Vec<(T, u64)>, u64, T);

/// Times are seconds here.
fn of_times(classes: &[(Duration, u64)], above: u64, sum: Duration) -> Classes<f64> {
    let classes = classes.iter();
    let classes = classes.map(|(bound, count)| (bound.as_secs_f64(), *count));
    (classes.collect(), above, sum.as_secs_f64())
}

#[derive(Default)]
struct Exposition {
    text: String,
    family: &'static str,
}

impl Exposition {
    fn family(&mut self, name: &'static str, kind: &str, help: &str) {
        self.family = name;
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A family of one sample, if its value is known.
    fn known(&mut self, name: &'static str, kind: &str, help: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.family(name, kind, help);
            self.sample("", &[], value);
        }
    }

    fn histogram<T: Display>(
        &mut self,
        name: &'static str,
        help: &str,
        (classes, above, sum): Classes<T>,
    ) {
        self.family(name, "histogram", help);
        let mut count = 0;
        for (bound, more) in classes {
            count += more;
            let bound = bound.to_string();
            self.sample("_bucket", &[("le", &bound)], count);
        }
        count += above;
        self.sample("_bucket", &[("le", "+Inf")], count);
        self.sample("_sum", &[], sum);
        self.sample("_count", &[], count);
    }

    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        self.text.push_str(self.family);
        self.text.push_str(suffix);
        for (at, (name, label)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            let _ = write!(self.text, "{before}{name}=\"{label}\"");
        }
        let after = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{after} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    use sockeye::{Endpoints, Server};
    use sockeye_channels::{MemoryBroker, Settings};

    fn printed() -> String {
        let server = Server::new(Endpoints::new()).bind("127.0.0.1:0").unwrap();
        let process = Process {
            resident_bytes: Some(1),
            open_fds: Some(2),
            max_fds: Some(3),
            start_seconds: Some(4.5),
            cpu_seconds: Some(5.25),
        };
        let settings = Settings::default().validate().unwrap();
        let channels = Channels::new(settings, Arc::new(MemoryBroker::new())).unwrap();
        let channels = Some((&channels, Some(Stats::default())));
        text(&server.metrics().snapshot(), channels, &process)
    }

    #[test]
    fn every_sample_belongs_to_the_family_above_it_and_has_a_number() {
        let mut family = "";
        for line in printed().lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family = rest.split(' ').next().unwrap().to_owned().leak();
            } else if !line.starts_with("# HELP ") {
                let (series, value) = line.rsplit_once(' ').unwrap();
                assert!(series.starts_with(family), "{line}");
                assert!(value.parse::<f64>().unwrap() >= 0.0, "{line}");
                let labels = &series[series.find('{').unwrap_or(series.len())..];
                assert_eq!(labels.is_empty(), !labels.ends_with("\"}"), "{line}");
            }
        }
    }

    #[test]
    fn the_table_in_the_documentation_has_every_metric_with_its_type_and_no_other() {
        let table = include_str!("../../../docs/METRICS.md");
        let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
        let documented: Vec<_> = rows
            .map(|row| {
                let mut cells = row.split('|').map(str::trim);
                let name = cells.next().unwrap().trim_end_matches('`');
                format!("{name} {}", cells.next().unwrap())
            })
            .collect();
        let text = printed();
        let printed: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .collect();
        assert_eq!(documented, printed);
    }

    #[test]
    fn the_alerts_in_the_documentation_ask_for_series_that_there_are() {
        let (alerts, text) = (include_str!("../../../docs/alerts.yml"), printed());
        let expressions = alerts
            .lines()
            .filter_map(|it| it.trim().strip_prefix("expr: "));
        let expressions: Vec<_> = expressions.collect();
        assert_eq!(expressions.len(), alerts.matches("- alert: ").count());
        let is_word = |char: char| char.is_ascii_alphanumeric() || char == '_';
        for expression in expressions {
            let words = expression.split(|char| !is_word(char));
            let ours = |word: &&str| word.starts_with("sockeye_") || word.starts_with("process_");
            let names: Vec<_> = words.filter(ours).collect();
            assert!(!names.is_empty(), "{expression}");
            for name in names {
                let series = |line: &str| line.split(['{', ' ']).next() == Some(name);
                assert!(text.lines().any(series), "{name}");
            }
            let labels = expression.split(['{', '}', ',']);
            for label in labels.filter(|it| it.contains("=\"")) {
                assert!(text.contains(label), "{label}");
            }
        }
    }
}
