//! The page: words that people wrote, and between two marks what was measured.

use anyhow::Context;

const BEGIN: &str = "<!-- measured: begin -->\n";
const END: &str = "<!-- measured: end -->\n";

/// Returns the page with what stands between the marks replaced.
///
/// # Errors
/// When a mark is gone.
pub fn with_measured(page: &str, measured: &str) -> anyhow::Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("the first mark is gone")?;
    let (_, after) = rest.split_once(END).context("the second mark is gone")?;
    Ok(format!("{before}{BEGIN}{measured}{END}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_changes() {
        let page = |between| format!("words\n{BEGIN}{between}{END}more words\n");
        let (old, new) = (page("old\n"), page("new\n"));
        assert_eq!(with_measured(&old, "new\n").unwrap(), new);
        assert!(with_measured("words\n", "new\n").is_err());
        let polling = include_str!("../../../docs/POLLING.md");
        let benchmarks = include_str!("../../../docs/BENCHMARKS.md");
        let channels = include_str!("../../../docs/CHANNELS-COST.md");
        for ours in [polling, benchmarks, channels] {
            assert!(with_measured(ours, "new\n").is_ok());
        }
    }
}
