//! `[broker]`: who keeps what is published.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sockeye_channels::{Durability, Settings};

use super::{channels_rule::ChannelsRule, namespace::blame, rule::Broken};

/// The section as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RawBroker {
    pub(crate) path: String,
    pub(crate) memory: bool,
    pub(crate) synchronous: RawSynchronous,
}

/// When a commit is taken for kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RawSynchronous {
    /// Once the disk says so.
    #[default]
    Full,
    /// Once the system has it: it survives a crash of the program, not one of the machine.
    Normal,
}

/// Who keeps what is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Broker {
    /// The memory of this process.
    Memory,
    /// A file of SQLite's, for what is durable; relative to the folder that the program is started in.
    File {
        /// Its path.
        path: PathBuf,
        /// When a commit is taken for kept.
        synchronous: RawSynchronous,
    },
}

impl Default for RawBroker {
    fn default() -> Self {
        Self {
            path: "sockeye.db".to_owned(),
            memory: false,
            synchronous: RawSynchronous::Full,
        }
    }
}

impl RawBroker {
    /// Says what holds for namespaces that don't say whether they are durable.
    pub(crate) const fn durability(&self) -> Durability {
        if self.memory {
            Durability::Ephemeral
        } else {
            Durability::Durable
        }
    }

    /// Returns where it is kept what the application must still be told; `None` in memory.
    pub(crate) fn journal(&self) -> Option<PathBuf> {
        (!self.memory).then(|| PathBuf::from(format!("{}.events", self.path)))
    }

    /// Checks that there is a file where one is needed, and none where it is not. Without anything durable it is left
    /// alone.
    pub(crate) fn check(&self, settings: &Settings, broken: &mut Vec<Broken>) -> Broker {
        let mut namespaces = settings
            .namespaces
            .values()
            .chain([&settings.without_namespace]);
        let is_durable =
            namespaces.any(|one| one.has_history() && one.durability == Durability::Durable);
        if self.path.is_empty() && !self.memory {
            broken.push(blame("broker", &["path"], ChannelsRule::NoFile));
        }
        if self.memory || !is_durable {
            return Broker::Memory;
        }
        Broker::File {
            path: PathBuf::from(&self.path),
            synchronous: self.synchronous,
        }
    }
}
