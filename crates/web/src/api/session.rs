//! `GET` and `DELETE /api/v1/session`.

use std::sync::Arc;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use kagiya_domain::act::Act;
use kagiya_flows::{
    attempt::{self, Draft},
    session::{self, Found},
};
use serde_json::json;

use super::{
    account_json, answer,
    problem::{fault_problem, plain_problem, problem},
    rfc3339,
};
use crate::{
    Web,
    auth_check::mark_unchecked,
    page::seal,
    request::context::{Context, Site, tokens},
    sign_in::expire_session,
};

pub(crate) async fn show(State(web): State<Arc<Web>>, context: Context) -> Response {
    for token in tokens(&web, &context.headers) {
        match session::check(&web.app, token, context.now).await {
            Ok(Found::Live(live)) => {
                let mut body = json!({
                    "account": account_json(live.account_id, &live.login_id),
                    "session": { "id": live.id.to_string(), "created_at": rfc3339(live.created_at), "expires_at": rfc3339(live.expires_at) },
                });
                if let Some(since) = session::unchecked_since(&web.app) {
                    body["session"]["unchecked_since"] = json!(rfc3339(since));
                }
                let mut response = answer(&context, StatusCode::OK, &body);
                mark_unchecked(&web, response.headers_mut());
                return response;
            }
            Ok(Found::Ended(_) | Found::Unknown) => {}
            Err(fault) => return fault_problem(&context, &fault),
        }
    }
    let mut evidence = context.session_signs().await;
    let broken = context.is_cluttered();
    if evidence.is_empty() && !broken {
        return plain_problem(&context, StatusCode::UNAUTHORIZED, "error-no-session");
    }
    evidence.dedup();
    let draft = Draft::new(Act::Session, 401, &context.visitor, evidence);
    problem(&context, &*attempt::refuse(&web.app, &context.visitor, draft).await)
}

pub(crate) async fn end(State(web): State<Arc<Web>>, context: Context) -> Response {
    if context.site() == Site::Cross {
        return plain_problem(&context, StatusCode::FORBIDDEN, "error-cross-site");
    }
    for token in tokens(&web, &context.headers) {
        if let Err(fault) = session::sign_out(&web.app, token).await {
            return fault_problem(&context, &fault);
        }
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    expire_session(&context, &mut response);
    seal(response.headers_mut());
    response
}
