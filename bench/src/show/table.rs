//! Tables in Markdown, and figures as they stand in them.

use std::fmt::Write;

/// Writes a table whose first column is words, and all others figures.
pub fn table<const N: usize>(
    head: &[&str; N],
    lines: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut rules = head.map(|_| "--:");
    if let Some(first) = rules.first_mut() {
        *first = "--";
    }
    let mut text = format!("| {} |\n| {} |\n", head.join(" | "), rules.join(" | "));
    for cells in lines {
        // Writing to a string can't fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// Rounds, and parts thousands.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// Writes milliseconds with as many digits as say something.
pub fn millis(millis: f64) -> String {
    if millis < 10.0 {
        format!("{millis:.2} ms")
    } else {
        format!("{millis:.0} ms")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        for (number, text) in [
            (0.0, "0"),
            (999.4, "999"),
            (1000.0, "1,000"),
            (1_234_567.0, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(millis(0.1234), "0.12 ms");
        assert_eq!(millis(512.3), "512 ms");
    }
}
