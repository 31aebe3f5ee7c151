//! Files that can't be opened, and what is said of them.

use std::{fs, path::Path};

use rusqlite::Connection;
use sockeye_broker_sqlite::{OpenError, Options, SqliteBroker};

use super::{open, publish};

fn refused(path: &Path) -> OpenError {
    let error = SqliteBroker::open(path, Options::default()).unwrap_err();
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error} names no file"
    );
    error
}

#[tokio::test]
async fn a_directory_that_is_missing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a/b/s.db");
    publish(&open(&file), "1").await;
    let below = file.join("s.db");
    assert!(matches!(refused(&below), OpenError::Directory { .. }));
}

#[tokio::test]
async fn a_file_is_of_one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let first = open(&file);
    assert!(matches!(refused(&file), OpenError::Locked { .. }));
    first.close().await;
    publish(&open(&file), "1").await;
}

#[test]
fn a_database_that_somebody_holds_is_locked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let other = Connection::open(&file).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert!(matches!(refused(&file), OpenError::Locked { .. }));
}

#[test]
fn what_is_no_database_of_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    let text = "not a database at all, ".repeat(100);
    fs::write(&file, &text).unwrap();
    assert!(matches!(refused(&file), OpenError::NotADatabase { .. }));
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    fs::remove_file(&file).unwrap();
    let other = Connection::open(&file).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(refused(&file), OpenError::Foreign { .. }));
    fs::create_dir(folder.path().join("d")).unwrap();
    refused(&folder.path().join("d"));
}

#[tokio::test]
async fn a_schema_of_a_later_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    open(&file).close().await;
    let other = Connection::open(&file).unwrap();
    other.execute_batch("PRAGMA user_version = 2").unwrap();
    let error = refused(&file);
    assert!(
        matches!(
            error,
            OpenError::TooNew {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error:?}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_may_not_be_written_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.db");
    open(&file).close().await;
    let closed = fs::Permissions::from_mode(0o444);
    fs::set_permissions(&file, closed).unwrap();
    if fs::File::options().write(true).open(&file).is_ok() {
        // The superuser may.
        return;
    }
    assert!(matches!(refused(&file), OpenError::ReadOnly { .. }));
}
