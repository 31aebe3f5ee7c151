//! Replays the corpus of every fuzz target: what once broke, or reached far, is tried at each test run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::{
    collections::BTreeSet,
    fs, panic,
    path::{Path, PathBuf},
};

use sockeye_fuzz::TARGETS;

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn names_in(folder: &str) -> BTreeSet<String> {
    let files = files_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let names = files.iter().map(|file| file.file_stem().unwrap());
    names
        .map(|name| name.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_target_holds_for_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for (name, target) in TARGETS {
        let files = files_in(&corpus.join(name));
        assert!(!files.is_empty(), "{name} has no corpus");
        for file in files {
            let data = fs::read(&file).unwrap();
            let held = panic::catch_unwind(|| target(&data));
            assert!(held.is_ok(), "{name} fails for {}", file.display());
        }
    }
}

#[test]
fn every_target_has_a_corpus_and_a_fuzzer_and_there_are_no_others() {
    let targets: BTreeSet<String> = TARGETS.map(|(name, _)| name.to_owned()).into();
    assert_eq!(names_in("corpus"), targets);
    assert_eq!(names_in("libfuzzer/targets"), targets);
}
