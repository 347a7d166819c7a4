//! The two databases behind one door, and what differs between them.

use std::{path::PathBuf, str::FromStr, time::Duration};

use futures_util::future::BoxFuture;
use sqlx::{
    ConnectOptions, PgConnection, PgPool, SqliteConnection, SqlitePool,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::writer::Writer;

static SQLITE_MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES_MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/postgres");

/// Where the data is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file; its folder must exist.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl FromStr for Location {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err("sqlite: wants a path, such as sqlite:kagiya-data/kagiya.db".into());
            }
            return Ok(Self::Sqlite(path.into()));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            PgConnectOptions::from_str(text).map_err(|e| format!("not a PostgreSQL URL: {e}"))?;
            return Ok(Self::Postgres(text.into()));
        }
        Err("expected sqlite:PATH or postgres://USER@HOST/DATABASE".into())
    }
}

/// What can go wrong in a store. None of it is the member's fault.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database refused, was gone, or was too slow.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// The data was written by a newer version of this program.
    #[error(
        "the database was written by a newer Kagiya (it has migration {0}, which this version does not know); \
         start that version, or restore a backup from before it"
    )]
    NewerSchema(i64),
    /// The data is of an older version and `kagiya migrate` has not been run.
    #[error("the database is not at this version; run `kagiya migrate` first ({0} migrations are missing)")]
    OlderSchema(usize),
    /// A migration could not be applied.
    #[error("migration: {0}")]
    Migration(String),
    /// A row holds what this program never writes.
    #[error("the database holds an unreadable {0}")]
    Unreadable(&'static str),
    /// The caller found in the middle of its work that it must be undone.
    #[error("undone")]
    Undone,
    /// The writer has stopped: the program is shutting down.
    #[error("the store is closing")]
    Closing,
}

impl Error {
    pub(crate) fn copy(&self) -> Self {
        match self {
            Self::NewerSchema(version) => Self::NewerSchema(*version),
            Self::OlderSchema(missing) => Self::OlderSchema(*missing),
            Self::Unreadable(what) => Self::Unreadable(what),
            Self::Undone => Self::Undone,
            Self::Closing => Self::Closing,
            Self::Database(e) => Self::Database(sqlx::Error::Protocol(e.to_string())),
            Self::Migration(text) => Self::Migration(text.clone()),
        }
    }
}

/// The result of a store function.
pub type Result<T> = std::result::Result<T, Error>;

/// A connection to one of the two; inside [`Store::write`] it is in a transaction.
pub enum Conn {
    /// SQLite.
    Sqlite(PoolConnection<sqlx::Sqlite>),
    /// PostgreSQL outside a transaction.
    Postgres(PoolConnection<sqlx::Postgres>),
    /// PostgreSQL inside a transaction, rolled back when dropped.
    PostgresTx(sqlx::Transaction<'static, sqlx::Postgres>),
}

pub(crate) enum Backend<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

impl Conn {
    pub(crate) fn backend(&mut self) -> Backend<'_> {
        match self {
            Self::Sqlite(conn) => Backend::Sqlite(conn),
            Self::Postgres(conn) => Backend::Postgres(conn),
            Self::PostgresTx(tx) => Backend::Postgres(tx),
        }
    }

    pub(crate) async fn raw(&mut self, sql: &'static str) -> Result<()> {
        match self.backend() {
            Backend::Sqlite(conn) => sqlx::raw_sql(sql).execute(conn).await.map(drop),
            Backend::Postgres(conn) => sqlx::raw_sql(sql).execute(conn).await.map(drop),
        }
        .map_err(Error::from)
    }
}

/// Runs a statement on either database: `execute!(conn, SQL, binds…)` gives the row count,
/// `one!`, `optional!` and `all!` give rows of the named type.
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn.backend() {
            $crate::db::Backend::Sqlite(c) => sqlx::query::<sqlx::Sqlite>($sql)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()),
            $crate::db::Backend::Postgres(c) => sqlx::query::<sqlx::Postgres>($sql)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()),
        }
        .map_err($crate::Error::from)
    };
}
macro_rules! fetch {
    ($how:ident, $conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn.backend() {
            $crate::db::Backend::Sqlite(c) => sqlx::query_as::<sqlx::Sqlite, $row>($sql)$(.bind($bind))*.$how(c).await,
            $crate::db::Backend::Postgres(c) => sqlx::query_as::<sqlx::Postgres, $row>($sql)$(.bind($bind))*.$how(c).await,
        }
        .map_err($crate::Error::from)
    };
}
macro_rules! one { ($($t:tt)*) => { $crate::db::fetch!(fetch_one, $($t)*) }; }
macro_rules! optional { ($($t:tt)*) => { $crate::db::fetch!(fetch_optional, $($t)*) }; }
macro_rules! all { ($($t:tt)*) => { $crate::db::fetch!(fetch_all, $($t)*) }; }
pub(crate) use {all, execute, fetch, one, optional};

/// The open database.
#[derive(Clone)]
pub struct Store {
    inner: Inner,
}

#[derive(Clone)]
enum Inner {
    Sqlite { pool: SqlitePool, writer: Writer },
    Postgres { pool: PgPool },
}

impl Store {
    /// Opens the database; `migrate` brings it to this version first.
    ///
    /// # Errors
    /// When it cannot be reached, or is of another version.
    pub async fn open(location: &Location, migrate: bool) -> Result<Self> {
        match location {
            Location::Sqlite(path) => Self::open_sqlite(path, migrate).await,
            Location::Postgres(url) => Self::open_postgres(url, migrate).await,
        }
    }

    async fn open_sqlite(path: &std::path::Path, migrate: bool) -> Result<Self> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(migrate)
            .journal_mode(SqliteJournalMode::Wal)
            // FULL syncs the log at every commit: what was acknowledged survives power loss.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(10))
            .pragma("cache_size", "-4096")
            .disable_statement_logging();
        let writer_pool = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        // SQLite has no lock of its own around a whole migration run; a file lock serves two processes.
        let lock_path = path.with_extension("migrate-lock");
        let lock = tokio::task::spawn_blocking(move || {
            let file = std::fs::File::create(lock_path)?;
            file.lock().map(|()| file)
        })
        .await
        .map_err(|e| Error::Migration(e.to_string()))?
        .map_err(|e| Error::Migration(e.to_string()))?;
        let applied = check_version(&SQLITE_MIGRATIONS, sqlite_versions(&writer_pool).await?, migrate)?;
        if !applied {
            SQLITE_MIGRATIONS.run(&writer_pool).await.map_err(migration_error)?;
        }
        drop(lock);
        let pool = SqlitePoolOptions::new()
            .min_connections(1)
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await?;
        let conn = writer_pool.acquire().await?;
        Ok(Self { inner: Inner::Sqlite { pool, writer: Writer::start(Conn::Sqlite(conn)) } })
    }

    async fn open_postgres(url: &str, migrate: bool) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)?.application_name("kagiya").disable_statement_logging();
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options)
            .await?;
        let versions = postgres_versions(&pool).await?;
        // An empty database holds nothing that a person would want to keep from migrating.
        let migrate = migrate || versions.is_empty();
        let applied = check_version(&POSTGRES_MIGRATIONS, versions, migrate)?;
        if !applied {
            POSTGRES_MIGRATIONS.run(&pool).await.map_err(migration_error)?;
        }
        Ok(Self { inner: Inner::Postgres { pool } })
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the database is gone or busy beyond patience.
    pub async fn reader(&self) -> Result<Conn> {
        Ok(match &self.inner {
            Inner::Sqlite { pool, .. } => Conn::Sqlite(pool.acquire().await?),
            Inner::Postgres { pool } => Conn::Postgres(pool.acquire().await?),
        })
    }

    /// Runs `work` in one transaction; it is durable when this returns `Ok`, and undone when
    /// `work` fails. SQLite groups the transactions that wait into one commit.
    ///
    /// # Errors
    /// What `work` or the commit says.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        self.write_with(true, work).await
    }

    /// As [`Store::write`], for what may be forgotten in a power loss: atomic and seen by
    /// every process, but SQLite does not sync the disk for it.
    ///
    /// # Errors
    /// What `work` or the commit says.
    pub async fn write_forgettable<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        self.write_with(false, work).await
    }

    async fn write_with<T, F>(&self, durable: bool, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Send + 'static,
    {
        match &self.inner {
            Inner::Sqlite { writer, .. } => writer.run(durable, work).await,
            Inner::Postgres { pool } => {
                let mut conn = Conn::PostgresTx(pool.begin().await?);
                let value = work(&mut conn).await?;
                if let Conn::PostgresTx(tx) = conn {
                    tx.commit().await?;
                }
                Ok(value)
            }
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.reader().await?.raw("SELECT 1").await
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match &self.inner {
            Inner::Sqlite { .. } => "sqlite",
            Inner::Postgres { .. } => "postgres",
        }
    }

    /// Finishes what was begun and closes.
    pub async fn close(&self) {
        match &self.inner {
            Inner::Sqlite { pool, writer } => {
                writer.stop().await;
                pool.close().await;
            }
            Inner::Postgres { pool } => pool.close().await,
        }
    }
}

/// `true` when nothing is left to do.
fn check_version(known: &sqlx::migrate::Migrator, applied: Vec<i64>, migrate: bool) -> Result<bool> {
    if let Some(newer) = applied.iter().find(|version| !known.version_exists(**version)) {
        return Err(Error::NewerSchema(*newer));
    }
    let missing = known.iter().filter(|m| !applied.contains(&m.version)).count();
    match (missing, migrate) {
        (0, _) => Ok(true),
        (_, true) => Ok(false),
        (missing, false) => Err(Error::OlderSchema(missing)),
    }
}

fn migration_error(error: sqlx::migrate::MigrateError) -> Error {
    Error::Migration(error.to_string())
}

async fn sqlite_versions(pool: &SqlitePool) -> Result<Vec<i64>> {
    let table: Option<(i64,)> =
        sqlx::query_as("SELECT 1 FROM sqlite_master WHERE name = '_sqlx_migrations'").fetch_optional(pool).await?;
    if table.is_none() {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64,)> = sqlx::query_as("SELECT version FROM _sqlx_migrations").fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

async fn postgres_versions(pool: &PgPool) -> Result<Vec<i64>> {
    let (exists,): (bool,) =
        sqlx::query_as("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(pool).await?;
    if !exists {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64,)> = sqlx::query_as("SELECT version FROM _sqlx_migrations").fetch_all(pool).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}
