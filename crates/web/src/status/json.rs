//! `/api/v2/…`: the shape of Statuspage's public API, so that existing readers work.
//! <https://metastatuspage.com/api>

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use kagiya_domain::{
    Timestamp,
    notice::{Kind, Notice},
};
use kagiya_flows::status::platform::Snapshot;
use serde_json::{Value, json};

use super::{concerned, description, indicator};
use kagiya_flows::time::rfc3339;

use crate::{
    Web,
    page::View,
    request::context::Context,
    status::banner::{component_name, english},
};

fn answer(body: &Value) -> Response {
    let mut response = body.to_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    // Public, and read by pages on other hosts.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// What every answer begins with.
fn page(view: &View<'_>, board: &Snapshot) -> Value {
    let app = &view.context.web.app;
    let updated = board.notices.iter().map(|notice| notice.updated_at);
    let updated = updated.chain(board.components.iter().map(|component| component.since)).max();
    json!({
        "id": "kagiya",
        "name": view.service(),
        "url": format!("{}/status", app.settings.public_url.origin),
        "time_zone": app.settings.time_zone.iana_name().unwrap_or("Etc/UTC"),
        "updated_at": rfc3339(updated.unwrap_or(view.context.now)),
    })
}

fn status(view: &View<'_>, board: &Snapshot) -> Value {
    let indicator = indicator(view, board);
    json!({ "indicator": indicator, "description": description(view, indicator) })
}

fn component(view: &View<'_>, board: &Snapshot, id: &str, place: usize) -> Value {
    let since = board.measured(id).map_or(view.context.now, |component| component.since);
    json!({
        "id": id,
        "name": component_name(view, id),
        "status": board.level(id, view.context.now).as_str(),
        "created_at": rfc3339(since),
        "updated_at": rfc3339(since),
        "position": place + 1,
        "description": null,
        "showcase": false,
        "start_date": null,
        "group_id": null,
        "page_id": "kagiya",
        "group": false,
        "only_show_if_degraded": false,
    })
}

fn all_components(view: &View<'_>, board: &Snapshot) -> Vec<Value> {
    let ids = view.context.web.app.component_names();
    ids.iter().enumerate().map(|(place, id)| component(view, board, id, place)).collect()
}

fn notice(view: &View<'_>, board: &Snapshot, notice: &Notice) -> Value {
    let english = english(view);
    let time = |at: Option<Timestamp>| at.map(rfc3339);
    let stage = |wanted: &str| {
        notice.updates.iter().find(|update| update.stage.as_str() == wanted).map(|update| rfc3339(update.at))
    };
    let parts = concerned(view, notice);
    let components: Vec<Value> =
        parts.iter().enumerate().map(|(place, id)| component(view, board, id, place)).collect();
    let affected: Vec<Value> = parts
        .iter()
        .map(|id| {
            let level = board.level(id, view.context.now).as_str();
            json!({ "code": id, "name": component_name(view, id), "old_status": level, "new_status": level })
        })
        .collect();
    let updates: Vec<Value> = notice
        .updates
        .iter()
        .rev()
        .map(|update| {
            json!({
                "id": update.id,
                "status": update.stage.as_str(),
                "body": update.body_in(english),
                "incident_id": notice.id,
                "created_at": rfc3339(update.at),
                "updated_at": rfc3339(update.at),
                "display_at": rfc3339(update.at),
                "affected_components": affected,
                "deliver_notifications": true,
                "custom_tweet": null,
                "tweet_id": null,
            })
        })
        .collect();
    let origin = &view.context.web.app.settings.public_url.origin;
    let mut body = json!({
        "id": notice.id,
        "name": notice.title_in(english),
        "status": notice.stage_at(view.context.now).as_str(),
        "created_at": rfc3339(notice.created_at),
        "updated_at": rfc3339(notice.updated_at),
        "monitoring_at": stage("monitoring"),
        "resolved_at": time(notice.ended_at),
        "impact": notice.impact.as_str(),
        "shortlink": format!("{origin}/status#{}", notice.id),
        "started_at": rfc3339(notice.begins_at),
        "page_id": "kagiya",
        "incident_updates": updates,
        "components": components,
        "reminder_intervals": null,
    });
    if notice.kind == Kind::Maintenance {
        body["scheduled_for"] = json!(rfc3339(notice.begins_at));
        body["scheduled_until"] = json!(time(notice.ends_at));
    } else if let Some(at) = notice.next_update_at {
        body["next_update_at"] = json!(rfc3339(at));
    }
    body
}

fn notices(view: &View<'_>, board: &Snapshot, wanted: impl Fn(&Notice) -> bool) -> Vec<Value> {
    let public = board.notices.iter().filter(|notice| notice.stage.is_public());
    public.filter(|found| wanted(found)).map(|found| notice(view, board, found)).collect()
}

fn body(web: &Web, context: &Context, build: impl FnOnce(&View<'_>, &Snapshot, &mut Value)) -> Response {
    let view = View::new(context);
    let board = web.app.board.get();
    let mut body = json!({ "page": page(&view, &board) });
    build(&view, &board, &mut body);
    answer(&body)
}

fn is_open(notice: &Notice, kind: Kind) -> bool {
    notice.kind == kind && !notice.stage.is_over()
}

/// `summary.json`.
pub(crate) async fn summary(State(web): State<Arc<Web>>, context: Context) -> Response {
    body(&web, &context, |view, board, body| {
        body["components"] = all_components(view, board).into();
        body["incidents"] = notices(view, board, |n| is_open(n, Kind::Incident)).into();
        body["scheduled_maintenances"] = notices(view, board, |n| is_open(n, Kind::Maintenance)).into();
        body["status"] = status(view, board);
    })
}

/// `status.json`.
pub(crate) async fn overview(State(web): State<Arc<Web>>, context: Context) -> Response {
    body(&web, &context, |view, board, body| body["status"] = status(view, board))
}

/// `components.json`.
pub(crate) async fn components(State(web): State<Arc<Web>>, context: Context) -> Response {
    body(&web, &context, |view, board, body| body["components"] = all_components(view, board).into())
}

/// `incidents.json`: all of them.
pub(crate) async fn incidents(State(web): State<Arc<Web>>, context: Context) -> Response {
    body(&web, &context, |view, board, body| {
        body["incidents"] = notices(view, board, |n| n.kind == Kind::Incident).into();
    })
}

/// `incidents/unresolved.json`.
pub(crate) async fn unresolved(State(web): State<Arc<Web>>, context: Context) -> Response {
    body(&web, &context, |view, board, body| {
        body["incidents"] = notices(view, board, |n| is_open(n, Kind::Incident)).into();
    })
}

/// `scheduled-maintenances.json`: all of them.
pub(crate) async fn maintenances(State(web): State<Arc<Web>>, context: Context) -> Response {
    body(&web, &context, |view, board, body| {
        body["scheduled_maintenances"] = notices(view, board, |n| n.kind == Kind::Maintenance).into();
    })
}

/// `scheduled-maintenances/upcoming.json`.
pub(crate) async fn upcoming(State(web): State<Arc<Web>>, context: Context) -> Response {
    let now = context.now;
    body(&web, &context, |view, board, body| {
        let wanted = |n: &Notice| n.kind == Kind::Maintenance && n.is_upcoming(now);
        body["scheduled_maintenances"] = notices(view, board, wanted).into();
    })
}

/// `scheduled-maintenances/active.json`.
pub(crate) async fn active(State(web): State<Arc<Web>>, context: Context) -> Response {
    let now = context.now;
    body(&web, &context, |view, board, body| {
        let wanted = |n: &Notice| n.kind == Kind::Maintenance && n.is_active(now);
        body["scheduled_maintenances"] = notices(view, board, wanted).into();
    })
}
