//! A plot, as SVG: panels below each other, and small print.

use std::fmt::Write;

use super::Panel;

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

/// Draws the panels, and the lines of small print below them.
pub fn svg(title: &str, panels: &[Panel], small: &[String]) -> String {
    let (mut body, mut y) = (String::new(), 8.0);
    for panel in panels {
        y = panel.draw(y, &mut body);
    }
    for line in small {
        y += 16.0;
        // Writing to a string can't fail.
        let _ = writeln!(
            body,
            r#"<text class="small" x="16" y="{:.0}">{}</text>"#,
            y - 16.0,
            escaped(line)
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH:.0} {y:.0}\" role=\"img\">\n\
         <title>{}</title>\n{STYLE}\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n{body}</svg>\n",
        escaped(title)
    )
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
