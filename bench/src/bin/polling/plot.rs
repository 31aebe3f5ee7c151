//! The plot, as SVG: four questions, and a bar for each way that answers them.

use sockeye_bench::{
    host::Machine,
    show::{Bar, Panel, grouped, millis, svg, today},
};

use crate::{args::Args, cost::Cost, way::Way};

/// Draws what was measured.
pub(crate) fn of(args: &Args, machine: &Machine, costs: &[(Way, Cost)]) -> String {
    let small = [
        format!("{}.", args.scene()),
        format!(
            "Bytes that TCP carries, HTTP heads included, without TLS. {}, {}.",
            today(),
            machine.model
        ),
    ];
    svg(
        "What a chat costs over WebSocket, SockJS and repeated requests",
        &panels(costs),
        &small,
    )
}

fn panels(costs: &[(Way, Cost)]) -> [Panel; 4] {
    let each = |bar: fn(&Cost) -> (f64, f64, String)| {
        let bars = costs.iter().map(|(way, cost)| {
            let (first, second, figure) = bar(cost);
            Bar {
                name: way.name().to_owned(),
                first,
                second,
                figure,
            }
        });
        bars.collect()
    };
    [
        Panel {
            title: "Bytes on the wire for each message that one hears (dark: to the server, light: from it)".to_owned(),
            bars: each(|cost| {
                let (sent, received) =
                    (cost.talk.sent / cost.heard, cost.talk.received / cost.heard);
                (sent, received, grouped(sent + received))
            }),
        },
        Panel {
            title: "Bytes on the wire while nothing is said, each client and minute".to_owned(),
            bars: each(|cost| {
                let silence = &cost.silence;
                let sent = cost.each_minute(silence, silence.sent);
                let received = cost.each_minute(silence, silence.received);
                (sent, received, grouped(sent + received))
            }),
        },
        Panel {
            title: "From saying to hearing (dark: median, with light: 99 of 100)".to_owned(),
            bars: each(|cost| {
                let (median, p99) = (cost.median_delay, cost.p99_delay);
                let figure = format!("{}, {}", millis(median), millis(p99));
                (median, p99 - median, figure)
            }),
        },
        Panel {
            title: "Server CPU for each message that one hears, in microseconds".to_owned(),
            bars: each(|cost| {
                let micros = cost.talk.cpu / cost.heard;
                (micros, 0.0, format!("{micros:.1}"))
            }),
        },
    ]
}
