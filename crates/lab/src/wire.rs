//! Forms that come in, JSON that goes out.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use http_body_util::{BodyExt, Limited};
use serde_json::{Value, json};

pub(crate) fn json_answer(status: StatusCode, value: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

pub(crate) fn error(status: u16, code: &str, words: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    json_answer(status, &json!({ "error": code, "error_description": words }))
}

/// The fields of a form.
pub(crate) async fn fields(body: Body) -> Option<BTreeMap<String, String>> {
    let body = Limited::new(body, 64 * 1_024).collect().await.ok()?;
    Some(form_urlencoded::parse(&body.to_bytes()).into_owned().collect())
}
