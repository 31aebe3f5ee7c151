//! What the file of publications counted.

use sockeye_broker_sqlite::Stats;

use super::{Exposition, of_times};

/// Writes what belongs to the file.
pub(super) fn write(text: &mut Exposition, stats: &Stats) {
    let (commits, batches) = (&stats.commits, &stats.batches);
    text.histogram(
        "sockeye_broker_commit_seconds",
        "How long transactions took until they were on disk.",
        of_times(&commits.classes, commits.above, commits.sum),
    );
    text.histogram(
        "sockeye_broker_batch_size",
        "How many commands one transaction did.",
        (batches.classes.clone(), batches.above, batches.sum),
    );
    text.family(
        "sockeye_broker_queue_length",
        "gauge",
        "Commands that wait for the disk.",
    );
    text.sample("", &[], stats.queue_len);
    text.family(
        "sockeye_broker_queue_waiting",
        "gauge",
        "Commands that wait for a place in the queue.",
    );
    text.sample("", &[], stats.queue_waiting);
    text.family(
        "sockeye_broker_queue_bytes",
        "gauge",
        "Bytes of publications that wait for the disk.",
    );
    text.sample("", &[], stats.queue_bytes);
    text.family(
        "sockeye_broker_refusals_total",
        "counter",
        "Commands that the file refused, by reason.",
    );
    text.sample("", &[("reason", "full")], stats.refused_full);
    text.sample("", &[("reason", "unavailable")], stats.refused_unavailable);
}
