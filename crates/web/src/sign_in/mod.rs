//! `/sign-in`.

pub(crate) mod old_ways;
pub(crate) mod reopen;
pub(crate) mod sign_out;

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::{StatusCode, header};
use kagiya_domain::{
    Cause, Evidence, Timestamp, act::Act, destination::Destination, remedy::Remedy, session::EndReason,
};
use kagiya_flows::{
    FieldError, Refusal,
    attempt::{self, Draft},
    external,
    session::{Live, Token},
    sign_in::{self, Entered, SignedIn, Typed},
    status::platform::board::Operation,
};

use crate::{
    Web,
    external::providers::{self, ProviderView, Question},
    maintenance::closed,
    page::{
        View,
        fault::{add_retry_after, guard_refusal, refusal_of},
        page as render, see_other,
        verdict::VerdictView,
    },
    request::{
        context::{Context, Sessions},
        cookies::{self, Cookie},
        form::{self, Fields},
        in_app,
        redirect_loop::{self, Turn},
        single_flight,
        submitted_form::Sent,
    },
};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    v: &'a View<'a>,
    login: &'a str,
    remember: bool,
    return_to: &'a str,
    go_on: &'a str,
    errors: &'a [FieldError],
    verdict: Option<VerdictView>,
    folded: bool,
    notice: Option<String>,
    signed_in_as: Option<String>,
    question: Option<Question>,
    buttons: Vec<ProviderView>,
}

/// What the page's own form does.
const HERE: &[(Remedy, &str)] = &[(Remedy::Retype, "#password"), (Remedy::OtherMethod, "#providers-title")];

/// Whether the form would be of no use now: it is closed, or what is typed is not looked at.
fn is_folded(refusal: &Refusal) -> bool {
    let shut = refusal.status == 503 && refusal.verdict.cause == Cause::PlatformMaintenance;
    let paused = refusal.status == 429 && refusal.verdict.wait_until.is_some();
    shut || paused
}

struct Shown<'a> {
    status: StatusCode,
    login: &'a str,
    remember: bool,
    return_to: &'a Destination,
    refusal: Option<&'a Refusal>,
    notice: Option<String>,
    signed_in_as: Option<String>,
    /// The provider from which this browser has not come back, and whether it may yet.
    away: Option<(&'a str, bool)>,
}

fn sign_in_page(context: &Context, state: Shown<'_>) -> Response {
    let view = View::new(context);
    let title = view.t("sign-in-title").into_owned();
    let folded = state.refusal.is_some_and(is_folded);
    let content = SignInPage {
        v: &view,
        login: state.login,
        remember: state.remember,
        return_to: &state.return_to.carried(),
        go_on: &state.return_to.place("/"),
        errors: state.refusal.map_or(&[], |r| r.fields.as_slice()),
        verdict: state.refusal.map(|refusal| {
            let mut verdict = VerdictView::new(&view, refusal)
                .above(if folded { &[] } else { HERE })
                .carrying(&state.return_to.carried());
            if refusal.status < 400 && refusal.verdict.cause == Cause::BrowserSessionStale {
                // It is put in order already; signing in is all that is left.
                verdict.title = view.t("session-over-title").into_owned();
                verdict.lead = view.t("session-over-lead").into_owned();
            }
            verdict
        }),
        folded,
        notice: state.notice,
        signed_in_as: state.signed_in_as,
        buttons: providers::all(&view),
        question: state.away.map(|(provider, quiet)| Question { quiet, ..Question::new(&view, provider) }),
    };
    let mut response = render(&view, state.status, &title, &content);
    if let Some(refusal) = state.refusal {
        add_retry_after(&mut response, refusal);
    }
    response
}

#[expect(
    clippy::too_many_lines,
    reason = "one act from what is typed to its answer: parts of it would be called from here alone"
)]
pub(crate) async fn page(State(_): State<Arc<Web>>, mut context: Context) -> Response {
    let mut return_to = context.return_to();
    // A database that fails must not keep the sign-in page from being shown.
    let sessions = context.session().await.unwrap_or(Sessions::None);
    let to = match (&sessions, &return_to) {
        (Sessions::Live(_), Destination::Path(path)) => Some(path.clone()),
        (Sessions::Live(_), Destination::Request(key)) => {
            sign_in::destination::open(&context.web.app, *key).await.unwrap_or(None)
        }
        (Sessions::Live(_), Destination::Home) | (Sessions::Ended(_) | Sessions::Stale | Sessions::None, _) => None,
    };
    if matches!((&sessions, &return_to), (Sessions::Live(_), Destination::Request(_))) {
        // Its time is over, or it never was one.
        return_to = Destination::Home;
    }
    if let Some(to) = &to {
        return match redirect_loop::count(&context, to.as_str()) {
            Turn::Go(cookie) => {
                let mut response = see_other(&context, to.as_str());
                response.headers_mut().append(header::SET_COOKIE, cookie);
                response
            }
            Turn::Stop(evidence) => {
                let draft = Draft::new(Act::Session, 409, &context.visitor, evidence);
                // Rare, large, and by itself, as what follows: most people just open the page.
                let refusal = Box::pin(attempt::refuse(&context.web.app, &context.visitor, draft)).await;
                let mut response = crate::page::fault::refused_page(&context, &refusal, "/");
                redirect_loop::forget(&context, response.headers_mut());
                response
            }
        };
    }
    if let (false, Some(outside)) = (matches!(sessions, Sessions::Live(_)), in_app::outside(&context)) {
        return see_other(&context, &outside);
    }
    let thrown_back = thrown_back(&mut context, &sessions, return_to != Destination::Home).await;
    let view = View::new(&context);
    let notice = match (&sessions, context.query("done")) {
        (_, Some(done @ ("reset" | "unlocked" | "reopened" | "closed"))) => {
            Some(view.t(format!("notice-{done}")).into_owned())
        }
        (_, Some("repaired")) if !context.visitor.cookie_came => Some(view.t("notice-repaired-blocked").into_owned()),
        (_, Some("repaired")) => Some(view.t("notice-repaired").into_owned()),
        (_, Some("signed-out")) => Some(view.t("ended-signed-out").into_owned()),
        (Sessions::Ended(why), _) => ended_notice(&view, *why),
        (Sessions::Stale, _) if thrown_back.is_none() => Some(view.t("notice-tidied").into_owned()),
        (Sessions::Stale, _) => None,
        (Sessions::Live(_) | Sessions::None, _) if context.is_cluttered() => Some(view.t("notice-tidied").into_owned()),
        (Sessions::Live(_) | Sessions::None, _) => None,
    };
    let signed_in_as = match &sessions {
        Sessions::Live(live) => Some(live.login_id.clone()),
        Sessions::Ended(_) | Sessions::Stale | Sessions::None => None,
    };
    let lost = if thrown_back.is_none() { lost_way(&context).await } else { None };
    // Signed in is signed in, whatever else does not work.
    let shut = (closed::is_shut(&context) && signed_in_as.is_none()).then(|| closed::refusal(&context, Act::SignIn));
    let login: String = context.query("login").unwrap_or_default().chars().take(254).collect();
    let mut response = sign_in_page(
        &context,
        Shown {
            status: if shut.is_some() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK },
            login: &login,
            remember: false,
            return_to: &return_to,
            refusal: shut.as_ref().or(thrown_back.as_deref()).or(lost.as_ref().and_then(|(_, told)| told.as_deref())),
            notice,
            signed_in_as,
            away: lost.as_ref().map(|(provider, told)| (provider.as_str(), told.is_none())),
        },
    );
    context.prune(response.headers_mut());
    if matches!(sessions, Sessions::Ended(_) | Sessions::Stale) {
        // Told once; and a stale cookie is dropped, never a reason to fail.
        expire_session(&context, &mut response);
    }
    if context.query("done").is_some() || thrown_back.is_some() {
        redirect_loop::forget(&context, response.headers_mut());
    }
    response
}

/// The provider to which this browser went and from which it has not come back; with a verdict once that was so long
/// ago that it will not come by itself.
async fn lost_way(context: &Context) -> Option<(String, Option<Box<Refusal>>)> {
    let provider = Cookie::Away.values(&context.headers, &context.web.app.settings.public_url).next()?;
    let app = &context.web.app;
    let way = Box::pin(external::start::open_way(app, &context.visitor, provider)).await.ok().flatten()?;
    if context.now.since(Timestamp(way.started_at)) < external::RETURN {
        return Some((provider.to_owned(), None));
    }
    let refusal = Box::pin(external::no_return::remind(app, &context.visitor, &way)).await.ok()?;
    Some((provider.to_owned(), Some(refusal)))
}

/// Why a person finds themselves on this page again, when they did not come of their own accord.
async fn thrown_back(context: &mut Context, sessions: &Sessions, wanted: bool) -> Option<Box<Refusal>> {
    let evidence = match sessions {
        _ if redirect_loop::bounced(context) => vec![Evidence::BouncedAfterSuccess],
        // Not even the cookie that remembers the sign-in was kept: what comes with a redirect is dropped.
        Sessions::None if came_in_vain(context).await => vec![Evidence::BouncedAfterSuccess],
        Sessions::Ended(EndReason::SignedOut | EndReason::Replaced) => return None,
        Sessions::Ended(why) if wanted => vec![Evidence::EndedSession { why: *why }],
        Sessions::Stale if wanted && context.is_cluttered() => Vec::new(),
        Sessions::Stale if wanted => vec![Evidence::UnknownSession],
        Sessions::Ended(_) | Sessions::Stale | Sessions::Live(_) | Sessions::None => return None,
    };
    context.visitor.repairs.push("stale_session_removed");
    let draft = Draft::new(Act::Session, 200, &context.visitor, evidence);
    Some(Box::pin(attempt::refuse(&context.web.app, &context.visitor, draft)).await)
}

/// Whether this browser signed in a moment ago, as the server knows, and stands here without a session.
async fn came_in_vain(context: &Context) -> bool {
    context.query("done").is_none()
        && Box::pin(attempt::bounced(&context.web.app, &context.visitor)).await.unwrap_or(false)
}

fn ended_notice(view: &View<'_>, why: EndReason) -> Option<String> {
    match why {
        EndReason::SignedOut | EndReason::Replaced => None,
        EndReason::SignedOutElsewhere
        | EndReason::PasswordChanged
        | EndReason::Expired
        | EndReason::AccountState
        | EndReason::ProviderEnded => Some(view.t(format!("ended-{}", why.as_str().replace('_', "-"))).into_owned()),
    }
}

pub(crate) fn expire_session(context: &Context, response: &mut Response) {
    let expire = Cookie::Session.expire(&context.web.app.settings.public_url);
    response.headers_mut().append(header::SET_COOKIE, expire);
}

#[expect(
    clippy::too_many_lines,
    reason = "one act from what is typed to its answer: parts of it would be called from here alone"
)]
pub(crate) async fn submit(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    let return_to = fields.return_to().or(context.return_to());
    let to = &*return_to.place("/");
    if let Err(evidence) = form::guard(&mut context, &fields) {
        let only_old = evidence.iter().all(|fact| {
            matches!(fact, Evidence::FormTooOld { .. } | Evidence::FormUnreadable | Evidence::CookiesCleared)
        });
        if only_old && matches!(context.session().await, Ok(Sessions::Live(_))) {
            // An old page of somebody who is in already.
            return see_other(&context, to);
        }
        let refusal = guard_refusal(&context, Act::SignIn, evidence).await;
        return refused(&context, &fields, &return_to, &refusal);
    }
    if context.web.app.board.get().shut(Operation::SignIn, context.now).is_some() {
        let refusal = closed::refusal(&context, Act::SignIn);
        return refused(&context, &fields, &return_to, &refusal);
    }
    let broken = fields.broken(&["login", "password"]);
    if !broken.is_empty() {
        let draft = Draft::invalid(Act::SignIn, &context.visitor, broken);
        let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
        return refused(&context, &fields, &return_to, &refusal);
    }
    if context.is_cluttered() {
        context.visitor.repairs.push("old_cookies_removed");
    }
    let stale = context.session_signs().await;
    context.visitor.signs.extend(stale);
    let typed = Typed {
        login: fields.get("login").to_owned(),
        password: fields.get("password").to_owned(),
        remember: fields.has("remember"),
        keep_device: true,
        to: return_to.clone(),
    };
    let visitor = context.visitor.clone();
    let browser = visitor.browser_key.unwrap_or_default();
    let parts: [&[u8]; 5] = [
        &browser,
        fields.get("form").as_bytes(),
        typed.login.as_bytes(),
        typed.password.as_bytes(),
        &[u8::from(typed.remember)],
    ];
    let press = context.web.app.keys.digest16("press", &parts);
    let app = Arc::clone(&context.web.app);
    if !context.web.presses.holds(&press)
        && let Some(refusal) = sign_in::turned_away(&app, &visitor)
    {
        return refused(&context, &fields, &return_to, &refusal);
    }
    let work = move || {
        let (app, visitor, typed) = (Arc::clone(&app), visitor.clone(), typed.clone());
        async move { sign_in::run(&app, &visitor, typed).await }
    };
    let outcome = single_flight::run(&context, press, work).await;
    match &*outcome {
        Ok(Ok(led_to)) => entered(&context, led_to, "password", &return_to, "/"),
        Ok(Err(refusal)) => refused(&context, &fields, &return_to, refusal),
        Err(fault) => refused(&context, &fields, &return_to, &refusal_of(&context, fault)),
    }
}

fn refused(context: &Context, fields: &Fields, return_to: &Destination, refusal: &Refusal) -> Response {
    let mut response = sign_in_page(
        context,
        Shown {
            status: StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST),
            login: fields.get("login"),
            remember: fields.has("remember"),
            return_to,
            refusal: Some(refusal),
            notice: None,
            signed_in_as: None,
            away: None,
        },
    );
    context.prune(response.headers_mut());
    response
}

/// Signs in by password.
pub(crate) async fn run(
    context: &Context,
    visitor: kagiya_flows::Visitor,
    typed: Typed,
) -> kagiya_flows::Outcome<Entered> {
    let app = Arc::clone(&context.web.app);
    to_its_end(context, &visitor.clone(), async move { sign_in::run(&app, &visitor, typed).await }).await
}

/// Runs to its end even when the browser goes away: a reserved try must be settled.
pub(crate) async fn to_its_end<T: Send + 'static>(
    context: &Context,
    visitor: &kagiya_flows::Visitor,
    work: impl Future<Output = kagiya_flows::Outcome<T>> + Send + 'static,
) -> kagiya_flows::Outcome<T> {
    if let Some(refusal) = sign_in::turned_away(&context.web.app, visitor) {
        return Ok(Err(refusal));
    }
    tokio::spawn(work).await.unwrap_or(Err(kagiya_flows::Fault::Hashing))
}

/// The answer to a proof: in and on to `to`, or to `home` when nothing was asked for; or the page of what is asked first. `method` as in [`set_session`].
pub(crate) fn entered(context: &Context, entered: &Entered, method: &str, to: &Destination, home: &str) -> Response {
    match entered {
        Entered::SignedIn(signed_in) => {
            let mut response = see_other(context, &to.place(home));
            set_session(context, &mut response, signed_in, method);
            response
        }
        Entered::OfferReopen { flow } => reopen::offer(context, *flow, to),
    }
}

/// Sets the cookies of a sign-in. Whatever session cookie was there is replaced.
/// `method` is remembered for the mark on the sign-in page.
pub(crate) fn set_session(context: &Context, response: &mut Response, signed_in: &SignedIn, method: &str) {
    let app = &context.web.app;
    let url = &app.settings.public_url;
    let life = signed_in.remember.then(|| signed_in.expires_at.since(context.now).as_seconds_up());
    let headers = response.headers_mut();
    // What is cluttered goes first: whoever reads names only keeps what comes last.
    context.prune(headers);
    redirect_loop::signed_in(context, headers);
    headers.append(header::SET_COOKIE, Cookie::Session.set(signed_in.token.as_str(), life, url));
    // The account's language goes before the browser's.
    if context.lang().as_str() != signed_in.account.lang && context.query("lang").is_none() {
        headers.append(header::SET_COOKIE, Cookie::Lang.set_long(&signed_in.account.lang, url));
    }
    if providers::last_method(context) != Some(method) && !app.providers.is_empty() {
        headers.append(header::SET_COOKIE, Cookie::Method.set_long(method, url));
    }
    headers.append(header::SET_COOKIE, Cookie::Device.set_long(&cookies::device_value(app, &signed_in.device), url));
}

/// Sets the cookie of a session that goes on with another token.
pub(crate) fn renew_session(context: &Context, response: &mut Response, live: &Live, token: &Token) {
    let settings = &context.web.app.settings;
    let remembered = live.idle == settings.lives.idle_for(true);
    let life = remembered.then(|| live.expires_at.since(context.now).as_seconds_up());
    response.headers_mut().append(header::SET_COOKIE, Cookie::Session.set(token.as_str(), life, &settings.public_url));
}
