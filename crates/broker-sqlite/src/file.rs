//! The file: opened, locked, and of the right schema.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, Error, ErrorCode, OpenFlags, TransactionBehavior};

use crate::{OpenError, Options, Synchronous};

/// Says whose database it is: "Sock", in the header of the file.
const APPLICATION_ID: i32 = 0x536f_636b;

/// How long a connection waits for another of this process, or for somebody who looks into the file.
const PATIENCE: Duration = Duration::from_secs(2);

/// What makes each schema of the one before. The file says how many of them it has seen.
///
/// A channel that is forgotten loses its name at once, and its row with the last of its publications. Publications up
/// to `floor` are gone, whether they are deleted yet or not; so are all after `kept_until`.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE channels (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT UNIQUE,
        epoch TEXT NOT NULL,
        top INTEGER NOT NULL,
        floor INTEGER NOT NULL,
        kept_until INTEGER NOT NULL,
        known_until INTEGER NOT NULL,
        version INTEGER,
        version_epoch TEXT
    ) STRICT;
    CREATE TABLE publications (
        channel INTEGER NOT NULL,
        position INTEGER NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (channel, position)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE keys (
        channel TEXT NOT NULL,
        key TEXT NOT NULL,
        expires INTEGER NOT NULL,
        epoch TEXT NOT NULL,
        top INTEGER NOT NULL,
        PRIMARY KEY (channel, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX keys_by_expiry ON keys (expires);
"];

/// Keeps others away from the file until it is dropped, also by a crash.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Opens the file for the one who writes.
pub(crate) fn open(path: &Path, options: &Options) -> Result<(Lock, Connection), OpenError> {
    let lock = lock(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let named = |error| named(path, error);
    let mut connection = Connection::open_with_flags(path, flags).map_err(named)?;
    check_owner(path, &connection)?;
    if connection.is_readonly("main").map_err(named)? {
        let (path, source) = (path.to_owned(), None);
        return Err(OpenError::ReadOnly { path, source });
    }
    prepare(&connection, options).map_err(named)?;
    migrate(&mut connection).map_err(named)?;
    Ok((lock, connection))
}

/// Opens it for one who reads.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(PATIENCE)?;
        Ok(connection)
    });
    opened.map_err(|error| named(path, error))
}

/// The lock is a file of its own: locks on the database itself are SQLite's.
fn lock(path: &Path) -> Result<Lock, OpenError> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Some(directory) = directory {
        fs::create_dir_all(directory).map_err(|source| {
            let path = path.to_owned();
            OpenError::Directory { path, source }
        })?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    let opened = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(PathBuf::from(beside));
    let file = opened.map_err(|source| not_written(path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(not_written(path, source)),
    }
}

fn not_written(path: &Path, source: io::Error) -> OpenError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::StorageFull => OpenError::Full { path },
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            let source = Some(source);
            OpenError::ReadOnly { path, source }
        }
        _ => {
            let source = Box::new(source);
            OpenError::Storage { path, source }
        }
    }
}

/// Looks at the header, before anything is written.
fn check_owner(path: &Path, connection: &Connection) -> Result<(), OpenError> {
    let read = |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let named = |error| named(path, error);
    let tables = "SELECT count(*) FROM sqlite_schema";
    let tables: i64 = connection
        .query_row(tables, [], |row| row.get(0))
        .map_err(named)?;
    let owner = read("application_id").map_err(named)?;
    let path = path.to_owned();
    if owner != APPLICATION_ID && (owner != 0 || tables > 0) {
        return Err(OpenError::Foreign { path });
    }
    let found = read("user_version").map_err(|error| self::named(&path, error))?;
    let found = u32::try_from(found).unwrap_or(u32::MAX);
    let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
    if found > known {
        return Err(OpenError::TooNew { path, found, known });
    }
    Ok(())
}

fn prepare(connection: &Connection, options: &Options) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Normal => "NORMAL",
    };
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        tracing::warn!(
            mode,
            "the database keeps no write-ahead log: publishes are slower"
        );
    }
    connection.pragma_update(None, "synchronous", synchronous)?;
    // What macOS asks for where others mean it with fsync.
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    if let Some(pages) = options.danger.max_pages {
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    Ok(())
}

fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    // Also where there is nothing to do: somebody else's lock shows here, not with the first publish.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let seen = transaction.pragma_query_value(None, "user_version", |row| row.get::<_, i32>(0))?;
    let seen = usize::try_from(seen).unwrap_or(usize::MAX);
    for (number, migration) in (1..).zip(MIGRATIONS).skip(seen) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    transaction.commit()
}

fn named(path: &Path, error: Error) -> OpenError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::Locked { path },
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::NotADatabase { path }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            let source = None;
            OpenError::ReadOnly { path, source }
        }
        Some(ErrorCode::DiskFull) => OpenError::Full { path },
        _ => {
            let source = Box::new(error);
            OpenError::Storage { path, source }
        }
    }
}
