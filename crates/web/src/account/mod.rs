//! My Page and what belongs to it.

pub(crate) mod links;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequest, Request, State},
    response::Response,
};
use http::{StatusCode, header};
use kagiya_domain::{
    act::{Act, FlowKind},
    remedy::Remedy,
};
use kagiya_flows::{
    FieldError, Refusal,
    account::{self, Adding},
    code::steps,
    session::{self, Live},
    sign_in::recent_auth::{self, Ask},
};
use uuid::Uuid;

use crate::{
    Web,
    maintenance::closed,
    page::{
        View, encode_query,
        fault::{add_retry_after, fault_page},
        page, receipt, see_other,
        verdict::{VerdictView, cause_title},
    },
    recover::{CodePage, code_response},
    request::{
        context::{Context, Sessions},
        form::Fields,
        submitted_form::Sent,
    },
    sign_in::{expire_session, renew_session},
};

/// The owner's session, or the way to sign in that comes back here.
pub(crate) async fn owner(context: &Context) -> Result<Arc<Live>, Response> {
    match context.session().await {
        Ok(Sessions::Live(live)) => Ok(live),
        Ok(Sessions::Ended(_) | Sessions::Stale | Sessions::None) => {
            let query = encode_query(&[("return_to", destination(&context.path))]);
            let to = if query.is_empty() { "/sign-in".to_owned() } else { format!("/sign-in?{query}") };
            // The cookie stays: the sign-in page tells why the session ended, then drops it.
            Err(see_other(context, &to))
        }
        Err(fault) => Err(fault_page(context, &fault)),
    }
}

/// Where a person wants to be after signing in; addresses that take forms only have no page.
fn destination(path: &str) -> &str {
    match path {
        "/" => "",
        path if path.starts_with("/account/emails") => "/account/security",
        path if path.starts_with("/account/links") => "/account/links",
        path => path,
    }
}

struct AttemptView {
    time: String,
    what: String,
    place: String,
    refused: bool,
}

struct EmailView {
    key: String,
    address: String,
    primary: bool,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage<'a> {
    v: &'a View<'a>,
    login_id: &'a str,
    member_url: Option<String>,
    since: String,
    last_sign_in: Option<String>,
    password_set: Option<String>,
    emails: Vec<EmailView>,
    links: Vec<(String, String)>,
    sessions: usize,
    attempts: Vec<AttemptView>,
    welcome: bool,
    staff: bool,
    notice: Option<String>,
}

fn email_views(emails: &[account::Email]) -> Vec<EmailView> {
    emails
        .iter()
        .map(|e| EmailView {
            key: e.address_key.clone(),
            address: kagiya_domain::email::shown(&e.address),
            primary: e.primary_since.is_some(),
        })
        .collect()
}

/// Where an app sends somebody who is signed in when its own part fails.
pub(crate) async fn trouble(State(_): State<Arc<Web>>, context: Context) -> Response {
    match owner(&context).await {
        Ok(live) => receipt::page(&context, &live),
        Err(response) => response,
    }
}

pub(crate) async fn home(State(_): State<Arc<Web>>, context: Context) -> Response {
    let live = match owner(&context).await {
        Ok(live) => live,
        Err(response) => return response,
    };
    let overview = match account::overview(&context.web.app, live.account_id).await {
        Ok(Some(overview)) => overview,
        // The session runs, but whose it is cannot be read.
        Ok(None) => return receipt::page(&context, &live),
        Err(fault) => {
            tracing::error!(error = %fault, "an account could not be read after signing in");
            return receipt::page(&context, &live);
        }
    };
    let view = View::new(&context);
    let title = view.t("home-title").into_owned();
    let attempts = overview
        .attempts
        .iter()
        .filter(|a| a.outcome != "noted")
        .map(|a| {
            let browser = kagiya_flows::attempt::read_browser(a);
            let refused = a.outcome == "refused";
            let what = match kagiya_domain::Cause::parse(&a.cause) {
                Some(cause) if refused => cause_title(&view, cause),
                _ => view.t("home-signed-in").into_owned(),
            };
            AttemptView {
                time: view.time(&a.created_at),
                what,
                place: format!("{} {}", browser.name(), browser.system).trim().to_owned(),
                refused,
            }
        })
        .collect();
    let settings = &context.web.app.settings;
    let content = HomePage {
        login_id: &overview.account.login_id,
        member_url: settings.member_url.as_ref().map(|base| format!("{base}{}/", overview.account.login_id)),
        since: view.time(&overview.account.created_at.0),
        last_sign_in: overview.account.last_sign_in_at.map(|at| view.time(&at.0)),
        password_set: overview.password_set_at.map(|at| view.time(&at.0)),
        emails: email_views(&overview.emails),
        links: overview
            .links
            .iter()
            .map(|link| (context.web.app.providers.name(&link.provider).to_owned(), link.shown.clone()))
            .collect(),
        sessions: overview.sessions,
        attempts,
        welcome: context.query("done") == Some("welcome"),
        staff: overview.account.staff_since.is_some(),
        notice: match context.query("done") {
            Some(done @ ("tested" | "linked" | "back")) => Some(view.tk("notice", done).into_owned()),
            _ => None,
        },
        v: &view,
    };
    page(&view, StatusCode::OK, &title, &content)
}

struct SessionView {
    id: String,
    current: bool,
    name: String,
    network: String,
    begun: String,
    seen: String,
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage<'a> {
    v: &'a View<'a>,
    sessions: Vec<SessionView>,
    notice: Option<String>,
}

pub(crate) async fn sessions(State(_): State<Arc<Web>>, context: Context) -> Response {
    let live = match owner(&context).await {
        Ok(live) => live,
        Err(response) => return response,
    };
    let rows = match session::list(&context.web.app, live.account_id).await {
        Ok(rows) => rows,
        Err(fault) => return fault_page(&context, &fault),
    };
    let view = View::new(&context);
    let title = view.t("sessions-title").into_owned();
    let sessions = rows
        .iter()
        .map(|row| SessionView {
            id: row.id.to_string(),
            current: row.id == live.id,
            name: match format!("{} {}", row.browser, row.system).trim() {
                "" => view.t("sessions-unknown-browser").into_owned(),
                name => name.to_owned(),
            },
            network: row.network.clone(),
            begun: view.time(&row.created_at),
            seen: view.time(&if row.id == live.id { context.now.0 } else { row.last_seen_at }),
        })
        .collect();
    let notice = (context.query("done") == Some("revoked")).then(|| view.t("sessions-revoked").into_owned());
    page(&view, StatusCode::OK, &title, &SessionsPage { v: &view, sessions, notice })
}

/// A form of an account's owner. The body is read first: it may come slowly, and the session
/// may end meanwhile.
pub(crate) struct Owned(pub(crate) Context, pub(crate) Arc<Live>, pub(crate) Fields);

impl FromRequest<Arc<Web>> for Owned {
    type Rejection = Response;

    async fn from_request(request: Request, web: &Arc<Web>) -> Result<Self, Response> {
        let sent = Sent::from_request(request, web).await?;
        let live = owner(&sent.0).await?;
        let path = sent.0.path.clone();
        let (context, fields) = sent.own_of(live.account_id, Act::Account, &path).await?;
        Ok(Self(context, live, fields))
    }
}

pub(crate) async fn revoke(State(_): State<Arc<Web>>, Owned(context, live, fields): Owned) -> Response {
    // A browser that was left open somewhere must not keep its owner out everywhere else.
    let auth = match recent_auth::demand(&context.web.app, &context.visitor, &live, Ask::Proven).await {
        Ok(Ok(auth)) => auth,
        Ok(Err(refusal)) => return crate::page::fault::refused_page(&context, &refusal, "/account/sessions"),
        Err(fault) => return fault_page(&context, &fault),
    };
    let one = if fields.has("others") {
        None
    } else {
        match Uuid::parse_str(fields.get("session")) {
            Ok(id) => Some(id),
            Err(_) => return see_other(&context, "/account/sessions"),
        }
    };
    match account::end_sessions(&context.web.app, &auth, one).await {
        Ok(_) => see_other(&context, "/account/sessions?done=revoked"),
        Err(fault) => fault_page(&context, &fault),
    }
}

#[derive(Template)]
#[template(path = "security.html")]
struct SecurityPage<'a> {
    v: &'a View<'a>,
    login_id: &'a str,
    password_set: Option<String>,
    emails: Vec<EmailView>,
    typed_email: &'a str,
    /// What was probably meant by it.
    meant: Option<String>,
    errors: &'a [FieldError],
    verdict: Option<VerdictView>,
    notice: Option<String>,
}

/// An address that was typed to be added.
struct Typed<'a> {
    email: &'a str,
    meant: Option<String>,
}

impl<'a> From<&'a str> for Typed<'a> {
    fn from(email: &'a str) -> Self {
        Self { email, meant: None }
    }
}

async fn security_page(context: &Context, live: &Live, typed: Typed<'_>, refusal: Option<&Refusal>) -> Response {
    let overview = match account::overview(&context.web.app, live.account_id).await {
        Ok(Some(overview)) => overview,
        Ok(None) => return see_other(context, "/sign-in"),
        Err(fault) => return fault_page(context, &fault),
    };
    let view = View::new(context);
    let title = view.t("security-title").into_owned();
    let notice = match context.query("done") {
        Some("password") => Some(view.t("security-password-changed").into_owned()),
        Some("email") => Some(view.t("security-email-changed").into_owned()),
        _ => None,
    };
    let content = SecurityPage {
        login_id: &live.login_id,
        password_set: overview.password_set_at.map(|at| view.time(&at.0)),
        emails: email_views(&overview.emails),
        typed_email: typed.email,
        meant: typed.meant,
        errors: refusal.map_or(&[], |r| r.fields.as_slice()),
        verdict: refusal.map(|refusal| VerdictView::new(&view, refusal).above(&[])),
        notice: notice.filter(|_| refusal.is_none()),
        v: &view,
    };
    let status = refusal.and_then(|r| StatusCode::from_u16(r.status).ok()).unwrap_or(StatusCode::OK);
    let mut response = page(&view, status, &title, &content);
    if let Some(refusal) = refusal {
        add_retry_after(&mut response, refusal);
    }
    response
}

pub(crate) async fn security(State(_): State<Arc<Web>>, context: Context) -> Response {
    match owner(&context).await {
        Ok(live) => security_page(&context, &live, "".into(), None).await,
        Err(response) => response,
    }
}

pub(crate) async fn change_password(State(_): State<Arc<Web>>, Owned(context, live, fields): Owned) -> Response {
    if let Some(refusal) = closed::changes(&context) {
        return security_page(&context, &live, "".into(), Some(&refusal)).await;
    }
    let (current, new) = (fields.get("current_password"), fields.get("password"));
    match account::change_password(&context.web.app, &context.visitor, &live, current, new).await {
        Ok(Ok(token)) => {
            let mut response = see_other(&context, "/account/security?done=password");
            renew_session(&context, &mut response, &live, &token);
            response
        }
        Ok(Err(refusal)) => security_page(&context, &live, "".into(), Some(&refusal)).await,
        Err(fault) => fault_page(&context, &fault),
    }
}

pub(crate) async fn add_email(State(_): State<Arc<Web>>, Owned(context, live, fields): Owned) -> Response {
    let (email, password) = (fields.get("email"), fields.get("password"));
    if let Some(refusal) = closed::changes(&context) {
        return security_page(&context, &live, email.into(), Some(&refusal)).await;
    }
    let typed = (email, fields.get("email_checked"));
    match account::add_email(&context.web.app, &context.visitor, &live, typed, password).await {
        Ok(Ok(Adding::TypeCode(flow))) => see_other(&context, &format!("/account/emails/verify?flow={flow}")),
        Ok(Ok(Adding::AskEmail(meant))) => {
            security_page(&context, &live, Typed { email, meant: Some(meant) }, None).await
        }
        Ok(Err(refusal)) => security_page(&context, &live, email.into(), Some(&refusal)).await,
        Err(fault) => fault_page(&context, &fault),
    }
}

const EMAIL_CODE: CodePage = CodePage {
    kind: FlowKind::AddEmail,
    action: "/account/emails/verify",
    start: "/account/security",
    elsewhere: None,
};

pub(crate) async fn email_code_page(State(_): State<Arc<Web>>, context: Context) -> Response {
    if let Err(response) = owner(&context).await {
        return response;
    }
    let id = context.flow_query();
    code_response(&context, &EMAIL_CODE, id, None).await
}

pub(crate) async fn verify_email(State(_): State<Arc<Web>>, Owned(context, live, fields): Owned) -> Response {
    let id = fields.flow().or_else(|| context.flow_query());
    if fields.has("resend") {
        return match steps::resend(&context.web.app, &context.visitor, FlowKind::AddEmail, id).await {
            Ok(Ok(id)) => see_other(&context, &format!("/account/emails/verify?flow={id}&sent=again")),
            Ok(Err(refusal)) => code_response(&context, &EMAIL_CODE, id, Some(&refusal)).await,
            Err(fault) => fault_page(&context, &fault),
        };
    }
    match account::verify_email(&context.web.app, &context.visitor, &live, id, fields.get("code")).await {
        Ok(Ok(())) => see_other(&context, "/account/security?done=email"),
        Ok(Err(refusal)) => code_response(&context, &EMAIL_CODE, id, Some(&refusal)).await,
        Err(fault) => fault_page(&context, &fault),
    }
}

pub(crate) async fn change_email(State(_): State<Arc<Web>>, Owned(context, live, fields): Owned) -> Response {
    let auth = match recent_auth::demand(&context.web.app, &context.visitor, &live, Ask::Proven).await {
        Ok(Ok(auth)) => auth,
        Ok(Err(refusal)) => return security_page(&context, &live, "".into(), Some(&refusal)).await,
        Err(fault) => return fault_page(&context, &fault),
    };
    match account::change_email(&context.web.app, &auth, fields.get("address"), fields.has("primary")).await {
        Ok(_) => see_other(&context, "/account/security?done=email"),
        Err(fault) => fault_page(&context, &fault),
    }
}

#[derive(Template)]
#[template(path = "close.html")]
struct ClosePage<'a> {
    v: &'a View<'a>,
    login_id: &'a str,
    has_password: bool,
    errors: &'a [FieldError],
    verdict: Option<VerdictView>,
}

async fn close_response(context: &Context, live: &Live, refusal: Option<&Refusal>) -> Response {
    let has_password = match kagiya_flows::external::links::has_password(&context.web.app, live.account_id).await {
        Ok(has) => has,
        Err(fault) => return fault_page(context, &fault),
    };
    let view = View::new(context);
    let title = view.t("close-title").into_owned();
    let content = ClosePage {
        login_id: &live.login_id,
        has_password,
        errors: refusal.map_or(&[], |r| r.fields.as_slice()),
        verdict: refusal.map(|refusal| VerdictView::new(&view, refusal).above(&[(Remedy::Retype, "#password")])),
        v: &view,
    };
    let status = refusal.and_then(|r| StatusCode::from_u16(r.status).ok()).unwrap_or(StatusCode::OK);
    page(&view, status, &title, &content)
}

pub(crate) async fn close_page(State(_): State<Arc<Web>>, context: Context) -> Response {
    match owner(&context).await {
        Ok(live) => close_response(&context, &live, None).await,
        Err(response) => response,
    }
}

pub(crate) async fn close(State(_): State<Arc<Web>>, Owned(context, live, fields): Owned) -> Response {
    match account::close(&context.web.app, &context.visitor, &live, fields.get("password")).await {
        Ok(Ok(())) => {
            let mut response = see_other(&context, "/sign-in?done=closed");
            expire_session(&context, &mut response);
            response
        }
        Ok(Err(refusal)) => close_response(&context, &live, Some(&refusal)).await,
        Err(fault) => fault_page(&context, &fault),
    }
}

pub(crate) async fn change_password_redirect(State(_): State<Arc<Web>>, context: Context) -> Response {
    let mut response = see_other(&context, "/account/security");
    // The well-known address is answered by a redirect (W3C, A Well-Known URL for Changing Passwords).
    *response.status_mut() = StatusCode::FOUND;
    let _ = response.headers_mut().remove(header::SET_COOKIE);
    response
}
