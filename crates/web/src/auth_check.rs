//! `/auth/check`: a proxy's sub-request. The hottest path: answered before the router.

use std::sync::Arc;

use axum::{body::Body, extract::State, response::Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kagiya_domain::return_to::ReturnTo;
use kagiya_flows::session::{self, Found, Live, token_hash};

use crate::{
    Web,
    page::encode_query,
    request::context::{header_text, tokens},
};

pub(crate) const PATH: &str = "/auth/check";

pub(crate) async fn handle(State(web): State<Arc<Web>>, headers: HeaderMap) -> Response {
    answer(&web, &headers).await
}

/// 200 with who it is, or 401 with where to sign in.
pub(crate) async fn answer(web: &Web, headers: &HeaderMap) -> Response {
    let now = web.app.now();
    for token in tokens(web, headers) {
        if let Some(live) = token_hash(token).and_then(|hash| session::check_memory(&web.app, &hash, now)) {
            return accept(web, &live);
        }
    }
    for token in tokens(web, headers) {
        match session::check(&web.app, token, now).await {
            Ok(Found::Live(live)) => {
                let mut response = accept(web, &live);
                mark_unchecked(web, response.headers_mut());
                return response;
            }
            Ok(Found::Ended(_) | Found::Unknown) => {}
            Err(error) => {
                tracing::error!(%error, "a session could not be checked");
                let mut response = status_only(web, StatusCode::SERVICE_UNAVAILABLE);
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
                return response;
            }
        }
    }
    let mut response = status_only(web, StatusCode::UNAUTHORIZED);
    // Traefik and Caddy say it in the first, nginx's ingress in the second, nginx's own examples in the third.
    let said =
        ["x-forwarded-uri", "x-original-url", "x-original-uri"].iter().find_map(|name| header_text(headers, *name));
    let wanted = said.and_then(|uri| ReturnTo::parse(path_of(uri)));
    let query = encode_query(&[("return_to", wanted.as_ref().map_or("", |to| to.as_str()))]);
    let origin = &web.app.settings.public_url.origin;
    let location = if query.is_empty() { format!("{origin}/sign-in") } else { format!("{origin}/sign-in?{query}") };
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// The path and query of what may be a whole URL: the host is the app's, which `return_to` never names.
fn path_of(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    if rest.len() == uri.len() { uri } else { rest.find('/').map_or("/", |at| &rest[at..]) }
}

/// Tells apps since when sessions are believed from memory alone.
pub(crate) fn mark_unchecked(web: &Web, headers: &mut HeaderMap) {
    let since = session::unchecked_since(&web.app).map(kagiya_flows::time::rfc3339);
    if let Some(since) = since.and_then(|since| HeaderValue::from_str(&since).ok()) {
        headers.insert("x-kagiya-unchecked-since", since);
    }
}

const ACCOUNT: header::HeaderName = header::HeaderName::from_static("x-kagiya-account");
const LOGIN_ID: header::HeaderName = header::HeaderName::from_static("x-kagiya-login-id");

/// What an answer that lets somebody through is made of: a map that grows is copied.
pub(crate) fn accepted(mut sealed: HeaderMap) -> HeaderMap {
    // There is nothing to be loaded or sent: the policy of pages would be half of the answer.
    sealed.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    );
    for name in [ACCOUNT, LOGIN_ID] {
        sealed.insert(name, HeaderValue::from_static(""));
    }
    sealed
}

fn accept(web: &Web, live: &Live) -> Response {
    let mut buffer = uuid::Uuid::encode_buffer();
    let id = live.account_id.hyphenated().encode_lower(&mut buffer);
    let (Ok(id), Ok(login)) = (HeaderValue::from_str(id), HeaderValue::from_str(&live.login_id)) else {
        // Nobody is let through without a name.
        return status_only(web, StatusCode::SERVICE_UNAVAILABLE);
    };
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = web.accepted.clone();
    response.headers_mut().insert(ACCOUNT, id);
    response.headers_mut().insert(LOGIN_ID, login);
    response
}

fn status_only(web: &Web, status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    *response.headers_mut() = web.sealed.clone();
    response
}
