//! SQLite on the calling thread. A driver with a thread of its own costs two switches of threads a
//! statement, which is more than most statements cost.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{CachedStatement, Connection, OpenFlags, Row, ToSql};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// Connections for reading. A read is short, and the log lets it run beside the writer.
const READERS: usize = 4;
/// How long is waited for one of them.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long is waited for another process that holds the file. It stops a thread that answers others.
const BUSY: Duration = Duration::from_secs(2);
/// Statements that a connection keeps prepared.
const PREPARED: usize = 128;

/// A row of named columns, read from either database. `kind: FlowKind as "String"` is kept as its word.
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $kind:ty $(as $kept:tt)?),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(sqlx::FromRow)]
        $vis struct $name { $($(#[$field_meta])* $(#[sqlx(try_from = $kept)])? $field_vis $field: $kind),* }

        impl TryFrom<&rusqlite::Row<'_>> for $name {
            type Error = rusqlite::Error;

            fn try_from(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
                Ok(Self { $($field: $crate::lite::row!(@read row, $field $(, $kept)?)),* })
            }
        }
    };
    (@read $row:ident, $field:ident) => { $row.get(stringify!($field))? };
    (@read $row:ident, $field:ident, "Option<String>") => {
        $row.get::<_, Option<String>>(stringify!($field))?.into()
    };
    (@read $row:ident, $field:ident, $kept:literal) => {
        $crate::lite::word($row.get::<_, String>(stringify!($field))?)?
    };
}
pub(crate) use row;

/// What a kept word stands for.
pub(crate) fn word<T>(word: String) -> rusqlite::Result<T>
where
    T: TryFrom<String>,
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let unreadable = |error| rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error));
    T::try_from(word).map_err(unreadable)
}

/// A connection to a SQLite file.
pub struct Lite {
    /// `None` while it is dropped only.
    conn: Option<Connection>,
    home: Option<(Arc<Shelf>, OwnedSemaphorePermit)>,
}

impl Lite {
    /// The connection that writes.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let conn = connect(path)?;
        // A group's savepoints need the pages that they change once more as they were: kept in memory. In a file,
        // as is usual beyond 64 KiB, they cost more calls than everything else together.
        conn.execute_batch("PRAGMA temp_store = MEMORY")?;
        Ok(Self { conn: Some(conn), home: None })
    }

    fn connection(&mut self) -> rusqlite::Result<&mut Connection> {
        self.conn.as_mut().ok_or(rusqlite::Error::InvalidQuery)
    }

    /// How long another process that holds the file is waited for from now on.
    pub(crate) fn patience(&mut self, time: Duration) -> rusqlite::Result<()> {
        self.connection()?.busy_timeout(time)
    }

    /// Statements without parameters.
    pub(crate) fn batch(&mut self, sql: &str) -> rusqlite::Result<()> {
        self.connection()?.execute_batch(sql)
    }

    /// Returns the number of rows that were changed.
    pub(crate) fn execute(&mut self, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<u64> {
        let changed = bound(self.connection()?, sql, values)?.raw_execute()?;
        Ok(u64::try_from(changed).unwrap_or(u64::MAX))
    }

    pub(crate) fn fetch_all<T>(&mut self, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Vec<T>>
    where
        T: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>,
    {
        let mut statement = bound(self.connection()?, sql, values)?;
        let mut rows = statement.raw_query();
        let mut read = Vec::new();
        while let Some(row) = rows.next()? {
            read.push(T::try_from(row)?);
        }
        Ok(read)
    }

    pub(crate) fn fetch_optional<T>(&mut self, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Option<T>>
    where
        T: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>,
    {
        let mut statement = bound(self.connection()?, sql, values)?;
        let mut rows = statement.raw_query();
        rows.next()?.map(T::try_from).transpose()
    }

    pub(crate) fn fetch_one<T>(&mut self, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<T>
    where
        T: for<'r> TryFrom<&'r Row<'r>, Error = rusqlite::Error>,
    {
        self.fetch_optional(sql, values)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }
}

impl Drop for Lite {
    fn drop(&mut self) {
        if let (Some(conn), Some((shelf, _place))) = (self.conn.take(), self.home.take())
            && !shelf.places.is_closed()
        {
            shelf.free().push(conn);
        }
    }
}

/// A prepared statement with its values.
fn bound<'c>(conn: &'c Connection, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<CachedStatement<'c>> {
    let mut statement = conn.prepare_cached(sql)?;
    for place in 1..=statement.parameter_count() {
        // `$2` is a name to SQLite, which numbers names in the order in which they first appear.
        let number = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = number.and_then(|number| values.get(number.checked_sub(1)?));
        let value = *value.ok_or(rusqlite::Error::InvalidParameterCount(place, values.len()))?;
        statement.raw_bind_parameter(place, value)?;
    }
    Ok(statement)
}

fn connect(path: &Path) -> Result<Connection> {
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY)?;
    conn.set_prepared_statement_cache_capacity(PREPARED);
    // FULL syncs the log at every commit: what was acknowledged survives power loss. The log may grow
    // to 16 MiB before it is written back: a page that many change is then written once.
    conn.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA cache_size = -4096; PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 4000",
    )?;
    Ok(conn)
}

/// Connections that are lent for reading.
pub(crate) struct Shelf {
    path: PathBuf,
    free: Mutex<Vec<Connection>>,
    places: Arc<Semaphore>,
}

impl Shelf {
    pub(crate) fn new(path: &Path) -> Arc<Self> {
        Arc::new(Self { path: path.to_owned(), free: Mutex::default(), places: Arc::new(Semaphore::new(READERS)) })
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn lend(self: &Arc<Self>) -> Result<Lite> {
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.places).acquire_owned()).await;
        let place = place.map_err(|_| Error::Busy)?.map_err(|_| Error::Closing)?;
        let waiting = self.free().pop();
        let conn = match waiting {
            Some(conn) => conn,
            None => connect(&self.path)?,
        };
        Ok(Lite { conn: Some(conn), home: Some((Arc::clone(self), place)) })
    }

    /// Lends no more, and closes what is not lent.
    pub(crate) fn close(&self) {
        self.places.close();
        self.free().clear();
    }
}
