//! What the program logs, and how.

mod otlp;

use std::{
    env,
    fmt::{self, Write},
    io::{self, IsTerminal},
};

use tracing::field::Field;
use tracing_subscriber::{
    EnvFilter, Layer as _,
    field::MakeExt,
    fmt::format::{FormatFields, Writer, debug_fn},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

pub(crate) use otlp::Exporting;

/// What is logged unless `RUST_LOG` says otherwise: warnings of all, and what our own crates tell.
const DEFAULT_FILTER: &str = "warn,sockeye=info";

/// Which spans are exported: those of our own crates, whatever is logged.
const SPANS: &str = "off,sockeye=debug";

/// Starts logging to standard error, as `RUST_LOG` says. Colours need a terminal and no `NO_COLOR`. If the environment
/// names a collector, spans are exported by the current runtime until what is returned is told to end.
///
/// It is to be called once, in a runtime; a second call changes nothing.
pub(crate) fn start() -> Option<Exporting> {
    let asked = env::var("RUST_LOG").ok().filter(|asked| !asked.is_empty());
    let parsed = EnvFilter::try_new(asked.as_deref().unwrap_or(DEFAULT_FILTER));
    let (filter, refused) = match parsed {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(DEFAULT_FILTER), Some(error)),
    };
    let no_color = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let log = tracing_subscriber::fmt::layer()
        .with_ansi(io::stderr().is_terminal() && !no_color)
        .fmt_fields(escaped())
        .with_writer(io::stderr)
        .with_filter(filter);
    let begun = otlp::is_wanted().then(Exporting::begin);
    let (exporting, failed) = match begun {
        Some(Ok(begun)) => (Some(begun), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let (exporting, tracer) = exporting.unzip();
    let spans = tracer.map(|tracer| {
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_filter(EnvFilter::new(SPANS))
    });
    let _ = tracing_subscriber::registry()
        .with(log)
        .with(spans)
        .try_init();
    if let Some(error) = refused {
        tracing::warn!(%error, "RUST_LOG is not understood; logging as by default");
    }
    if let Some(error) = failed {
        tracing::warn!(%error, "spans are not exported: the OTEL variables can't be followed");
    }
    exporting
}

/// Writes fields such that an event is one line and nothing in it colours a terminal, whoever chose the words: also
/// errors, which are written as they print themselves, and may quote a peer.
fn escaped() -> impl for<'writer> FormatFields<'writer> + Send + Sync + 'static {
    debug_fn(|writer: &mut Writer<'_>, field: &Field, value| {
        if field.name() != "message" {
            write!(writer, "{field}=")?;
        }
        write!(Escaped(writer), "{value:?}")
    })
    .delimited(" ")
}

/// Escapes what is no printable character.
struct Escaped<'a, W>(&'a mut W);

impl<W: Write> Write for Escaped<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for part in text.split_inclusive(moves_or_hides) {
            let mut chars = part.chars();
            match chars.next_back() {
                Some(last) if moves_or_hides(last) => {
                    write!(self.0, "{}{}", chars.as_str(), last.escape_unicode())?;
                }
                _ => self.0.write_str(part)?,
            }
        }
        Ok(())
    }
}

/// Control characters, and those that end a line or turn its direction.
fn moves_or_hides(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_line_or_colours_it() {
        let mut line = String::new();
        let hostile = "é \"\n\r\t\u{1b}[31m\u{9b}1m\u{2028}\u{202e}end";
        write!(Escaped(&mut line), "{hostile}").unwrap();
        assert_eq!(
            line,
            "é \"\\u{a}\\u{d}\\u{9}\\u{1b}[31m\\u{9b}1m\\u{2028}\\u{202e}end"
        );
    }
}
