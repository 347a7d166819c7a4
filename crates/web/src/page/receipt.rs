//! "Your sign-in was right": what follows it failed, and it is ours. With its own reference.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use kagiya_domain::{Audience, Evidence, act::Act};
use kagiya_flows::{
    attempt::{self, Draft},
    session::Live,
};

use crate::{
    page::{View, fault::add_retry_after, page as render, verdict::VerdictView},
    request::context::Context,
};

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage<'a> {
    v: &'a View<'a>,
    login_id: &'a str,
    since: String,
    verdict: VerdictView,
}

/// The page for somebody who is in, and whose data cannot be read.
pub(crate) fn page(context: &Context, live: &Live) -> Response {
    let app = &context.web.app;
    let mut evidence = vec![Evidence::AfterSignInFailed];
    if app.store.is_down() {
        evidence.push(Evidence::StoreFailed);
    }
    let mut draft = Draft::new(Act::AfterSignIn, 503, &context.visitor, evidence);
    draft.account = Some(live.account_id);
    draft.audience = Audience::Owner;
    let (refusal, row) = attempt::prepare(app, &context.visitor, draft, context.now);
    attempt::keep_later(app, row);
    let view = View::new(context);
    let verdict = VerdictView::new(&view, &refusal);
    let title = view.t("receipt-title").into_owned();
    let since = view.time(&live.created_at.0);
    let content = ReceiptPage { v: &view, login_id: &live.login_id, since, verdict };
    let mut response = render(&view, StatusCode::SERVICE_UNAVAILABLE, &title, &content);
    add_retry_after(&mut response, &refusal);
    response
}
