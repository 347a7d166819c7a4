//! A connection to either database, and the macros by which one SQL text runs on both.

use std::{path::PathBuf, str::FromStr};

use sqlx::{PgConnection, SqliteConnection, pool::PoolConnection, postgres::PgConnectOptions};

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
