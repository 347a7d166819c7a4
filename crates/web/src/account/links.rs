//! `/account/links`: whose external accounts are tied to one's own, and what becomes of them.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequest, Path, Request, State},
    response::Response,
};
use http::{HeaderValue, StatusCode, header};
use kagiya_domain::destination::Destination;
use kagiya_flows::{
    Refusal, account,
    external::{
        links::{self, Link},
        start::{self, Begun, Purpose, Start},
    },
    session::Live,
    sign_in::recent_auth::{self, Ask, RecentAuth},
};
use kagiya_text::Arg;
use uuid::Uuid;

use crate::{
    Web,
    account::{Owned, owner},
    external::{
        ask, away,
        providers::{self, ProviderView},
    },
    page::{
        View,
        fault::{fault_page, refused_page},
        page as render, see_other,
        verdict::VerdictView,
    },
    request::context::Context,
};

struct LinkView {
    id: String,
    provider: String,
    name: String,
    identity: String,
    state: &'static str,
    /// The state in words, with since when and how we know.
    state_words: String,
    used: Option<String>,
    made: String,
    offered: bool,
    can_test: bool,
}

fn link_view(view: &View<'_>, link: &Link) -> LinkView {
    let app = &view.context.web.app;
    let entry = app.providers.find(&link.provider);
    let state = link.state().as_str();
    let key = if link.is_purged() {
        "link-state-purged".to_owned()
    } else if link.has_lapsed() {
        "link-state-lapsed".to_owned()
    } else {
        format!("link-state-{}", state.replace('_', "-"))
    };
    let how = view.t(format!("link-source-{}", link.state_source)).into_owned();
    let time = view.time(&link.state_since);
    LinkView {
        id: link.id.to_string(),
        provider: link.provider.clone(),
        name: app.providers.name(&link.provider).to_owned(),
        identity: link.shown.clone(),
        state,
        state_words: view.f(&key, &[("time", Arg::from(time)), ("how", Arg::from(how))]),
        used: link.last_used_at.map(|at| view.time(&at)),
        made: view.time(&link.created_at),
        offered: entry.is_some(),
        can_test: entry.is_some_and(|entry| entry.provider.can_be_silent()),
    }
}

#[derive(Template)]
#[template(path = "links.html")]
struct LinksPage<'a> {
    v: &'a View<'a>,
    links: Vec<LinkView>,
    /// What can be linked.
    providers: Vec<ProviderView>,
    has_password: bool,
    notice: Option<(&'static str, String)>,
    verdict: Option<VerdictView>,
}

async fn links_page(context: &Context, live: &Live, refusal: Option<&Refusal>) -> Response {
    let app = &context.web.app;
    let (rows, has_password) =
        match (links::list(app, live.account_id).await, links::has_password(app, live.account_id).await) {
            (Ok(rows), Ok(has)) => (rows, has),
            (Err(fault), _) | (_, Err(fault)) => return fault_page(context, &fault),
        };
    let view = View::new(context);
    let title = view.t("links-title").into_owned();
    let notice = match context.query("done") {
        Some("linked") => Some("linked"),
        Some("relinked") => Some("relinked"),
        Some("removed") => Some("removed"),
        Some("not-linked") => Some("not-linked"),
        _ => None,
    };
    let content = LinksPage {
        links: rows.iter().map(|link| link_view(&view, link)).collect(),
        providers: providers::all(&view),
        has_password,
        notice: notice
            .filter(|_| refusal.is_none())
            .map(|done| (done, view.t(format!("links-done-{done}")).into_owned())),
        verdict: refusal.map(|refusal| VerdictView::new(&view, refusal).above(&[])),
        v: &view,
    };
    let status = refusal.and_then(|r| StatusCode::from_u16(r.status).ok()).unwrap_or(StatusCode::OK);
    render(&view, status, &title, &content)
}

pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    match owner(&context).await {
        Ok(live) => links_page(&context, &live, None).await,
        Err(response) => response,
    }
}

/// The owner of a form that hands out or takes away keys: the sign-in must be a recent one.
pub(crate) struct Fresh(Context, Arc<Live>, RecentAuth);

impl FromRequest<Arc<Web>> for Fresh {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let Owned(context, live, _) = Owned::from_request(request, web).await?;
        match recent_auth::demand(&web.app, &context.visitor, &live, Ask::Proven).await {
            Ok(Ok(auth)) => Ok(Self(context, live, auth)),
            Ok(Err(refusal)) => Err(links_page(&context, &live, Some(&refusal)).await),
            Err(fault) => Err(fault_page(&context, &fault)),
        }
    }
}

async fn set_out(context: &mut Context, provider: &str, purpose: Purpose) -> Response {
    // A test shows no page of theirs, so there is nothing to ask about.
    let shows_pages = !matches!(purpose, Purpose::Test { .. });
    let start = Start {
        provider,
        purpose,
        return_to: Destination::Home,
        asked: !shows_pages,
        choose: shows_pages,
        afresh: false,
        by_hand: false,
    };
    match start::start(&context.web.app, &context.visitor, &start).await {
        Ok(Ok(Begun::Go(url))) => away(context, provider, &url),
        Ok(Ok(Begun::Ask(authorization))) => {
            ask(context, provider, &Destination::parse("/account/links"), &authorization).await
        }
        Ok(Err(refusal)) => refused_page(context, &refusal, "/account/links"),
        Err(fault) => fault_page(context, &fault),
    }
}

pub(crate) async fn add(
    State(_): State<Arc<Web>>,
    Path(provider): Path<String>,
    Fresh(mut context, _, auth): Fresh,
) -> Response {
    set_out(&mut context, &provider, Purpose::Link { auth }).await
}

/// The link that a form means, if it is the owner's.
async fn own_link(context: &Context, live: &Live, id: &str) -> Result<Option<Link>, Response> {
    let Ok(id) = Uuid::parse_str(id) else {
        return Ok(None);
    };
    match links::list(&context.web.app, live.account_id).await {
        Ok(rows) => Ok(rows.into_iter().find(|link| link.id == id)),
        Err(fault) => Err(fault_page(context, &fault)),
    }
}

/// Sets out for a link of the owner's.
async fn with_link(context: &mut Context, live: &Live, id: &str, purpose: impl FnOnce(Uuid) -> Purpose) -> Response {
    match own_link(context, live, id).await {
        Ok(Some(link)) => set_out(context, &link.provider, purpose(link.id)).await,
        Ok(None) => see_other(context, "/account/links"),
        Err(response) => response,
    }
}

pub(crate) async fn relink(
    State(_): State<Arc<Web>>,
    Path(id): Path<String>,
    Fresh(mut context, live, auth): Fresh,
) -> Response {
    with_link(&mut context, &live, &id, |link| Purpose::Relink { auth, link }).await
}

/// A test changes nothing that its owner would miss: any session may ask for one.
pub(crate) async fn test(
    State(_): State<Arc<Web>>,
    Path(id): Path<String>,
    Owned(mut context, live, _): Owned,
) -> Response {
    let account = live.account_id;
    with_link(&mut context, &live, &id, |link| Purpose::Test { account, link }).await
}

pub(crate) async fn remove(
    State(_): State<Arc<Web>>,
    Path(id): Path<String>,
    Fresh(context, live, auth): Fresh,
) -> Response {
    let Ok(id) = Uuid::parse_str(&id) else {
        return see_other(&context, "/account/links");
    };
    match links::remove(&context.web.app, &context.visitor, &auth, id).await {
        Ok(Ok(())) => see_other(&context, "/account/links?done=removed"),
        Ok(Err(refusal)) => links_page(&context, &live, Some(&refusal)).await,
        Err(fault) => fault_page(&context, &fault),
    }
}

#[derive(Template)]
#[template(path = "methods.html")]
struct MethodsPage<'a> {
    v: &'a View<'a>,
    lines: Vec<(String, String)>,
    at: String,
}

/// A sheet of one's sign-in methods, without secrets, to print or to save.
pub(crate) async fn methods(State(_): State<Arc<Web>>, context: Context) -> Response {
    let live = match owner(&context).await {
        Ok(live) => live,
        Err(response) => return response,
    };
    let app = &context.web.app;
    let overview = match account::overview(app, live.account_id).await {
        Ok(Some(overview)) => overview,
        Ok(None) => return see_other(&context, "/sign-in"),
        Err(fault) => return fault_page(&context, &fault),
    };
    let rows = match links::list(app, live.account_id).await {
        Ok(rows) => rows,
        Err(fault) => return fault_page(&context, &fault),
    };
    let view = View::new(&context);
    let say = |key: &str| view.t(key).into_owned();
    let mut lines = vec![
        (say("methods-address"), app.settings.public_url.origin.clone()),
        (say("login-id-word"), overview.account.login_id.clone()),
        (
            say("home-password"),
            match overview.password_set_at {
                Some(at) => view.f1("home-password-set", "time", view.time(&at.0)),
                None => say("home-password-none"),
            },
        ),
    ];
    lines.extend(overview.emails.iter().map(|email| (say("home-emails"), kagiya_domain::email::shown(&email.address))));
    lines.extend(rows.iter().map(|link| {
        (app.providers.name(&link.provider).to_owned(), format!("{} ({})", link.shown, view.time(&link.created_at)))
    }));
    let at = view.time(&context.now.0);
    if context.query("save").is_some() {
        return saved(&view, &lines, &at);
    }
    let title = say("methods-title");
    render(&view, StatusCode::OK, &title, &MethodsPage { v: &view, lines, at })
}

fn saved(view: &View<'_>, lines: &[(String, String)], at: &str) -> Response {
    let mut text = format!("{} ({at})\n\n", view.t("methods-title"));
    for (name, value) in lines {
        text.push_str(&format!("{name}: {value}\n"));
    }
    text.push_str(&format!("\n{}\n", view.t("methods-lead")));
    let mut response = Response::new(axum::body::Body::from(text));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    let name = HeaderValue::from_static("attachment; filename=\"sign-in-methods.txt\"");
    headers.insert(header::CONTENT_DISPOSITION, name);
    crate::page::seal(headers);
    response
}
