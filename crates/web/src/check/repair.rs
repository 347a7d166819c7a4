//! `/repair`: one press puts this site in order in this browser, and no other site.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};
use kagiya_domain::Evidence;
use kagiya_domain::act::Act;
use kagiya_flows::session;

use crate::{
    Web,
    page::{
        View, encode_query,
        fault::{guard_refusal, other_account, refused_page},
        page as render, see_other,
    },
    request::{
        context::{Context, Sessions, Site},
        cookies::{self, Cookie},
        form,
        submitted_form::Sent,
    },
};

#[derive(Template)]
#[template(path = "repair.html")]
struct RepairPage<'a> {
    v: &'a View<'a>,
    return_to: &'a str,
    login: &'a str,
}

pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    // The form says whose session it was made for, if anybody's.
    let _ = context.session().await;
    let view = View::new(&context);
    let return_to = context.return_to();
    let content =
        RepairPage { v: &view, return_to: &return_to.carried(), login: context.query("login").unwrap_or_default() };
    let title = view.t("repair-title").into_owned();
    render(&view, StatusCode::OK, &title, &content)
}

/// Works without any cookie and as often as it is pressed; all it does is to let go of what
/// is ours in this browser.
#[expect(
    clippy::too_many_lines,
    reason = "one act from what is typed to its answer: parts of it would be called from here alone"
)]
pub(crate) async fn submit(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    form::note_account(&mut context, &fields);
    // No cookie is asked for, but the page must be ours: only the person's own press clears anything.
    let against = match context.site() {
        Site::Cross => Some(Evidence::CrossSitePost),
        Site::Unknown if !form::is_readable(&context, &fields) => Some(Evidence::FormUnreadable),
        Site::Same | Site::Unknown => None,
    };
    if let Some(fact) = against {
        let refusal = guard_refusal(&context, Act::Repair, vec![fact]).await;
        return refused_page(&context, &refusal, "/repair");
    }
    if let Ok(Sessions::Live(live)) = context.session().await
        && form::is_for_another(&context, live.account_id)
    {
        let refusal = other_account(&context, Act::Repair).await;
        return refused_page(&context, &refusal, "/repair");
    }
    let app = &context.web.app;
    let settings = &app.settings;
    let url = &settings.public_url;
    for value in Cookie::Session.values(&context.headers, url).take(4) {
        if let Err(error) = session::sign_out(app, value).await {
            // The browser lets go of it all the same.
            tracing::warn!(%error, "a session could not be ended");
        }
    }
    let return_to = fields.return_to().or(context.return_to());
    let login: String = fields.get("login").chars().take(254).collect();
    let query = encode_query(&[("done", "repaired"), ("login", &login), ("return_to", &return_to.carried())]);
    let mut response = see_other(&context, &format!("/sign-in?{query}"));
    let headers = response.headers_mut();
    headers.remove(header::SET_COOKIE);
    // What came goes first; then what may lie on paths that are not sent here.
    let came = context.census.duplicates(url).map(|(name, _)| name);
    let came = came.chain(context.census.legacy(url, &settings.legacy_cookies));
    let others = [Cookie::Session.name(url)].into_iter().chain(settings.legacy_cookies.iter().map(String::as_str));
    let mut names: Vec<&str> = Vec::new();
    for name in came.chain(others) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for value in cookies::expire_scopes(&names, &context.path, cookies::REPAIRING, url) {
        headers.append(header::SET_COOKIE, value);
    }
    if context.census.bytes > crate::request::request_signals::LARGE {
        for value in context.census.expire_others(&settings.legacy_cookies, url) {
            headers.append(header::SET_COOKIE, value);
        }
    }
    for cookie in [Cookie::Session, Cookie::Turns] {
        headers.append(header::SET_COOKIE, cookie.expire(url));
    }
    // Set anew on their one scope: the browser's part in flows, and the known device.
    headers.append(header::SET_COOKIE, Cookie::Flow.set(&cookies::encode(&context.flow_cookie), None, url));
    if let Some(device) = &context.visitor.device {
        headers.append(header::SET_COOKIE, Cookie::Device.set_long(&cookies::device_value(app, device), url));
    }
    if !shares_its_name(&context) {
        headers.insert("clear-site-data", HeaderValue::from_static("\"cache\", \"storage\""));
    }
    tracing::info!(cookies = context.census.names.len(), "repaired");
    response
}

/// Whether other services live under this very host's name: then nothing is cleared by site.
fn shares_its_name(context: &Context) -> bool {
    let settings = &context.web.app.settings;
    let authority = settings.public_url.origin.split("://").nth(1).unwrap_or_default();
    let host = authority.split(':').next().unwrap_or_default();
    settings.siblings.iter().any(|sibling| sibling.to_ascii_lowercase().ends_with(&format!(".{host}")))
}
