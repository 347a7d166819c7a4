//! Who wants to hear of notices, by mail or by webhook, and the calls that must be made.

use kagiya_domain::{Span, Timestamp};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, one, optional, row};

row! {
    /// Somebody who wants to hear.
    #[derive(Clone, Debug)]
    pub struct Subscriber {
        /// Their key.
        pub id: Uuid,
        /// `mail` or `webhook`.
        pub way: String,
        /// The address, or the URL.
        pub target: String,
        /// `ja` or `en`.
        pub lang: String,
        /// A webhook's secret, sealed.
        pub secret: Option<String>,
        /// When they confirmed, in milliseconds.
        pub confirmed_at: Option<i64>,
        /// Calls in a row that failed.
        pub failures: i64,
    }
}

/// Keeps a wish that is not confirmed yet. `place_key` is the same for every wish for one address or URL.
pub async fn insert(conn: &mut Conn, new: &Subscriber, place_key: &[u8], now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO subscriber (id, way, target, target_key, lang, secret, created_at, failures, place_key)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8)",
        new.id,
        new.way.as_str(),
        new.target.as_str(),
        &new.id.as_bytes()[..],
        new.lang.as_str(),
        new.secret.as_deref(),
        now.0,
        place_key
    )
    .map(drop)
}

/// How many wishes there are for one place, and how many of them were confirmed.
pub async fn for_place(conn: &mut Conn, place_key: &[u8]) -> Result<(i64, i64)> {
    one!(conn, (i64, i64), "SELECT COUNT(*), COUNT(confirmed_at) FROM subscriber WHERE place_key = $1", place_key)
}

/// Lets go of the oldest wish for a place that was made before then and never confirmed; `false` when there is none.
pub async fn make_room(conn: &mut Conn, place_key: &[u8], before: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "DELETE FROM subscriber WHERE id = (SELECT id FROM subscriber WHERE place_key = $1 AND confirmed_at IS NULL
         AND created_at < $2 ORDER BY created_at LIMIT 1)",
        place_key,
        before.0
    )?;
    Ok(rows == 1)
}

/// Somebody by their key.
pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Subscriber>> {
    optional!(
        conn,
        Subscriber,
        "SELECT id, way, target, lang, secret, confirmed_at, failures FROM subscriber WHERE id = $1",
        id
    )
}

/// Confirms; `false` when they are gone. Of several confirmed wishes of one mailbox the newest stays.
pub async fn confirm(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<bool> {
    let rows =
        execute!(conn, "UPDATE subscriber SET confirmed_at = COALESCE(confirmed_at, $2) WHERE id = $1", id, now.0)?;
    execute!(
        conn,
        "DELETE FROM subscriber WHERE id <> $1 AND way = 'mail' AND confirmed_at IS NOT NULL
         AND place_key = (SELECT place_key FROM subscriber WHERE id = $1 AND way = 'mail')",
        id
    )?;
    Ok(rows == 1)
}

/// Ends.
pub async fn remove(conn: &mut Conn, id: Uuid) -> Result<bool> {
    execute!(conn, "DELETE FROM hook WHERE subscriber_id = $1", id)?;
    Ok(execute!(conn, "DELETE FROM subscriber WHERE id = $1", id)? == 1)
}

/// Everybody who confirmed.
pub async fn confirmed(conn: &mut Conn) -> Result<Vec<Subscriber>> {
    all!(
        conn,
        Subscriber,
        "SELECT id, way, target, lang, secret, confirmed_at, failures FROM subscriber
         WHERE confirmed_at IS NOT NULL ORDER BY id"
    )
}

/// Notes how a call went.
pub async fn note_call(conn: &mut Conn, id: Uuid, failed: bool) -> Result<()> {
    execute!(
        conn,
        "UPDATE subscriber SET failures = CASE WHEN $2 = 1 THEN failures + 1 ELSE 0 END WHERE id = $1",
        id,
        i64::from(failed)
    )
    .map(drop)
}

/// Forgets who never confirmed.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<()> {
    execute!(conn, "DELETE FROM subscriber WHERE confirmed_at IS NULL AND created_at < $1", before.0)?;
    execute!(conn, "DELETE FROM hook WHERE done_at < $1", before.0).map(drop)
}

row! {
    /// A call that must be made.
    #[derive(Clone, Debug)]
    pub struct Hook {
        /// Its key.
        pub id: Uuid,
        /// Whom.
        pub subscriber_id: Uuid,
        /// What is sent, as JSON.
        pub body: String,
        /// When it was asked for.
        pub created_at: i64,
        /// When it is given up.
        pub deadline_at: i64,
        /// How often it was tried.
        pub tries: i64,
    }
}

/// Keeps a call.
#[expect(clippy::too_many_arguments, reason = "one for each column")]
pub async fn enqueue(
    conn: &mut Conn,
    id: Uuid,
    subscriber: Uuid,
    body: &str,
    patience: Span,
    now: Timestamp,
) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO hook (id, subscriber_id, body, created_at, due_at, deadline_at, tries)
         VALUES ($1, $2, $3, $4, $4, $5, 0)",
        id,
        subscriber,
        body,
        now.0,
        now.plus(patience).0
    )
    .map(drop)
}

/// Takes due calls, those first that are likely to be answered; nobody else gets them before `until`.
pub async fn lease(conn: &mut Conn, limit: i64, until: Timestamp, now: Timestamp) -> Result<Vec<Hook>> {
    all!(
        conn,
        Hook,
        "UPDATE hook SET due_at = $3, tries = tries + 1
         WHERE done_at IS NULL AND due_at <= $1
         AND id IN (SELECT hook.id FROM hook LEFT JOIN subscriber ON subscriber.id = hook.subscriber_id
                    WHERE done_at IS NULL AND due_at <= $1
                    ORDER BY CASE WHEN subscriber.confirmed_at IS NULL THEN 1 ELSE 0 END, failures, tries, due_at
                    LIMIT $2)
         RETURNING id, subscriber_id, body, created_at, deadline_at, tries",
        now.0,
        limit,
        until.0
    )
}

/// Marks a call as made, or given up.
pub async fn done(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<()> {
    execute!(conn, "UPDATE hook SET done_at = $2 WHERE id = $1", id, now.0).map(drop)
}

/// Puts a call off.
pub async fn retry_at(conn: &mut Conn, id: Uuid, at: Timestamp) -> Result<()> {
    execute!(conn, "UPDATE hook SET due_at = $2 WHERE id = $1", id, at.0).map(drop)
}
