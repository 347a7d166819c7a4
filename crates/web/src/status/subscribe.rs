//! Subscriptions to notices, and "tell me when it works".

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::act::Act;
use kagiya_domain::component::PASSWORD;
use kagiya_flows::{
    FieldError, Refusal,
    status::{subscribe, waiting},
};

use crate::{
    Web,
    page::{
        View,
        fault::{add_retry_after, fault_page, guard_refusal, not_found_page, refusal_of, refused_page},
        page as render, see_other,
        verdict::VerdictView,
    },
    request::{
        context::{Context, Sessions},
        form::{self, Fields},
        submitted_form::Sent,
    },
};

#[derive(Template)]
#[template(path = "subscribed.html")]
struct DonePage<'a> {
    v: &'a View<'a>,
    key: &'a str,
    secret: Option<String>,
    token: Option<String>,
}

fn done(context: &Context, key: &str, secret: Option<String>, token: Option<String>) -> Response {
    let view = View::new(context);
    let title = view.t("status-title").into_owned();
    render(&view, StatusCode::OK, &title, &DonePage { v: &view, key, secret, token })
}

#[derive(Template)]
#[template(path = "subscribe_again.html")]
struct AgainPage<'a> {
    v: &'a View<'a>,
    verdict: VerdictView,
    /// `email` or `url`.
    field: &'static str,
    typed: &'a str,
    errors: &'a [FieldError],
}

/// The form once more, with what was typed.
fn again(context: &Context, fields: &Fields, refusal: &Refusal) -> Response {
    let view = View::new(context);
    let title = view.t("subscribe-title").into_owned();
    let field = if fields.has("url") { "url" } else { "email" };
    let verdict = VerdictView::new(&view, refusal).above(&[]);
    let content = AgainPage { v: &view, verdict, field, typed: fields.get(field), errors: &refusal.fields };
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = render(&view, status, &title, &content);
    add_retry_after(&mut response, refusal);
    response
}

pub(crate) async fn subscribe(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    if let Err(evidence) = form::guard(&mut context, &fields) {
        let refusal = guard_refusal(&context, Act::Subscribe, evidence).await;
        return refused_page(&context, &refusal, "/status");
    }
    let app = &context.web.app;
    let begun = if fields.has("url") {
        subscribe::by_webhook(app, &context.visitor, fields.get("url")).await
    } else {
        subscribe::by_mail(app, &context.visitor, fields.get("email")).await
    };
    match begun {
        Ok(Ok(subscribe::Begun::ByMail)) => see_other(&context, "/status/subscribed"),
        Ok(Ok(subscribe::Begun::ByWebhook { secret, token })) => {
            done(&context, "subscribe-webhook", Some(secret), Some(token))
        }
        Ok(Err(refusal)) => again(&context, &fields, &refusal),
        Err(fault) => fault_page(&context, &fault),
    }
}

pub(crate) async fn subscribed(State(_): State<Arc<Web>>, context: Context) -> Response {
    done(&context, "subscribe-sent", None, None)
}

#[derive(Template)]
#[template(path = "press.html")]
struct PressPage<'a> {
    v: &'a View<'a>,
    key: &'a str,
    action: &'a str,
    token: &'a str,
}

/// A GET changes nothing: mail programs follow links.
fn press(context: &Context, key: &str, action: &str) -> Response {
    let token = context.query("token").unwrap_or_default();
    if token.is_empty() {
        return not_found_page(context);
    }
    let view = View::new(context);
    let title = view.t("status-title").into_owned();
    render(&view, StatusCode::OK, &title, &PressPage { v: &view, key, action, token })
}

pub(crate) async fn confirm_page(State(_): State<Arc<Web>>, context: Context) -> Response {
    press(&context, "subscribe-confirm", "/status/confirm")
}

pub(crate) async fn unsubscribe_page(State(_): State<Arc<Web>>, context: Context) -> Response {
    press(&context, "subscribe-end", "/status/unsubscribe")
}

/// The token of the form, or of the address: a mail program's one press (RFC 8058) sends no page of ours.
fn token(context: &Context, fields: &Fields) -> String {
    let token = if fields.has("token") { fields.get("token") } else { context.query("token").unwrap_or_default() };
    token.to_owned()
}

pub(crate) async fn confirm(State(_): State<Arc<Web>>, Sent(context, fields): Sent) -> Response {
    match subscribe::confirm(&context.web.app, &token(&context, &fields)).await {
        Ok(true) => done(&context, "subscribe-confirmed", None, None),
        Ok(false) => not_found_page(&context),
        Err(fault) => fault_page(&context, &fault),
    }
}

pub(crate) async fn unsubscribe(State(_): State<Arc<Web>>, Sent(context, fields): Sent) -> Response {
    match subscribe::end(&context.web.app, &token(&context, &fields)).await {
        // Ended before is ended.
        Ok(_) => done(&context, "subscribe-ended", None, None),
        Err(fault) => fault_page(&context, &fault),
    }
}

#[derive(Template)]
#[template(path = "notify.html")]
struct NotifyPage<'a> {
    v: &'a View<'a>,
    component: &'a str,
    name: String,
    typed: &'a str,
    errors: &'a [FieldError],
    verdict: Option<VerdictView>,
}

fn notify_view(context: &Context, component: &str, typed: &str, refusal: Option<&Refusal>) -> Response {
    let view = View::new(context);
    let title = view.t("notify-title").into_owned();
    let content = NotifyPage {
        v: &view,
        component,
        name: crate::status::banner::component_name(&view, component),
        typed,
        errors: refusal.map_or(&[], |refusal| refusal.fields.as_slice()),
        verdict: refusal.map(|refusal| VerdictView::new(&view, refusal).above(&[])),
    };
    let status = refusal.and_then(|r| StatusCode::from_u16(r.status).ok()).unwrap_or(StatusCode::OK);
    let mut response = render(&view, status, &title, &content);
    if let Some(refusal) = refusal {
        add_retry_after(&mut response, refusal);
    }
    response
}

/// The component that is asked about, if there is one of that name.
fn component(context: &Context, wanted: &str) -> String {
    let known = context.web.app.component_names();
    known.into_iter().find(|name| name == wanted).unwrap_or_else(|| PASSWORD.to_owned())
}

pub(crate) async fn notify_page(State(web): State<Arc<Web>>, context: Context) -> Response {
    let component = component(&context, context.query("component").unwrap_or_default());
    // Whoever is in need not type the address.
    let own = match context.session().await {
        Ok(Sessions::Live(live)) => kagiya_flows::account::overview(&web.app, live.account_id).await.ok().flatten(),
        _ => None,
    };
    let own = own
        .and_then(|overview| overview.emails.into_iter().next())
        .map(|email| kagiya_domain::email::shown(&email.address));
    notify_view(&context, &component, own.as_deref().unwrap_or_default(), None)
}

pub(crate) async fn notify(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    let component = component(&context, fields.get("component"));
    if let Err(evidence) = form::guard(&mut context, &fields) {
        let refusal = guard_refusal(&context, Act::Notify, evidence).await;
        return notify_view(&context, &component, fields.get("email"), Some(&refusal));
    }
    match waiting::ask(&context.web.app, &context.visitor, &component, fields.get("email")).await {
        Ok(Ok(waiting::Asked::Kept)) => done(&context, "notify-done", None, None),
        Ok(Ok(waiting::Asked::WorksNow)) => done(&context, "notify-now", None, None),
        Ok(Err(refusal)) => notify_view(&context, &component, fields.get("email"), Some(&refusal)),
        Err(fault) => notify_view(&context, &component, fields.get("email"), Some(&refusal_of(&context, &fault))),
    }
}
