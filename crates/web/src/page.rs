//! Pages: one layout, one set of headers.

use std::{borrow::Cow, collections::BTreeSet};

use askama::Template;
use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use kagiya_flows::App;
use kagiya_text::{Arg, Lang, Words};

use crate::{context::Context, form, setup};

/// What every template has at hand.
pub(crate) struct View<'c> {
    pub(crate) context: &'c Context,
    words: &'c Words,
    pub(crate) lang: Lang,
    pub(crate) token: String,
}

impl<'c> View<'c> {
    pub(crate) fn new(context: &'c Context) -> Self {
        Self { words: &context.web.app.words, lang: context.lang(), token: form::token(context), context }
    }

    /// A message without values.
    pub(crate) fn t(&self, key: impl AsRef<str>) -> Cow<'c, str> {
        let key = key.as_ref();
        match self.words.plain(self.lang, key) {
            Some(text) => Cow::Borrowed(text),
            // The words for "login ID" and the service's name are settings.
            None => Cow::Owned(self.f(key, &[])),
        }
    }

    /// Whether there is a message of that key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.words.has(self.lang, key)
    }

    /// The message `PREFIX-SUFFIX`.
    pub(crate) fn tk(&self, prefix: &str, suffix: &str) -> Cow<'c, str> {
        self.t(format!("{prefix}-{suffix}"))
    }

    /// A message with values; the service's name and the word for the login ID always stand in.
    pub(crate) fn f(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        let settings = &self.context.web.app.settings;
        let mut all: Vec<(&str, Arg<'_>)> = Vec::with_capacity(args.len() + 2);
        all.push(("service", Arg::from(settings.service_name.get(self.lang))));
        all.push(("word", Arg::from(settings.login_id_word.get(self.lang))));
        all.extend(args.iter().cloned());
        self.words.format(self.lang, key, &all)
    }

    pub(crate) fn f1(&self, key: &str, name: &str, value: impl Into<Arg<'static>>) -> String {
        self.f(key, &[(name, value.into())])
    }

    pub(crate) fn service(&self) -> &str {
        self.context.web.app.settings.service_name.get(self.lang)
    }

    pub(crate) fn support(&self) -> Option<String> {
        let support = self.context.web.app.settings.support.as_ref()?;
        Some(if support.contains('@') && !support.contains(':') {
            format!("mailto:{support}")
        } else {
            support.clone()
        })
    }

    pub(crate) fn mail_from(&self) -> String {
        self.context.web.app.settings.mail_from.clone()
    }

    pub(crate) fn min_password(&self) -> i64 {
        i64::try_from(self.context.web.app.settings.policy.min_characters).unwrap_or(8)
    }

    pub(crate) fn logo(&self) -> Option<&str> {
        self.context.web.app.settings.logo_url.as_deref()
    }

    /// The address to open elsewhere, when this is a browser inside another app.
    pub(crate) fn in_app_address(&self) -> Option<String> {
        self.context.visitor.browser.in_app.map(|_| self.context.address())
    }

    pub(crate) fn asset(&self, name: &str) -> &str {
        self.context.web.assets.path(name)
    }

    /// A time in the service's zone.
    pub(crate) fn time(&self, ms: &i64) -> String {
        kagiya_flows::compose::local_time(&self.context.web.app, kagiya_domain::Timestamp(*ms), self.lang)
    }

    /// The error message of a field among these.
    pub(crate) fn error(&self, errors: &[kagiya_flows::FieldError], field: &str) -> Option<String> {
        errors.iter().find(|e| e.field == field).map(|e| self.f1(e.key, "min", self.min_password()))
    }
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    v: &'a View<'a>,
    title: &'a str,
    body: &'a str,
    lang_path: &'a str,
}

/// Renders a page around `content`.
pub(crate) fn page(view: &View<'_>, status: StatusCode, title: &str, content: &impl Template) -> Response {
    let body = match content.render() {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(%error, "a template failed");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let lang_path = view.context.here();
    let html = match (Layout { v: view, title, body: &body, lang_path: &lang_path }).render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "the layout failed");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
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

/// Percent-encodes a query value.
pub(crate) fn encode_query(pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    query.finish()
}
