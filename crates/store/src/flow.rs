//! Acts of several steps: sign-up, recovery, unlocking, confirming, adding an address.

use kagiya_domain::{Timestamp, act::FlowKind, destination::Destination};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, optional, row};

row! {
    /// A flow, as it is kept. Times are in milliseconds.
    #[derive(Clone, Debug)]
    pub struct Flow {
        /// Its key.
        pub id: Uuid,
        /// What it is for.
        pub kind: FlowKind as "String",
        /// Digest of the browser's flow cookie.
        pub browser_key: Option<Vec<u8>>,
        /// When it began.
        pub created_at: i64,
        /// When it is over.
        pub expires_at: i64,
        /// The person's language.
        pub lang: String,
        /// The address or login as typed.
        pub typed: String,
        /// The login ID asked for (sign-up).
        pub login_id: Option<String>,
        /// Its skeleton (sign-up): reserved until the flow is over.
        pub skeleton: Option<String>,
        /// The hash of the password asked for (sign-up).
        pub phc: Option<String>,
        /// The account, once it is known.
        pub account_id: Option<Uuid>,
        /// Keyed digest under which codes and counters are kept.
        pub subject_key: Option<Vec<u8>>,
        /// Where the person wanted to go.
        pub return_to: Destination as "Option<String>",
        /// The attempt that this flow confirms.
        pub attempt_id: Option<Uuid>,
        /// When a mail was last asked for.
        pub sent_at: Option<i64>,
        /// Codes typed since then.
        pub tries: i64,
        /// When a right code was typed.
        pub proven_at: Option<i64>,
        /// When the act was completed.
        pub finished_at: Option<i64>,
        /// The way to a provider whose identity is linked at its end.
        pub authorization_id: Option<Uuid>,
        /// Keyed digest of the network that began it.
        pub network: Option<Vec<u8>>,
    }
}

impl Flow {
    /// One of a kind, with nothing in it yet.
    pub const fn of(kind: FlowKind) -> Self {
        Self {
            id: Uuid::nil(),
            kind,
            browser_key: None,
            created_at: 0,
            expires_at: 0,
            lang: String::new(),
            typed: String::new(),
            login_id: None,
            skeleton: None,
            phc: None,
            account_id: None,
            subject_key: None,
            return_to: Destination::Home,
            attempt_id: None,
            sent_at: None,
            tries: 0,
            proven_at: None,
            finished_at: None,
            authorization_id: None,
            network: None,
        }
    }

    /// Whose codes end each other: those of one browser, or of one network when no cookie came.
    pub fn asker(&self) -> Option<&[u8]> {
        self.browser_key.as_deref().or(self.network.as_deref())
    }
}

/// Begins a flow.
pub async fn insert(conn: &mut Conn, f: &Flow) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO flow (id, kind, browser_key, created_at, expires_at, lang, typed, login_id, skeleton, phc, account_id,
         subject_key, return_to, attempt_id, sent_at, tries, authorization_id, network)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $17)",
        f.id,
        f.kind.as_str(),
        f.browser_key.as_deref(),
        f.created_at,
        f.expires_at,
        f.lang.as_str(),
        f.typed.as_str(),
        f.login_id.as_deref(),
        f.skeleton.as_deref(),
        f.phc.as_deref(),
        f.account_id,
        f.subject_key.as_deref(),
        f.return_to.kept(),
        f.attempt_id,
        f.sent_at,
        f.authorization_id,
        f.network.as_deref()
    )
    .map(drop)
}

/// The flow of that key, over or not.
pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Flow>> {
    optional!(conn, Flow, "SELECT * FROM flow WHERE id = $1", id)
}

/// The newest running flow of a kind that this browser began.
pub async fn latest_of_browser(
    conn: &mut Conn,
    browser_key: &[u8],
    kind: FlowKind,
    now: Timestamp,
) -> Result<Option<Flow>> {
    optional!(
        conn,
        Flow,
        "SELECT * FROM flow WHERE browser_key = $1 AND kind = $2 AND expires_at > $3 AND finished_at IS NULL
         ORDER BY created_at DESC, id DESC LIMIT 1",
        browser_key,
        kind.as_str(),
        now.0
    )
}

/// Whether this browser proved by mail that the attempt is its owner's.
pub async fn confirmed(conn: &mut Conn, attempt: Uuid, browser_key: &[u8], now: Timestamp) -> Result<bool> {
    let row: Option<(Uuid,)> = optional!(
        conn,
        (Uuid,),
        "SELECT id FROM flow WHERE attempt_id = $1 AND browser_key = $2 AND kind = 'confirm' AND proven_at IS NOT NULL
         AND expires_at > $3 LIMIT 1",
        attempt,
        browser_key,
        now.0
    )?;
    Ok(row.is_some())
}

/// A running sign-up that asks for an ID of this skeleton, other than `except`.
pub async fn sign_up_for(conn: &mut Conn, skeleton: &str, except: Uuid, now: Timestamp) -> Result<Option<Flow>> {
    optional!(
        conn,
        Flow,
        "SELECT * FROM flow WHERE skeleton = $1 AND kind = 'sign_up' AND finished_at IS NULL AND expires_at > $2 AND id <> $3
         ORDER BY created_at DESC LIMIT 1",
        skeleton,
        now.0,
        except
    )
}

/// Counts one typed code; `None` when the flow is over or `limit` were typed.
pub async fn count_try(conn: &mut Conn, id: Uuid, limit: i64, now: Timestamp) -> Result<Option<Flow>> {
    optional!(
        conn,
        Flow,
        "UPDATE flow SET tries = tries + 1 WHERE id = $1 AND tries < $2 AND expires_at > $3 AND finished_at IS NULL
         AND proven_at IS NULL RETURNING *",
        id,
        limit,
        now.0
    )
}

/// Notes whose flow it is, once the mail job has found out.
pub async fn set_subject(conn: &mut Conn, id: Uuid, account: Option<Uuid>, subject_key: &[u8]) -> Result<()> {
    execute!(conn, "UPDATE flow SET account_id = $2, subject_key = $3 WHERE id = $1", id, account, subject_key)
        .map(drop)
}

/// Asks for another mail, if the last was asked for before `not_since`; the tries begin anew.
pub async fn ask_again(
    conn: &mut Conn,
    id: Uuid,
    not_since: Timestamp,
    expires: Timestamp,
    now: Timestamp,
) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE flow SET sent_at = $3, tries = 0, expires_at = $4
         WHERE id = $1 AND (sent_at IS NULL OR sent_at <= $2) AND finished_at IS NULL AND proven_at IS NULL AND expires_at > $3",
        id,
        not_since.0,
        now.0,
        expires.0
    )?;
    Ok(rows == 1)
}

/// Keeps a flow alive at least until then: the code's life begins when the mail leaves.
pub async fn extend(conn: &mut Conn, id: Uuid, until: Timestamp) -> Result<()> {
    execute!(
        conn,
        "UPDATE flow SET expires_at = $2 WHERE id = $1 AND expires_at < $2 AND finished_at IS NULL",
        id,
        until.0
    )
    .map(drop)
}

/// Notes that a right code was typed.
pub async fn prove(conn: &mut Conn, id: Uuid, until: Timestamp, now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE flow SET proven_at = $2, expires_at = $3 WHERE id = $1 AND proven_at IS NULL AND finished_at IS NULL",
        id,
        now.0,
        until.0
    )?;
    Ok(rows == 1)
}

/// Where the person wanted to go who began `asked` in another browser.
pub async fn take_destination(conn: &mut Conn, id: Uuid, asked: Uuid) -> Result<()> {
    execute!(
        conn,
        "UPDATE flow SET return_to = (SELECT asked.return_to FROM flow AS asked WHERE asked.id = $2)
         WHERE id = $1 AND id <> $2 AND return_to IS NULL",
        id,
        asked
    )
    .map(drop)
}

/// Completes a flow, once.
pub async fn finish(conn: &mut Conn, id: Uuid, now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE flow SET finished_at = $2, phc = NULL WHERE id = $1 AND finished_at IS NULL",
        id,
        now.0
    )?;
    Ok(rows == 1)
}

/// Ends every other running flow of an account: recoveries, unlockings, address changes.
pub async fn end_all(conn: &mut Conn, account: Uuid, except: Uuid, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "UPDATE code SET spent_at = $2 WHERE spent_at IS NULL AND flow_id IN (SELECT id FROM flow WHERE account_id = $1)",
        account,
        now.0
    )?;
    execute!(
        conn,
        "UPDATE flow SET finished_at = $3, phc = NULL WHERE account_id = $1 AND id <> $2 AND finished_at IS NULL",
        account,
        except,
        now.0
    )
    .map(drop)
}

/// Ends the running flows of one kind of an account.
pub async fn end_kind(conn: &mut Conn, account: Uuid, kind: FlowKind, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "UPDATE flow SET finished_at = $3 WHERE account_id = $1 AND kind = $2 AND finished_at IS NULL",
        account,
        kind.as_str(),
        now.0
    )
    .map(drop)
}

/// What was begun since then: by kind, all, those whose code was typed right, those that were done.
pub async fn by_kind(conn: &mut Conn, since: Timestamp) -> Result<Vec<(String, i64, i64, i64)>> {
    all!(
        conn,
        (String, i64, i64, i64),
        "SELECT kind, COUNT(*), COUNT(CASE WHEN proven_at IS NOT NULL OR (kind IN ('sign_up', 'add_email')
         AND finished_at IS NOT NULL) THEN 1 END), COUNT(CASE WHEN finished_at IS NOT NULL AND (proven_at IS NOT NULL
         OR kind IN ('sign_up', 'add_email', 'unlock')) THEN 1 END) FROM flow WHERE created_at > $1 GROUP BY kind ORDER BY kind",
        since.0
    )
}

/// Deletes flows that were over before `before`.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM flow WHERE expires_at < $1", before.0)
}
