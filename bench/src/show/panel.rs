//! One question of the plot, and a bar for each way that answers it.

use std::fmt::Write;

use super::svg::escaped;

/// From the left edge to where bars begin; names stand there.
const NAMES: f64 = 190.0;
/// The longest bar; after it stands its figure.
const LONGEST: f64 = 480.0;
/// From one bar to the next.
const STEP: f64 = 24.0;
const BAR: f64 = 16.0;
const TITLE: f64 = 30.0;
/// Below the bars, before the next panel.
const GAP: f64 = 22.0;

/// A panel: its question, and what the bars' parts are.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the binaries of this package build it"
)]
pub struct Panel {
    /// The question.
    pub title: String,
    /// The answers.
    pub bars: Vec<Bar>,
}

/// A bar of one part or two.
#[derive(Clone, Debug)]
#[expect(
    clippy::exhaustive_structs,
    reason = "the binaries of this package build it"
)]
pub struct Bar {
    /// Who is meant.
    pub name: String,
    /// The darker part, which begins on the left.
    pub first: f64,
    /// The lighter part, which goes on from there.
    pub second: f64,
    /// What stands after it.
    pub figure: String,
}

impl Panel {
    /// Draws it with its upper edge at `top`, and returns where it ends.
    pub fn draw(&self, top: f64, svg: &mut String) -> f64 {
        let most = self.bars.iter().map(|bar| bar.first + bar.second);
        let most = most.fold(f64::MIN_POSITIVE, f64::max);
        let mut y = top + TITLE;
        // Writing to a string can't fail.
        let _ = writeln!(
            svg,
            r#"<text class="title" x="16" y="{:.0}">{}</text>"#,
            top + 18.0,
            escaped(&self.title)
        );
        for bar in &self.bars {
            let (first, second) = (bar.first / most * LONGEST, bar.second / most * LONGEST);
            let text = y + BAR - 4.0;
            let _ = write!(
                svg,
                r#"<text class="name" x="{:.0}" y="{text:.0}">{}</text>
<rect class="first" x="{NAMES:.0}" y="{y:.0}" width="{first:.1}" height="{BAR:.0}"/>
<rect class="second" x="{:.1}" y="{y:.0}" width="{second:.1}" height="{BAR:.0}"/>
<text x="{:.1}" y="{text:.0}">{}</text>
"#,
                NAMES - 8.0,
                escaped(&bar.name),
                NAMES + first,
                NAMES + first + second + 6.0,
                escaped(&bar.figure)
            );
            y += STEP;
        }
        y + GAP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_figures_are_great() {
        let bar = |first, second| Bar {
            name: "n".to_owned(),
            first,
            second,
            figure: "f".to_owned(),
        };
        let panel = Panel {
            title: "t".to_owned(),
            bars: vec![bar(1.0, 3.0), bar(2.0, 0.0), bar(0.0, 0.0)],
        };
        let mut svg = String::new();
        panel.draw(0.0, &mut svg);
        let widths = svg.split("width=\"").skip(1);
        let widths: Vec<&str> = widths.filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(widths, ["120.0", "360.0", "240.0", "0.0", "0.0", "0.0"]);
    }
}
