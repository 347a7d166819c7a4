//! Requests that wait on the server for a sign-in: destinations that no query could carry.

use kagiya_domain::Timestamp;
use uuid::Uuid;

use crate::db::{Conn, Result, execute, optional};

/// Keeps one until then.
pub async fn insert(conn: &mut Conn, id: Uuid, target: &str, expires: Timestamp) -> Result<()> {
    execute!(conn, "INSERT INTO stored_request (id, target, expires_at) VALUES ($1, $2, $3)", id, target, expires.0)
        .map(drop)
}

/// Where that of a key leads, if it is not over.
pub async fn find(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<Option<String>> {
    let row: Option<(String,)> =
        optional!(conn, (String,), "SELECT target FROM stored_request WHERE id = $1 AND expires_at > $2", id, now.0)?;
    Ok(row.map(|(target,)| target))
}

/// Deletes what was over before `before`.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM stored_request WHERE expires_at < $1", before.0)
}
