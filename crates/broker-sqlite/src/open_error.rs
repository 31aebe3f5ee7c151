//! Why a file can't be opened.

use std::{io, path::PathBuf};

use thiserror::Error;

/// A broker's file can't be opened. Each names it, for the operator to do something about it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Its directory is not there and can't be made.
    #[error("{path}: its directory can't be made", path = .path.display())]
    Directory {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Another process has it.
    #[error("{path}: another process has it open", path = .path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It is not a database.
    #[error("{path}: not a database, or a damaged one", path = .path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// It is a database of some other program.
    #[error("{path}: a database, but of another program", path = .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A later version of this program wrote it.
    #[error(
        "{path}: written by a later version (its schema is {found}, this one knows up to {known})",
        path = .path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The latest schema that is known here.
        known: u32,
    },
    /// It, or its directory, can't be written to.
    #[error("{path}: can't be written to", path = .path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// Why not, if that is known.
        #[source]
        source: Option<io::Error>,
    },
    /// The disk has no room.
    #[error("{path}: the disk is full", path = .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// Anything else that the database refuses.
    #[error("{path}: can't be opened", path = .path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// What it says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The system starts no more threads.
    #[error("no thread for the database")]
    Thread(#[source] io::Error),
}
