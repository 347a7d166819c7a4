//! Ways to a provider and back: begun, returned once, or never.

use kagiya_domain::{Timestamp, destination::Destination};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, optional, row};

row! {
    /// A way to a provider, as it is kept. Times are in milliseconds.
    #[derive(Clone, Debug, Default, PartialEq)]
    pub struct AuthorizationSession {
        /// Its key.
        pub id: Uuid,
        /// Keyed digest of `state`.
        pub state_key: Vec<u8>,
        /// The provider's name in the settings.
        pub provider: String,
        /// `sign_in`, `link`, `relink`, `test`.
        pub purpose: String,
        /// Digest of the browser's flow cookie.
        pub browser_key: Vec<u8>,
        /// The account that is signed in, for all but signing in.
        pub account_id: Option<Uuid>,
        /// The link that is tried or replaced.
        pub link_id: Option<Uuid>,
        /// Where the person wanted to go.
        pub return_to: Destination as "Option<String>",
        /// 1 when it was begun anew because signing in by itself failed.
        pub by_hand: i64,
        /// When the browser was sent away.
        pub started_at: i64,
        /// When it is over.
        pub expires_at: i64,
        /// What came as a form from the provider's page.
        pub posted: Option<String>,
        /// When it came back.
        pub returned_at: Option<i64>,
        /// What came of it.
        pub outcome: String,
        /// Who came back.
        pub identity: Option<String>,
        /// What the person says that the provider showed.
        pub saw: Option<String>,
        /// The reference of the attempt that says why it is not linked.
        pub reference: Option<String>,
        /// When the act was completed.
        pub finished_at: Option<i64>,
    }
}

/// Begins a way.
pub async fn insert(conn: &mut Conn, j: &AuthorizationSession) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO authorization_session (id, state_key, provider, purpose, browser_key, account_id, link_id, return_to, by_hand,
         started_at, expires_at, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '')",
        j.id,
        &j.state_key[..],
        j.provider.as_str(),
        j.purpose.as_str(),
        &j.browser_key[..],
        j.account_id,
        j.link_id,
        j.return_to.kept(),
        j.by_hand,
        j.started_at,
        j.expires_at
    )
    .map(drop)
}

/// The way of that state.
pub async fn find_state(conn: &mut Conn, state_key: &[u8]) -> Result<Option<AuthorizationSession>> {
    optional!(conn, AuthorizationSession, "SELECT * FROM authorization_session WHERE state_key = $1", state_key)
}

/// The way of that key.
pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<AuthorizationSession>> {
    optional!(conn, AuthorizationSession, "SELECT * FROM authorization_session WHERE id = $1", id)
}

/// The newest way of this browser to this provider since then.
pub async fn latest_of_browser(
    conn: &mut Conn,
    browser_key: &[u8],
    provider: &str,
    since: Timestamp,
) -> Result<Option<AuthorizationSession>> {
    optional!(
        conn,
        AuthorizationSession,
        "SELECT * FROM authorization_session WHERE browser_key = $1 AND provider = $2 AND started_at > $3
         ORDER BY started_at DESC, id DESC LIMIT 1",
        browser_key,
        provider,
        since.0
    )
}

/// Keeps what came as a form, until the browser fetches it with its cookie.
pub async fn keep_posted(conn: &mut Conn, id: Uuid, posted: &str) -> Result<()> {
    execute!(conn, "UPDATE authorization_session SET posted = $2 WHERE id = $1 AND returned_at IS NULL", id, posted)
        .map(drop)
}

/// Comes back, once: of two answers to one start, one wins.
pub async fn take(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE authorization_session SET returned_at = $2, posted = NULL WHERE id = $1 AND returned_at IS NULL",
        id,
        now.0
    )?;
    Ok(rows == 1)
}

/// Notes what came of it, and who it was while that is needed.
pub async fn settle(
    conn: &mut Conn,
    id: Uuid,
    outcome: &str,
    identity: Option<&str>,
    expires: Timestamp,
) -> Result<()> {
    execute!(
        conn,
        "UPDATE authorization_session SET outcome = $2, identity = $3, expires_at = $4 WHERE id = $1",
        id,
        outcome,
        identity,
        expires.0
    )
    .map(drop)
}

/// Notes under which reference it is told.
pub async fn set_reference(conn: &mut Conn, id: Uuid, reference: &str) -> Result<()> {
    execute!(conn, "UPDATE authorization_session SET reference = $2 WHERE id = $1", id, reference).map(drop)
}

/// Notes what the person saw there.
pub async fn note_saw(conn: &mut Conn, id: Uuid, saw: &str) -> Result<()> {
    execute!(conn, "UPDATE authorization_session SET saw = $2 WHERE id = $1", id, saw).map(drop)
}

/// Completes it, once; who it was is kept no longer.
pub async fn finish(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE authorization_session SET finished_at = $2, identity = NULL WHERE id = $1 AND finished_at IS NULL AND expires_at > $2",
        id,
        now.0
    )?;
    Ok(rows == 1)
}

/// Deletes ways that were over before `before`.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM authorization_session WHERE expires_at < $1", before.0)
}

/// Ways since then by provider and how they ended; nothing: not back yet.
pub async fn by_outcome(conn: &mut Conn, since: Timestamp) -> Result<Vec<(String, String, i64)>> {
    all!(
        conn,
        (String, String, i64),
        "SELECT provider, outcome, COUNT(*) FROM authorization_session WHERE started_at > $1 GROUP BY provider, outcome
         ORDER BY provider, outcome",
        since.0
    )
}
