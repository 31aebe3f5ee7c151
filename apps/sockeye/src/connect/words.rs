//! What went wrong, in one line that steers no terminal. Pure.

use std::error::Error;

use sockeye::client::{Cause, ConnectError, Lost};

use super::show::{escaped, lines_escaped};

/// How many characters of a refusal's first line are shown.
const LINE_CHARS: usize = 200;

/// How much of a refusal's body is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// The first line that says something.
    FirstLine,
    /// All that was kept of it.
    Whole,
}

/// Writes an error with what is behind it.
pub(crate) fn with_sources(error: &dyn Error) -> String {
    let mut text = escaped(&error.to_string());
    let mut behind = error.source();
    while let Some(error) = behind {
        text += ": ";
        text += &escaped(&error.to_string());
        behind = error.source();
    }
    text
}

/// Writes why there is no connection; behind a refusal stands what the server says about it.
pub(crate) fn no_connection(error: &ConnectError, body: Body) -> String {
    let mut text = with_sources(error);
    if let ConnectError::Refused(refused) = error
        && let Some(said) = said(&refused.body, body)
    {
        text += &said;
    }
    text
}

/// Writes that a connection or an attempt was lost, and what comes next.
pub(crate) fn lost(lost: &Lost, body: Body) -> String {
    let why = match &lost.cause {
        Cause::Closed(closed) => escaped(&closed.to_string()),
        Cause::Connect(error) => no_connection(error, body),
    };
    let seconds = lost.next.unwrap_or_default().as_secs_f64();
    format!("lost: {why}; trying again in {seconds:.1} s")
}

fn said(bytes: &[u8], body: Body) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    match body {
        Body::FirstLine => {
            let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
            let mut shown = escaped(&line.chars().take(LINE_CHARS).collect::<String>());
            if line.chars().nth(LINE_CHARS).is_some() {
                shown.push('…');
            }
            Some(format!(": {shown}"))
        }
        Body::Whole => {
            let text = text.trim_end();
            (!text.is_empty()).then(|| format!(", and says\n{}", lines_escaped(text)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_shows_its_first_line_or_all_of_it_and_steers_no_terminal() {
        let first = |text: &str| said(text.as_bytes(), Body::FirstLine);
        assert_eq!(
            first("\r\n  go \x1b[2Jaway \r\nplease"),
            Some(": go \\u{1b}[2Jaway".into())
        );
        assert_eq!(first(" \n"), None);
        let line = "안".repeat(LINE_CHARS);
        assert_eq!(first(&line), Some(format!(": {line}")));
        assert_eq!(first(&format!("{line}녕")), Some(format!(": {line}…")));
        let whole = |bytes: &[u8]| said(bytes, Body::Whole);
        assert_eq!(
            whole(b"a\n\x1bb\xff\n"),
            Some(", and says\na\n\\u{1b}b\u{fffd}".into())
        );
        assert_eq!(whole(b""), None);
    }
}
