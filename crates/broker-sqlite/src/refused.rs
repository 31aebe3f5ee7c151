//! What the database refuses, in the words of brokers.

use std::sync::Arc;

use rusqlite::{Error, ErrorCode};
use sockeye_channels::BrokerError;
use thiserror::Error;

/// The database refuses. All publishes of a transaction get the same one.
#[derive(Clone, Debug, Error)]
#[error("the database refuses")]
pub(crate) struct Refused(#[source] Arc<Error>);

impl Refused {
    /// Says whether there is no room on the disk, or in the file.
    pub(crate) fn is_full(&self) -> bool {
        self.0.sqlite_error_code() == Some(ErrorCode::DiskFull)
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<Refused> for BrokerError {
    fn from(refused: Refused) -> Self {
        if refused.is_full() {
            Self::Full(Box::new(refused))
        } else {
            Self::Unavailable(Box::new(refused))
        }
    }
}
