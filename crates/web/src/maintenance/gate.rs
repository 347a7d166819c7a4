//! Planned work shuts the doors: whoever comes is told until when, and nothing is begun.

use kagiya_domain::act::Act;
use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use http::Method;
use kagiya_flows::status::platform::board::Operation;

use crate::{
    Web, api,
    maintenance::closed,
    page::{fault::refused_page, nowhere},
    request::context::Context,
};

/// What stays open whatever is sent to it: it changes nothing of an account, or says by itself what cannot be done.
const OPEN: [&str; 11] =
    ["auth", "check", "language", "notify", "repair", "session", "sign-out", "staff", "status", "why", "attempts"];

/// What a request is about to do, and what it is an attempt at. The sign-in page itself is not among them: it is always
/// shown. What is sent to a door that is not named here is a change: a new door is shut until somebody opens it.
fn operation(method: &Method, path: &str) -> Option<(Operation, Act)> {
    let api = path.starts_with("/api/v1");
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let reads = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    let first = path.split('/').nth(1).unwrap_or_default();
    match first {
        "sign-in" if api && !reads => Some((Operation::SignIn, Act::SignIn)),
        "sign-in" if path == "/sign-in" => None,
        "sign-in" if path.ends_with("/events") || path.ends_with("/seen") => None,
        "sign-in" => Some((Operation::SignIn, Act::External)),
        "sign-up" => Some((Operation::Change, Act::SignUp)),
        "recover" => Some((Operation::Change, Act::Recover)),
        "unlock" => Some((Operation::Change, Act::Unlock)),
        // These answer with the form and what was typed in it (`closed::changes`).
        "account" if matches!(path, "/account/sessions" | "/account/security" | "/account/emails") => None,
        _ if reads => None,
        "account" => Some((Operation::Change, Act::Account)),
        open if OPEN.contains(&open) => None,
        _ => Some((Operation::Change, Act::Form)),
    }
}

/// Refuses what planned work does not allow now, and paths that nothing can have.
pub(crate) async fn guard(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    // Nothing is called so, and no database takes it.
    if request.uri().path().contains("%00") {
        let (parts, _) = request.into_parts();
        return nowhere::nothing(&Context::open(web, &parts));
    }
    // What is no door at all says so, and old addresses lead on.
    let is_door = request.extensions().get::<MatchedPath>().is_some();
    let Some((operation, act)) = operation(request.method(), request.uri().path()).filter(|_| is_door) else {
        return next.run(request).await;
    };
    if web.app.board.get().shut(operation, web.app.now()).is_none() {
        return next.run(request).await;
    }
    let (parts, _) = request.into_parts();
    let context = Context::open(web, &parts);
    let refusal = closed::refusal(&context, act);
    if context.path.starts_with("/api/") {
        return api::problem(&context, &refusal);
    }
    refused_page(&context, &refusal, "/sign-in")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_door_is_shut_and_the_known_ones_stand_as_they_should() {
        let of = |method, path| operation(&method, path).map(|(operation, _)| operation);
        for path in ["/sign-in", "/check", "/language", "/sign-out", "/staff/notices", "/why/K7Q4-9XMD/me-too"] {
            assert_eq!(of(Method::POST, path), None, "{path}");
        }
        for path in ["/account/close", "/account/links/a/remove", "/sign-up/verify", "/recover", "/a-new-door", "/"] {
            assert_eq!(of(Method::POST, path), Some(Operation::Change), "{path}");
        }
        assert_eq!(of(Method::DELETE, "/api/v1/session"), None);
        assert_eq!(of(Method::DELETE, "/api/v1/accounts/hana"), Some(Operation::Change));
        assert_eq!(of(Method::GET, "/a-new-door"), None);
        for path in ["/api/v1/sign-in", "/sign-in/google", "/sign-in/google/callback"] {
            assert_eq!(of(Method::POST, path), Some(Operation::SignIn), "{path}");
        }
    }
}
