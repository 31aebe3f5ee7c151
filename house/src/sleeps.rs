//! Tests that may sleep after all, each with its reason, as `house/exceptions.toml` holds them.

use std::path::Path;

use serde::Deserialize;

use crate::{
    failure::{Failure, read_toml},
    finding::Finding,
    source::Fault,
};

const FILE: &str = "house/exceptions.toml";

/// The files whose tests may sleep.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exceptions {
    #[serde(default)]
    sleeps: Vec<Sleep>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sleep {
    file: String,
    reason: String,
    #[serde(skip)]
    used: Used,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Used {
    #[default]
    No,
    Yes,
}

impl Exceptions {
    /// Reads the list.
    pub(crate) fn load(root: &Path) -> Result<Self, Failure> {
        read_toml(&root.join(FILE))
    }

    /// Returns the sleeps of a file, none if the list gives a reason for them.
    pub(crate) fn without_a_reason(&mut self, file: &str, sleeps: Vec<Fault>) -> Vec<Fault> {
        let listed = self.sleeps.iter_mut().find(|sleep| sleep.file == file);
        match listed {
            Some(listed) if !sleeps.is_empty() && !listed.reason.is_empty() => {
                listed.used = Used::Yes;
                Vec::new()
            }
            _ => sleeps,
        }
    }

    /// Returns the entries that no file needed.
    pub(crate) fn unused(&self) -> impl Iterator<Item = Finding> {
        let unused = self.sleeps.iter().filter(|sleep| sleep.used == Used::No);
        unused.map(|sleep| Finding::new(FILE, format!("{} needs no exception", sleep.file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exceptions(reason: &str) -> Exceptions {
        let text = format!("[[sleeps]]\nfile = \"tests/a.rs\"\nreason = \"{reason}\"\n");
        toml::from_str(&text).unwrap()
    }

    fn sleeps() -> Vec<Fault> {
        vec![(3, "a test calls `sleep`".to_owned())]
    }

    #[test]
    fn a_reason_excuses_its_own_file_only() {
        let mut exceptions = exceptions("a kernel timer");
        let excused = exceptions.without_a_reason("tests/a.rs", sleeps());
        assert_eq!(excused, []);
        let found = exceptions.without_a_reason("tests/b.rs", sleeps());
        assert_eq!(found, sleeps());
        assert_eq!(exceptions.unused().count(), 0);
    }

    #[test]
    fn an_exception_without_a_reason_or_a_use_is_none() {
        let mut empty = exceptions("");
        let found = empty.without_a_reason("tests/a.rs", sleeps());
        assert_eq!(found, sleeps());
        assert_eq!(exceptions("a kernel timer").unused().count(), 1);
    }
}
