//! Who did what to whose account.

use kagiya_domain::Timestamp;
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, row};

row! {
    /// One line of the audit trail.
    #[derive(Clone, Debug)]
    pub struct Line {
        /// When, in milliseconds.
        pub at: i64,
        /// Who: `owner`, `staff:LOGIN_ID`, `cli` or `system`.
        pub actor: String,
        /// What.
        pub act: String,
        /// With what.
        pub detail: String,
    }
}

/// Adds a line.
pub async fn note(conn: &mut Conn, id: Uuid, account: Option<Uuid>, line: &Line) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO audit (id, at, actor, act, account_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        line.at,
        line.actor.as_str(),
        line.act.as_str(),
        account,
        line.detail.as_str()
    )
    .map(drop)
}

/// The trail of an account, the newest first.
pub async fn of_account(conn: &mut Conn, account: Uuid, limit: i64) -> Result<Vec<Line>> {
    all!(
        conn,
        Line,
        "SELECT at, actor, act, detail FROM audit WHERE account_id = $1 ORDER BY at DESC LIMIT $2",
        account,
        limit
    )
}

/// The time of the newest line of one act.
pub async fn last(conn: &mut Conn, account: Uuid, act: &str) -> Result<Option<Timestamp>> {
    let rows: Vec<(i64,)> = all!(
        conn,
        (i64,),
        "SELECT at FROM audit WHERE account_id = $1 AND act = $2 ORDER BY at DESC LIMIT 1",
        account,
        act
    )?;
    Ok(rows.first().map(|row| Timestamp(row.0)))
}
