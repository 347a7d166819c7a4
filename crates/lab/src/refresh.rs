//! Refresh tokens: given to whoever asks as the original wants to be asked, and taken back.

use std::sync::PoisonError;

use axum::response::Response;
use http::StatusCode;
use kagiya_oidc::Kind;
use serde_json::{Value, json};

use crate::{
    Fault, Town,
    grants::Grant,
    shops::Shop,
    wire::{error, json_answer},
};

/// Whether what was asked of the authorization endpoint leads to one.
#[allow(clippy::wildcard_enum_match_arm, reason = "the usual answer; a few providers differ")]
pub(crate) fn is_asked_for(kind: Kind, scope: &str, prompt: &str, access_type: &str) -> bool {
    let has = |words: &str, wanted: &str| words.split(' ').any(|word| word == wanted);
    match kind {
        Kind::Google => access_type == "offline",
        Kind::X => has(scope, "offline.access"),
        Kind::Oidc => has(scope, "offline_access") && has(prompt, "consent"),
        _ => true,
    }
}

/// Adds one to an answer.
pub(crate) fn give(town: &Town, grant: &Grant, told: &mut Value) {
    if grant.offline {
        let token = town.token();
        told["refresh_token"] = json!(token);
        town.grants.lock().unwrap_or_else(PoisonError::into_inner).refresh.insert(token, grant.clone());
    }
}

/// The answer to `grant_type=refresh_token`. X and the plain issuer give another each time, and take none twice.
#[allow(clippy::wildcard_enum_match_arm, reason = "the usual answer; a few providers differ")]
pub(crate) fn renew(town: &Town, shop: &Shop, token: &str) -> Response {
    let rotates = matches!(shop.kind, Kind::X | Kind::Oidc);
    let found = {
        let mut grants = town.grants.lock().unwrap_or_else(PoisonError::into_inner);
        if rotates { grants.refresh.remove(token) } else { grants.refresh.get(token).cloned() }
    };
    let Some(grant) = found.filter(|grant| grant.shop == shop.id && !town.has(shop.id, Fault::Revoked)) else {
        return match shop.kind {
            Kind::X => error(400, "invalid_request", "Value passed for the token was invalid."),
            _ => error(400, "invalid_grant", "The token has expired or has been revoked."),
        };
    };
    let mut told = json!({ "access_token": town.token(), "token_type": "Bearer", "expires_in": 3600 });
    if rotates {
        give(town, &grant, &mut told);
    } else if shop.kind == Kind::Line {
        told["refresh_token"] = json!(token);
    }
    json_answer(StatusCode::OK, &told)
}
