//! Paths and methods that there are none of.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::{Method, StatusCode, Uri};
use kagiya_domain::act::Act;
use kagiya_flows::attempt::{self, Draft};

use crate::{
    Web, api,
    page::{
        fault::{not_found_page, refused_page},
        see_other,
    },
    request::context::Context,
    sign_in::old_ways,
};

pub(crate) async fn not_found(State(_): State<Arc<Web>>, context: Context) -> Response {
    nothing(&context)
}

/// There is nothing under this path.
pub(crate) fn nothing(context: &Context) -> Response {
    if context.path.starts_with("/api/") {
        return api::plain_problem(context, StatusCode::NOT_FOUND, "error-not-found");
    }
    old_ways::lead(context).unwrap_or_else(|| not_found_page(context))
}

/// The page whose form is sent to that path.
fn page_of(path: &str) -> &'static str {
    match path {
        path if path.starts_with("/account/links") => "/account/links",
        path if path.starts_with("/account") => "/account/security",
        path if path.starts_with("/sign-in") => "/sign-in",
        _ => "/",
    }
}

pub(crate) async fn wrong_method(State(_): State<Arc<Web>>, uri: Uri, context: Context) -> Response {
    if uri.path().starts_with("/api/") {
        return api::plain_problem(&context, StatusCode::METHOD_NOT_ALLOWED, "error-method");
    }
    // An address that takes forms only, opened from a history or a bookmark.
    if matches!(context.method, Method::GET | Method::HEAD) {
        return see_other(&context, page_of(uri.path()));
    }
    let draft = Draft::new(Act::Form, 405, &context.visitor, Vec::new());
    let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
    refused_page(&context, &refusal, "/sign-in")
}
