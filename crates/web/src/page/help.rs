//! `/help`: one page a cause.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use kagiya_domain::Cause;
use kagiya_text::help_page;

use crate::{
    Web,
    page::{View, fault::not_found_page, page as render, verdict::cause_title},
    request::context::Context,
};

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage<'a> {
    v: &'a View<'a>,
    title: &'a str,
    body: &'a str,
}

pub(crate) async fn page(State(_): State<Arc<Web>>, Path(cause): Path<String>, context: Context) -> Response {
    let found = Cause::parse(&cause).and_then(|cause| help_page(context.lang(), cause.slug()));
    let Some((title, body)) = found else {
        return not_found_page(&context);
    };
    let view = View::new(&context);
    render(&view, StatusCode::OK, &title, &HelpPage { v: &view, title: &title, body: &body })
}

#[derive(Template)]
#[template(path = "help_index.html")]
struct IndexPage<'a> {
    v: &'a View<'a>,
    causes: Vec<(&'static str, String)>,
}

pub(crate) async fn index(State(_): State<Arc<Web>>, context: Context) -> Response {
    let view = View::new(&context);
    let title = view.t("help-title").into_owned();
    let causes = Cause::ALL.into_iter().map(|cause| (cause.slug(), cause_title(&view, cause))).collect();
    render(&view, StatusCode::OK, &title, &IndexPage { v: &view, causes })
}
