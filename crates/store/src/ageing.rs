//! Lets time pass for what runs out, so that it need not be waited for. For measuring only.

use kagiya_domain::Span;

use crate::db::{Conn, Result, execute};

/// Makes flows, codes, sessions, waiting mails, accounts, counters and attempts older by `span`.
pub async fn shift(conn: &mut Conn, span: Span) -> Result<()> {
    execute!(conn, "UPDATE account SET created_at = created_at - $1, state_since = state_since - $1", span.0)?;
    execute!(conn, "UPDATE password SET set_at = set_at - $1", span.0)?;
    execute!(conn, "UPDATE attempt SET created_at = created_at - $1", span.0)?;
    execute!(
        conn,
        "UPDATE throttle SET pending_until = pending_until - $1, locked_until = locked_until - $1,
         updated_at = updated_at - $1",
        span.0
    )?;
    execute!(
        conn,
        "UPDATE flow SET created_at = created_at - $1, expires_at = expires_at - $1, sent_at = sent_at - $1",
        span.0
    )?;
    execute!(
        conn,
        "UPDATE authorization_session SET started_at = started_at - $1, expires_at = expires_at - $1",
        span.0
    )?;
    execute!(conn, "UPDATE code SET sent_at = sent_at - $1, expires_at = expires_at - $1", span.0)?;
    execute!(
        conn,
        "UPDATE session SET created_at = created_at - $1, last_seen_at = last_seen_at - $1, expires_at = expires_at - $1",
        span.0
    )?;
    execute!(conn, "UPDATE outbox SET created_at = created_at - $1 WHERE done_at IS NULL", span.0)?;
    // What servers remember of them is out of date.
    execute!(conn, "INSERT INTO ending (token_hash, at) SELECT token_hash, last_seen_at FROM session").map(drop)
}
