//! The one place where a fault, a wrong path or a broken body becomes an answer.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use kagiya_domain::{Audience, Evidence, act::Act};
use kagiya_flows::{
    Fault, Refusal,
    attempt::{self, Draft},
};

use crate::{
    page::{View, page, verdict::VerdictView},
    request::{context::Context, form::BodyError},
};

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    v: &'a View<'a>,
    verdict: VerdictView,
    retry: &'a str,
}

/// A refusal as a page by itself, with a way on.
pub(crate) fn refused_page(context: &Context, refusal: &Refusal, retry: &str) -> Response {
    let view = View::new(context);
    let verdict = VerdictView::new(&view, refusal);
    let title = verdict.title.clone();
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = page(&view, status, &title, &RefusedPage { v: &view, verdict, retry });
    add_retry_after(&mut response, refusal);
    response
}

pub(crate) fn add_retry_after(response: &mut Response, refusal: &Refusal) {
    if matches!(refusal.status, 429 | 503)
        && let Some(seconds) = refusal.retry_after()
    {
        response.headers_mut().insert(http::header::RETRY_AFTER, http::HeaderValue::from(seconds));
    }
}

/// A fault of ours: said as such, with a reference, never with its innards.
pub(crate) fn refusal_of(context: &Context, fault: &Fault) -> Refusal {
    let draft = Draft::new(Act::Fault, 503, &context.visitor, vec![Evidence::StoreFailed]);
    let app = &context.web.app;
    let (refusal, row) = attempt::prepare(app, &context.visitor, draft, context.now);
    // What failed may be one statement: the reference that is shown is worth keeping.
    if !app.store.is_down() {
        attempt::keep_later(app, row);
    }
    tracing::error!(error = %fault, reference = refusal.reference.as_str(), path = context.path, "a fault");
    refusal
}

/// A fault as a page.
pub(crate) fn fault_page(context: &Context, fault: &Fault) -> Response {
    refused_page(context, &refusal_of(context, fault), "/sign-in")
}

/// A body that is no form, as a page.
pub(crate) async fn body_page(context: &Context, error: BodyError) -> Response {
    let status = match error {
        BodyError::TooLarge => 413,
        BodyError::WrongType => 415,
        BodyError::Broken => 400,
    };
    let fact = match error {
        BodyError::TooLarge | BodyError::WrongType => Evidence::FieldInvalid { field: "body".into() },
        BodyError::Broken => Evidence::PartialRequest,
    };
    let mut draft = Draft::new(Act::Form, status, &context.visitor, vec![fact]);
    draft.audience = Audience::Anyone;
    let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
    refused_page(context, &refusal, "/sign-in")
}

/// A form that is no page of ours, or not of this browser.
pub(crate) async fn guard_refusal(context: &Context, act: Act, evidence: Vec<Evidence>) -> Box<Refusal> {
    let refused = |fact: &Evidence| matches!(fact, Evidence::CrossSitePost | Evidence::OursAtFault);
    let status = if evidence.iter().any(refused) { 403 } else { 400 };
    let draft = Draft::new(act, status, &context.visitor, evidence);
    attempt::refuse(&context.web.app, &context.visitor, draft).await
}

/// The page was made for another account than the one that is signed in now: nothing is done.
pub(crate) async fn other_account(context: &Context, act: Act) -> Box<Refusal> {
    let draft = Draft::new(act, 409, &context.visitor, vec![Evidence::SignedInAsOther]);
    attempt::refuse(&context.web.app, &context.visitor, draft).await
}

#[derive(Template)]
#[template(path = "not_found.html")]
struct NotFound<'a> {
    v: &'a View<'a>,
}

pub(crate) fn not_found_page(context: &Context) -> Response {
    let view = View::new(context);
    let title = view.t("not-found-title").into_owned();
    page(&view, StatusCode::NOT_FOUND, &title, &NotFound { v: &view })
}
