//! `/sign-in/{provider}/events`: what providers push. Security event tokens (RFC 8935), Apple's
//! notifications and back-channel logout arrive at one address; each is believed by its signature.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kagiya_flows::external::push;
use kagiya_oidc::TokenFault;
use serde_json::{Value, json};

use crate::{
    Web,
    request::{
        context::{Context, header_text},
        form::read_body,
    },
};

/// The token in a body, by how it came; and whether it came as a logout.
fn token_of(kind: &str, body: &[u8]) -> Option<(String, bool)> {
    let text = std::str::from_utf8(body).ok()?;
    match kind {
        "application/secevent+jwt" | "application/jwt" => Some((text.trim().to_owned(), false)),
        "application/json" => {
            let told: Value = serde_json::from_str(text).ok()?;
            told["payload"].as_str().map(|token| (token.to_owned(), false))
        }
        "application/x-www-form-urlencoded" => form_urlencoded::parse(body)
            .find(|(name, _)| name == "logout_token")
            .map(|(_, token)| (token.into_owned(), true)),
        _ => None,
    }
}

pub(crate) async fn receive(
    State(web): State<Arc<Web>>,
    Path(provider): Path<String>,
    context: Context,
    body: Body,
) -> Response {
    let Some(entry) = web.app.providers.find(&provider) else {
        return refused(StatusCode::NOT_FOUND, "invalid_request", "no such provider");
    };
    let kind = header_text(&context.headers, header::CONTENT_TYPE).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let token = match read_body(body).await {
        Ok(body) => token_of(&kind, &body),
        Err(_) => None,
    };
    let Some((token, logout)) = token else {
        let words = "expected application/secevent+jwt, JSON with \"payload\", or a form with logout_token";
        return refused(StatusCode::BAD_REQUEST, "invalid_request", words);
    };
    match push::receive(&web.app, entry, &token).await {
        Ok(Ok(_)) => {
            // RFC 8935 2.2 wants 202, Back-Channel Logout 2.8 wants 200.
            let status = if logout { StatusCode::OK } else { StatusCode::ACCEPTED };
            let mut response = status.into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Ok(Err(fault)) => refused(StatusCode::BAD_REQUEST, code_of(fault), &fault.to_string()),
        Err(fault) => {
            tracing::error!(error = %fault, "a pushed token could not be taken");
            refused(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "come again")
        }
    }
}

/// The codes of RFC 8935 2.4.
const fn code_of(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::UnknownKey | TokenFault::Signature | TokenFault::Algorithm => "invalid_key",
        TokenFault::Issuer => "invalid_issuer",
        TokenFault::Audience | TokenFault::AuthorizedParty => "invalid_audience",
        TokenFault::Missing
        | TokenFault::TooLong
        | TokenFault::Malformed
        | TokenFault::KeysUnreachable
        | TokenFault::Type
        | TokenFault::Nonce
        | TokenFault::Expired { .. }
        | TokenFault::NotYetValid { .. }
        | TokenFault::FromTheFuture { .. }
        | TokenFault::TooOld
        | TokenFault::Subject => "invalid_request",
    }
}

fn refused(status: StatusCode, code: &str, words: &str) -> Response {
    let mut response = Response::new(Body::from(json!({ "err": code, "description": words }).to_string()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
