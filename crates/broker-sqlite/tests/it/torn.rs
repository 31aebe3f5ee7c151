//! The end of the write-ahead log is torn or garbled, as a loss of power leaves it: what was on disk before is there,
//! and of the rest a beginning without holes.

use std::{fs, path::Path};

use sockeye_channels::contract::Ledger;

use super::{all, open, publish};

/// A copy of a database in use whose log has only so many bytes, and then others.
fn torn(from: &Path, to: &Path, len: usize, garbage: &[u8]) {
    fs::copy(from.join("s.db"), to.join("s.db")).unwrap();
    let mut log = fs::read(from.join("s.db-wal")).unwrap();
    log.truncate(len);
    log.extend(garbage);
    fs::write(to.join("s.db-wal"), log).unwrap();
}

#[tokio::test]
async fn a_torn_or_garbled_end_of_the_log_takes_nothing_that_was_acknowledged_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(&folder.path().join("s.db"));
    let mut ledger = Ledger::default();
    for number in 0..20 {
        let data = format!("{number}");
        let position = publish(&broker, &data).await;
        ledger.acknowledge("news", &position, data.as_bytes());
    }
    let log = || usize::try_from(fs::metadata(folder.path().join("s.db-wal")).unwrap().len());
    let safe = log().unwrap();
    for number in 20..30 {
        publish(&broker, &format!("{number}")).await;
    }
    let whole = log().unwrap();
    assert!(whole > safe, "the log was moved into the file meanwhile");
    let mut seen = Vec::new();
    for cut in (safe..=whole).step_by(4999).chain([safe, whole]) {
        for garbage in [&b""[..], &[0xa5; 5000], &[0; 5000]] {
            let copy = tempfile::tempdir().unwrap();
            torn(folder.path(), copy.path(), cut, garbage);
            let reopened = open(&copy.path().join("s.db"));
            let history = all(&reopened, "news").await;
            assert_eq!(ledger.faults("news", &history), [], "cut at {cut}");
            seen.push(history.top.offset);
            let next = publish(&reopened, "next").await;
            assert_eq!(next.offset, history.top.offset + 1);
            reopened.close().await;
        }
    }
    assert!(seen.contains(&20) && seen.contains(&30), "{seen:?}");
}

#[tokio::test]
async fn the_checker_finds_what_a_cut_further_ahead_takes() {
    let folder = tempfile::tempdir().unwrap();
    let broker = open(&folder.path().join("s.db"));
    let mut ledger = Ledger::default();
    for number in 0..20 {
        let data = format!("{number}");
        let position = publish(&broker, &data).await;
        ledger.acknowledge("news", &position, data.as_bytes());
    }
    let len = fs::metadata(folder.path().join("s.db-wal")).unwrap().len();
    let copy = tempfile::tempdir().unwrap();
    let cut = usize::try_from(len).unwrap() - 100;
    torn(folder.path(), copy.path(), cut, &[]);
    let reopened = open(&copy.path().join("s.db"));
    assert_ne!(ledger.faults("news", &all(&reopened, "news").await), []);
}
