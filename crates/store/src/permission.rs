//! Refresh tokens of links, sealed: kept, asked with by one server at a time, replaced, dropped.

use kagiya_domain::{Span, Timestamp, link::LinkSource};
use uuid::Uuid;

use crate::{
    db::{Conn, Result, all, execute, optional, row},
    link::Link,
};

row! {
    /// A refresh token, as it is kept. Times are in milliseconds.
    #[derive(Clone, Debug)]
    pub struct Kept {
        /// The link.
        pub id: Uuid,
        /// The token, sealed.
        pub refresh_token: String,
        /// When the provider gave it.
        pub refresh_given_at: i64,
        /// When it was last asked with.
        pub refresh_asked_at: i64,
    }
}

/// So long at most a token is in use for asking: longer than a call may take.
const BUSY: Span = Span::minutes(1);

/// Tokens of a provider with which it was not asked since `before`, the longest ago first. None that is in use.
pub async fn to_ask(
    conn: &mut Conn,
    provider: &str,
    before: Timestamp,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Kept>> {
    all!(
        conn,
        Kept,
        "SELECT id, refresh_token, refresh_given_at, refresh_asked_at FROM link
         WHERE provider = $1 AND refresh_token IS NOT NULL AND refresh_asked_at < $2
         AND (refresh_busy_until IS NULL OR refresh_busy_until < $3)
         ORDER BY refresh_asked_at LIMIT $4",
        provider,
        before.0,
        now.0,
        limit
    )
}

/// Takes a token into use. `false` when another server did, or when it was replaced.
pub async fn claim(conn: &mut Conn, kept: &Kept, now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE link SET refresh_asked_at = $4, refresh_busy_until = $5
         WHERE id = $1 AND refresh_token = $2 AND refresh_asked_at = $3",
        kept.id,
        kept.refresh_token.as_str(),
        kept.refresh_asked_at,
        now.0,
        now.plus(BUSY).0
    )?;
    Ok(rows == 1)
}

/// Ends the use of a token, with another in its place if one was given; nothing when its owner brought a newer one
/// meanwhile.
pub async fn release(conn: &mut Conn, kept: &Kept, token: Option<&str>, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "UPDATE link SET refresh_busy_until = NULL,
         refresh_given_at = CASE WHEN $3 IS NULL THEN refresh_given_at ELSE $4 END,
         refresh_token = COALESCE($3, refresh_token) WHERE id = $1 AND refresh_token = $2",
        kept.id,
        kept.refresh_token.as_str(),
        token,
        now.0
    )
    .map(drop)
}

/// As [`release`], and as if it had not been asked with: it stays due.
pub async fn put_back(conn: &mut Conn, kept: &Kept) -> Result<()> {
    execute!(
        conn,
        "UPDATE link SET refresh_busy_until = NULL, refresh_asked_at = $3 WHERE id = $1 AND refresh_token = $2",
        kept.id,
        kept.refresh_token.as_str(),
        kept.refresh_asked_at
    )
    .map(drop)
}

row! {
    /// When somebody was asked about, and what became of the link.
    struct Asked {
        refresh_asked_at: i64,
        state_source: String,
        state_since: i64,
    }
}

/// Of the last so many that were asked about before: whether theirs had ended. Who came by since says nothing.
pub async fn last_ended(conn: &mut Conn, provider: &str, limit: i64) -> Result<Vec<bool>> {
    let rows = all!(
        conn,
        Asked,
        "SELECT refresh_asked_at, state_source, state_since FROM link
         WHERE provider = $1 AND refresh_asked_at IS NOT NULL AND refresh_busy_until IS NULL AND removed_at IS NULL
         AND refresh_asked_at > COALESCE(last_used_at, 0) ORDER BY refresh_asked_at DESC LIMIT $2",
        provider,
        limit
    )?;
    let by_check = LinkSource::Check.as_str();
    Ok(rows.iter().map(|row| row.state_source == by_check && row.state_since >= row.refresh_asked_at).collect())
}

/// Drops a token; the link, unless its owner brought a newer one meanwhile.
pub async fn drop_token(conn: &mut Conn, kept: &Kept) -> Result<Option<Link>> {
    optional!(
        conn,
        Link,
        "UPDATE link SET refresh_token = NULL, refresh_busy_until = NULL
         WHERE id = $1 AND refresh_token = $2 AND removed_at IS NULL RETURNING *",
        kept.id,
        kept.refresh_token.as_str()
    )
}

/// Whether an account that knows this browser has a token of this provider.
pub async fn is_kept_for(conn: &mut Conn, device_key: &[u8], provider: &str) -> Result<bool> {
    let row: Option<(i64,)> = optional!(
        conn,
        (i64,),
        "SELECT link.created_at FROM device JOIN link ON link.account_id = device.account_id
         WHERE device.device_key = $1 AND link.provider = $2 AND link.refresh_token IS NOT NULL LIMIT 1",
        device_key,
        provider
    )?;
    Ok(row.is_some())
}
