//! A connection to either database, and the macros by which one SQL text runs on both.

use std::{path::PathBuf, str::FromStr};

use sqlx::{PgConnection, pool::PoolConnection, postgres::PgConnectOptions};

pub use crate::error::{Error, Result};
use crate::lite::Lite;

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

/// A connection to one of the two; inside [`Store::write`] it is in a transaction.
pub enum Conn {
    /// SQLite.
    Sqlite(Lite),
    /// PostgreSQL outside a transaction.
    Postgres(PoolConnection<sqlx::Postgres>),
    /// PostgreSQL inside a transaction, rolled back when dropped.
    PostgresTx(sqlx::Transaction<'static, sqlx::Postgres>),
}

pub(crate) enum Backend<'c> {
    Sqlite(&'c mut Lite),
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

    /// Runs statements without parameters.
    pub(crate) async fn raw(&mut self, sql: &'static str) -> Result<()> {
        match self.backend() {
            Backend::Sqlite(conn) => conn.batch(sql).map_err(Error::from),
            Backend::Postgres(conn) => sqlx::raw_sql(sql).execute(conn).await.map(drop).map_err(Error::from),
        }
    }
}

/// Runs a statement on either database: `execute!(conn, SQL, binds…)` gives the row count,
/// `one!`, `optional!` and `all!` give rows of the named type.
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn.backend() {
            $crate::db::Backend::Sqlite(c) => {
                c.execute($sql, &[$(&$bind as &dyn rusqlite::ToSql),*]).map_err($crate::Error::from)
            }
            $crate::db::Backend::Postgres(c) => sqlx::query::<sqlx::Postgres>($sql)$(.bind($bind))*
                .execute(c)
                .await
                .map(|done| done.rows_affected())
                .map_err($crate::Error::from),
        }
    };
}
macro_rules! fetch {
    ($how:ident, $conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn.backend() {
            $crate::db::Backend::Sqlite(c) => {
                c.$how::<$row>($sql, &[$(&$bind as &dyn rusqlite::ToSql),*]).map_err($crate::Error::from)
            }
            $crate::db::Backend::Postgres(c) => sqlx::query_as::<sqlx::Postgres, $row>($sql)$(.bind($bind))*
                .$how(c)
                .await
                .map_err($crate::Error::from),
        }
    };
}
macro_rules! one { ($($t:tt)*) => { $crate::db::fetch!(fetch_one, $($t)*) }; }
macro_rules! optional { ($($t:tt)*) => { $crate::db::fetch!(fetch_optional, $($t)*) }; }
macro_rules! all { ($($t:tt)*) => { $crate::db::fetch!(fetch_all, $($t)*) }; }
pub(crate) use crate::lite::row;
pub(crate) use {all, execute, fetch, one, optional};
