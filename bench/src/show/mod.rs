//! How figures are shown: tables and plots in `docs/`, written by the program that measured.

mod date;
mod page;
mod panel;
mod svg;
mod table;

pub use date::today;
pub use page::with_measured;
pub use panel::{Bar, Panel};
pub use svg::svg;
pub use table::{grouped, millis, table};
