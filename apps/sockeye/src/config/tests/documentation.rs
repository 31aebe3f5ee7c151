//! `docs/CHANNELS-CONFIG.md` against the program: every key with its default, and every example.

use super::*;

const DOCUMENT: &str = include_str!("../../../../../docs/CHANNELS-CONFIG.md");

/// The sections of a heading: those in its brackets.
fn sections(heading: &str) -> Vec<String> {
    let named = heading.split('`').filter_map(|part| {
        let name = part.strip_prefix('[')?.strip_suffix(']')?;
        Some(name.replace("NAME", "news"))
    });
    named.collect()
}

#[test]
fn the_tables_have_every_key_of_channels_with_its_default_and_no_other() {
    let (mut documented, mut inside) = (Vec::new(), Vec::new());
    for line in DOCUMENT.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            inside = sections(heading);
        } else if let Some(row) = line.strip_prefix("| `") {
            let mut cells = row.split('|').map(str::trim);
            let key = cells.next().unwrap().trim_end_matches('`');
            let default = cells.nth(1).unwrap().trim_matches('`');
            documented.extend(inside.iter().map(|it| format!("{it}.{key} = {default}")));
        }
    }
    let mut known = Known::new();
    known.set_namespaces(["news"].into_iter());
    let others = known.keys().into_iter().filter(|key| {
        let beside = [
            "channels",
            "tokens",
            "subscription_tokens",
            "api",
            "hooks",
            "broker",
        ];
        beside.contains(&key.section.as_str()) || key.section.contains("namespace")
    });
    let mut there: Vec<_> = others
        .map(|key| format!("{key} = {}", known.default_of(&key).unwrap()))
        .collect();
    there.sort_unstable();
    documented.sort_unstable();
    let only_in = |these: &[String], those: &[String]| -> Vec<String> {
        let alone = these.iter().filter(|one| !those.contains(one));
        alone.cloned().collect()
    };
    let none: Vec<String> = Vec::new();
    assert_eq!(only_in(&there, &documented), none, "not documented");
    assert_eq!(only_in(&documented, &there), none, "not there");
    assert_eq!(documented.len(), there.len(), "documented twice");
}

#[test]
fn every_example_can_be_used() {
    let mut examples = DOCUMENT.split("```toml\n").skip(1);
    let folder = Folder::new("examples");
    std::fs::write(folder.0.join("secret"), "sesame").unwrap();
    let secret = format!("file:{}\"", folder.0.join("secret").display());
    let mut count = 0;
    while let Some(example) = examples.next().and_then(|rest| rest.split("```").next()) {
        let example: String = example
            .lines()
            .map(|line| match line.split_once("file:") {
                Some((before, after)) => {
                    let (_, after) = after.split_once('"').unwrap();
                    format!("{before}{secret}{after}\n")
                }
                None => format!("{line}\n"),
            })
            .collect();
        let resolved = from(&format!("example-{count}"), &example, &[], Flags::default());
        let config = resolved.and_then(|resolved| resolved.check());
        let channels = config.map_err(rendered).unwrap().channels.unwrap();
        assert!(channels.dangers().is_empty());
        channels.settings.validate().unwrap();
        count += 1;
    }
    assert_eq!(count, 3);
}
