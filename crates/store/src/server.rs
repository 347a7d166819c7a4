//! The servers that share this database.

use kagiya_domain::Timestamp;
use uuid::Uuid;

use crate::db::{Backend, Conn, Result, all, execute, one};

/// Notes that a server is alive, and which keys it has.
pub async fn beat(conn: &mut Conn, id: Uuid, keys_digest: &[u8], now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO server (id, seen_at, keys_digest) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, keys_digest = excluded.keys_digest",
        id,
        now.0,
        keys_digest
    )
    .map(drop)
}

/// How many others have been alive since then.
pub async fn others(conn: &mut Conn, id: Uuid, since: Timestamp) -> Result<i64> {
    let (count,): (i64,) =
        one!(conn, (i64,), "SELECT COUNT(*) FROM server WHERE id <> $1 AND seen_at > $2", id, since.0)?;
    Ok(count)
}

/// The first of the servers alive since then: what one of them does, it does.
pub async fn first(conn: &mut Conn, since: Timestamp) -> Result<Option<Uuid>> {
    let rows: Vec<(Uuid,)> =
        all!(conn, (Uuid,), "SELECT id FROM server WHERE seen_at > $1 ORDER BY id LIMIT 1", since.0)?;
    Ok(rows.first().map(|row| row.0))
}

/// The key digests of servers alive since then.
pub async fn key_digests(conn: &mut Conn, since: Timestamp) -> Result<Vec<Vec<u8>>> {
    let rows: Vec<(Vec<u8>,)> =
        all!(conn, (Vec<u8>,), "SELECT DISTINCT keys_digest FROM server WHERE seen_at > $1", since.0)?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// The database server's own clock; SQLite has none but ours.
pub async fn clock(conn: &mut Conn) -> Result<Option<Timestamp>> {
    let Backend::Postgres(..) = conn.backend() else {
        return Ok(None);
    };
    let (now,): (i64,) = one!(conn, (i64,), "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)")?;
    Ok(Some(Timestamp(now)))
}

/// Signs off.
pub async fn leave(conn: &mut Conn, id: Uuid, before: Timestamp) -> Result<()> {
    execute!(conn, "DELETE FROM server WHERE id = $1 OR seen_at < $2", id, before.0).map(drop)
}
