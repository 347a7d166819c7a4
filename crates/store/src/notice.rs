//! Notices: incidents and planned maintenance, with their history.

use kagiya_domain::{
    Timestamp,
    notice::{Door, Impact, Kind, Notice, Stage, Update},
};
use uuid::Uuid;

use crate::db::{Conn, Error, Result, all, execute, optional, row};

row! {
    struct Row {
        id: String,
        kind: String,
        stage: String,
        title: String,
        title_en: String,
        impact: String,
        door: String,
        components: String,
        slice: String,
        begins_at: i64,
        ends_at: Option<i64>,
        next_update_at: Option<i64>,
        created_at: i64,
        updated_at: i64,
        ended_at: Option<i64>,
        merged_into: Option<String>,
    }
}

row! {
    struct UpdateRow {
        id: Uuid,
        notice_id: String,
        at: i64,
        stage: String,
        body: String,
        body_en: String,
    }
}

fn read(row: Row) -> Result<Notice> {
    let words = (Kind::parse(&row.kind), Stage::parse(&row.stage), Impact::parse(&row.impact), Door::parse(&row.door));
    let (Some(kind), Some(stage), Some(impact), Some(door)) = words else {
        return Err(Error::Unreadable("notice"));
    };
    Ok(Notice {
        id: row.id,
        kind,
        stage,
        title: row.title,
        title_en: row.title_en,
        impact,
        door,
        components: row.components.split_whitespace().map(str::to_owned).collect(),
        slice: row.slice,
        begins_at: Timestamp(row.begins_at),
        ends_at: row.ends_at.map(Timestamp),
        next_update_at: row.next_update_at.map(Timestamp),
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.updated_at),
        ended_at: row.ended_at.map(Timestamp),
        merged_into: row.merged_into,
        updates: Vec::new(),
    })
}

/// Notices that are not over, or ended after `since`; the newest first, at most `limit`.
pub async fn list(conn: &mut Conn, since: Timestamp, limit: i64) -> Result<Vec<Notice>> {
    let rows: Vec<Row> = all!(
        conn,
        Row,
        "SELECT * FROM notice WHERE ended_at IS NULL OR ended_at > $1 ORDER BY begins_at DESC, id LIMIT $2",
        since.0,
        limit
    )?;
    let mut notices = rows.into_iter().map(read).collect::<Result<Vec<_>>>()?;
    let updates: Vec<UpdateRow> = all!(
        conn,
        UpdateRow,
        "SELECT id, notice_id, at, stage, body, body_en FROM notice_update WHERE notice_id IN
         (SELECT id FROM notice WHERE ended_at IS NULL OR ended_at > $1) ORDER BY at, id",
        since.0
    )?;
    for row in updates {
        let Some(notice) = notices.iter_mut().find(|notice| notice.id == row.notice_id) else {
            continue;
        };
        let stage = Stage::parse(&row.stage).ok_or(Error::Unreadable("notice"))?;
        let id = row.id.simple().to_string();
        notice.updates.push(Update { id, at: Timestamp(row.at), stage, body: row.body, body_en: row.body_en });
    }
    Ok(notices)
}

/// One notice, without its history.
pub async fn find(conn: &mut Conn, id: &str) -> Result<Option<Notice>> {
    let row: Option<Row> = optional!(conn, Row, "SELECT * FROM notice WHERE id = $1", id)?;
    row.map(read).transpose()
}

/// Keeps a notice, or what became of it.
pub async fn save(conn: &mut Conn, notice: &Notice) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO notice (id, kind, stage, title, title_en, impact, door, components, slice, begins_at, ends_at,
         next_update_at, created_at, updated_at, ended_at, merged_into)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, title = excluded.title, title_en = excluded.title_en,
         impact = excluded.impact, door = excluded.door, components = excluded.components,
         begins_at = excluded.begins_at, ends_at = excluded.ends_at, next_update_at = excluded.next_update_at,
         updated_at = excluded.updated_at, ended_at = excluded.ended_at, merged_into = excluded.merged_into",
        notice.id.as_str(),
        notice.kind.as_str(),
        notice.stage.as_str(),
        notice.title.as_str(),
        notice.title_en.as_str(),
        notice.impact.as_str(),
        notice.door.as_str(),
        notice.components.join(" "),
        notice.slice.as_str(),
        notice.begins_at.0,
        notice.ends_at.map(|at| at.0),
        notice.next_update_at.map(|at| at.0),
        notice.created_at.0,
        notice.updated_at.0,
        notice.ended_at.map(|at| at.0),
        notice.merged_into.as_deref()
    )
    .map(drop)
}

/// Adds a line to a notice's history. `actor`: `cli`, `staff:LOGIN_ID` or `system`.
pub async fn add_update(conn: &mut Conn, id: Uuid, notice: &str, update: &Update, actor: &str) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO notice_update (id, notice_id, at, stage, body, body_en, actor) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id,
        notice,
        update.at.0,
        update.stage.as_str(),
        update.body.as_str(),
        update.body_en.as_str(),
        actor
    ).map(drop)
}

/// Claims a notice as it was seen: of several servers that want to move it, one gets it.
pub async fn claim(conn: &mut Conn, id: &str, seen: Timestamp, now: Timestamp) -> Result<bool> {
    let at = now.0.max(seen.0 + 1);
    let rows = execute!(conn, "UPDATE notice SET updated_at = $3 WHERE id = $1 AND updated_at = $2", id, seen.0, at)?;
    Ok(rows == 1)
}
