//! The log of tokens that are worth nothing any more. Every server follows it, so that an ending costs its own
//! sessions and no others.

use kagiya_domain::Timestamp;

use crate::db::{Conn, Result, all, execute, one, optional};

/// The hash of a token, as a session keeps it.
pub type TokenHash = [u8; 32];

/// What a transaction has ended: to be taken out of this server's memory after its commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "memory vouches for these tokens until it is told"]
pub struct Ended(Vec<TokenHash>);

impl Ended {
    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was ended.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Both.
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The hashes of the tokens.
    pub fn tokens(&self) -> &[TokenHash] {
        &self.0
    }
}

/// One line of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number: the order in which numbers were given, not that of the commits.
    pub id: i64,
    /// The token that ended.
    pub token: TokenHash,
}

/// Writes down what an `UPDATE` has just ended.
pub(crate) async fn note(conn: &mut Conn, tokens: Vec<(Vec<u8>,)>, now: Timestamp) -> Result<Ended> {
    let tokens: Vec<TokenHash> = tokens.into_iter().filter_map(|(token,)| token.try_into().ok()).collect();
    for token in &tokens {
        execute!(conn, "INSERT INTO ending (token_hash, at) VALUES ($1, $2)", &token[..], now.0)?;
    }
    Ok(Ended(tokens))
}

/// The number of the newest line; 0 when there is none.
pub async fn newest(conn: &mut Conn) -> Result<i64> {
    let (id,): (i64,) = one!(conn, (i64,), "SELECT COALESCE(MAX(id), 0) FROM ending")?;
    Ok(id)
}

/// What was written after line `id`, in the order of the numbers.
pub async fn after(conn: &mut Conn, id: i64) -> Result<Vec<Line>> {
    let rows: Vec<(i64, Vec<u8>)> =
        all!(conn, (i64, Vec<u8>), "SELECT id, token_hash FROM ending WHERE id > $1 ORDER BY id", id)?;
    Ok(rows.into_iter().filter_map(|(id, token)| Some(Line { id, token: token.try_into().ok()? })).collect())
}

/// One line, when its transaction is through.
pub async fn find(conn: &mut Conn, id: i64) -> Result<Option<Line>> {
    let row: Option<(Vec<u8>,)> = optional!(conn, (Vec<u8>,), "SELECT token_hash FROM ending WHERE id = $1", id)?;
    Ok(row.and_then(|(token,)| Some(Line { id, token: token.try_into().ok()? })))
}

/// Deletes what is older than `before`, but for the newest of it: a number that is missing after that one may still
/// come.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM ending WHERE at < $1 AND id < (SELECT MAX(id) FROM ending WHERE at < $1)", before.0)
}
