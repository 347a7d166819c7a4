//! `/sign-out`: by POST; a GET only asks.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::act::Act;
use kagiya_flows::session;

use crate::{
    Web,
    page::{
        View,
        fault::{fault_page, guard_refusal, other_account, refused_page},
        page, see_other,
    },
    request::{
        context::{Context, Sessions},
        cookies::Cookie,
        form,
        submitted_form::Sent,
    },
    sign_in::expire_session,
};

#[derive(Template)]
#[template(path = "sign_out.html")]
struct SignOutPage<'a> {
    v: &'a View<'a>,
}

pub(crate) async fn ask(State(_): State<Arc<Web>>, context: Context) -> Response {
    // The form says whose session is to end. That nobody can tell now keeps nobody from signing out.
    let _ = context.session().await;
    let view = View::new(&context);
    let title = view.t("sign-out-title").into_owned();
    page(&view, StatusCode::OK, &title, &SignOutPage { v: &view })
}

pub(crate) async fn submit(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    if let Err(evidence) = form::guard(&mut context, &fields) {
        let refusal = guard_refusal(&context, Act::SignOut, evidence).await;
        return refused_page(&context, &refusal, "/sign-out");
    }
    if let Ok(Sessions::Live(live)) = context.session().await
        && form::is_for_another(&context, live.account_id)
    {
        let refusal = other_account(&context, Act::SignOut).await;
        return refused_page(&context, &refusal, "/sign-out");
    }
    let url = &context.web.app.settings.public_url;
    for value in Cookie::Session.values(&context.headers, url).take(16) {
        if let Err(fault) = session::sign_out(&context.web.app, value).await {
            return fault_page(&context, &fault);
        }
    }
    let mut response = see_other(&context, "/sign-in?done=signed-out");
    expire_session(&context, &mut response);
    crate::request::redirect_loop::forget(&context, response.headers_mut());
    response
}
