//! The stand-in for Apple's transfer of an app between developer teams.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use kagiya_oidc::Kind;
use serde_json::json;

use crate::{
    CLIENT_ID, Town,
    shops::shop,
    wire::{error, fields, json_answer},
};

/// What the leave to ask is called here.
const LEAVE: &str = "leave-to-migrate";

/// The answer to `grant_type=client_credentials`.
pub(crate) fn leave(shop: Kind, scope: &str) -> Response {
    if shop != Kind::Apple || scope != "user.migration" {
        return error(400, "unsupported_grant_type", "only for transfers between teams");
    }
    json_answer(StatusCode::OK, &json!({ "access_token": LEAVE, "token_type": "Bearer", "expires_in": 3600 }))
}

/// The identifier by which the other team knows somebody.
pub(crate) fn of(subject: &str) -> String {
    format!("transfer.{subject}")
}

pub(crate) async fn identifier(
    State(town): State<Arc<Town>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let fields = fields(body).await.unwrap_or_default();
    let get = |name: &str| fields.get(name).map_or("", String::as_str);
    let allowed = headers.get(header::AUTHORIZATION).is_some_and(|value| value == &format!("Bearer {LEAVE}"));
    if shop(&id).is_none_or(|shop| shop.kind != Kind::Apple) || !allowed || get("client_id") != CLIENT_ID {
        return error(400, "invalid_request", "not for you");
    }
    if town.has(&id, crate::Fault::ProfileDead) || get("sub").is_empty() || get("target").is_empty() {
        return error(400, "invalid_request", "no such user");
    }
    json_answer(StatusCode::OK, &json!({ "transfer_sub": of(get("sub")) }))
}
