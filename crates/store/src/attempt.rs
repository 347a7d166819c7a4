//! Attempts to get in. Evidence, verdicts and browsers are kept as JSON texts that only
//! the layers above read.

use kagiya_domain::{Timestamp, act::Act};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, one, optional, row};

row! {
    /// An attempt. Times are in milliseconds.
    #[derive(Clone, Debug)]
    pub struct Attempt {
        /// Its key.
        pub id: Uuid,
        /// What a member reads out.
        pub reference: String,
        /// When it was made.
        pub created_at: i64,
        /// `sign_in`, `sign_up`, `recover`, `code`, …
        pub kind: Act as "String",
        /// `refused` or `signed_in`.
        pub outcome: String,
        /// The account, when one was meant.
        pub account_id: Option<Uuid>,
        /// Keyed digest of the account or of the typed login.
        pub subject_key: Option<Vec<u8>>,
        /// Digest of the browser's flow cookie.
        pub browser_key: Option<Vec<u8>>,
        /// Shortened network.
        pub network: String,
        /// Coarse browser, as JSON.
        pub browser: String,
        /// Evidence, as JSON.
        pub evidence: String,
        /// The leading cause at the staff's tier; empty for a success.
        pub cause: String,
        /// The leading cause that the person was told.
        pub told: String,
        /// What was repaired without asking, separated by blanks.
        pub repairs: String,
        /// In what it may differ from others, as `name:value` separated by blanks.
        pub slices: String,
        /// The steps that were advised, separated by blanks.
        pub advised: String,
        /// Until when evidence may still arrive.
        pub pending_until: Option<i64>,
        /// When the person got in after all.
        pub resolved_at: Option<i64>,
        /// By what.
        pub resolved_by: Option<String>,
    }
}

/// Keeps an attempt.
pub async fn insert(conn: &mut Conn, a: &Attempt) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO attempt (id, reference, created_at, kind, outcome, account_id, subject_key, browser_key, network, browser,
         evidence, cause, advised, pending_until, told, repairs, slices)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        a.id,
        a.reference.as_str(),
        a.created_at,
        a.kind.as_str(),
        a.outcome.as_str(),
        a.account_id,
        a.subject_key.as_deref(),
        a.browser_key.as_deref(),
        a.network.as_str(),
        a.browser.as_str(),
        a.evidence.as_str(),
        a.cause.as_str(),
        a.advised.as_str(),
        a.pending_until,
        a.told.as_str(),
        a.repairs.as_str(),
        a.slices.as_str()
    ).map(drop)
}

/// The attempt of a reference.
pub async fn find(conn: &mut Conn, reference: &str) -> Result<Option<Attempt>> {
    optional!(conn, Attempt, "SELECT * FROM attempt WHERE reference = $1", reference)
}

/// The attempt of a key.
pub async fn find_by_id(conn: &mut Conn, id: Uuid) -> Result<Option<Attempt>> {
    optional!(conn, Attempt, "SELECT * FROM attempt WHERE id = $1", id)
}

/// The networks from which an account was signed in to since then, those of its last sign-ins.
pub async fn home_networks(conn: &mut Conn, account: Uuid, since: Timestamp) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = all!(
        conn,
        (String,),
        "SELECT network FROM attempt WHERE account_id = $1 AND outcome = 'signed_in' AND created_at > $2
         ORDER BY created_at DESC LIMIT 20",
        account,
        since.0
    )?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Accounts at which somebody was refused between two points in time.
pub async fn refused_accounts(conn: &mut Conn, from: Timestamp, to: Timestamp, limit: i64) -> Result<Vec<Uuid>> {
    let rows: Vec<(Uuid,)> = all!(
        conn,
        (Uuid,),
        "SELECT DISTINCT account_id FROM attempt WHERE created_at >= $1 AND created_at <= $2
         AND kind = 'sign_in' AND outcome = 'refused' AND account_id IS NOT NULL LIMIT $3",
        from.0,
        to.0,
        limit
    )?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Forgets an account's successes.
pub async fn forget_successes(conn: &mut Conn, account: Uuid) -> Result<()> {
    execute!(conn, "DELETE FROM attempt WHERE account_id = $1 AND outcome = 'signed_in'", account).map(drop)
}

/// Takes an attempt to add evidence to it: nobody else does until the transaction ends. `whole`: nothing more is gathered.
pub async fn reopen(conn: &mut Conn, id: Uuid, whole: bool) -> Result<Option<Attempt>> {
    optional!(
        conn,
        Attempt,
        "UPDATE attempt SET pending_until = CASE WHEN $2 = 1 THEN NULL ELSE pending_until END WHERE id = $1 RETURNING *",
        id,
        i64::from(whole)
    )
}

/// Replaces the evidence after more was gathered.
pub async fn set_evidence(conn: &mut Conn, id: Uuid, evidence: &str, cause: &str) -> Result<()> {
    execute!(conn, "UPDATE attempt SET evidence = $2, cause = $3 WHERE id = $1", id, evidence, cause).map(drop)
}

/// Where the failures of a subject came from: `(browser_key, network, count)`.
pub async fn failures_by_origin(
    conn: &mut Conn,
    subject_key: &[u8],
    since: Timestamp,
) -> Result<Vec<(Option<Vec<u8>>, String, i64)>> {
    all!(
        conn,
        (Option<Vec<u8>>, String, i64),
        "SELECT browser_key, network, COUNT(*) FROM attempt
         WHERE subject_key = $1 AND created_at > $2 AND kind = 'sign_in' AND outcome = 'refused'
         GROUP BY browser_key, network LIMIT 500",
        subject_key,
        since.0
    )
}

/// Refused attempts of one browser at one subject.
pub async fn failures_of_browser(
    conn: &mut Conn,
    subject_key: &[u8],
    browser_key: &[u8],
    since: Timestamp,
) -> Result<i64> {
    let (count,): (i64,) = one!(
        conn,
        (i64,),
        "SELECT COUNT(*) FROM attempt
         WHERE subject_key = $1 AND browser_key = $2 AND created_at > $3 AND kind = 'sign_in' AND outcome = 'refused'",
        subject_key,
        browser_key,
        since.0
    )?;
    Ok(count)
}

/// Notes on refused attempts of the same account, or of the same browser at nobody's, that the person got in. Another
/// browser's attempts at the account are not this person's for sure; this browser's at another account are another case.
#[expect(clippy::too_many_arguments, reason = "one for each column")]
pub async fn resolve(
    conn: &mut Conn,
    account: Uuid,
    browser_key: Option<&[u8]>,
    since: Timestamp,
    by: &str,
    now: Timestamp,
) -> Result<()> {
    let Some(browser_key) = browser_key else {
        return execute!(
            conn,
            "UPDATE attempt SET resolved_at = $3, resolved_by = $4
             WHERE account_id = $1 AND created_at > $2 AND outcome <> 'signed_in' AND resolved_at IS NULL",
            account,
            since.0,
            now.0,
            by
        )
        .map(drop);
    };
    execute!(
        conn,
        "UPDATE attempt SET resolved_at = $4, resolved_by = $5
         WHERE ((account_id = $1 AND created_at > $3 AND (browser_key = $2 OR browser_key IS NULL))
         OR (browser_key = $2 AND created_at > $3 AND account_id IS NULL)) AND outcome <> 'signed_in' AND resolved_at IS NULL",
        account,
        browser_key,
        since.0,
        now.0,
        by
    )
    .map(drop)
}

/// The last attempts of an account, the newest first.
pub async fn of_account(conn: &mut Conn, account: Uuid, limit: i64) -> Result<Vec<Attempt>> {
    all!(conn, Attempt, "SELECT * FROM attempt WHERE account_id = $1 ORDER BY created_at DESC LIMIT $2", account, limit)
}

/// The attempts of a browser around one of them, the oldest first.
pub async fn of_browser(conn: &mut Conn, browser_key: &[u8], from: Timestamp, to: Timestamp) -> Result<Vec<Attempt>> {
    all!(
        conn,
        Attempt,
        "SELECT * FROM attempt WHERE browser_key = $1 AND created_at >= $2 AND created_at <= $3 ORDER BY created_at LIMIT 100",
        browser_key,
        from.0,
        to.0
    )
}

/// The attempts of a subject around a time, the oldest first.
pub async fn of_subject(conn: &mut Conn, subject_key: &[u8], from: Timestamp, to: Timestamp) -> Result<Vec<Attempt>> {
    all!(
        conn,
        Attempt,
        "SELECT * FROM attempt WHERE subject_key = $1 AND created_at >= $2 AND created_at <= $3 ORDER BY created_at LIMIT 50",
        subject_key,
        from.0,
        to.0
    )
}

row! {
    /// What is kept of an attempt that matters for the next one of the same browser.
    #[derive(Clone, Debug)]
    pub struct Recent {
        /// As [`Attempt::kind`].
        pub kind: Act as "String",
        /// As [`Attempt::outcome`].
        pub outcome: String,
        /// As [`Attempt::told`].
        pub told: String,
        /// As [`Attempt::cause`].
        pub cause: String,
        /// As [`Attempt::account_id`].
        pub account_id: Option<Uuid>,
        /// As [`Attempt::network`].
        pub network: String,
        /// As [`Attempt::repairs`].
        pub repairs: String,
        /// Whether it sent a value that had been refused already.
        pub again: i64,
        /// As [`Attempt::created_at`].
        pub created_at: i64,
    }
}

/// The attempts of a browser since then, the newest first.
pub async fn recent_of_browser(conn: &mut Conn, browser_key: &[u8], since: Timestamp) -> Result<Vec<Recent>> {
    all!(
        conn,
        Recent,
        "SELECT kind, outcome, told, cause, account_id, network, repairs,
         CAST(CASE WHEN evidence LIKE '%\"same_value_again\"%' THEN 1 ELSE 0 END AS BIGINT) AS again, created_at FROM attempt
         WHERE browser_key = $1 AND created_at > $2 ORDER BY created_at DESC LIMIT 30",
        browser_key,
        since.0
    )
}

/// Of attempts of nobody's account, keeps the newest `most`; deletes up to `limit` of the others.
pub async fn sweep_anonymous(conn: &mut Conn, most: i64, limit: i64) -> Result<u64> {
    execute!(
        conn,
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE account_id IS NULL AND created_at <
         (SELECT created_at FROM attempt WHERE account_id IS NULL ORDER BY created_at DESC LIMIT 1 OFFSET $1) LIMIT $2)",
        most,
        limit
    )
}

/// Deletes attempts of before `before`, `limit` at a time.
pub async fn sweep(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<u64> {
    execute!(
        conn,
        "DELETE FROM attempt WHERE id IN (SELECT id FROM attempt WHERE created_at < $1 LIMIT $2)",
        before.0,
        limit
    )
}

row! {
    /// What is read of an attempt to see how people fare.
    #[derive(Clone, Debug)]
    pub struct Lately {
        /// When it was made.
        pub created_at: i64,
        /// `refused` or `signed_in`.
        pub outcome: String,
        /// The leading cause that the person was told.
        pub told: String,
        /// The leading cause at the staff's tier.
        pub cause: String,
        /// Digest of the browser's flow cookie.
        pub browser_key: Option<Vec<u8>>,
        /// Shortened network.
        pub network: String,
        /// In what it may differ from others.
        pub slices: String,
    }
}

/// Sign-ins and refusals since then, the newest first.
pub async fn lately(conn: &mut Conn, since: Timestamp, limit: i64) -> Result<Vec<Lately>> {
    all!(
        conn,
        Lately,
        "SELECT created_at, outcome, told, cause, browser_key, network, slices FROM attempt
         WHERE created_at > $1 AND outcome <> 'noted' ORDER BY created_at DESC LIMIT $2",
        since.0,
        limit
    )
}

/// Notes that a browser has what a cause says, too.
pub async fn note_me_too(conn: &mut Conn, browser_key: &[u8], cause: &str, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO me_too (browser_key, cause, at) VALUES ($1, $2, $3)
         ON CONFLICT (browser_key, cause) DO UPDATE SET at = excluded.at",
        browser_key,
        cause,
        now.0
    )
    .map(drop)
}

/// Who pressed "me too" since then: cause and browser.
pub async fn me_too(conn: &mut Conn, since: Timestamp) -> Result<Vec<(String, Vec<u8>)>> {
    all!(conn, (String, Vec<u8>), "SELECT cause, browser_key FROM me_too WHERE at > $1", since.0)
}

/// Forgets presses of long ago.
pub async fn sweep_me_too(conn: &mut Conn, before: Timestamp) -> Result<()> {
    execute!(conn, "DELETE FROM me_too WHERE at < $1", before.0).map(drop)
}

/// Refusals since then by hour (hours since 1970) and cause.
pub async fn by_hour(conn: &mut Conn, since: Timestamp) -> Result<Vec<(i64, String, i64)>> {
    all!(
        conn,
        (i64, String, i64),
        "SELECT created_at / 3600000 AS hour, cause, COUNT(*) FROM attempt
         WHERE created_at > $1 AND outcome = 'refused' GROUP BY created_at / 3600000, cause ORDER BY hour",
        since.0
    )
}

/// Browsers that tried to come in since then: by kind of attempt, whether one was refused, whether
/// one came in, and how many.
pub async fn by_browser(conn: &mut Conn, since: Timestamp) -> Result<Vec<(String, i64, i64, i64)>> {
    all!(
        conn,
        (String, i64, i64, i64),
        "SELECT kind, refused, came_in, COUNT(*) FROM (
           SELECT kind, browser_key, CAST(MAX(CASE WHEN outcome = 'refused' THEN 1 ELSE 0 END) AS BIGINT) AS refused,
           CAST(MAX(CASE WHEN outcome = 'signed_in' THEN 1 ELSE 0 END) AS BIGINT) AS came_in FROM attempt
           WHERE created_at > $1 AND outcome <> 'noted' AND browser_key IS NOT NULL
           AND kind IN ('sign_in', 'external') GROUP BY kind, browser_key) AS browsers
         GROUP BY kind, refused, came_in ORDER BY kind",
        since.0
    )
}

/// What was advised since then, whether the person got in after it, and by what.
pub async fn by_advice(conn: &mut Conn, since: Timestamp) -> Result<Vec<(String, Option<String>, i64)>> {
    all!(
        conn,
        (String, Option<String>, i64),
        "SELECT advised, resolved_by, COUNT(*) FROM attempt
         WHERE created_at > $1 AND outcome = 'refused' AND advised <> '' GROUP BY advised, resolved_by",
        since.0
    )
}
