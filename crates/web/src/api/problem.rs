//! Refusals as `application/problem+json` (RFC 9457).

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use kagiya_flows::{Fault, Refusal};
use serde_json::{Value, json};

use super::answer;
use crate::{
    page::{
        View,
        fault::{add_retry_after, refusal_of},
        verdict::{VerdictView, avoid_text, step_text, step_url},
    },
    request::context::Context,
};

/// The members of a refusal.
pub(crate) fn members(context: &Context, refusal: &Refusal) -> Value {
    let view = View::new(context);
    let verdict = VerdictView::new(&view, refusal);
    let origin = &context.web.app.settings.public_url.origin;
    let fields: Vec<Value> = refusal
        .fields
        .iter()
        .map(|f| json!({ "field": f.field, "detail": view.error(&refusal.fields, f.field).unwrap_or_default() }))
        .collect();
    let detail = match refusal.fields.first() {
        Some(f) => format!("{}: {}", f.field, view.error(&refusal.fields, f.field).unwrap_or_default()),
        None => verdict.lead.clone(),
    };
    let steps: Vec<Value> = refusal
        .verdict
        .steps
        .iter()
        .map(|&remedy| {
            let mut value = json!({ "id": remedy.id(), "text": step_text(&view, remedy) });
            if let Some(url) = step_url(&view, remedy, refusal) {
                value["url"] = json!(if url.starts_with('/') { format!("{origin}{url}") } else { url });
            }
            value
        })
        .collect();
    let mut body = json!({
        "type": format!("{origin}/help/{}", verdict.cause),
        "title": verdict.title,
        "status": refusal.status,
        "detail": detail,
        "reference": verdict.reference,
        "cause": verdict.cause,
        "audience": verdict.audience,
        "candidates": refusal.verdict.candidates.iter().zip(&verdict.candidates).map(|(candidate, shown)| json!({
            "cause": shown.slug,
            "confidence": (f64::from(candidate.confidence) * 1000.0).round() / 1000.0,
            "because": shown.because.iter().map(|(key, ..)| *key).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "steps": steps,
        "avoid": refusal.verdict.avoid.iter().map(|remedy| json!({ "id": remedy.id(), "text": avoid_text(&view, *remedy) })).collect::<Vec<_>>(),
    });
    if let Some(ask) = &verdict.ask {
        body["ask"] = json!(ask.id);
    }
    if let Some((word, _)) = &verdict.others {
        body["others"] = json!(word);
    }
    if let Some(seconds) = refusal.retry_after() {
        body["retry_after"] = json!(seconds);
    }
    if !fields.is_empty() {
        body["errors"] = json!(fields);
    }
    body
}

/// A refusal as a problem.
pub(crate) fn problem(context: &Context, refusal: &Refusal) -> Response {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = answer(context, status, &members(context, refusal));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    add_retry_after(&mut response, refusal);
    response
}

/// A fault as a problem.
pub(crate) fn fault_problem(context: &Context, fault: &Fault) -> Response {
    problem(context, &refusal_of(context, fault))
}

/// A problem with words of its own, and the fields that they are about.
pub(crate) fn told_problem(context: &Context, status: StatusCode, detail: &str, fields: &[&str]) -> Response {
    let errors: Vec<Value> = fields.iter().map(|field| json!({ "field": field, "detail": detail })).collect();
    let mut body = json!({
        "type": "about:blank", "title": context.say("error-body"), "status": status.as_u16(), "detail": detail,
    });
    if !errors.is_empty() {
        body["errors"] = errors.into();
    }
    let mut response = answer(context, status, &body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}

/// A problem that is no refusal: a wrong path or method, or no session.
pub(crate) fn plain_problem(context: &Context, status: StatusCode, key: &str) -> Response {
    let body = json!({ "type": "about:blank", "title": context.say(key), "status": status.as_u16() });
    let mut response = answer(context, status, &body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response
}
