//! What earlier software on this host left behind: bookmarked addresses and service workers.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};

use crate::{
    page::{encode_query, fault::not_found_page, see_other},
    request::context::{Context, header_text},
};

/// Addresses under which sign-in pages are commonly bookmarked, and where they lead here.
pub(crate) const ADDRESSES: [(&str, &str); 16] = [
    ("/login", "/sign-in"),
    ("/login.html", "/sign-in"),
    ("/login.php", "/sign-in"),
    ("/signin", "/sign-in"),
    ("/users/sign_in", "/sign-in"),
    ("/account/login", "/sign-in"),
    ("/auth/login", "/sign-in"),
    ("/logout", "/sign-out"),
    ("/signout", "/sign-out"),
    ("/register", "/sign-up"),
    ("/signup", "/sign-up"),
    ("/users/sign_up", "/sign-up"),
    ("/forgot", "/recover"),
    ("/forgot-password", "/recover"),
    ("/password/reset", "/recover"),
    ("/users/password/new", "/recover"),
];

/// Paths at which service workers commonly live.
pub(crate) const WORKERS: [&str; 5] =
    ["/sw.js", "/service-worker.js", "/serviceworker.js", "/ngsw-worker.js", "/firebase-messaging-sw.js"];

/// This service has no worker. A browser that asks for the new version of one gets a worker
/// that lets go of everything and goes away.
const FAREWELL: &str = "self.addEventListener('install', () => self.skipWaiting());\n\
    self.addEventListener('activate', (event) => event.waitUntil((async () => {\n\
      for (const name of await caches.keys()) await caches.delete(name);\n\
      await self.registration.unregister();\n\
      for (const page of await self.clients.matchAll({ type: 'window' })) page.navigate(page.url);\n\
    })()));\n";

/// The way from an old address, with its destination.
pub(crate) fn lead(context: &Context) -> Option<Response> {
    let (_, to) = ADDRESSES.iter().find(|(old, _)| *old == context.path.trim_end_matches('/'))?;
    let return_to = context.return_to();
    let query =
        encode_query(&[("return_to", &return_to.carried()), ("login", context.query("login").unwrap_or_default())]);
    let to = if query.is_empty() { (*to).to_owned() } else { format!("{to}?{query}") };
    Some(see_other(context, &to))
}

pub(crate) async fn worker(context: Context) -> Response {
    if !asks_for_worker(&context.headers) {
        return not_found_page(&context);
    }
    tracing::info!(path = context.path, "a service worker of earlier software is sent away");
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (StatusCode::OK, headers, FAREWELL).into_response()
}

fn asks_for_worker(headers: &HeaderMap) -> bool {
    header_text(headers, "service-worker") == Some("script")
}
