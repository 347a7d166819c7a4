//! Pages: one layout, one set of headers.

use std::{collections::BTreeSet, fmt};

use askama::{DynTemplate, Template};
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kagiya_flows::{App, platform::board::Wish};

pub(crate) use crate::view::View;
use crate::{banner::Banner, context::Context, setup};

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    v: &'a View<'a>,
    title: &'a str,
    body: Inner<'a>,
    lang_path: &'a str,
    banner: Option<Banner>,
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

/// Where people begin something, or hear that it does not work.
fn wants_banner(context: &Context, status: StatusCode) -> bool {
    let at = |start: &&str| context.path.starts_with(*start);
    let begins = ["/sign-in", "/sign-up", "/recover", "/unlock", "/why"].iter().any(at);
    // Before anything is typed that cannot be kept now.
    let changes = at(&"/account") && context.web.app.board.get().shut(Wish::Change, context.now).is_some();
    begins || changes || status.is_server_error()
}

/// Renders a page around `content`.
pub(crate) fn page(view: &View<'_>, status: StatusCode, title: &str, content: &impl Template) -> Response {
    let lang_path = view.context.here();
    let banner = wants_banner(view.context, status).then(|| Banner::now(view)).flatten();
    let mut html = String::with_capacity(USUAL);
    let layout = Layout { v: view, title, body: Inner(content), lang_path: &lang_path, banner };
    if let Err(error) = layout.render_into(&mut html) {
        tracing::error!(%error, "a template failed");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(view.lang.as_str()));
    view.context.set_cookies(headers);
    setup::look(view.context);
    seal(headers);
    headers.insert(header::CONTENT_SECURITY_POLICY, view.context.web.policy.clone());
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

const CSP: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https: data:; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The policy of pages. Browsers hold `form-action` against every hop behind a form, and a
/// provider may send on within its own hosts: with providers, forms may lead to any https
/// address, and to the plain ones that the settings name.
pub(crate) fn policy(app: &App) -> HeaderValue {
    let plain: BTreeSet<String> = app.providers.iter().filter_map(|entry| entry.provider.plain_origin()).collect();
    let mut to = String::from("form-action 'self'");
    if !app.providers.is_empty() {
        to.push_str(" https:");
    }
    for origin in plain {
        to.push(' ');
        to.push_str(&origin);
    }
    HeaderValue::from_str(&CSP.replace("form-action 'self'", &to)).unwrap_or(HeaderValue::from_static(CSP))
}

/// Headers of every answer (ASVS 3.4).
pub(crate) fn seal(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
}

/// As [`seal`], where an answer says nothing of its own: feeds, JSON, pictures, what the router itself refuses.
pub(crate) fn seal_missing(headers: &mut HeaderMap) {
    if !headers.contains_key(header::X_CONTENT_TYPE_OPTIONS) || !headers.contains_key(header::CACHE_CONTROL) {
        let mut sealed = HeaderMap::new();
        seal(&mut sealed);
        for (name, value) in &sealed {
            headers.entry(name).or_insert_with(|| value.clone());
        }
    }
}

/// A place of ours, with the destination that goes along.
pub(crate) fn with_return(place: &str, to: Option<&str>) -> String {
    match to.filter(|to| !to.is_empty()) {
        Some(to) => {
            format!("{place}{}{}", if place.contains('?') { '&' } else { '?' }, encode_query(&[("return_to", to)]))
        }
        None => place.to_owned(),
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
