//! What is said to the database, in SQL, and nowhere else but for the schema.

use std::sync::Arc;

use prost::Message;
use rusqlite::{Connection, OptionalExtension, Result, Row, params, types::Type};
use sockeye_channels::{Order, Publication, StreamPosition};

use crate::{
    clock::Millis,
    line::{Head, Query},
};

/// Reads where a channel's stream is.
pub(crate) fn head(connection: &Connection, channel: &str) -> Result<Option<Head>> {
    let sql = "SELECT id, epoch, top, floor, kept_until, known_until, version, version_epoch
        FROM channels WHERE name = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let head = |row: &Row<'_>| {
        let (version, version_epoch) = (row.get::<_, Option<i64>>(6)?, row.get(7)?);
        Ok(Head {
            id: row.get(0)?,
            epoch: row.get(1)?,
            top: row.get::<_, i64>(2)?.cast_unsigned(),
            floor: row.get::<_, i64>(3)?.cast_unsigned(),
            kept_until: row.get(4)?,
            known_until: row.get(5)?,
            version: version.map(i64::cast_unsigned).zip(version_epoch),
        })
    };
    statement.query_row([channel], head).optional()
}

/// Begins a stream, with an epoch that no other has.
pub(crate) fn begin(connection: &Connection, channel: &str, now: Millis) -> Result<Head> {
    let mut statement = connection.prepare_cached("SELECT randomblob(8)")?;
    let random: Vec<u8> = statement.query_row([], |row| row.get(0))?;
    let letter = |byte: u8| char::from(b'a' + byte % 26);
    let epoch: String = random.into_iter().map(letter).collect();
    let sql = "INSERT INTO channels (name, epoch, top, floor, kept_until, known_until)
        VALUES (?1, ?2, 0, 0, ?3, ?3)";
    connection
        .prepare_cached(sql)?
        .execute(params![channel, epoch, now])?;
    Ok(Head {
        id: connection.last_insert_rowid(),
        epoch: epoch.into(),
        top: 0,
        floor: 0,
        kept_until: now,
        known_until: now,
        version: None,
    })
}

/// Writes where a stream is now.
pub(crate) fn save(connection: &Connection, head: &Head) -> Result<()> {
    let sql = "UPDATE channels SET top = ?2, floor = ?3, kept_until = ?4, known_until = ?5,
        version = ?6, version_epoch = ?7 WHERE id = ?1";
    let (version, version_epoch) = head.version.clone().unzip();
    connection.prepare_cached(sql)?.execute(params![
        head.id,
        head.top.cast_signed(),
        head.floor.cast_signed(),
        head.kept_until,
        head.known_until,
        version.map(u64::cast_signed),
        version_epoch,
    ])?;
    Ok(())
}

/// Writes until when a stream is known.
pub(crate) fn touch(connection: &Connection, id: i64, known_until: Millis) -> Result<()> {
    let sql = "UPDATE channels SET known_until = ?2 WHERE id = ?1";
    connection.prepare_cached(sql)?.execute([id, known_until])?;
    Ok(())
}

/// Forgets the publications of a stream.
pub(crate) fn raise(connection: &Connection, id: i64) -> Result<()> {
    let sql = "UPDATE channels SET floor = top WHERE id = ?1";
    connection.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// Takes a stream its name: it is no longer there, and its rows are deleted later.
pub(crate) fn disown(connection: &Connection, id: i64) -> Result<()> {
    let sql = "UPDATE channels SET name = NULL, floor = top WHERE id = ?1";
    connection.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// Deletes the row of a stream.
pub(crate) fn delete(connection: &Connection, id: i64) -> Result<()> {
    let sql = "DELETE FROM channels WHERE id = ?1";
    connection.prepare_cached(sql)?.execute([id])?;
    Ok(())
}

/// Writes a publication.
pub(crate) fn append(connection: &Connection, id: i64, publication: &Publication) -> Result<()> {
    let sql = "INSERT INTO publications (channel, position, body) VALUES (?1, ?2, ?3)";
    let body = publication.encode_to_vec();
    let position = publication.offset.cast_signed();
    connection
        .prepare_cached(sql)?
        .execute(params![id, position, body])?;
    Ok(())
}

/// Deletes some of the publications up to an offset, and says how many.
pub(crate) fn trim(connection: &Connection, id: i64, floor: u64, limit: i64) -> Result<usize> {
    let sql = "DELETE FROM publications WHERE channel = ?1 AND position IN (
        SELECT position FROM publications WHERE channel = ?1 AND position <= ?2
        ORDER BY position LIMIT ?3)";
    let mut statement = connection.prepare_cached(sql)?;
    statement.execute([id, floor.cast_signed(), limit])
}

/// Reads publications.
pub(crate) fn publications(connection: &Connection, query: Query) -> Result<Vec<Arc<Publication>>> {
    let sql = match query.order {
        Order::Reverse => {
            "SELECT body FROM publications WHERE channel = ?1 AND position > ?2 AND position <= ?3
            ORDER BY position DESC LIMIT ?4"
        }
        _ => {
            "SELECT body FROM publications WHERE channel = ?1 AND position > ?2 AND position <= ?3
            ORDER BY position LIMIT ?4"
        }
    };
    let mut statement = connection.prepare_cached(sql)?;
    // What is beyond the numbers of the database is beyond its publications too.
    let number = |offset: u64| i64::try_from(offset).unwrap_or(i64::MAX);
    let range = [
        number(query.after),
        number(query.up_to),
        number(query.limit),
    ];
    let rows = statement.query_map([query.id, range[0], range[1], range[2]], |row| {
        let body = row.get_ref(0)?.as_blob()?;
        let publication = Publication::decode(body).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(0, Type::Blob, Box::new(error))
        })?;
        Ok(Arc::new(publication))
    })?;
    rows.collect()
}

/// Finds what was published under a key.
pub(crate) fn key(
    connection: &Connection,
    (channel, key): (&str, &str),
    now: Millis,
) -> Result<Option<StreamPosition>> {
    let sql = "SELECT top, epoch FROM keys WHERE channel = ?1 AND key = ?2 AND expires > ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let position = |row: &Row<'_>| {
        Ok(StreamPosition {
            offset: row.get::<_, i64>(0)?.cast_unsigned(),
            epoch: row.get(1)?,
        })
    };
    statement
        .query_row(params![channel, key, now], position)
        .optional()
}

/// Remembers what was published under a key.
pub(crate) fn put_key(
    connection: &Connection,
    (channel, key): (&str, &str),
    position: &StreamPosition,
    expires: Millis,
) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO keys (channel, key, expires, epoch, top)
        VALUES (?1, ?2, ?3, ?4, ?5)";
    let top = position.offset.cast_signed();
    let values = params![channel, key, expires, position.epoch, top];
    connection.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

/// Deletes some of the keys whose time has come, and says how many.
pub(crate) fn expire_keys(connection: &Connection, now: Millis, limit: i64) -> Result<usize> {
    let sql = "DELETE FROM keys WHERE (channel, key) IN (
        SELECT channel, key FROM keys WHERE expires <= ?1 ORDER BY expires LIMIT ?2)";
    connection.prepare_cached(sql)?.execute([now, limit])
}

/// A row of the table of channels, as far as upkeep wants to know.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    pub(crate) top: u64,
    pub(crate) floor: u64,
    pub(crate) kept_until: Millis,
    pub(crate) known_until: Millis,
}

/// Reads some rows behind another, whether they need anything or not.
pub(crate) fn rows_behind(connection: &Connection, id: i64, limit: i64) -> Result<Vec<Kept>> {
    let sql = "SELECT id, name, top, floor, kept_until, known_until FROM channels
        WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([id, limit], |row| {
        Ok(Kept {
            id: row.get(0)?,
            name: row.get(1)?,
            top: row.get::<_, i64>(2)?.cast_unsigned(),
            floor: row.get::<_, i64>(3)?.cast_unsigned(),
            kept_until: row.get(4)?,
            known_until: row.get(5)?,
        })
    })?;
    rows.collect()
}
