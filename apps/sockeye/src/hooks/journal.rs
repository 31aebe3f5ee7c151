//! What the application must still be told, on disk: events that it has not heard, and who is connected, so that those
//! are told of whom a crash took away.
//!
//! A thread writes. Entries that wait share a commit, which is not waited for: what happened in the last moments before
//! a crash may be missing, but who was connected longer than that is not.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use bytes::Bytes;
use rusqlite::{Connection, Transaction, params};
use serde_json::json;
use thiserror::Error;

/// How many entries may wait for the disk. What comes beyond is lost, counted and logged.
const MOST_WAITING: usize = 65_536;

/// How many entries a commit has at most.
const COMMIT: usize = 4096;

/// How long is waited before what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// How long another process may take to let go of the file.
const PATIENCE: Duration = Duration::from_secs(1);

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS connected (
        client TEXT PRIMARY KEY, user TEXT NOT NULL, transport TEXT NOT NULL, protocol TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
";

const END_LEASE: &str = "DELETE FROM connected WHERE client = ?";

/// The file can't be used.
#[derive(Debug, Error)]
#[error("{path}: what the application is to be told can't be kept")]
pub(crate) struct JournalError {
    path: PathBuf,
    source: rusqlite::Error,
}

/// Who is connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lease {
    pub(super) client: String,
    pub(super) user: String,
    pub(super) transport: String,
    pub(super) protocol: &'static str,
}

/// An event with its number, in the order in which it is told.
pub(super) type Numbered = (i64, Bytes);

enum Entry {
    Connected(Lease),
    /// An event; with a client, it has disconnected by it.
    Event(Numbered, Option<String>),
    /// It has disconnected, and there was no room for the event.
    Left(String),
    Told(Vec<i64>),
}

/// The file, while it is written to. Dropped, it is complete.
pub(crate) struct Journal {
    to: Option<SyncSender<Entry>>,
    writer: Option<JoinHandle<()>>,
    next: AtomicI64,
    lost: AtomicU64,
    /// What an earlier run left.
    left: Mutex<Vec<Numbered>>,
}

impl Journal {
    /// Opens the file, or makes it. Who was connected when a run before ended without a word has disconnected now.
    ///
    /// # Errors
    /// If it is none, or another process has it.
    pub(crate) fn open(path: &Path, now: u64) -> Result<Self, JournalError> {
        let named = |source| JournalError {
            path: path.to_owned(),
            source,
        };
        let mut connection = Connection::open(path).map_err(named)?;
        let left = begin(&mut connection, now).map_err(named)?;
        let (to, from) = sync_channel(MOST_WAITING);
        let writer = thread::Builder::new().name("journal".to_owned());
        let writer = writer
            .spawn(move || write(&mut connection, &from))
            .map_err(|error| named(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))?;
        Ok(Self {
            to: Some(to),
            writer: Some(writer),
            next: AtomicI64::new(left.last().map_or(1, |(number, _)| number + 1)),
            lost: AtomicU64::new(0),
            left: Mutex::new(left),
        })
    }

    /// Takes what an earlier run left to be told.
    pub(super) fn take_left(&self) -> Vec<Numbered> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut left)
    }

    /// Returns the number of the next event.
    pub(super) fn number(&self) -> i64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn connected(&self, lease: Lease) {
        self.put(Entry::Connected(lease));
    }

    pub(super) fn happened(&self, event: Numbered, ended: Option<String>) {
        self.put(Entry::Event(event, ended));
    }

    /// Notes that somebody left and nobody will be told. Else each of them stayed in the file until the next start.
    pub(super) fn left(&self, client: String) {
        self.put(Entry::Left(client));
    }

    pub(super) fn told(&self, numbers: Vec<i64>) {
        self.put(Entry::Told(numbers));
    }

    fn put(&self, entry: Entry) {
        let is_put = self
            .to
            .as_ref()
            .is_some_and(|to| to.try_send(entry).is_ok());
        if !is_put {
            let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
            if lost.is_power_of_two() {
                tracing::error!(lost, "the disk is too slow for what hooks.events is told");
            }
        }
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        drop(self.to.take());
        if let Some(writer) = self.writer.take() {
            // It has said why, if it panicked.
            let _ = writer.join();
        }
    }
}

/// Returns what is to be told, in order.
fn begin(connection: &mut Connection, now: u64) -> rusqlite::Result<Vec<Numbered>> {
    connection.busy_timeout(PATIENCE)?;
    // One process alone, and no file of shared memory.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(SCHEMA)?;
    let transaction = connection.transaction()?;
    let gone: Vec<Bytes> = {
        let mut all =
            transaction.prepare("SELECT client, user, transport, protocol FROM connected")?;
        let rows = all.query_map([], |row| {
            let client: String = row.get(0)?;
            let event = json!({
                "id": format!("{client}-gone"),
                "type": "disconnected",
                "time": now,
                "client": client,
                "user": row.get::<_, String>(1)?,
                "transport": row.get::<_, String>(2)?,
                "protocol": row.get::<_, String>(3)?,
                "code": GONE.0,
                "reason": GONE.1,
            });
            Ok(Bytes::from(event.to_string()))
        })?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for body in gone {
        transaction.execute("INSERT INTO events (body) VALUES (?)", [&body[..]])?;
    }
    transaction.execute("DELETE FROM connected", [])?;
    let left = {
        let mut all = transaction.prepare("SELECT number, body FROM events ORDER BY number")?;
        let rows = all.query_map([], |row| {
            let number: i64 = row.get(0)?;
            Ok((number, Bytes::from(row.get::<_, Vec<u8>>(1)?)))
        })?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    transaction.commit()?;
    Ok(left)
}

/// Code and reason of those whom a crash took away.
const GONE: (u32, &str) = (3000, "the server ended without a word");

/// Writes until nobody is left to tell anything. What can't be written now is tried again, with what came meanwhile.
fn write(connection: &mut Connection, from: &Receiver<Entry>) {
    let (mut batch, mut failures) = (Vec::new(), 0_u64);
    loop {
        let next = if batch.is_empty() {
            from.recv().map_err(RecvTimeoutError::from)
        } else {
            from.recv_timeout(AGAIN)
        };
        let is_last = matches!(next, Err(RecvTimeoutError::Disconnected));
        batch.extend(next);
        batch.extend(from.try_iter().take(COMMIT));
        // As many as may wait for their first turn.
        batch.truncate(MOST_WAITING);
        match commit(connection, &batch) {
            Ok(()) => batch.clear(),
            Err(error) => {
                failures += 1;
                if failures.is_power_of_two() {
                    let waiting = batch.len();
                    tracing::error!(%error, waiting, "what hooks.events is told can't be kept yet");
                }
            }
        }
        if is_last {
            return;
        }
    }
}

fn commit(connection: &mut Connection, entries: &[Entry]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for entry in entries {
        apply(&transaction, entry)?;
    }
    transaction.commit()
}

fn apply(transaction: &Transaction<'_>, entry: &Entry) -> rusqlite::Result<()> {
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| {
        transaction.prepare_cached(sql)?.execute(values).map(drop)
    };
    match entry {
        Entry::Connected(lease) => run(
            "INSERT OR REPLACE INTO connected VALUES (?, ?, ?, ?)",
            params![lease.client, lease.user, lease.transport, lease.protocol],
        ),
        Entry::Event((number, body), ended) => {
            run(
                "INSERT OR REPLACE INTO events VALUES (?, ?)",
                params![number, &body[..]],
            )?;
            let ended = ended.as_ref();
            ended.map_or(Ok(()), |client| run(END_LEASE, params![client]))
        }
        Entry::Left(client) => run(END_LEASE, params![client]),
        Entry::Told(numbers) => numbers
            .iter()
            .try_for_each(|number| run("DELETE FROM events WHERE number = ?", params![number])),
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, from_slice};

    use super::*;

    struct File(PathBuf);

    impl File {
        fn new(name: &str) -> Self {
            let name = format!("sockeye-journal-{}-{name}.db", std::process::id());
            Self(std::env::temp_dir().join(name))
        }

        fn open(&self) -> Result<Journal, JournalError> {
            Journal::open(&self.0, 7)
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            for suffix in ["", "-wal"] {
                let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
            }
        }
    }

    fn lease(client: &str) -> Lease {
        Lease {
            client: client.to_owned(),
            user: "ann".to_owned(),
            transport: "websocket".to_owned(),
            protocol: "json",
        }
    }

    fn event(journal: &Journal, text: &'static str) -> Numbered {
        (journal.number(), Bytes::from_static(text.as_bytes()))
    }

    #[test]
    fn what_was_not_told_is_told_by_the_next_run_and_who_was_connected_is_gone() {
        let file = File::new("left");
        let journal = file.open().unwrap();
        assert_eq!(journal.take_left(), []);
        for client in ["a", "b", "c"] {
            journal.connected(lease(client));
        }
        let events = ["{\"n\":1}", "{\"n\":2}"].map(|text| event(&journal, text));
        journal.happened(events[0].clone(), None);
        journal.happened(events[1].clone(), Some("b".to_owned()));
        journal.told(vec![events[0].0]);
        drop(journal);

        let journal = file.open().unwrap();
        let left = journal.take_left();
        assert_eq!(left[0], events[1]);
        let gone: Vec<Value> = left[1..]
            .iter()
            .map(|(_, body)| from_slice(body).unwrap())
            .collect();
        let told: Vec<_> = gone
            .iter()
            .map(|event| (&event["client"], &event["code"], &event["time"]))
            .collect();
        let (code, time) = (&json!(3000), &json!(7));
        assert_eq!(told, [(&json!("a"), code, time), (&json!("c"), code, time)]);
        journal.told(left.iter().map(|(number, _)| *number).collect());
        drop(journal);
        assert_eq!(file.open().unwrap().take_left(), []);
    }

    #[test]
    fn a_commit_that_fails_takes_nothing_and_can_be_made_again() {
        let file = File::new("full");
        let mut connection = Connection::open(&file.0).unwrap();
        begin(&mut connection, 7).unwrap();
        let pages: u32 = connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .unwrap();
        connection
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
            .unwrap();
        let large = Bytes::from(vec![b'x'; 100_000]);
        let batch = [Entry::Connected(lease("a")), Entry::Event((1, large), None)];
        assert!(commit(&mut connection, &batch).is_err());
        connection
            .query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))
            .unwrap();
        let (to, from) = sync_channel(2);
        batch.into_iter().for_each(|entry| to.send(entry).unwrap());
        drop(to);
        write(&mut connection, &from);
        drop(connection);
        assert_eq!(file.open().unwrap().take_left().len(), 2);
    }

    #[test]
    fn numbers_go_on_and_nobody_else_has_the_file() {
        let file = File::new("alone");
        let journal = file.open().unwrap();
        let first = event(&journal, "{}");
        journal.happened(first.clone(), None);
        assert!(file.open().is_err());
        drop(journal);
        let journal = file.open().unwrap();
        assert_eq!(journal.take_left(), std::slice::from_ref(&first));
        assert!(journal.number() > first.0);
    }
}
