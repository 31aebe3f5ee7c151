//! Why a check could not be made at all; what a check finds is a [`Finding`](crate::finding::Finding).

use std::{fs, io, path::Path};

use serde::de::DeserializeOwned;
use thiserror::Error;

/// Why a check could not be made.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// Cargo could not describe the workspace.
    #[error("cargo metadata: {0}")]
    Metadata(#[from] cargo_metadata::Error),
    /// Cargo described it without a dependency graph.
    #[error("cargo metadata holds no dependency graph")]
    NoGraph,
    /// A file could not be read.
    #[error("{0}: {1}")]
    Unreadable(String, io::Error),
    /// A TOML file does not hold what it should.
    #[error("{0}: {1}")]
    Toml(String, toml::de::Error),
    /// A Rust file does not even fall into tokens.
    #[error("{0}: {1}")]
    Tokens(String, proc_macro2::LexError),
}

/// Reads a text file.
pub(crate) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::Unreadable(path.display().to_string(), error))
}

/// Reads a TOML file.
pub(crate) fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    toml::from_str(&read(path)?).map_err(|error| Failure::Toml(path.display().to_string(), error))
}
