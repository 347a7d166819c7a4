//! A connection to either database, and the macros by which one SQL text runs on both.

use std::{path::PathBuf, str::FromStr};

use sqlx::{PgConnection, pool::PoolConnection, postgres::PgConnectOptions};

pub use crate::error::{Error, Result};
use crate::script::Scripted;

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
    Sqlite(Scripted),
    /// PostgreSQL outside a transaction.
    Postgres(PoolConnection<sqlx::Postgres>),
    /// PostgreSQL inside a transaction, rolled back when dropped.
    PostgresTx(sqlx::Transaction<'static, sqlx::Postgres>),
}

pub(crate) enum Backend<'c> {
    Sqlite(&'c mut Scripted),
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

    /// Runs a statement without parameters, behind whatever waits.
    pub(crate) async fn raw(&mut self, sql: &'static str) -> Result<()> {
        match self.backend() {
            Backend::Sqlite(conn) => {
                conn.later(sql);
                conn.flush().await
            }
            Backend::Postgres(conn) => sqlx::raw_sql(sql).execute(conn).await.map(drop).map_err(Error::from),
        }
    }

    /// As [`Conn::raw`]; SQLite runs it with the next statement.
    pub(crate) async fn raw_later(&mut self, sql: &'static str) -> Result<()> {
        if let Backend::Sqlite(conn) = self.backend() {
            conn.later(sql);
            return Ok(());
        }
        self.raw(sql).await
    }

    /// Runs what waits.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        match self.backend() {
            Backend::Sqlite(conn) => conn.flush().await,
            Backend::Postgres(_) => Ok(()),
        }
    }
}

/// Runs a statement on either database: `execute!(conn, SQL, binds…)` gives the row count,
/// `one!`, `optional!` and `all!` give rows of the named type.
///
/// `later!` is for a change whose row count nobody asks for and that no constraint refuses:
/// SQLite runs it together with the next statement of the transaction, or with its commit.
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn.backend() {
            $crate::db::Backend::Sqlite(c) => {
                let (sql, waiting) = c.statement($sql);
                let query = sqlx::query_with::<sqlx::Sqlite, _>(sql, waiting)$(.bind($bind))*;
                c.changes(query).await
            }
            $crate::db::Backend::Postgres(c) => sqlx::query::<sqlx::Postgres>($sql)$(.bind($bind))*.execute(c).await.map(|done| done.rows_affected()),
        }
        .map_err($crate::Error::from)
    };
}
macro_rules! later {
    ($conn:expr, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn.backend() {
            $crate::db::Backend::Sqlite(c) => {
                let arguments = c.later($sql);
                Ok(())$(.and_then(|()| sqlx::Arguments::add(arguments, $bind)))*.map_err($crate::error::encoding)
            }
            $crate::db::Backend::Postgres(c) => sqlx::query::<sqlx::Postgres>($sql)$(.bind($bind))*.execute(c).await.map(drop).map_err($crate::Error::from),
        }
    };
}
macro_rules! fetch {
    ($how:ident, $conn:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $conn.backend() {
            $crate::db::Backend::Sqlite(c) => {
                let (sql, waiting) = c.statement($sql);
                sqlx::query_as_with::<sqlx::Sqlite, $row, _>(sql, waiting)$(.bind($bind))*.$how(c.connection()).await
            }
            $crate::db::Backend::Postgres(c) => sqlx::query_as::<sqlx::Postgres, $row>($sql)$(.bind($bind))*.$how(c).await,
        }
        .map_err($crate::Error::from)
    };
}
macro_rules! one { ($($t:tt)*) => { $crate::db::fetch!(fetch_one, $($t)*) }; }
macro_rules! optional { ($($t:tt)*) => { $crate::db::fetch!(fetch_optional, $($t)*) }; }
macro_rules! all { ($($t:tt)*) => { $crate::db::fetch!(fetch_all, $($t)*) }; }
pub(crate) use {all, execute, fetch, later, one, optional};
