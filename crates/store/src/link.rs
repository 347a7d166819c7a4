//! Links: an identity at a provider, tied to one account.

use kagiya_domain::{
    Timestamp,
    link::{LinkEvent, LinkSource, LinkState},
};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, optional, row};

row! {
    /// A link, as it is kept. Times are in milliseconds.
    #[derive(Clone, Debug)]
    pub struct Link {
        /// Its key.
        pub id: Uuid,
        /// Whose it is.
        pub account_id: Uuid,
        /// The provider's name in the settings.
        pub provider: String,
        /// Who says so.
        pub issuer: String,
        /// Whom it calls so.
        pub subject: String,
        /// Whose identity it is, masked.
        pub shown: String,
        /// The verified address that came with it.
        pub email_key: Option<String>,
        /// As [`LinkState::as_str`].
        pub state: String,
        /// As [`LinkEvent::as_str`].
        pub state_why: String,
        /// As [`LinkSource::as_str`].
        pub state_source: String,
        /// Since when.
        pub state_since: i64,
        /// When it was made.
        pub created_at: i64,
        /// When its owner last came in by it.
        pub last_used_at: Option<i64>,
        /// When its owner removed it.
        pub removed_at: Option<i64>,
    }
}

impl Link {
    /// Its state.
    pub fn state(&self) -> LinkState {
        LinkState::parse(&self.state).unwrap_or(LinkState::Gone)
    }

    /// Whether the permission ended, and nobody said that it was taken back.
    pub fn has_lapsed(&self) -> bool {
        self.state() == LinkState::Gone && self.state_why == LinkEvent::Lapsed.as_str()
    }

    /// Whether the account there is gone for good.
    pub fn is_purged(&self) -> bool {
        self.state() == LinkState::Gone && self.state_why == LinkEvent::Purged.as_str()
    }
}

/// A link about to be made.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// Its key.
    pub id: Uuid,
    /// The provider's name in the settings.
    pub provider: String,
    /// Who says so.
    pub issuer: String,
    /// Whom it calls so.
    pub subject: String,
    /// Whose identity it is, masked.
    pub shown: String,
    /// The verified address that came with it.
    pub email_key: Option<String>,
    /// The refresh token that came with it, sealed.
    pub refresh_token: Option<String>,
}

/// Ties an identity to an account; `false` when it is tied to one already.
pub async fn insert(conn: &mut Conn, account: Uuid, new: &NewLink, now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "INSERT INTO link (id, account_id, provider, issuer, subject, shown, email_key, state, state_why, state_source,
         state_since, created_at, last_used_at, refresh_token, refresh_given_at, refresh_asked_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'ok', 'worked', 'callback', $8, $8, $8, $9,
         CASE WHEN $9 IS NULL THEN NULL ELSE $8 END, CASE WHEN $9 IS NULL THEN NULL ELSE $8 END)
         ON CONFLICT (issuer, subject) WHERE removed_at IS NULL DO NOTHING",
        new.id,
        account,
        new.provider.as_str(),
        new.issuer.as_str(),
        new.subject.as_str(),
        new.shown.as_str(),
        new.email_key.as_deref(),
        now.0,
        new.refresh_token.as_deref()
    )?;
    Ok(rows == 1)
}

/// The link of an identity.
pub async fn find_identity(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Option<Link>> {
    optional!(
        conn,
        Link,
        "SELECT * FROM link WHERE issuer = $1 AND subject = $2 AND removed_at IS NULL",
        issuer,
        subject
    )
}

/// Links of a provider that have no transfer identifier for this team, by key after `after`.
pub async fn to_transfer(conn: &mut Conn, provider: &str, team: &str, after: Uuid, limit: i64) -> Result<Vec<Link>> {
    all!(
        conn,
        Link,
        "SELECT * FROM link WHERE provider = $1 AND id > $3 AND removed_at IS NULL
         AND (transfer_team IS NULL OR transfer_team <> $2) ORDER BY id LIMIT $4",
        provider,
        team,
        after,
        limit
    )
}

/// Keeps a link's transfer identifier for a team.
pub async fn set_transfer(conn: &mut Conn, id: Uuid, team: &str, transfer_subject: &str) -> Result<()> {
    execute!(
        conn,
        "UPDATE link SET transfer_team = $2, transfer_subject = $3 WHERE id = $1",
        id,
        team,
        transfer_subject
    )
    .map(drop)
}

/// The person of a transfer identifier is called `subject` from now on.
pub async fn take_over(conn: &mut Conn, issuer: &str, transfer_subject: &str, subject: &str) -> Result<Option<Link>> {
    optional!(
        conn,
        Link,
        "UPDATE link SET subject = $3, transfer_subject = NULL, transfer_team = NULL
         WHERE issuer = $1 AND transfer_subject = $2 AND removed_at IS NULL RETURNING *",
        issuer,
        transfer_subject,
        subject
    )
}

/// The last link of an identity that its owner removed.
pub async fn find_removed(conn: &mut Conn, issuer: &str, subject: &str) -> Result<Option<Link>> {
    optional!(
        conn,
        Link,
        "SELECT * FROM link WHERE issuer = $1 AND subject = $2 AND removed_at IS NOT NULL ORDER BY removed_at DESC LIMIT 1",
        issuer,
        subject
    )
}

/// The links of an account, the oldest first.
pub async fn of_account(conn: &mut Conn, account: Uuid) -> Result<Vec<Link>> {
    all!(conn, Link, "SELECT * FROM link WHERE account_id = $1 AND removed_at IS NULL ORDER BY created_at, id", account)
}

/// The links of this provider of all accounts that know this browser.
pub async fn of_device(conn: &mut Conn, device_key: &[u8], provider: &str) -> Result<Vec<Link>> {
    all!(
        conn,
        Link,
        "SELECT link.* FROM device JOIN link ON link.account_id = device.account_id
         WHERE device.device_key = $1 AND link.provider = $2 AND link.removed_at IS NULL
         ORDER BY link.last_used_at DESC LIMIT 10",
        device_key,
        provider
    )
}

/// Notes that its owner came in by it: it works. A refresh token that came along (sealed) takes the place of the one before.
pub async fn note_use(conn: &mut Conn, id: Uuid, shown: &str, token: Option<&str>, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "UPDATE link SET last_used_at = $2, shown = $3,
         state_since = CASE WHEN state = 'ok' THEN state_since ELSE $2 END,
         state = 'ok', state_why = 'worked', state_source = 'callback',
         refresh_given_at = CASE WHEN $4 IS NULL THEN refresh_given_at ELSE $2 END,
         refresh_asked_at = CASE WHEN $4 IS NULL THEN refresh_asked_at ELSE $2 END,
         refresh_busy_until = CASE WHEN $4 IS NULL THEN refresh_busy_until ELSE NULL END,
         refresh_token = COALESCE($4, refresh_token) WHERE id = $1",
        id,
        now.0,
        shown,
        token
    )
    .map(drop)
}

/// Moves a link to a state.
#[expect(clippy::too_many_arguments, reason = "one for each column")]
pub async fn set_state(
    conn: &mut Conn,
    id: Uuid,
    state: LinkState,
    why: LinkEvent,
    source: LinkSource,
    since: Timestamp,
) -> Result<()> {
    execute!(
        conn,
        "UPDATE link SET state = $2, state_why = $3, state_source = $4, state_since = $5 WHERE id = $1",
        id,
        state.as_str(),
        why.as_str(),
        source.as_str(),
        since.0
    )
    .map(drop)
}

/// Removes a link of an account; `false` when the account has it not.
pub async fn remove(conn: &mut Conn, account: Uuid, id: Uuid, now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE link SET removed_at = $3, refresh_token = NULL WHERE id = $1 AND account_id = $2 AND removed_at IS NULL",
        id,
        account,
        now.0
    )?;
    Ok(rows == 1)
}

/// Whether an account has a password.
pub async fn has_password(conn: &mut Conn, account: Uuid) -> Result<bool> {
    let row: Option<(i64,)> = optional!(conn, (i64,), "SELECT set_at FROM password WHERE account_id = $1", account)?;
    Ok(row.is_some())
}

/// Forgets links that were removed before `before`.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM link WHERE removed_at < $1", before.0)
}

/// Deletes every link of an account that is forgotten.
pub async fn forget(conn: &mut Conn, account: Uuid) -> Result<()> {
    execute!(conn, "DELETE FROM link WHERE account_id = $1", account).map(drop)
}

/// Whether anybody has ever come back from this provider and was linked.
pub async fn is_used(conn: &mut Conn, provider: &str) -> Result<bool> {
    let used: Option<(Uuid,)> = optional!(conn, (Uuid,), "SELECT id FROM link WHERE provider = $1 LIMIT 1", provider)?;
    Ok(used.is_some())
}
