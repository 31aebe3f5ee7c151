//! Arrows between rooms: each must stand in the table, and what is pure stays so all the way down.

use std::collections::BTreeSet;

use crate::{
    failure::{Failure, read_toml},
    finding::Finding,
    rooms::{Kind, Room, Table},
    workspace::{Member, Workspace},
};

/// Holds the workspace against `house/rooms.toml`.
pub(crate) fn check(workspace: &Workspace) -> Result<Vec<Finding>, Failure> {
    let table = read_toml(&workspace.root.join("house/rooms.toml"))?;
    Ok(compare(workspace, &table))
}

fn compare(workspace: &Workspace, table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, member) in &workspace.members {
        let Some(room) = table.rooms.get(name) else {
            findings.push(Finding::new(name, "has no row in house/rooms.toml"));
            continue;
        };
        let faults = arrows_not_in_the_table(workspace, member, room)
            .into_iter()
            .chain(forbidden_below(member, room.kind, table));
        findings.extend(faults.map(|fault| Finding::new(name, fault)));
    }
    findings
}

fn arrows_not_in_the_table(workspace: &Workspace, member: &Member, room: &Room) -> Vec<String> {
    let ours = |name: &&String| workspace.members.contains_key(*name);
    let product = member
        .imports
        .difference(&room.imports)
        .filter(ours)
        .map(|other| format!("imports {other}: the table has no such arrow"));
    let allowed: BTreeSet<_> = room.imports.union(&room.test_imports).cloned().collect();
    let tests = member
        .test_imports
        .difference(&allowed)
        .filter(ours)
        .map(|other| format!("its tests import {other}: the table has no such arrow"));
    product.chain(tests).collect()
}

fn forbidden_below(member: &Member, kind: Kind, table: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    if kind == Kind::Pure {
        let names = member.below.intersection(&table.forbidden.pure);
        faults.extend(names.map(|name| format!("is a pure room, but depends on {name}")));
    }
    if kind != Kind::Beside {
        let names = member.below.intersection(&table.forbidden.product);
        faults.extend(names.map(|name| format!("is part of the product, but depends on {name}")));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = r#"
        [forbidden]
        pure = ["tokio"]
        product = ["tungstenite"]
        [rooms.nouns]
        kind = "pure"
        imports = []
        [rooms.server]
        kind = "product"
        imports = ["nouns"]
        test-imports = ["bench"]
        [rooms.bench]
        kind = "beside"
        imports = ["server"]
    "#;

    fn names(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn member(imports: &[&str], test_imports: &[&str], below: &[&str]) -> Member {
        Member {
            imports: names(imports),
            test_imports: names(test_imports),
            below: names(below),
            ..Member::default()
        }
    }

    fn findings(members: Vec<(&str, Member)>) -> Vec<String> {
        let members = members.into_iter();
        let workspace = Workspace {
            members: members.map(|(name, it)| (name.to_owned(), it)).collect(),
            ..Workspace::default()
        };
        let found = compare(&workspace, &toml::from_str(TABLE).unwrap());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn arrows_of_the_table_pass() {
        let found = findings(vec![
            ("nouns", member(&["bytes"], &["tokio"], &["bytes"])),
            (
                "server",
                member(&["nouns", "tokio"], &["bench"], &["tokio"]),
            ),
            (
                "bench",
                member(&["server"], &[], &["server", "tungstenite"]),
            ),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let found = findings(vec![("attic", Member::default())]);
        assert_eq!(found, ["attic: has no row in house/rooms.toml"]);
    }

    #[test]
    fn an_arrow_that_is_not_in_the_table_is_found_also_in_tests() {
        let found = findings(vec![
            ("nouns", member(&["server"], &["bench"], &[])),
            ("server", Member::default()),
            ("bench", Member::default()),
        ]);
        assert_eq!(
            found,
            [
                "nouns: imports server: the table has no such arrow",
                "nouns: its tests import bench: the table has no such arrow",
            ]
        );
    }

    #[test]
    fn a_pure_room_may_not_reach_a_runtime_nor_the_product_a_peer() {
        let found = findings(vec![
            ("nouns", member(&[], &[], &["tokio"])),
            ("server", member(&[], &[], &["tokio", "tungstenite"])),
        ]);
        assert_eq!(
            found,
            [
                "nouns: is a pure room, but depends on tokio",
                "server: is part of the product, but depends on tungstenite",
            ]
        );
    }
}
