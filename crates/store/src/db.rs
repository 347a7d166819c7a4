//! A connection to either database, and the macros by which one SQL text runs on both.

use std::{path::PathBuf, str::FromStr};

use sqlx::{PgConnection, pool::PoolConnection, postgres::PgConnectOptions};

pub use crate::error::{Error, Result};
use crate::lite::Lite;

/// Where the data is. Its `Debug` shows no password.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file; its folder must exist.
    Sqlite(PathBuf),
    /// A `postgres://` URL.
    Postgres(String),
}

impl Location {
    /// Whether a password stands in it.
    pub fn has_password(&self) -> bool {
        let authority = |url: &str| url.split("://").nth(1)?.split(['/', '?']).next().map(str::to_owned);
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(url) => {
                let user = authority(url).and_then(|at| at.rsplit_once('@').map(|(user, _)| user.to_owned()));
                user.is_some_and(|user| user.contains(':')) || url.contains("password=")
            }
        }
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://[hidden]"),
        }
    }
}

/// Reads a `postgres://` URL, also one that names a user but no host: libpq then takes the host of the query, or the
/// local socket (PostgreSQL 15, 34.1.1.2).
pub(crate) fn postgres_options(url: &str) -> std::result::Result<PgConnectOptions, sqlx::Error> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    if !host.is_empty() && !host.starts_with(':') {
        return PgConnectOptions::from_str(url);
    }
    let at = if user.is_empty() { String::new() } else { format!("{user}@") };
    let named = path.contains("?host=") || path.contains("&host=") || path.contains("hostaddr=");
    let options = PgConnectOptions::from_str(&format!("{scheme}://{at}localhost{host}{path}"))?;
    let socket = ["/var/run/postgresql", "/tmp"].into_iter().find(|folder| std::path::Path::new(folder).is_dir());
    Ok(match socket {
        Some(folder) if !named => options.socket(folder),
        _ => options,
    })
}

/// What libpq knows and the library does not, said as what it is.
fn unserved(url: &str) -> Option<&'static str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let hosts = query.split('&').filter_map(|pair| pair.split_once('=')).filter(|(name, _)| name.starts_with("host"));
    let hosts: Vec<&str> = hosts.map(|(_, value)| value).chain([host]).collect();
    if hosts.iter().any(|host| host.contains(',') || host.to_ascii_lowercase().contains("%2c")) {
        return Some("the URL names several hosts: name one, or a proxy or DNS name that leads to the primary");
    }
    let named = |host: &&str| host.starts_with('@') || host.to_ascii_lowercase().starts_with("%40");
    hosts.iter().any(named).then_some("sockets in the abstract namespace are not served: name the socket's folder")
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
            if let Some(why) = unserved(text) {
                return Err(why.into());
            }
            // Not what the library says: it may repeat the password.
            postgres_options(text).map_err(|_| {
                "expected a PostgreSQL URL, postgres://USER:PASSWORD@HOST:PORT/DATABASE or postgres://USER@/DATABASE?host=/SOCKET/FOLDER; \
                 signs such as @ : / # % in a password are written as %40 %3A %2F %23 %25"
            })?;
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
    /// The same behind a pooler, which lends another connection for the next one.
    PooledTx(sqlx::Transaction<'static, sqlx::Postgres>),
}

pub(crate) enum Backend<'c> {
    Sqlite(&'c mut Lite),
    /// And whether statements may stay prepared on it.
    Postgres(&'c mut PgConnection, bool),
}

impl Conn {
    pub(crate) fn backend(&mut self) -> Backend<'_> {
        match self {
            Self::Sqlite(conn) => Backend::Sqlite(conn),
            Self::Postgres(conn) => Backend::Postgres(conn, true),
            Self::PostgresTx(tx) => Backend::Postgres(tx, true),
            Self::PooledTx(tx) => Backend::Postgres(tx, false),
        }
    }

    /// How long another process that holds a SQLite file is waited for from now on.
    pub(crate) fn patience(&mut self, time: std::time::Duration) -> Result<()> {
        match self.backend() {
            Backend::Sqlite(conn) => conn.patience(time).map_err(Error::from),
            Backend::Postgres(..) => Ok(()),
        }
    }

    /// Runs statements without parameters.
    pub(crate) async fn raw(&mut self, sql: &'static str) -> Result<()> {
        match self.backend() {
            Backend::Sqlite(conn) => conn.batch(sql).map_err(Error::from),
            Backend::Postgres(conn, _) => sqlx::raw_sql(sql).execute(conn).await.map(drop).map_err(Error::from),
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
            $crate::db::Backend::Postgres(c, keep) => sqlx::query::<sqlx::Postgres>($sql).persistent(keep)$(.bind($bind))*
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
            $crate::db::Backend::Postgres(c, keep) => sqlx::query_as::<sqlx::Postgres, $row>($sql).persistent(keep)$(.bind($bind))*
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
