//! What channels counted.

use sockeye_channels::{Channels, Tally, Times};

use super::{Exposition, of_times};

/// Writes what belongs to channels. No label names a user or a channel.
pub(super) fn write(text: &mut Exposition, channels: &Channels) {
    let (tally, now) = (channels.tally(), channels.info());
    for (name, help, value) in [
        (
            "sockeye_channel_clients",
            "Clients of channels that are connected.",
            now.clients,
        ),
        (
            "sockeye_channel_users",
            "Users that have a client connected.",
            now.users,
        ),
        (
            "sockeye_channels",
            "Channels with subscribers.",
            now.channels,
        ),
        (
            "sockeye_channel_subscriptions",
            "Subscriptions that there are.",
            now.subscriptions,
        ),
    ] {
        text.family(name, "gauge", help);
        text.sample("", &[], value);
    }
    totals(text, tally);
    publications(text, channels);
    for (name, help, times) in [
        (
            "sockeye_channel_publish_seconds",
            "How long the broker took to acknowledge publications: durable ones are on disk then.",
            tally.publishing.times(),
        ),
        (
            "sockeye_channel_fan_out_seconds",
            "How long publications took into the outboxes of all who listen.",
            tally.fan_out.times(),
        ),
        (
            "sockeye_channel_ping_round_trip_seconds",
            "How long clients of channels took to answer pings.",
            tally.round_trips.times(),
        ),
    ] {
        let Times {
            classes,
            above,
            sum,
            ..
        } = times;
        text.histogram(name, help, of_times(&classes, above, sum));
    }
}

fn totals(text: &mut Exposition, tally: &Tally) {
    text.family(
        "sockeye_channel_connects_total",
        "counter",
        "Clients of channels that were let in.",
    );
    text.sample("", &[], tally.connections());
    text.family(
        "sockeye_channel_subscribes_total",
        "counter",
        "Subscriptions that were made.",
    );
    text.sample("", &[], tally.subscriptions());
    text.family(
        "sockeye_channel_commands_total",
        "counter",
        "Commands of clients, by kind.",
    );
    for (kind, count) in tally.commands() {
        text.sample("", &[("kind", kind)], count);
    }
    text.family(
        "sockeye_channel_errors_total",
        "counter",
        "Commands that were answered with an error, by code.",
    );
    for (code, count) in tally.errors() {
        text.sample("", &[("code", &code.to_string())], count);
    }
    text.family(
        "sockeye_channel_disconnects_total",
        "counter",
        "Clients of channels that are gone, by code and by who ended it.",
    );
    for ((code, side), count) in tally.disconnects() {
        text.sample("", &[("code", &code.to_string()), ("side", side)], count);
    }
    let (recovered, unrecovered) = tally.recoveries();
    text.family(
        "sockeye_channel_recoveries_total",
        "counter",
        "Subscribers that came back, by whether they got all that they missed.",
    );
    text.sample("", &[("result", "recovered")], recovered);
    text.sample("", &[("result", "unrecovered")], unrecovered);
    text.family(
        "sockeye_channel_slow_subscribers_total",
        "counter",
        "Subscribers that read too slowly, by what became of them.",
    );
    for (slow, count) in tally.slow() {
        text.sample("", &[("result", slow.as_str())], count);
    }
}

fn publications(text: &mut Exposition, channels: &Channels) {
    text.family(
        "sockeye_channel_publications_total",
        "counter",
        "Publications that reached the broker, by who published and by what became of them.",
    );
    for (origin, result, count) in channels.tally().publications() {
        text.sample("", &[("origin", origin), ("result", result)], count);
    }
    text.family(
        "sockeye_channel_deliveries_total",
        "counter",
        "Times that a publication was put into the outbox of a subscriber.",
    );
    text.sample("", &[], channels.deliveries());
}
