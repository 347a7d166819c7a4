//! Pushed tokens that were taken, so that none is taken twice.

use kagiya_domain::Timestamp;

use crate::db::{Conn, Result, execute};

/// Notes a token; `false` when it came before.
pub async fn note(conn: &mut Conn, token_key: &[u8], now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "INSERT INTO pushed (token_key, at) VALUES ($1, $2) ON CONFLICT (token_key) DO NOTHING",
        token_key,
        now.0
    )?;
    Ok(rows == 1)
}

/// Forgets tokens of before `before`.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM pushed WHERE at < $1", before.0)
}
