//! What is deleted in the background, in steps so small that no publish waits for long.

use rusqlite::{Connection, Result, Transaction, TransactionBehavior};

use crate::{
    clock::Millis,
    lines::Cache,
    statements::{self, Kept},
};

/// How many rows of the table of channels a step looks at.
const LOOKS: i64 = 256;

/// How many rows a step deletes of each table.
const DELETES: i64 = 512;

/// How many channels a step takes out of memory.
const EVICTIONS: usize = 256;

/// Of how many parts of the time for which a stream is known one may be missing on disk.
const SLACK: i64 = 16;

/// Goes round the channels.
#[derive(Debug, Default)]
pub(crate) struct Upkeep {
    /// The last one that was looked at.
    cursor: i64,
}

/// Whether there may be more to do at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Soon,
    Later,
}

impl Upkeep {
    /// Does a step. It writes only where something has expired.
    pub(crate) fn step(
        &mut self,
        connection: &mut Connection,
        cache: &mut Cache,
        now: Millis,
    ) -> Result<Next> {
        let behavior = TransactionBehavior::Deferred;
        let transaction = connection.transaction_with_behavior(behavior)?;
        let mut room = DELETES;
        for _ in 0..EVICTIONS {
            let Some(line) = cache.evict() else {
                break;
            };
            let head = line.lock().head.clone();
            statements::touch(&transaction, head.id, head.known_until)?;
        }
        if statements::expire_keys(&transaction, now, DELETES)? > 0 {
            room -= 1;
        }
        let rows = statements::rows_behind(&transaction, self.cursor, LOOKS)?;
        let mut cursor = 0;
        if i64::try_from(rows.len()).is_ok_and(|len| len == LOOKS) {
            cursor = rows.last().map_or(0, |row| row.id);
        }
        let mut expired = Vec::new();
        for row in &rows {
            if room <= 0 {
                // The rest of them again.
                cursor = row.id - 1;
                break;
            }
            room -= tend(&transaction, cache, (row, room), now, &mut expired)?;
        }
        transaction.commit()?;
        self.cursor = cursor;
        for (name, id) in expired {
            if let Some(line) = cache.lines.find(&name) {
                let mut state = line.lock();
                if state.head.id == id && state.head.known_until <= now {
                    drop(state);
                    cache.remove(&name);
                } else if state.head.id == id && state.head.kept_until <= now {
                    state.head.floor = state.head.top;
                    state.forget(u64::MAX);
                }
            }
        }
        Ok(if room < DELETES {
            Next::Soon
        } else {
            Next::Later
        })
    }
}

/// Looks after one channel, and says how much of a step that took.
fn tend(
    transaction: &Transaction<'_>,
    cache: &Cache,
    (row, room): (&Kept, i64),
    now: Millis,
    expired: &mut Vec<(String, i64)>,
) -> Result<i64> {
    let mut floor = row.floor;
    let is_gone = match &row.name {
        None => true,
        Some(name) => {
            let line = cache.lines.find(name);
            let head = line.map(|line| line.lock().head.clone());
            let head = head.filter(|head| head.id == row.id);
            // Readers touch what is in memory.
            let known_until = head.map_or(row.known_until, |head| head.known_until);
            if known_until <= now {
                statements::disown(transaction, row.id)?;
                expired.push((name.clone(), row.id));
            } else if known_until - row.known_until > (known_until - now) / SLACK {
                statements::touch(transaction, row.id, known_until)?;
            }
            if row.kept_until <= now && floor < row.top {
                floor = row.top;
                statements::raise(transaction, row.id)?;
                expired.push((name.clone(), row.id));
            }
            known_until <= now
        }
    };
    let floor = if is_gone { row.top } else { floor };
    let trimmed = statements::trim(transaction, row.id, floor, room)?;
    let trimmed = i64::try_from(trimmed).unwrap_or(i64::MAX);
    if is_gone && trimmed < room {
        statements::delete(transaction, row.id)?;
        return Ok(trimmed + 1);
    }
    Ok(trimmed)
}
