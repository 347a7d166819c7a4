//! A SQLite connection on which statements that need no answer wait for the next one.
//!
//! sqlx runs a SQLite connection on a thread of its own, and a visit there costs more than
//! most statements. Statements that travel together are one visit.

use futures_util::TryStreamExt;
use sqlx::{
    AssertSqlSafe, Either, Executor, SqlSafeStr, SqlStr, Sqlite, SqliteConnection, pool::PoolConnection, query::Query,
    sqlite::SqliteArguments,
};

use crate::error::Result;

/// A SQLite connection with the statements that wait.
pub struct Scripted {
    conn: PoolConnection<Sqlite>,
    text: String,
    arguments: SqliteArguments,
}

impl Scripted {
    pub(crate) fn new(conn: PoolConnection<Sqlite>) -> Self {
        Self { conn, text: String::new(), arguments: SqliteArguments::default() }
    }

    /// The text and arguments of a statement behind everything that waits; the caller binds
    /// its own arguments next.
    pub(crate) fn statement(&mut self, sql: &'static str) -> (SqlStr, SqliteArguments) {
        if self.text.is_empty() {
            return (sql.into_sql_str(), SqliteArguments::default());
        }
        self.append(sql);
        (AssertSqlSafe(std::mem::take(&mut self.text)).into_sql_str(), std::mem::take(&mut self.arguments))
    }

    /// Lets a statement wait: its outcome is seen with the next one's, or with the commit's.
    pub(crate) fn later(&mut self, sql: &'static str) -> &mut SqliteArguments {
        self.append(sql);
        &mut self.arguments
    }

    /// Adds a statement; its `$1` becomes the parameter after those that wait. The texts are
    /// all literals of this crate, and no literal in them holds a `$`.
    fn append(&mut self, sql: &'static str) {
        let offset = sqlx::Arguments::len(&self.arguments);
        if !self.text.is_empty() {
            self.text.push(';');
        }
        let mut pieces = sql.split('$');
        self.text.push_str(pieces.next().unwrap_or_default());
        for piece in pieces {
            let end = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
            let number: usize = piece[..end].parse().unwrap_or(0);
            self.text.push('$');
            self.text.push_str(&(number + offset).to_string());
            self.text.push_str(&piece[end..]);
        }
    }

    /// Runs what waits.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        if self.text.is_empty() {
            return Ok(());
        }
        let (text, arguments) = (std::mem::take(&mut self.text), std::mem::take(&mut self.arguments));
        sqlx::query_with::<Sqlite, _>(AssertSqlSafe(text), arguments).execute(&mut *self.conn).await?;
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.conn
    }

    /// Runs a query and returns the row count of its last statement.
    pub(crate) async fn changes(
        &mut self,
        query: Query<'_, Sqlite, SqliteArguments>,
    ) -> std::result::Result<u64, sqlx::Error> {
        let mut steps = (&mut *self.conn).fetch_many(query);
        let mut changes = 0;
        while let Some(step) = steps.try_next().await? {
            if let Either::Left(done) = step {
                changes = done.rows_affected();
            }
        }
        Ok(changes)
    }
}
