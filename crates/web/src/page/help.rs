//! `/help`: one page a cause.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use kagiya_domain::{Cause, cause::Family};
use kagiya_flows::check::heard;
use kagiya_text::help_page;

use crate::{
    Web,
    page::{View, fault::not_found_page, how, page as render, verdict::cause_title},
    request::context::Context,
};

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage<'a> {
    v: &'a View<'a>,
    title: &'a str,
    body: &'a str,
    /// The steps for this very browser.
    topic: Option<&'static str>,
}

pub(crate) async fn page(State(_): State<Arc<Web>>, Path(cause): Path<String>, context: Context) -> Response {
    let cause = Cause::parse(&cause);
    let Some((title, body)) = cause.and_then(|cause| help_page(context.lang(), cause.slug())) else {
        return not_found_page(&context);
    };
    let view = View::new(&context);
    render(
        &view,
        StatusCode::OK,
        &title,
        &HelpPage { v: &view, title: &title, body: &body, topic: cause.and_then(how::topic) },
    )
}

/// A link and its words.
type Link = (&'static str, String);

#[derive(Template)]
#[template(path = "help_index.html")]
struct IndexPage<'a> {
    v: &'a View<'a>,
    q: &'a str,
    /// The causes that what was read speaks of, and the provider whose words they are.
    found: Vec<(&'static str, String, Option<&'static str>)>,
    symptoms: Vec<Link>,
    groups: Vec<(&'static str, Vec<Link>)>,
}

/// What people say most, and where it goes on. What this browser shows is looked at there and then.
const SYMPTOMS: [(&str, &str); 6] = [
    ("forgot", "/recover"),
    ("locked", "/unlock"),
    ("no-mail", "/help/credential.code_undelivered"),
    ("provider", "/help/external.no_return"),
    ("loop", "/check?symptom=loop"),
    ("same-error", "/check?symptom=same_error"),
];

pub(crate) async fn index(State(_): State<Arc<Web>>, context: Context) -> Response {
    let view = View::new(&context);
    let title = view.t("help-title").into_owned();
    let q = context.query("q").unwrap_or_default().trim();
    let name = |cause: Cause| (cause.slug(), cause_title(&view, cause));
    let found = heard::look_up(q).into_iter().map(|heard| (heard.cause.slug(), name(heard.cause).1, heard.provider));
    let group = |family: &'static Family| {
        (family.as_str(), Cause::ALL.into_iter().filter(|cause| cause.family() == *family).map(name).collect())
    };
    let page = IndexPage {
        v: &view,
        q,
        found: found.collect(),
        symptoms: SYMPTOMS.iter().map(|(id, href)| (*href, view.tk("help-symptom", id).into_owned())).collect(),
        groups: Family::ALL.iter().map(group).collect(),
    };
    render(&view, StatusCode::OK, &title, &page)
}
