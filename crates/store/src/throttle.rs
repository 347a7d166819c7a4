//! Counters of tries. Loading one inside a write locks it until the commit.

use kagiya_domain::{Timestamp, throttle::Counter};

use crate::db::{Conn, Result, all, execute, optional, row};

row! {
    struct Row {
        counter_key: Vec<u8>,
        failures: i64,
        pending: i64,
        pending_until: i64,
        locked_until: i64,
        locks: i64,
        updated_at: i64,
    }
}

impl Row {
    fn counter(&self) -> Counter {
        Counter {
            failures: self.failures,
            pending: self.pending,
            pending_until: Timestamp(self.pending_until),
            locked_until: Timestamp(self.locked_until),
            locks: self.locks,
            updated_at: Timestamp(self.updated_at),
        }
    }
}

/// Loads counters for change, in the order of `keys`, which must be sorted and different:
/// every transaction then takes its row locks in one order.
pub async fn lock(conn: &mut Conn, keys: &[[u8; 16]], now: Timestamp) -> Result<Vec<Counter>> {
    let rows: Vec<Row> = match keys {
        [a, b, c] => all!(
            conn,
            Row,
            "INSERT INTO throttle (counter_key, failures, pending, pending_until, locked_until, locks, updated_at)
             VALUES ($1, 0, 0, 0, 0, 0, $4), ($2, 0, 0, 0, 0, 0, $4), ($3, 0, 0, 0, 0, 0, $4)
             ON CONFLICT (counter_key) DO UPDATE SET locks = throttle.locks RETURNING *",
            &a[..],
            &b[..],
            &c[..],
            now.0
        )?,
        keys => {
            let mut rows = Vec::with_capacity(keys.len());
            for key in keys {
                rows.extend(all!(
                    conn,
                    Row,
                    "INSERT INTO throttle (counter_key, failures, pending, pending_until, locked_until, locks, updated_at)
                     VALUES ($1, 0, 0, 0, 0, 0, $2) ON CONFLICT (counter_key) DO UPDATE SET locks = throttle.locks RETURNING *",
                    &key[..],
                    now.0
                )?);
            }
            rows
        }
    };
    Ok(keys
        .iter()
        .map(|key| rows.iter().find(|row| row.counter_key == key).map(Row::counter).unwrap_or_default())
        .collect())
}

/// Writes counters back that [`lock`] loaded.
pub async fn save(conn: &mut Conn, keys: &[[u8; 16]], counters: &[Counter]) -> Result<()> {
    if let ([ka, kb, kc], [a, b, c]) = (keys, counters) {
        return execute!(
            conn,
            "INSERT INTO throttle (counter_key, failures, pending, pending_until, locked_until, locks, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7), ($8, $9, $10, $11, $12, $13, $14), ($15, $16, $17, $18, $19, $20, $21)
             ON CONFLICT (counter_key) DO UPDATE SET failures = excluded.failures, pending = excluded.pending,
             pending_until = excluded.pending_until, locked_until = excluded.locked_until, locks = excluded.locks,
             updated_at = excluded.updated_at",
            &ka[..],
            a.failures,
            a.pending,
            a.pending_until.0,
            a.locked_until.0,
            a.locks,
            a.updated_at.0,
            &kb[..],
            b.failures,
            b.pending,
            b.pending_until.0,
            b.locked_until.0,
            b.locks,
            b.updated_at.0,
            &kc[..],
            c.failures,
            c.pending,
            c.pending_until.0,
            c.locked_until.0,
            c.locks,
            c.updated_at.0
        )
        .map(drop);
    }
    for (key, c) in keys.iter().zip(counters) {
        execute!(
            conn,
            "UPDATE throttle SET failures = $2, pending = $3, pending_until = $4, locked_until = $5, locks = $6, updated_at = $7
             WHERE counter_key = $1",
            &key[..],
            c.failures,
            c.pending,
            c.pending_until.0,
            c.locked_until.0,
            c.locks,
            c.updated_at.0
        ).map(drop)?;
    }
    Ok(())
}

/// Settles one reserved try as a success on three counters at once: it is given back, and the
/// failures of all but `keep` are over. Rows are locked in the order of `keys`, as by [`lock`].
pub async fn succeed(conn: &mut Conn, keys: &[[u8; 16]; 3], keep: &[u8; 16], now: Timestamp) -> Result<()> {
    // `pending` of the offered row says whether the counter keeps its failures.
    let kept = |key: &[u8; 16]| i64::from(key == keep);
    execute!(
        conn,
        "INSERT INTO throttle (counter_key, failures, pending, pending_until, locked_until, locks, updated_at)
         VALUES ($1, 0, $4, 0, 0, 0, $7), ($2, 0, $5, 0, 0, 0, $7), ($3, 0, $6, 0, 0, 0, $7)
         ON CONFLICT (counter_key) DO UPDATE SET
         pending = CASE WHEN throttle.pending > 0 THEN throttle.pending - 1 ELSE 0 END,
         failures = CASE WHEN excluded.pending = 1 THEN throttle.failures ELSE 0 END,
         locks = CASE WHEN excluded.pending = 1 THEN throttle.locks ELSE 0 END,
         updated_at = excluded.updated_at",
        &keys[0][..],
        &keys[1][..],
        &keys[2][..],
        kept(&keys[0]),
        kept(&keys[1]),
        kept(&keys[2]),
        now.0
    )
    .map(drop)
}

/// A counter as it stands, without locking it.
pub async fn find(conn: &mut Conn, key: &[u8; 16]) -> Result<Option<Counter>> {
    Ok(optional!(conn, Row, "SELECT * FROM throttle WHERE counter_key = $1", &key[..])?.map(|row| row.counter()))
}

/// Ends locks that run now and began since then; whether there were any.
pub async fn clear_locked(conn: &mut Conn, keys: &[[u8; 16]], since: Timestamp, now: Timestamp) -> Result<bool> {
    let mut ended = false;
    for key in keys {
        let rows = execute!(
            conn,
            "DELETE FROM throttle WHERE counter_key = $1 AND locked_until > $2 AND updated_at >= $3",
            &key[..],
            now.0,
            since.0
        )?;
        ended |= rows > 0;
    }
    Ok(ended)
}

/// Ends the counters' locks and failures.
pub async fn clear(conn: &mut Conn, keys: &[[u8; 16]]) -> Result<()> {
    for key in keys {
        execute!(conn, "DELETE FROM throttle WHERE counter_key = $1", &key[..])?;
    }
    Ok(())
}

/// Keeps the digest of a wrong value; `false` when it was kept already: an identical repeat.
pub async fn note_wrong_value(conn: &mut Conn, digest: &[u8], now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "INSERT INTO wrong_value (digest, at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
        digest,
        now.0
    )?;
    Ok(rows == 1)
}

/// Keeps what was found of a wrong value, as JSON.
pub async fn keep_found(conn: &mut Conn, digest: &[u8], found: &str) -> Result<()> {
    execute!(conn, "UPDATE wrong_value SET found = $2 WHERE digest = $1", digest, found).map(drop)
}

/// What was found of a wrong value, once it was looked into.
pub async fn found(conn: &mut Conn, digest: &[u8]) -> Result<Option<String>> {
    let row: Option<(Option<String>,)> =
        optional!(conn, (Option<String>,), "SELECT found FROM wrong_value WHERE digest = $1", digest)?;
    Ok(row.and_then(|row| row.0))
}

/// Keeps a digest with that time, whether it was kept or not.
pub async fn renew_wrong_value(conn: &mut Conn, digest: &[u8], now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO wrong_value (digest, at) VALUES ($1, $2) ON CONFLICT (digest) DO UPDATE SET at = excluded.at",
        digest,
        now.0
    )
    .map(drop)
}

/// In how many portions [`sweep`] goes through the counters.
pub const PORTIONS: u8 = 64;

/// Deletes counters of one portion that say nothing any more. Their keys are digests, so every portion is as large.
pub async fn sweep(conn: &mut Conn, portion: u8, before: Timestamp) -> Result<u64> {
    let width = 256 / u16::from(PORTIONS);
    let first = u16::from(portion % PORTIONS) * width;
    // Keys have 16 bytes: none is beyond 17 of the highest.
    let bound = |at: u16| u8::try_from(at).map_or(vec![u8::MAX; 17], |byte| vec![byte]);
    let (from, to) = (bound(first), bound(first + width));
    execute!(
        conn,
        "DELETE FROM throttle WHERE counter_key >= $1 AND counter_key < $2 AND updated_at < $3 AND locked_until < $3",
        &from[..],
        &to[..],
        before.0
    )
}

/// Forgets digests of wrong values that are older than a day.
pub async fn sweep_wrong_values(conn: &mut Conn, now: Timestamp) -> Result<()> {
    let before = now.minus(kagiya_domain::throttle::DIGEST_LIFE);
    execute!(conn, "DELETE FROM wrong_value WHERE at < $1", before.0).map(drop)
}
