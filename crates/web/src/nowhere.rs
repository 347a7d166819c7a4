//! Paths and methods that there are none of.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::{StatusCode, Uri};
use kagiya_domain::Evidence;
use kagiya_flows::attempt::{self, Draft};

use crate::{
    Web, api,
    context::Context,
    fault::{not_found_page, refused_page},
};

pub(crate) async fn not_found(State(_): State<Arc<Web>>, uri: Uri, context: Context) -> Response {
    if uri.path().starts_with("/api/") {
        return api::plain_problem(&context, StatusCode::NOT_FOUND, "error-not-found");
    }
    not_found_page(&context)
}

pub(crate) async fn wrong_method(State(_): State<Arc<Web>>, uri: Uri, context: Context) -> Response {
    if uri.path().starts_with("/api/") {
        return api::plain_problem(&context, StatusCode::METHOD_NOT_ALLOWED, "error-method");
    }
    let draft = Draft::new("form", 405, &context.visitor, vec![Evidence::FormMissing]);
    let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
    refused_page(&context, &refusal, "/sign-in")
}
