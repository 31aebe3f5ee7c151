//! What was tried, and why nothing got through.

use std::{error::Error, fmt};

use sockeye_types::Transport;

use crate::ConnectError;

/// The transports that were tried, and why each failed, in that order.
#[derive(Debug)]
pub struct BlockedTransports(pub(super) Vec<(Transport, ConnectError)>);

impl BlockedTransports {
    /// Returns what was tried, and why it failed.
    pub fn iter(&self) -> impl Iterator<Item = (Transport, &ConnectError)> {
        self.0.iter().map(|(transport, error)| (*transport, error))
    }

    /// Returns why the last one failed.
    pub fn last(&self) -> Option<&ConnectError> {
        self.0.last().map(|(_, error)| error)
    }
}

impl fmt::Display for BlockedTransports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (transport, error)) in self.0.iter().enumerate() {
            let gap = if at == 0 { "" } else { "; " };
            write!(f, "{gap}{transport}: {error}")?;
        }
        Ok(())
    }
}

impl Error for BlockedTransports {}
