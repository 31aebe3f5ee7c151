//! Lints: every crate takes the workspace's, and a pure room's own `clippy.toml` repeats the root's thresholds.

use std::path::Path;

use toml::{Table, Value};

use crate::{
    failure::{Failure, read_toml},
    finding::Finding,
    rooms::{self, Kind},
    workspace::Workspace,
};

/// What a pure room's `clippy.toml` must add to the root's.
const PURE_KEYS: [&str; 2] = ["disallowed-methods", "disallowed-types"];

/// Looks at the manifest of each crate, and at the `clippy.toml` of each pure one.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Finding>, Failure> {
    let table: rooms::Table = read_toml(&workspace.root.join("house/rooms.toml"))?;
    let thresholds: Table = read_toml(&workspace.root.join("clippy.toml"))?;
    let mut findings = Vec::new();
    for (name, member) in &workspace.members {
        let manifest: Table = read_toml(&member.folder.join("Cargo.toml"))?;
        let mut faults = manifest_faults(&manifest);
        let room = table.rooms.get(name);
        faults.extend(clippy_faults(
            &thresholds,
            own_clippy(&member.folder)?.as_ref(),
            room.map_or(Kind::Beside, |room| room.kind),
        ));
        findings.extend(faults.into_iter().map(|fault| Finding::new(name, fault)));
    }
    Ok(findings)
}

fn own_clippy(folder: &Path) -> Result<Option<Table>, Failure> {
    let path = folder.join("clippy.toml");
    if path.exists() {
        read_toml(&path).map(Some)
    } else {
        Ok(None)
    }
}

fn manifest_faults(manifest: &Table) -> Vec<String> {
    let inherits = manifest
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(Value::as_bool);
    if inherits == Some(true) {
        Vec::new()
    } else {
        vec!["its Cargo.toml does not say `[lints] workspace = true`".to_owned()]
    }
}

fn clippy_faults(thresholds: &Table, own: Option<&Table>, kind: Kind) -> Vec<String> {
    let Some(own) = own else {
        let needed = kind == Kind::Pure;
        return Vec::from_iter(needed.then(|| "is a pure room without a clippy.toml".to_owned()));
    };
    let different = thresholds
        .iter()
        .filter(|(key, value)| own.get(*key) != Some(*value))
        .map(|(key, value)| format!("its clippy.toml does not repeat `{key} = {value}`"));
    let missing = PURE_KEYS
        .into_iter()
        .filter(|key| kind == Kind::Pure && !own.contains_key(*key))
        .map(|key| format!("is a pure room, but its clippy.toml has no `{key}`"));
    different.chain(missing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_crate_must_take_the_lints_of_the_workspace() {
        assert!(manifest_faults(&table("[lints]\nworkspace = true")).is_empty());
        assert_eq!(
            manifest_faults(&table("[lints]\nworkspace = false")).len(),
            1
        );
        assert_eq!(manifest_faults(&table("[package]")).len(), 1);
    }

    #[test]
    fn a_pure_room_must_forbid_what_is_not_pure() {
        let root = table("threshold = 5");
        let own = table("threshold = 5\ndisallowed-methods = []\ndisallowed-types = []");
        assert!(clippy_faults(&root, Some(&own), Kind::Pure).is_empty());
        assert_eq!(clippy_faults(&root, Some(&root), Kind::Pure).len(), 2);
        assert_eq!(clippy_faults(&root, None, Kind::Pure).len(), 1);
        assert!(clippy_faults(&root, None, Kind::Product).is_empty());
    }

    #[test]
    fn a_clippy_toml_of_its_own_must_repeat_the_thresholds() {
        let root = table("threshold = 5");
        let own = table("threshold = 6");
        assert_eq!(clippy_faults(&root, Some(&own), Kind::Product).len(), 1);
    }
}
