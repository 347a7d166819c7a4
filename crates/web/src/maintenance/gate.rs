//! Planned work shuts the doors: whoever comes is told until when, and nothing is begun.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::Method;
use kagiya_flows::status::platform::board::Wish;

use crate::{
    Web, api,
    maintenance::closed,
    page::{fault::refused_page, nowhere},
    request::context::Context,
};

/// What a request wishes, and the kind of act it is. The sign-in page itself is not among them: it is
/// always shown.
fn wish(method: &Method, path: &str) -> Option<(Wish, &'static str)> {
    let api = path.starts_with("/api/v1");
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let post = method == Method::POST;
    let first = path.split('/').nth(1).unwrap_or_default();
    match first {
        "sign-in" if api && post => Some((Wish::SignIn, "sign_in")),
        "sign-in" if path == "/sign-in" => None,
        "sign-in" if path.ends_with("/events") || path.ends_with("/seen") => None,
        "sign-in" => Some((Wish::SignIn, "external")),
        "sign-up" => Some((Wish::Change, "sign_up")),
        "recover" => Some((Wish::Change, "recover")),
        "unlock" => Some((Wish::Change, "unlock")),
        // These answer with the form and what was typed in it (`shut::changes`).
        "account" if matches!(path, "/account/sessions" | "/account/security" | "/account/emails") => None,
        "account" if post => Some((Wish::Change, "account")),
        _ => None,
    }
}

/// Refuses what planned work does not allow now, and paths that nothing can have.
pub(crate) async fn guard(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    // Nothing is called so, and no database takes it.
    if request.uri().path().contains("%00") {
        let (parts, _) = request.into_parts();
        return nowhere::nothing(&Context::open(web, &parts));
    }
    let Some((wish, kind)) = wish(request.method(), request.uri().path()) else {
        return next.run(request).await;
    };
    if web.app.board.get().shut(wish, web.app.now()).is_none() {
        return next.run(request).await;
    }
    let (parts, _) = request.into_parts();
    let context = Context::open(web, &parts);
    let refusal = closed::refusal(&context, kind);
    if context.path.starts_with("/api/") {
        return api::problem(&context, &refusal);
    }
    refused_page(&context, &refusal, "/sign-in")
}
