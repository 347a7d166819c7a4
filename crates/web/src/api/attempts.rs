//! `GET /api/v1/attempts/{reference}`: the verdict for the caller's audience.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use kagiya_flows::{
    attempt,
    session::{self, Found},
};

use super::{
    answer,
    problem::{fault_problem, members, plain_problem},
};
use crate::{
    Web,
    request::context::{Context, tokens},
};

pub(crate) async fn show(State(web): State<Arc<Web>>, Path(reference): Path<String>, context: Context) -> Response {
    let mut signed_in = None;
    for token in tokens(&web, &context.headers) {
        match session::check(&web.app, token, context.now).await {
            Ok(Found::Live(live)) => signed_in = Some(live.account_id),
            Ok(Found::Ended(_) | Found::Unknown) => {}
            Err(fault) => return fault_problem(&context, &fault),
        }
    }
    match attempt::tell(&web.app, &context.visitor, signed_in, &reference).await {
        Ok(Some(told)) => {
            let mut body = members(&context, &told.refusal);
            body["resolved"] = serde_json::json!(told.resolved);
            answer(&context, StatusCode::OK, &body)
        }
        Ok(None) => plain_problem(&context, StatusCode::NOT_FOUND, "error-not-found"),
        Err(fault) => fault_problem(&context, &fault),
    }
}
