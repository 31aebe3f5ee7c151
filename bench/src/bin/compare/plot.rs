//! The plot in `docs/`: a panel for each row, a bar for each library in the way of writing that costs it less.

use sockeye_bench::{
    host::Machine,
    show::{Bar, Panel, svg, today},
};

use crate::{
    contender::Contender,
    page::figure,
    result::{Entry, Figures, Measured},
};

/// Bars end at so many times the second cheapest; their figures say what they are.
const LONGEST: f64 = 5.0;

/// Draws what was measured.
pub(crate) fn of(rows: &[Measured], machine: &Machine) -> String {
    let panels: Vec<_> = rows.iter().map(panel).collect();
    let small = [
        "Server CPU µs for each message, delivery or connection; bytes for each connection where it is about memory.".to_owned(),
        "Shorter is better. Of a library that was measured with and without batching by hand, the cheaper.".to_owned(),
        format!(
            "floor: a bare epoll loop. uwebsockets-js: uWebSockets called from Node.js. {}, {}.",
            today(),
            machine.model
        ),
    ];
    svg("What a message costs a server", &panels, &small)
}

fn panel(row: &Measured) -> Panel {
    let mut best: Vec<(Contender, f64)> = Vec::new();
    for entry in &row.entries {
        let Some(cost) = value(row, entry) else {
            continue;
        };
        let of_same = |(one, _): &&mut (Contender, f64)| library(*one) == library(entry.server);
        match best.iter_mut().find(of_same) {
            Some(known) if known.1 <= cost => {}
            Some(known) => *known = (entry.server, cost),
            None => best.push((entry.server, cost)),
        }
    }
    best.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    let longest = best.get(1).map_or(f64::MAX, |(_, cost)| cost * LONGEST);
    let bars = best.into_iter().map(|(server, cost)| {
        let shown = cost.min(longest);
        let is_ours = server == Contender::Sockeye;
        let beyond = if shown < cost { "→ " } else { "" };
        let times = match row.row.is_about_latency() {
            true => " µs".to_owned(),
            false => times_floor(row.entry(server)),
        };
        Bar {
            name: server.name(),
            first: if is_ours { shown } else { 0.0 },
            second: if is_ours { 0.0 } else { shown },
            figure: format!("{beyond}{}{times}", figure(cost)),
        }
    });
    // A line has no room for more.
    let title = row.title.split([',', ';']).next().unwrap_or_default();
    let title = match row.row.is_about_latency() {
        true => format!("{title}: 99 of 100 within"),
        false => row.title.clone(),
    };
    Panel {
        title,
        bars: bars.collect(),
    }
}

/// Returns what a row is about: a latency, or a cost.
fn value(row: &Measured, entry: &Entry) -> Option<f64> {
    match &entry.figures {
        Figures::Sliced(sliced) if row.row.is_about_latency() => Some(sliced.latency.p99),
        _ => Some(entry.cost?.median),
    }
}

fn times_floor(entry: Option<&Entry>) -> String {
    entry
        .and_then(|entry| entry.x_floor)
        .map_or_else(String::new, |floor| {
            format!(", {:.2} x floor", floor.median)
        })
}

/// The name without the way of writing.
fn library(server: Contender) -> String {
    server.name().replace("-batched", "")
}

#[cfg(test)]
mod tests {
    use sockeye_bench::Peer;

    use crate::{result::Idle, row::Row};

    use super::*;

    #[test]
    fn of_a_library_the_cheaper_way_is_drawn_and_the_cheapest_stands_first() {
        let entry = |server, bytes| {
            let idle = Idle {
                per_connection: vec![bytes],
                ..Idle::default()
            };
            Entry::idle((server, Ok(idle)))
        };
        let entries = vec![
            entry(Contender::Sockeye, 2.0),
            entry(Contender::Peer(Peer::Axum), 90.0),
            entry(Contender::Peer(Peer::AxumBatched), 1.0),
            entry(Contender::Floor, 80.0),
        ];
        let panel = panel(&Measured::new(Row::Idle, entries));
        let bars = panel
            .bars
            .iter()
            .map(|bar| (bar.name.as_str(), bar.first + bar.second));
        let bars: Vec<_> = bars.collect();
        assert_eq!(
            bars,
            [("axum-batched", 1.0), ("sockeye", 2.0), ("floor", 10.0)]
        );
    }
}
