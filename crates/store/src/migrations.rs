//! Bringing a SQLite file to this version: the same migrations and the same table as the library's on PostgreSQL.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use crate::{
    error::{Error, Result},
    version::check_version,
};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/sqlite");
/// How long is waited for another process that writes.
const BUSY: Duration = Duration::from_secs(10);
/// As the library makes it.
const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL)";

/// Finds out whether a file is of this version, and with `migrate` makes it so. Blocks.
pub(crate) fn bring(path: &Path, migrate: bool) -> Result<()> {
    // SQLite has no lock of its own around a whole migration run, nor around the change to WAL; a file lock serves
    // two processes. It ends with the file.
    let lock = std::fs::File::create(path.with_extension("migrate-lock"));
    let _lock = lock.and_then(|file| file.lock().map(|()| file)).map_err(|e| Error::Migration(e.to_string()))?;
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, migrate);
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(BUSY)?;
    conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON")?;
    let applied = versions(&conn)?;
    if check_version(&MIGRATIONS, applied.clone(), migrate)? {
        return Ok(());
    }
    conn.execute_batch(TABLE)?;
    for migration in MIGRATIONS.iter().filter(|migration| !applied.contains(&migration.version)) {
        // At once for writing: a migration that began by reading could not go on beside another process's write.
        let tx = Transaction::new_unchecked(&conn, TransactionBehavior::Immediate)?;
        let done = tx.execute_batch(migration.sql.as_str()).and_then(|()| {
            tx.execute(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (?1, ?2, TRUE, ?3, 0)",
                params![migration.version, migration.description, &migration.checksum[..]],
            )
        });
        done.map_err(|error| Error::Migration(format!("{}: {error}", migration.version)))?;
        tx.commit()?;
    }
    Ok(())
}

fn versions(conn: &Connection) -> Result<Vec<i64>> {
    if !conn.table_exists(None, "_sqlx_migrations")? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare("SELECT version FROM _sqlx_migrations")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
