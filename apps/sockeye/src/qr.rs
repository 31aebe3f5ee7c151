//! A QR code on the terminal, so that a phone opens an address without typing.

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

/// Black on white, whatever the terminal's colours are: not every reader takes an inverted code.
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// Draws a code of `text`, two modules to a character, with the quiet zone that readers need (ISO/IEC 18004 §9.1);
/// `None` if the text is too long for one.
pub(crate) fn draw(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let drawn = code.render::<Dense1x2>().quiet_zone(true).build();
    let lines = drawn
        .lines()
        .map(|line| format!("  {BLACK_ON_WHITE}{line}{RESET}\n"));
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_square_and_has_its_quiet_zone() {
        let drawn = draw("http://192.168.0.7:8080/say").unwrap();
        let rows: Vec<_> = drawn
            .lines()
            .map(|line| {
                line.trim_start()
                    .trim_start_matches(BLACK_ON_WHITE)
                    .trim_end_matches(RESET)
            })
            .collect();
        // Version 2 has 25 modules a side; four of quiet on each.
        assert!(
            rows.iter().all(|row| row.chars().count() == 25 + 8),
            "{drawn}"
        );
        assert_eq!(rows.len(), (25_usize + 8).div_ceil(2));
        assert!(rows[0].chars().all(|c| c == ' '), "quiet at the top");
        assert_eq!(
            rows[2].chars().nth(4),
            Some('█'),
            "a finder pattern begins in the corner"
        );
    }

    #[test]
    fn what_does_not_fit_is_not_drawn() {
        assert_eq!(draw(&"x".repeat(3000)), None);
    }
}
