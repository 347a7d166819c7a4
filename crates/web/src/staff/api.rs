//! `/api/v1/staff/notices`: notices for programs, with the session or bearer token of an account with the role.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use kagiya_domain::{
    Timestamp,
    notice::{Door, Impact, Kind, Stage, Wrong},
    role::Permission,
};
use kagiya_flows::{
    session::{self, Found},
    staff::{self, Staff},
    status::notices::{self, Change, Report, Text, Window},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::notices::words;
use crate::{
    Web,
    api::{self, body::is_json, plain_problem, told_problem},
    page::View,
    request::{
        context::{Context, Site, tokens},
        form::{BodyError, read_body},
    },
};

/// The member of staff whose token came.
async fn require(context: &Context) -> Result<Staff, Response> {
    if context.site() == Site::Cross {
        return Err(plain_problem(context, StatusCode::FORBIDDEN, "error-cross-site"));
    }
    let app = &context.web.app;
    for token in tokens(&context.web, &context.headers) {
        match session::check(app, token, context.now).await {
            Ok(Found::Live(live)) => {
                return match staff::of(app, &live).await {
                    // As the pages have it: a token that is older than the role carries none of it.
                    Ok(Some(staff)) if staff.token_is_older => {
                        Err(plain_problem(context, StatusCode::FORBIDDEN, "error-token-older"))
                    }
                    Ok(Some(staff)) => Ok(staff),
                    Ok(None) => Err(plain_problem(context, StatusCode::FORBIDDEN, "error-not-staff")),
                    Err(fault) => Err(api::fault_problem(context, &fault)),
                };
            }
            Ok(Found::Ended(_) | Found::Unknown) => {}
            Err(fault) => return Err(api::fault_problem(context, &fault)),
        }
    }
    Err(plain_problem(context, StatusCode::UNAUTHORIZED, "error-no-session"))
}

/// What is sent; times are RFC 3339 with a zone.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Members {
    kind: Option<String>,
    title: String,
    title_en: String,
    message: String,
    message_en: String,
    impact: Option<String>,
    mode: Option<String>,
    status: Option<String>,
    components: Option<Vec<String>>,
    begins_at: Option<String>,
    ends_at: Option<String>,
    next_update_at: Option<String>,
}

fn time(field: &'static str, text: Option<&String>) -> Result<Option<Timestamp>, Wrong> {
    text.map(|text| {
        let at = text.parse::<jiff::Timestamp>();
        at.map(|at| Timestamp(at.as_millisecond())).map_err(|_| Wrong::new(field, "notice-wrong-time", text.as_str()))
    })
    .transpose()
}

fn word<T>(field: &'static str, text: Option<&String>, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Wrong> {
    text.map(|word| parse(word).ok_or_else(|| Wrong::new(field, "notice-wrong-choice", word.as_str()))).transpose()
}

/// As in forms: a NUL becomes what stands for a character that cannot be read.
#[allow(clippy::wildcard_enum_match_arm, reason = "another crate's enum")]
fn storable(told: Value) -> Value {
    match told {
        Value::String(text) => Value::String(text.replace('\0', "\u{fffd}")),
        Value::Array(list) => list.into_iter().map(storable).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, storable(value))).collect())
        }
        other => other,
    }
}

async fn read(context: &Context, body: Body) -> Result<Members, Response> {
    if !is_json(&context.headers) {
        return Err(plain_problem(context, StatusCode::UNSUPPORTED_MEDIA_TYPE, "error-json-type"));
    }
    let bytes = read_body(body).await.map_err(|error| match error {
        BodyError::TooLarge => plain_problem(context, StatusCode::PAYLOAD_TOO_LARGE, "error-body-large"),
        BodyError::WrongType | BodyError::Broken => plain_problem(context, StatusCode::BAD_REQUEST, "error-json"),
    })?;
    let read = serde_json::from_slice::<Value>(&bytes).and_then(|told| serde_json::from_value(storable(told)));
    read.map_err(|error| {
        let status = if error.is_data() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::BAD_REQUEST };
        told_problem(context, status, &error.to_string(), &[])
    })
}

/// Who sends it, and what: nothing is read before it is known who that is.
async fn sent(context: &Context, body: Body) -> Result<(Staff, Members), Response> {
    let staff = require(context).await?;
    if !staff.agent.may(Permission::Announce) {
        return Err(plain_problem(context, StatusCode::FORBIDDEN, notices::NOT_PERMITTED));
    }
    Ok((staff, read(context, body).await?))
}

fn wrong_answer(context: &Context, wrong: &Wrong) -> Response {
    let status = match wrong.key {
        "notice-wrong-none" => StatusCode::NOT_FOUND,
        notices::NOT_PERMITTED => StatusCode::FORBIDDEN,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    told_problem(context, status, &words(&View::new(context), wrong), &[wrong.field])
}

pub(crate) async fn list(State(web): State<Arc<Web>>, context: Context) -> Response {
    if let Err(response) = require(&context).await {
        return response;
    }
    match notices::list(&web.app).await {
        Ok(all) => {
            let all: Vec<Value> = all.iter().map(|notice| notices::to_json(notice, context.now)).collect();
            api::answer(&context, StatusCode::OK, &json!({ "notices": all }))
        }
        Err(fault) => api::fault_problem(&context, &fault),
    }
}

pub(crate) async fn create(State(web): State<Arc<Web>>, context: Context, body: Body) -> Response {
    let (staff, members) = match sent(&context, body).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let text = Text {
        title: members.title.clone(),
        title_en: members.title_en.clone(),
        message: members.message.clone(),
        message_en: members.message_en.clone(),
    };
    let parsed = || -> Result<_, Wrong> {
        Ok((
            word("kind", members.kind.as_ref(), Kind::parse)?.unwrap_or(Kind::Incident),
            word("impact", members.impact.as_ref(), Impact::parse)?.unwrap_or(Impact::Major),
            word("mode", members.mode.as_ref(), Door::parse)?.unwrap_or(Door::Closed),
            time("begins_at", members.begins_at.as_ref())?,
            time("ends_at", members.ends_at.as_ref())?,
            time("next_update_at", members.next_update_at.as_ref())?,
        ))
    };
    let (kind, impact, door, begins, ends, next_update) = match parsed() {
        Ok(parsed) => parsed,
        Err(wrong) => return wrong_answer(&context, &wrong),
    };
    let components = members.components.unwrap_or_default();
    let act = match (kind, ends) {
        (Kind::Maintenance, None) => Ok(Err(Wrong::new("ends_at", "notice-wrong-empty", ""))),
        (Kind::Maintenance, Some(ends)) => {
            let window = Window { text, begins: begins.unwrap_or(context.now), ends, door, components };
            notices::plan(&web.app, window, &staff.agent).await
        }
        (Kind::Incident, _) => {
            let report = Report { text, impact, stage: Stage::Investigating, components, since: begins, next_update };
            notices::open(&web.app, report, "", &staff.agent).await
        }
    };
    match act {
        Ok(Ok(notice)) => api::answer(&context, StatusCode::CREATED, &notices::to_json(&notice, context.now)),
        Ok(Err(wrong)) => wrong_answer(&context, &wrong),
        Err(fault) => api::fault_problem(&context, &fault),
    }
}

pub(crate) async fn update(
    State(web): State<Arc<Web>>,
    Path(id): Path<String>,
    context: Context,
    body: Body,
) -> Response {
    let (staff, members) = match sent(&context, body).await {
        Ok(sent) => sent,
        Err(response) => return response,
    };
    let parsed = || -> Result<_, Wrong> {
        Ok(Change {
            stage: word("status", members.status.as_ref(), Stage::parse)?,
            impact: word("impact", members.impact.as_ref(), Impact::parse)?,
            components: members.components.clone(),
            ends: time("ends_at", members.ends_at.as_ref())?,
            next_update: time("next_update_at", members.next_update_at.as_ref())?,
            message: members.message.clone(),
            message_en: members.message_en.clone(),
        })
    };
    let change = match parsed() {
        Ok(change) => change,
        Err(wrong) => return wrong_answer(&context, &wrong),
    };
    let found = match notices::list(&web.app).await {
        Ok(all) => all.into_iter().find(|notice| notice.id == id),
        Err(fault) => return api::fault_problem(&context, &fault),
    };
    let Some(notice) = found else {
        return wrong_answer(&context, &Wrong::new("id", "notice-wrong-none", id));
    };
    match notices::change(&web.app, notice, change, &staff.agent).await {
        Ok(Ok(notice)) => api::answer(&context, StatusCode::OK, &notices::to_json(&notice, context.now)),
        Ok(Err(wrong)) => wrong_answer(&context, &wrong),
        Err(fault) => api::fault_problem(&context, &fault),
    }
}
