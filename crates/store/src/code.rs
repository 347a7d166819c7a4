//! Codes that were mailed: only their keyed digests.

use kagiya_domain::Timestamp;
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, one, row};

row! {
    /// A mailed code.
    #[derive(Clone, Debug, Default)]
    pub struct Code {
        /// Its key.
        pub id: Uuid,
        /// For which flow it was mailed.
        pub flow_id: Uuid,
        /// Keyed digest of the browser that asked for it, or of its network.
        pub asker: Option<Vec<u8>>,
        /// Keyed digest of purpose, subject and digits.
        pub digest: Vec<u8>,
        /// When it ends, in milliseconds.
        pub expires_at: i64,
        /// When it was used.
        pub spent_at: Option<i64>,
        /// Wrong codes that were typed where it was asked for.
        pub tries: i64,
        /// Wrong codes that were typed elsewhere.
        pub tries_elsewhere: i64,
    }
}

/// Keeps a code's digest. Being the newest of its subject that this asker has, it ends the asker's older ones.
#[allow(clippy::too_many_arguments, reason = "one for each column")]
pub async fn insert(
    conn: &mut Conn,
    id: Uuid,
    subject_key: &[u8],
    flow: Uuid,
    asker: Option<&[u8]>,
    digest: &[u8],
    now: Timestamp,
    expires: Timestamp,
) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO code (id, subject_key, flow_id, asker, digest, sent_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        subject_key,
        flow,
        asker,
        digest,
        now.0,
        expires.0
    )
    .map(drop)
}

/// The codes of a subject that were mailed since then, the newest first. There are no more than mails are sent.
pub async fn of_subject(conn: &mut Conn, subject_key: &[u8], since: Timestamp) -> Result<Vec<Code>> {
    all!(
        conn,
        Code,
        "SELECT code.id, code.flow_id, code.asker, code.digest, code.expires_at, code.spent_at, code.tries_elsewhere,
         COALESCE(flow.tries, 0) AS tries FROM code LEFT JOIN flow ON flow.id = code.flow_id
         WHERE code.subject_key = $1 AND code.sent_at > $2 ORDER BY code.sent_at DESC, code.id DESC LIMIT 100",
        subject_key,
        since.0
    )
}

/// Uses a code up; `false` when it was used already.
pub async fn spend(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<bool> {
    Ok(execute!(conn, "UPDATE code SET spent_at = $2 WHERE id = $1 AND spent_at IS NULL", id, now.0)? == 1)
}

/// How many were mailed to a subject since then.
pub async fn sent_since(conn: &mut Conn, subject_key: &[u8], since: Timestamp) -> Result<i64> {
    let (count,): (i64,) =
        one!(conn, (i64,), "SELECT COUNT(*) FROM code WHERE subject_key = $1 AND sent_at > $2", subject_key, since.0)?;
    Ok(count)
}

/// Counts a wrong code that was typed in `flow` on every code that it might have been and that was asked for elsewhere.
pub async fn count_elsewhere(conn: &mut Conn, subject_key: &[u8], flow: Uuid, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "UPDATE code SET tries_elsewhere = tries_elsewhere + 1
         WHERE subject_key = $1 AND flow_id <> $2 AND expires_at > $3 AND spent_at IS NULL",
        subject_key,
        flow,
        now.0
    )
    .map(drop)
}

/// Deletes codes that ran out before `before`.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM code WHERE expires_at < $1", before.0)
}
