//! The table of rooms, as `house/rooms.toml` holds it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// Which crate may import which, and what some may never depend on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    /// Crates from outside that some kinds of room may not depend on, however far down.
    pub(crate) forbidden: Forbidden,
    /// One row a crate of the workspace, by package name.
    pub(crate) rooms: BTreeMap<String, Room>,
}

/// Crates from outside that some kinds of room may not depend on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Forbidden {
    /// Not below a pure room.
    pub(crate) pure: BTreeSet<String>,
    /// Not below anything that users run.
    pub(crate) product: BTreeSet<String>,
}

/// One row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Room {
    /// What the room is held to.
    pub(crate) kind: Kind,
    /// Crates of the workspace that it may import.
    pub(crate) imports: BTreeSet<String>,
    /// Further ones that its tests may import.
    #[serde(default)]
    pub(crate) test_imports: BTreeSet<String>,
}

/// What a room is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// No sockets, clock, randomness or locks; also part of the product.
    Pure,
    /// Linked into what users run.
    Product,
    /// Tests, measures and checks.
    Beside,
}
