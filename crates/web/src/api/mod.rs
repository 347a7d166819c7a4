//! `/api/v1`: the same flows as the pages, as JSON. Refusals are RFC 9457 problems.

pub(crate) mod attempts;
pub(crate) mod body;
mod problem;
pub(crate) mod recover;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod sign_up;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};

pub(crate) use problem::{fault_problem, plain_problem, problem, told_problem};

use crate::{page::seal, request::context::Context};
pub(crate) use kagiya_flows::time::rfc3339;

const OPENAPI: &str = include_str!("../../assets/openapi.json");

pub(crate) async fn openapi() -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, OPENAPI).into_response()
}

/// A JSON answer with the headers and cookies of this server.
pub(crate) fn answer(context: &Context, status: StatusCode, body: &Value) -> Response {
    let mut response = (status, body.to_string()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    context.set_cookies(headers);
    seal(headers);
    response
}

/// An account as JSON.
pub(crate) fn account_json(id: uuid::Uuid, login_id: &str) -> Value {
    json!({ "id": id.to_string(), "login_id": login_id })
}
