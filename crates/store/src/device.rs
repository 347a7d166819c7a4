//! Browsers that an account knows.

use kagiya_domain::Timestamp;
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, optional};

/// Whether the account has signed in from this browser before.
pub async fn is_known(conn: &mut Conn, account: Uuid, device_key: &[u8]) -> Result<bool> {
    let row: Option<(i64,)> = optional!(
        conn,
        (i64,),
        "SELECT first_seen_at FROM device WHERE account_id = $1 AND device_key = $2",
        account,
        device_key
    )?;
    Ok(row.is_some())
}

/// Remembers a browser after a sign-in.
pub async fn remember(conn: &mut Conn, account: Uuid, device_key: &[u8], now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO device (account_id, device_key, first_seen_at, last_seen_at) VALUES ($1, $2, $3, $3)
         ON CONFLICT (account_id, device_key) DO UPDATE SET last_seen_at = excluded.last_seen_at",
        account,
        device_key,
        now.0
    )
    .map(drop)
}

/// Forgets browsers that have not signed in since `before`: their cookies are gone.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM device WHERE last_seen_at < $1", before.0)
}

/// The browsers that an account knows, those of late first.
pub async fn of_account(conn: &mut Conn, account: Uuid) -> Result<Vec<Vec<u8>>> {
    let rows: Vec<(Vec<u8>,)> = all!(
        conn,
        (Vec<u8>,),
        "SELECT device_key FROM device WHERE account_id = $1 ORDER BY last_seen_at DESC LIMIT 100",
        account
    )?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Forgets every browser of an account: after a reset none is trusted until it signs in anew.
pub async fn forget_all(conn: &mut Conn, account: Uuid) -> Result<()> {
    execute!(conn, "DELETE FROM device WHERE account_id = $1", account).map(drop)
}
