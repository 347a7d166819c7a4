//! Sessions, found by the hash of their token.

use kagiya_domain::{Timestamp, session::EndReason, sign_in::Method};
use uuid::Uuid;

use crate::{
    db::{Conn, Result, all, execute, one, optional, row},
    ending::{self, Ended},
};

row! {
    /// A session with what a check of it needs of the account.
    #[derive(Clone, Debug)]
    pub struct Session {
        /// The key shown in lists; not the token.
        pub id: Uuid,
        /// Whose it is.
        pub account_id: Uuid,
        /// The account's login ID.
        pub login_id: String,
        /// The account's state.
        pub state: String,
        /// In milliseconds, as all times here.
        pub created_at: i64,
        /// The last use that was written down; up to a minute behind.
        pub last_seen_at: i64,
        /// The latest end.
        pub expires_at: i64,
        /// How long it may lie unused, in milliseconds.
        pub idle_ms: i64,
        /// Coarse browser name.
        pub browser: String,
        /// Coarse system name.
        pub system: String,
        /// Shortened network.
        pub network: String,
        /// When it ended.
        pub ended_at: Option<i64>,
        /// Why it ended.
        pub ended_why: Option<String>,
    }
}

/// A session about to begin.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The key shown in lists.
    pub id: Uuid,
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// Whose it is.
    pub account_id: Uuid,
    /// The latest end.
    pub expires_at: Timestamp,
    /// How long it may lie unused, in milliseconds.
    pub idle_ms: i64,
    /// Coarse browser name.
    pub browser: String,
    /// Coarse system name.
    pub system: String,
    /// Shortened network.
    pub network: String,
    /// The link by which it was begun.
    pub link_id: Option<Uuid>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT session.id, session.account_id, account.login_id, account.state, session.created_at,
             session.last_seen_at, session.expires_at, session.idle_ms, session.browser, session.system,
             session.network, session.ended_at, session.ended_why
             FROM session JOIN account ON account.id = session.account_id ",
            $rest
        )
    };
}

/// Begins a session.
pub async fn insert(conn: &mut Conn, new: &NewSession, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO session (token_hash, id, account_id, created_at, last_seen_at, expires_at, idle_ms, browser, system, network, link_id)
         VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10)",
        &new.token_hash[..],
        new.id,
        new.account_id,
        now.0,
        new.expires_at.0,
        new.idle_ms,
        new.browser.as_str(),
        new.system.as_str(),
        new.network.as_str(),
        new.link_id
    ).map(drop)
}

/// Notes what was proven in a session, and when. It never becomes older.
pub async fn note_method(conn: &mut Conn, session: Uuid, method: Method, at: Timestamp) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO session_method (session_id, method, at)
         SELECT id, $2, $3 FROM session WHERE id = $1 AND ended_at IS NULL
         ON CONFLICT (session_id, method) DO UPDATE SET at = excluded.at WHERE session_method.at < excluded.at",
        session,
        method.as_str(),
        at.0
    )
    .map(drop)
}

/// What was proven in a session that runs, and when last, the newest first. What a newer release wrote is left out.
pub async fn methods(conn: &mut Conn, session: Uuid) -> Result<Vec<(Method, Timestamp)>> {
    let rows: Vec<(String, i64)> = all!(
        conn,
        (String, i64),
        "SELECT session_method.method, session_method.at FROM session_method
         JOIN session ON session.id = session_method.session_id
         WHERE session_method.session_id = $1 AND session.ended_at IS NULL ORDER BY session_method.at DESC",
        session
    )?;
    Ok(rows.into_iter().filter_map(|(method, at)| Some((Method::parse(&method)?, Timestamp(at)))).collect())
}

/// The session of a token, ended or not.
pub async fn find(conn: &mut Conn, token_hash: &[u8; 32]) -> Result<Option<Session>> {
    optional!(conn, Session, select!("WHERE session.token_hash = $1"), &token_hash[..])
}

/// The sessions of an account that have not ended, the last used first.
pub async fn of_account(conn: &mut Conn, account: Uuid, now: Timestamp) -> Result<Vec<Session>> {
    all!(
        conn,
        Session,
        select!(
            "WHERE session.account_id = $1 AND session.ended_at IS NULL AND session.expires_at > $2
             AND session.last_seen_at + session.idle_ms > $2 ORDER BY session.last_seen_at DESC LIMIT 200"
        ),
        account,
        now.0
    )
}

/// Notes a use.
pub async fn touch(conn: &mut Conn, token_hash: &[u8; 32], at: Timestamp) -> Result<()> {
    execute!(
        conn,
        "UPDATE session SET last_seen_at = $2 WHERE token_hash = $1 AND last_seen_at < $2",
        &token_hash[..],
        at.0
    )
    .map(drop)
}

/// Gives a running session another token if its own is from before `before`; the one before is worth nothing.
/// Nothing ended: nothing was changed. Of several at once one renews.
pub async fn renew_token(
    conn: &mut Conn,
    id: Uuid,
    token_hash: &[u8; 32],
    before: Timestamp,
    now: Timestamp,
) -> Result<Ended> {
    // Changes nothing but holds the row, so that what is read is what is replaced.
    let held = "UPDATE session SET last_seen_at = last_seen_at WHERE id = $1 RETURNING token_hash";
    let old: Vec<(Vec<u8>,)> = all!(conn, (Vec<u8>,), held, id)?;
    let rows = execute!(
        conn,
        "UPDATE session SET token_hash = $2, token_at = $4
         WHERE id = $1 AND ended_at IS NULL AND COALESCE(token_at, created_at) < $3",
        id,
        &token_hash[..],
        before.0,
        now.0
    )?;
    if rows == 0 { Ok(Ended::default()) } else { ending::note(conn, old, now).await }
}

/// When a running session got its token.
pub async fn token_since(conn: &mut Conn, id: Uuid) -> Result<Option<Timestamp>> {
    let row: Option<(i64,)> = optional!(
        conn,
        (i64,),
        "SELECT COALESCE(token_at, created_at) FROM session WHERE id = $1 AND ended_at IS NULL",
        id
    )?;
    Ok(row.map(|row| Timestamp(row.0)))
}

/// Ends one session of an account; nothing when there is no such running one.
pub async fn end(conn: &mut Conn, account: Uuid, id: Uuid, why: EndReason, now: Timestamp) -> Result<Ended> {
    let rows = all!(
        conn,
        (Vec<u8>,),
        "UPDATE session SET ended_at = $3, ended_why = $4 WHERE id = $2 AND account_id = $1 AND ended_at IS NULL
         RETURNING token_hash",
        account,
        id,
        now.0,
        why.as_str()
    )?;
    ending::note(conn, rows, now).await
}

/// Ends the session of a token.
pub async fn end_token(conn: &mut Conn, token_hash: &[u8; 32], why: EndReason, now: Timestamp) -> Result<Ended> {
    let rows = all!(
        conn,
        (Vec<u8>,),
        "UPDATE session SET ended_at = $2, ended_why = $3 WHERE token_hash = $1 AND ended_at IS NULL
         RETURNING token_hash",
        &token_hash[..],
        now.0,
        why.as_str()
    )?;
    ending::note(conn, rows, now).await
}

/// Whether a session of that key still runs.
pub async fn is_running(conn: &mut Conn, id: Uuid) -> Result<bool> {
    let row: Option<(Uuid,)> =
        optional!(conn, (Uuid,), "SELECT id FROM session WHERE id = $1 AND ended_at IS NULL", id)?;
    Ok(row.is_some())
}

/// Ends all sessions of an account, but for `except`.
pub async fn end_all(
    conn: &mut Conn,
    account: Uuid,
    except: Option<Uuid>,
    why: EndReason,
    now: Timestamp,
) -> Result<Ended> {
    let rows = all!(
        conn,
        (Vec<u8>,),
        "UPDATE session SET ended_at = $2, ended_why = $3
         WHERE account_id = $1 AND ended_at IS NULL AND id <> $4 RETURNING token_hash",
        account,
        now.0,
        why.as_str(),
        except.unwrap_or(Uuid::nil())
    )?;
    ending::note_account(conn, account, rows, now).await
}

/// Ends the sessions that were begun by a link, but for `except`.
pub async fn end_of_link(
    conn: &mut Conn,
    link: Uuid,
    except: Option<Uuid>,
    why: EndReason,
    now: Timestamp,
) -> Result<Ended> {
    let rows = all!(
        conn,
        (Vec<u8>,),
        "UPDATE session SET ended_at = $2, ended_why = $3 WHERE link_id = $1 AND ended_at IS NULL AND id <> $4
         RETURNING token_hash",
        link,
        now.0,
        why.as_str(),
        except.unwrap_or(Uuid::nil())
    )?;
    ending::note(conn, rows, now).await
}

/// Deletes what ended or ran out before `before`.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM session WHERE expires_at < $1 OR ended_at < $1", before.0)
}

/// How many are running.
pub async fn count(conn: &mut Conn, now: Timestamp) -> Result<i64> {
    let (count,): (i64,) =
        one!(conn, (i64,), "SELECT COUNT(*) FROM session WHERE ended_at IS NULL AND expires_at > $1", now.0)?;
    Ok(count)
}

/// Whether the session of the account that began at that very time has not ended.
pub async fn lives_since(conn: &mut Conn, account: Uuid, at: Timestamp) -> Result<bool> {
    let (count,): (i64,) = one!(
        conn,
        (i64,),
        "SELECT COUNT(*) FROM session WHERE account_id = $1 AND created_at = $2 AND ended_at IS NULL",
        account,
        at.0
    )?;
    Ok(count > 0)
}
