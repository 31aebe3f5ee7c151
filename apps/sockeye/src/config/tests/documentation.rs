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

/// Pages with examples, and how many each has.
const EXAMPLES: [(&str, usize); 7] = [
    (DOCUMENT, 3),
    (include_str!("../../../../../docs/book/src/start.md"), 1),
    (include_str!("../../../../../docs/book/src/channels.md"), 3),
    (include_str!("../../../../../docs/book/src/security.md"), 3),
    (
        include_str!("../../../../../docs/book/src/production.md"),
        1,
    ),
    (
        include_str!("../../../../../docs/book/src/from-centrifugo.md"),
        1,
    ),
    (
        include_str!("../../../../../docs/book/src/from-socketio.md"),
        1,
    ),
];

#[test]
fn every_example_can_be_used() {
    let folder = Folder::new("examples");
    std::fs::write(folder.0.join("secret"), "sesame").unwrap();
    let secret = format!("file:{}", folder.0.join("secret").display());
    for (page, expected) in EXAMPLES {
        let examples = page.split("```toml\n").skip(1);
        let examples = examples.filter_map(|rest| rest.split("```").next());
        let mut count = 0;
        for example in examples {
            let example = with_secret(example, &secret);
            let resolved = from("example", &example, &[], Flags::default());
            let config = resolved.and_then(|resolved| resolved.check());
            let channels = config.map_err(rendered).unwrap().channels.unwrap();
            assert!(channels.dangers().is_empty());
            channels.settings.validate().unwrap();
            count += 1;
        }
        assert_eq!(count, expected, "{}", page.lines().next().unwrap());
    }
}

/// Lets every secret that an example names be in a file that is there.
fn with_secret(example: &str, secret: &str) -> String {
    let mut parts = example.split("\"file:");
    let before = parts.next().unwrap().to_owned();
    parts.fold(before, |before, part| {
        let (_, after) = part.split_once('"').unwrap();
        format!("{before}\"{secret}\"{after}")
    })
}
