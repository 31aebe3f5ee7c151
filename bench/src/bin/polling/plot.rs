//! The plot, as SVG: four questions, and a bar for each way that answers them.

use std::fmt::Write;

use sockeye_bench::host::Machine;

use crate::{
    args::Args,
    cost::Cost,
    date::today,
    panel::{Bar, Panel},
    table::{grouped, millis},
    way::Way,
};

const WIDTH: f64 = 800.0;

const STYLE: &str = "<style>
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 14px; }
  .name { text-anchor: end; }
  .small { font-size: 11px; fill: #59636e; }
  .paper { fill: #ffffff; }
  .first { fill: #0f5b8f; }
  .second { fill: #7fb7dc; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .small { fill: #9198a1; }
    .paper { fill: #0d1117; }
    .first { fill: #3d8fc7; }
    .second { fill: #9fd0ef; }
  }
</style>
";

/// Draws what was measured.
pub(crate) fn of(args: &Args, machine: &Machine, costs: &[(Way, Cost)]) -> String {
    let (mut body, mut y) = (String::new(), 8.0);
    for panel in panels(costs) {
        y = panel.draw(y, &mut body);
    }
    let small = [
        format!("{}.", args.scene()),
        format!(
            "Bytes that TCP carries, HTTP heads included, without TLS. {}, {}.",
            today(),
            machine.model
        ),
    ];
    for line in small {
        y += 16.0;
        // Writing to a string can't fail.
        let _ = writeln!(
            body,
            r#"<text class="small" x="16" y="{:.0}">{}</text>"#,
            y - 16.0,
            escaped(&line)
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {y:.0}\" role=\"img\">\n\
         <title>What a chat costs over WebSocket, SockJS and repeated requests</title>\n{STYLE}\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n{body}</svg>\n"
    )
}

fn panels(costs: &[(Way, Cost)]) -> [Panel; 4] {
    let each = |bar: fn(&Cost) -> (f64, f64, String)| {
        let bars = costs.iter().map(|(way, cost)| {
            let (first, second, figure) = bar(cost);
            Bar {
                name: way.name(),
                first,
                second,
                figure,
            }
        });
        bars.collect()
    };
    [
        Panel {
            title: "Bytes on the wire for each message that one hears (dark: to the server, light: from it)",
            bars: each(|cost| {
                let (sent, received) =
                    (cost.talk.sent / cost.heard, cost.talk.received / cost.heard);
                (sent, received, grouped(sent + received))
            }),
        },
        Panel {
            title: "Bytes on the wire while nothing is said, each client and minute",
            bars: each(|cost| {
                let silence = &cost.silence;
                let sent = cost.each_minute(silence, silence.sent);
                let received = cost.each_minute(silence, silence.received);
                (sent, received, grouped(sent + received))
            }),
        },
        Panel {
            title: "From saying to hearing (dark: median, with light: 99 of 100)",
            bars: each(|cost| {
                let (median, p99) = (cost.median_delay, cost.p99_delay);
                let figure = format!("{}, {}", millis(median), millis(p99));
                (median, p99 - median, figure)
            }),
        },
        Panel {
            title: "Server CPU for each message that one hears, in microseconds",
            bars: each(|cost| {
                let micros = cost.talk.cpu / cost.heard;
                (micros, 0.0, format!("{micros:.1}"))
            }),
        },
    ]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
