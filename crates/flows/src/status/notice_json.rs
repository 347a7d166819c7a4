//! Notices as programs read them.

use kagiya_domain::{Timestamp, notice::Notice};
use serde_json::{Value, json};

use crate::time::rfc3339;

/// A notice as programs read it; times are RFC 3339.
pub fn to_json(notice: &Notice, now: Timestamp) -> Value {
    json!({
        "id": notice.id,
        "kind": notice.kind.as_str(),
        "status": notice.stage_at(now).as_str(),
        "title": notice.title,
        "title_en": notice.title_en,
        "message": notice.updates.iter().rev().find(|update| !update.body.is_empty()).map(|update| update.body.as_str()),
        "impact": notice.impact.as_str(),
        "mode": notice.door.as_str(),
        "components": notice.components,
        "slice": notice.slice,
        "begins_at": rfc3339(notice.begins_at),
        "ends_at": notice.ends_at.map(rfc3339),
        "next_update_at": notice.next_update_at.map(rfc3339),
        "created_at": rfc3339(notice.created_at),
        "updated_at": rfc3339(notice.updated_at),
        "ended_at": notice.ended_at.map(rfc3339),
        "merged_into": notice.merged_into,
        "updates": notice.updates.iter().map(|update| json!({
            "at": rfc3339(update.at),
            "status": update.stage.as_str(),
            "message": update.body,
            "message_en": update.body_en,
        })).collect::<Vec<_>>(),
    })
}
