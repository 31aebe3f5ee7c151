//! Sessions that wait for something to hear, so that the server's memory for them can be read.

use super::{Target, line::Line, wait::Spin};

/// Open sessions, until dropped; whatever they hear stays unread.
#[derive(Debug)]
pub struct Sessions {
    _lines: Vec<Line>,
    _spin: Spin,
}

impl Sessions {
    /// Opens so many sessions, each with a request that the server holds.
    ///
    /// # Errors
    /// When the server refuses one.
    pub fn open(target: Target, sessions: usize) -> anyhow::Result<Self> {
        let spin = Spin::new()?;
        Ok(Self {
            _lines: Line::open_all(target, spin.registry(), sessions)?,
            _spin: spin,
        })
    }
}
