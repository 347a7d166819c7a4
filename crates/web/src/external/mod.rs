//! `/sign-in/provider`: the way to an external account and back.

pub(crate) mod choose;
pub(crate) mod events;
pub(crate) mod providers;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use kagiya_domain::{Cause, Evidence, act::Act, destination::Destination};
use kagiya_flows::{
    Refusal,
    external::{
        callback::{self, Answer, Present, Returned},
        no_return,
        start::{self, AuthorizationSession, Begun, Purpose, Start},
    },
};

use crate::{
    Web,
    external::providers::Question,
    page::{
        View, encode_query,
        fault::{add_retry_after, fault_page, guard_refusal, refusal_of},
        page as render, seal, see_other,
        verdict::VerdictView,
    },
    request::{
        context::{Context, Sessions},
        cookies::Cookie,
        door::Banner,
        form, single_flight,
        submitted_form::Sent,
    },
    sign_in::entered,
};

/// Staff sees by which provider it was.
fn at(context: &mut Context, provider: &str) {
    if let Some(entry) = context.web.app.providers.find(provider) {
        let provider = entry.provider.id().to_owned();
        context.visitor.signs.push(Evidence::AtProvider { provider });
    }
}

/// A start leaves this mark behind, so that the sign-in page asks after it.
const AWAY: i64 = 3_600;

/// To the provider. Its address is in no page and in no referrer of ours.
pub(crate) fn away(context: &Context, provider: &str, url: &str) -> Response {
    let mut response = see_other(context, url);
    let mark = Cookie::Away.set(provider, Some(AWAY), &context.web.app.settings.public_url);
    response.headers_mut().append(header::SET_COOKIE, mark);
    response
}

pub(crate) async fn begin(
    State(_): State<Arc<Web>>,
    Path(provider): Path<String>,
    Sent(mut context, fields): Sent,
) -> Response {
    let return_to = fields.return_to().or(context.return_to());
    if let Err(evidence) = form::guard(&mut context, &fields) {
        let refusal = guard_refusal(&context, Act::External, evidence).await;
        return refused(&mut context, &provider, &return_to, &refusal, None);
    }
    at(&mut context, &provider);
    let start = Start {
        provider: &provider,
        purpose: Purpose::SignIn,
        return_to: return_to.clone(),
        asked: fields.has("asked"),
        choose: fields.has("choose"),
        afresh: fields.has("afresh"),
        by_hand: false,
    };
    match start::start(&context.web.app, &context.visitor, &start).await {
        Ok(Ok(Begun::Go(url))) => away(&context, &provider, &url),
        Ok(Ok(Begun::Ask(authorization))) => ask(&mut context, &provider, &return_to, &authorization).await,
        Ok(Err(refusal)) => refused(&mut context, &provider, &return_to, &refusal, None),
        Err(fault) => {
            let refusal = refusal_of(&context, &fault);
            refused(&mut context, &provider, &return_to, &refusal, None)
        }
    }
}

/// Asks what was seen at a provider from which this browser has not come back.
pub(crate) async fn ask(
    context: &mut Context,
    provider: &str,
    return_to: &Destination,
    authorization: &AuthorizationSession,
) -> Response {
    at(context, provider);
    match no_return::ask(&context.web.app, &context.visitor, authorization).await {
        Ok(refusal) => refused(context, provider, return_to, &refusal, Some(provider)),
        Err(fault) => fault_page(context, &fault),
    }
}

#[derive(Template)]
#[template(path = "external.html")]
struct ExternalPage<'a> {
    v: &'a View<'a>,
    verdict: VerdictView,
    question: Option<Question>,
    /// The provider to go to once more, when that makes sense.
    again: Option<(String, String)>,
    choose: bool,
    afresh: bool,
    return_to: &'a str,
}

/// A refusal on the way to a provider or back, with the ways on.
fn refused(
    context: &mut Context,
    provider: &str,
    return_to: &Destination,
    refusal: &Refusal,
    question: Option<&str>,
) -> Response {
    // The address of this page holds the ticket: in no form and in no other browser.
    context.banner = Banner::Always;
    context.path = format!("/why/{}", refusal.reference);
    context.query.clear();
    // In another language the question is asked again.
    context.query.extend(question.map(|provider| ("ask".to_owned(), provider.to_owned())));
    let context = &*context;
    let view = View::new(context);
    let to = return_to.carried();
    let verdict = VerdictView::new(&view, refusal).carrying(&to);
    let title = verdict.title.clone();
    let known = context.web.app.providers.find(provider).is_some();
    let useless = matches!(
        refusal.verdict.cause,
        Cause::ExternalOutage | Cause::ExternalConfig | Cause::AccountState | Cause::ExternalPolicy
    );
    let answered = refusal.evidence.iter().any(|fact| matches!(fact, Evidence::SawThere { .. }));
    let content = ExternalPage {
        v: &view,
        question: question.map(|provider| Question { answered, ..Question::new(&view, provider) }),
        again: (known && (!useless || question.is_some()))
            .then(|| (provider.to_owned(), providers::name(context, provider))),
        choose: refusal.verdict.cause == Cause::ExternalWrongAccount,
        afresh: refusal.verdict.cause == Cause::ExternalReauth,
        return_to: &to,
        verdict,
    };
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = render(&view, status, &title, &content);
    add_retry_after(&mut response, refusal);
    response
}

fn answer_of(get: impl Fn(&str) -> String) -> Answer {
    Answer {
        state: get("state"),
        code: get("code"),
        error: get("error"),
        // Yahoo! JAPAN sends a number beside the error; both are kept.
        number: get("error_code"),
        words: get("error_description"),
        iss: Some(get("iss")).filter(|iss| !iss.is_empty()),
        user: get("user"),
    }
}

pub(crate) async fn callback(State(_): State<Arc<Web>>, Path(provider): Path<String>, context: Context) -> Response {
    let answer = answer_of(|name| context.query(name).unwrap_or_default().to_owned());
    take(context, provider, answer).await
}

/// The provider's own page sends a form. It comes from another site, so without our cookies:
/// the browser is sent to fetch it with them.
pub(crate) async fn callback_form(
    State(_): State<Arc<Web>>,
    Path(provider): Path<String>,
    Sent(context, fields): Sent,
) -> Response {
    let answer = answer_of(|name| fields.get(name).to_owned());
    let app = &context.web.app;
    let kept = match callback::is_at_home(app, &context.visitor, &provider, &answer.state).await {
        Ok(true) => Ok(false),
        Ok(false) => callback::keep_posted(app, &provider, &answer).await,
        Err(fault) => Err(fault),
    };
    match kept {
        Ok(false) => take(context, provider, answer).await,
        Ok(true) => {
            let query = encode_query(&[("state", &answer.state)]);
            let mut response = StatusCode::SEE_OTHER.into_response();
            let to = format!("/sign-in/{provider}/callback?{query}");
            let location = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/sign-in"));
            response.headers_mut().insert(header::LOCATION, location);
            // No cookie is set here: it would take the place of the one that did not come.
            seal(response.headers_mut());
            response
        }
        Err(fault) => fault_page(&context, &fault),
    }
}

async fn take(mut context: Context, provider: String, answer: Answer) -> Response {
    at(&mut context, &provider);
    let present = match context.session().await {
        Ok(Sessions::Live(live)) => Some(Present { account: live.account_id, session: live.id }),
        Ok(Sessions::Ended(_) | Sessions::Stale | Sessions::None) => None,
        Err(fault) => {
            context.query.clear();
            return fault_page(&context, &fault);
        }
    };
    if present.is_none() {
        let stale = context.session_signs().await;
        context.visitor.signs.extend(stale);
    }
    let state = answer.state.clone();
    let browser = context.visitor.browser_key.unwrap_or_default();
    let parts: [&[u8]; 4] = [&browser, provider.as_bytes(), answer.state.as_bytes(), answer.code.as_bytes()];
    let press = context.web.app.keys.digest16("return", &parts);
    let (app, visitor) = (Arc::clone(&context.web.app), context.visitor.clone());
    let id = provider.clone();
    // It runs to its end even when the browser reloads: a ticket is good once.
    let (outcome, _) = single_flight::share(&context.web.returns, &context, press, || async move {
        callback::run(&app, &visitor, present, &id, answer).await
    })
    .await;
    let mut response = match &*outcome {
        Ok(Ok(returned)) => {
            // The ticket stands in the address of this page: in none of its forms.
            context.query.clear();
            returned_response(&context, &provider, returned)
        }
        // Somebody who is in meant to link: back to the links, not into another account.
        Ok(Err(refusal)) if present.is_some() => {
            context.query.clear();
            crate::page::fault::refused_page(&context, refusal, "/account/links")
        }
        Ok(Err(refusal)) => {
            let to = callback::destination(&context.web.app, &context.visitor, &provider, &state).await;
            let to = to.unwrap_or_default();
            refused(&mut context, &provider, &to, refusal, None)
        }
        Err(fault) => {
            context.query.clear();
            fault_page(&context, fault)
        }
    };
    response.headers_mut().append(header::SET_COOKIE, Cookie::Away.expire(&context.web.app.settings.public_url));
    response
}

fn returned_response(context: &Context, provider: &str, returned: &Returned) -> Response {
    match returned {
        Returned::Entered { entered: led_to, return_to } => entered(context, led_to, provider, return_to, "/"),
        Returned::Choose { authorization } => {
            see_other(context, &format!("/sign-in/{provider}/choose?flow={authorization}"))
        }
        Returned::Linked { relinked } => {
            let done = if *relinked { "relinked" } else { "linked" };
            see_other(context, &format!("/account/links?done={done}"))
        }
        Returned::Tested => see_other(context, "/?done=tested"),
        Returned::Again(url) => away(context, provider, url),
        Returned::Home(return_to) => see_other(context, &return_to.place("/")),
    }
}

/// What the person saw there.
pub(crate) async fn saw(
    State(_): State<Arc<Web>>,
    Path(provider): Path<String>,
    Sent(mut context, fields): Sent,
) -> Response {
    let return_to = fields.return_to().or(context.return_to());
    if let Err(evidence) = form::guard(&mut context, &fields) {
        let refusal = guard_refusal(&context, Act::External, evidence).await;
        return refused(&mut context, &provider, &return_to, &refusal, None);
    }
    at(&mut context, &provider);
    match no_return::say(&context.web.app, &context.visitor, &provider, fields.get("saw")).await {
        Ok(Ok(verdict)) => {
            let mut response = refused(&mut context, &provider, &return_to, &verdict, Some(&provider));
            // Asked and answered; another answer may be given on the same page.
            let expire = Cookie::Away.expire(&context.web.app.settings.public_url);
            response.headers_mut().append(header::SET_COOKIE, expire);
            response
        }
        Ok(Err(refusal)) => refused(&mut context, &provider, &return_to, &refusal, Some(&provider)),
        Err(fault) => fault_page(&context, &fault),
    }
}
