//! Who did what to whose account.

use kagiya_domain::{
    Timestamp,
    audit::{Actor, Event, Line},
};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, row};

row! {
    struct Row {
        at: i64,
        actor: String,
        act: String,
        detail: String,
    }
}

impl Row {
    fn read(self) -> Option<Line> {
        Some(Line {
            at: Timestamp(self.at),
            actor: Actor::parse(&self.actor)?,
            event: Event::parse(&self.act)?,
            detail: self.detail,
        })
    }
}

/// Adds a line.
pub async fn note(conn: &mut Conn, id: Uuid, account: Option<Uuid>, entry: &Line) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO audit (id, at, actor, act, account_id, detail) VALUES ($1, $2, $3, $4, $5, $6)",
        id,
        entry.at.0,
        entry.actor.name().as_ref(),
        entry.event.as_str(),
        account,
        entry.detail.as_str()
    )
    .map(drop)
}

/// The trail of an account, the newest first. What a newer release wrote is left out.
pub async fn of_account(conn: &mut Conn, account: Uuid, limit: i64) -> Result<Vec<Line>> {
    let rows = all!(
        conn,
        Row,
        "SELECT at, actor, act, detail FROM audit WHERE account_id = $1 ORDER BY at DESC LIMIT $2",
        account,
        limit
    )?;
    Ok(rows.into_iter().filter_map(Row::read).collect())
}
