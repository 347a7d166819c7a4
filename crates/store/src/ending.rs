//! The log of tokens that are worth nothing any more. Every server follows it, so that an ending costs its own
//! sessions and no others.

use kagiya_domain::Timestamp;

use crate::db::{Conn, Result, all, execute, one};

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

/// What an `UPDATE` has just ended.
fn ended(tokens: Vec<(Vec<u8>,)>) -> Ended {
    Ended(tokens.into_iter().filter_map(|(token,)| token.try_into().ok()).collect())
}

/// Writes down what an `UPDATE` has just ended: one token, or few.
pub(crate) async fn note(conn: &mut Conn, tokens: Vec<(Vec<u8>,)>, now: Timestamp) -> Result<Ended> {
    let ended = ended(tokens);
    for token in &ended.0 {
        execute!(conn, "INSERT INTO ending (token_hash, at) VALUES ($1, $2)", &token[..], now.0)?;
    }
    Ok(ended)
}

/// The same of an account, in one statement: their numbers follow each other closely, however many they are.
pub(crate) async fn note_account(
    conn: &mut Conn,
    account: uuid::Uuid,
    tokens: Vec<(Vec<u8>,)>,
    now: Timestamp,
) -> Result<Ended> {
    execute!(
        conn,
        "INSERT INTO ending (token_hash, at) SELECT token_hash, $2 FROM session WHERE account_id = $1 AND ended_at = $2",
        account,
        now.0
    )?;
    Ok(ended(tokens))
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

/// The lines of these numbers whose transactions are through.
pub async fn between(conn: &mut Conn, first: i64, last: i64) -> Result<Vec<Line>> {
    let rows: Vec<(i64, Vec<u8>)> = all!(
        conn,
        (i64, Vec<u8>),
        "SELECT id, token_hash FROM ending WHERE id >= $1 AND id <= $2 ORDER BY id",
        first,
        last
    )?;
    Ok(rows.into_iter().filter_map(|(id, token)| Some(Line { id, token: token.try_into().ok()? })).collect())
}

/// Deletes what is older than `before`, but for the newest of it: a number that is missing after that one may still
/// come.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM ending WHERE at < $1 AND id < (SELECT MAX(id) FROM ending WHERE at < $1)", before.0)
}
