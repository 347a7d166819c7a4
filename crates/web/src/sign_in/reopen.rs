//! Coming back to a closed account: the offer, and its confirmation.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::{act::Act, destination::Destination};
use kagiya_flows::sign_in::reopen;
use uuid::Uuid;

use super::set_session;
use crate::{
    Web,
    external::providers,
    page::{
        View, encode_query,
        fault::{fault_page, refused_page},
        page_at, see_other, with_return,
    },
    request::{context::Context, single_flight, submitted_form::Sent},
};

#[derive(Template)]
#[template(path = "reopen.html")]
struct ReopenPage<'a> {
    v: &'a View<'a>,
    flow: String,
    sign_in: String,
}

/// The page of an offer that waits on the server. `to`: where the person wanted to go.
pub(crate) fn offer(context: &Context, flow: Uuid, to: &Destination) -> Response {
    let view = View::new(context);
    let title = view.t("reopen-title").into_owned();
    let sign_in = with_return("/sign-in", to);
    let content = ReopenPage { v: &view, flow: flow.to_string(), sign_in };
    // Another language shows this page again, and not the form whose answer it may be.
    page_at(&view, StatusCode::OK, &title, &content, &format!("/sign-in/reopen?flow={flow}"))
}

/// The same in another tab, in another language, after a reload.
pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    match reopen::offered(&context.web.app, &context.visitor, context.flow_query()).await {
        Ok(Some(flow)) => offer(&context, flow.id, &flow.return_to),
        Ok(None) => see_other(&context, "/sign-in"),
        Err(fault) => fault_page(&context, &fault),
    }
}

pub(crate) async fn submit(State(_): State<Arc<Web>>, sent: Sent) -> Response {
    let (context, fields) = match sent.own(Act::SignIn, "/sign-in").await {
        Ok(own) => own,
        Err(response) => return response,
    };
    let (flow, browser) = (fields.flow(), context.visitor.browser_key.unwrap_or_default());
    let press = context.web.app.keys.digest16("reopening", &[&browser, flow.unwrap_or_default().as_bytes()]);
    let (app, visitor) = (Arc::clone(&context.web.app), context.visitor.clone());
    // It runs to its end even when the browser goes away or presses twice: the offer is good once.
    let (outcome, _) = single_flight::share(&context.web.reopened, &context, press, || async move {
        reopen::confirm(&app, &visitor, flow).await
    })
    .await;
    match &*outcome {
        Ok(Ok(reopened)) => {
            let to = reopened.to.carried();
            let place = match (&reopened.signed_in, &*to) {
                (Some(_), "") => "/?done=back".to_owned(),
                (Some(_) | None, _) => {
                    let query = [("login", reopened.login_id.as_str()), ("done", "reopened"), ("return_to", &*to)];
                    format!("/sign-in?{}", encode_query(&query))
                }
            };
            let mut response = see_other(&context, &place);
            if let Some(signed_in) = &reopened.signed_in {
                let method = providers::last_method(&context).unwrap_or("password").to_owned();
                set_session(&context, &mut response, signed_in, &method);
            }
            response
        }
        Ok(Err(refusal)) => refused_page(&context, refusal, "/sign-in"),
        Err(fault) => fault_page(&context, fault),
    }
}
