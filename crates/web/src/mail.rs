//! `/mail`: the last mails, for whoever tries this on their own machine.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use crate::{
    Web,
    page::{View, fault::not_found_page, page as render},
    request::context::Context,
};

struct LetterView {
    to: String,
    at: String,
    subject: String,
    lang: &'static str,
    /// The text part in pieces, and which of them are addresses.
    text: Vec<(bool, String)>,
}

#[derive(Template)]
#[template(path = "mail_page.html")]
struct MailPage<'a> {
    v: &'a View<'a>,
    letters: Vec<LetterView>,
    folder: &'a str,
}

pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    let app = &context.web.app;
    if !context.shows_mail() {
        return not_found_page(&context);
    }
    let view = View::new(&context);
    let shown = app.letters.all().into_iter().map(|(at, letter)| LetterView {
        to: letter.to,
        at: view.time(&at.0),
        subject: letter.subject,
        lang: letter.lang.as_str(),
        text: letter
            .text
            .split_inclusive(char::is_whitespace)
            .map(|piece| (piece.starts_with("http"), piece.to_owned()))
            .collect(),
    });
    let title = view.t("mail-page-title").into_owned();
    let page = MailPage { v: &view, letters: shown.collect(), folder: &app.settings.mail_note };
    render(&view, StatusCode::OK, &title, &page)
}
