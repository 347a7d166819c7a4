//! Pages: one layout, one set of headers.

pub(crate) mod assets;
pub(crate) mod fault;
pub(crate) mod help;
pub(crate) mod how;
pub(crate) mod nowhere;
pub(crate) mod receipt;
pub(crate) mod verdict;
pub(crate) mod view;

use std::{collections::BTreeSet, fmt};

use askama::{DynTemplate, Template};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kagiya_flows::{App, settings::Settings, status::platform::board::Operation};

pub(crate) use crate::page::view::View;
use kagiya_domain::destination::Destination;

use crate::{
    Web,
    check::setup,
    request::{context::Context, door::Banner},
    status::banner,
};

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    v: &'a View<'a>,
    title: &'a str,
    body: Inner<'a>,
    lang_path: &'a str,
    banner: Option<banner::Banner>,
}

/// A template that is written into another one.
struct Inner<'a>(&'a dyn DynTemplate);

impl fmt::Display for Inner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.dyn_render_into(f).map_err(|error| {
            tracing::error!(%error, "a page's own part failed");
            fmt::Error
        })
    }
}

fn wants_banner(context: &Context, status: StatusCode) -> bool {
    let wanted = match context.banner {
        Banner::Always => true,
        Banner::WhileChangesAreShut => context.web.app.board.get().shut(Operation::Change, context.now).is_some(),
        Banner::Never => false,
    };
    wanted || status.is_server_error()
}

/// Renders a page around `content`.
pub(crate) fn page(view: &View<'_>, status: StatusCode, title: &str, content: &impl Template) -> Response {
    page_at(view, status, title, content, &view.context.here())
}

/// As [`page`], where another language is asked for at `place`.
pub(crate) fn page_at(
    view: &View<'_>,
    status: StatusCode,
    title: &str,
    content: &impl Template,
    place: &str,
) -> Response {
    let banner = wants_banner(view.context, status).then(|| banner::Banner::now(view)).flatten();
    let mut html = String::with_capacity(USUAL);
    // A tab, a history and a screen reader name the page by its title.
    let error = status.is_client_error() && status != StatusCode::NOT_FOUND;
    let told = error.then(|| view.f1("page-error", "title", title.to_owned()));
    let title = told.as_deref().unwrap_or(title);
    let layout = Layout { v: view, title, body: Inner(content), lang_path: place, banner };
    if let Err(error) = layout.render_into(&mut html) {
        tracing::error!(%error, "a template failed");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.clone_from(&view.context.web.sealed);
    headers.reserve(HEADERS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(view.lang.as_str()));
    view.context.set_cookies(headers);
    setup::look(view.context);
    headers.insert(header::CONTENT_SECURITY_POLICY, view.context.web.policy());
    response
}

/// 303 to a path of ours.
pub(crate) fn see_other(context: &Context, to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    response.headers_mut().insert(header::LOCATION, location);
    context.set_cookies(response.headers_mut());
    seal(response.headers_mut());
    response
}

/// Bytes that most pages fit into.
const USUAL: usize = 8 * 1_024;
/// As many headers as a page has, with room for cookies.
const HEADERS: usize = 16;

const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// What every answer says (ASVS 3.4).
const SEALED: [(header::HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CSP),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// The policy of pages. Browsers hold `form-action` against every hop behind a form: it names where the providers of
/// the settings are, and where they send people on.
pub(crate) fn policy(app: &App) -> HeaderValue {
    let forms: BTreeSet<String> = app.providers.iter().flat_map(|entry| entry.provider.form_sources()).collect();
    let logo = app.settings.logo_url.as_deref().filter(|url| url.starts_with("https://"));
    if forms.is_empty() && logo.is_none() {
        return HeaderValue::from_static(CSP);
    }
    let mut policy = CSP.to_owned();
    for source in forms {
        policy = policy.replace("form-action 'self'", &format!("form-action 'self' {source}"));
    }
    if let Some(host) = logo.and_then(|url| url.split('/').nth(2)) {
        policy = policy.replace("img-src 'self'", &format!("img-src 'self' https://{host}"));
    }
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(CSP))
}

/// Headers of every answer (ASVS 3.4).
pub(crate) fn seal(headers: &mut HeaderMap) {
    for (name, value) in SEALED {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The same with `Strict-Transport-Security`, where people come by https.
pub(crate) fn sealed(settings: &Settings) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(HEADERS);
    seal(&mut headers);
    if settings.public_url.secure {
        let whole = settings.hsts_subdomains;
        let hsts = if whole { "max-age=31536000; includeSubDomains" } else { "max-age=31536000" };
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(hsts));
    }
    headers
}

/// As [`sealed`], where an answer says nothing of its own: feeds, JSON, pictures, what the router itself refuses.
pub(crate) fn seal_missing(web: &Web, headers: &mut HeaderMap) {
    for (name, value) in &web.sealed {
        headers.entry(name).or_insert_with(|| value.clone());
    }
}

/// A place of ours, with the destination that goes along.
pub(crate) fn with_return(place: &str, to: &Destination) -> String {
    let query = encode_query(&[("return_to", &to.carried())]);
    match (query.is_empty(), place.contains('?')) {
        (true, _) => place.to_owned(),
        (false, true) => format!("{place}&{query}"),
        (false, false) => format!("{place}?{query}"),
    }
}

/// Percent-encodes a query's values; empty ones are left out.
pub(crate) fn encode_query(pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    query.finish()
}
