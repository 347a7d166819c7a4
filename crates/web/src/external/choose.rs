//! `/sign-in/provider/choose`: an identity that nobody has yet.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use kagiya_domain::{
    Evidence,
    act::{Act, FlowKind},
    destination::Destination,
    remedy::Remedy,
};
use kagiya_flows::{
    FieldError, Refusal,
    attempt::{self, Draft},
    external::{
        self,
        choose::{self, New, Pending},
    },
    sign_in::{
        Entered, Typed,
        recent_auth::{self, Ask},
    },
};
use kagiya_text::Arg;
use uuid::Uuid;

use crate::{
    Web,
    external::providers,
    page::{
        View, encode_query,
        fault::{add_retry_after, fault_page, guard_refusal, refusal_of, refused_page},
        page as render, see_other,
        verdict::VerdictView,
    },
    recover::{CodePage, code_response_at},
    request::{
        context::{Context, Sessions},
        form::{self, Fields},
        submitted_form::Sent,
    },
    sign_in::{entered, set_session, to_its_end},
};

/// What the page's own form does.
const HERE: &[(Remedy, &str)] = &[
    (Remedy::Retype, "#password"),
    (Remedy::OtherMethod, "#have-title"),
    (Remedy::ProveByMail, "#mail"),
    (Remedy::Recover, "#mail"),
];

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    v: &'a View<'a>,
    provider: &'a str,
    name: String,
    identity: String,
    flow: String,
    /// The address that needs no proof, in words.
    vouched: Option<String>,
    email: String,
    login_id: &'a str,
    login: &'a str,
    errors: &'a [FieldError],
    verdict: Option<VerdictView>,
    signed_in_as: Option<String>,
    can_choose: bool,
}

async fn choose_page(context: &Context, pending: &Pending, fields: &Fields, refusal: Option<&Refusal>) -> Response {
    let app = &context.web.app;
    let why = match refusal {
        Some(_) => None,
        // What cannot be read is not told; the choice itself stands.
        None => choose::why(app, pending).await.unwrap_or(None),
    };
    let signed_in_as = match context.session().await {
        Ok(Sessions::Live(live)) => Some(live.login_id.clone()),
        _ => None,
    };
    let view = View::new(context);
    let provider = pending.authorization.provider.as_str();
    let name = providers::name(context, provider);
    let title = view.f1("choose-title", "provider", name.clone());
    let vouched = pending.verified_email().map(|email| email.masked());
    let suggested = pending.identity.email.clone().filter(|_| vouched.is_none()).unwrap_or_default();
    let shown = refusal.or(why.as_ref());
    let content = ChoosePage {
        v: &view,
        provider,
        identity: view.f(
            "choose-identity",
            &[("provider", Arg::from(name.clone())), ("identity", Arg::from(external::shown(&pending.identity)))],
        ),
        flow: pending.authorization.id.to_string(),
        email: if fields.has("email") { fields.get("email").to_owned() } else { suggested },
        vouched: vouched.map(|email| {
            view.f("choose-vouched", &[("provider", Arg::from(name.clone())), ("email", Arg::from(email))])
        }),
        login_id: fields.get("login_id"),
        login: fields.get("login"),
        errors: refusal.map_or(&[], |r| r.fields.as_slice()),
        verdict: shown.map(|refusal| VerdictView::new(&view, refusal).above(HERE)),
        signed_in_as,
        can_choose: app.providers.find(provider).is_some_and(|entry| entry.provider.can_choose()),
        name,
    };
    let status = refusal.and_then(|r| StatusCode::from_u16(r.status).ok()).unwrap_or(StatusCode::OK);
    let mut response = render(&view, status, &title, &content);
    if let Some(refusal) = refusal {
        add_retry_after(&mut response, refusal);
    }
    response
}

/// The identity that waits, or the page that says that none does.
async fn pending(context: &Context, provider: &str, id: Option<Uuid>) -> Result<Pending, Response> {
    match choose::pending(&context.web.app, &context.visitor, provider, id).await {
        Ok(Some(pending)) => Ok(pending),
        Ok(None) => {
            let draft = Draft::new(Act::External, 410, &context.visitor, vec![Evidence::FlowEnded]);
            let refusal = attempt::refuse_unread(&context.web.app, &context.visitor, draft).await;
            Err(refused_page(context, &refusal, "/sign-in"))
        }
        Err(fault) => Err(fault_page(context, &fault)),
    }
}

pub(crate) async fn page(State(_): State<Arc<Web>>, Path(provider): Path<String>, context: Context) -> Response {
    match pending(&context, &provider, context.flow_query()).await {
        Ok(pending) => choose_page(&context, &pending, &Fields::default(), None).await,
        Err(response) => response,
    }
}

pub(crate) async fn submit(
    State(_): State<Arc<Web>>,
    Path(provider): Path<String>,
    Sent(mut context, fields): Sent,
) -> Response {
    let id = fields.flow().or_else(|| context.flow_query());
    let pending = match pending(&context, &provider, id).await {
        Ok(pending) => pending,
        Err(response) => return response,
    };
    // Linking hands an account over: the page must be this browser's own.
    if let Err(evidence) = form::guard_own(&mut context, &fields) {
        let refusal = guard_refusal(&context, Act::External, evidence).await;
        return choose_page(&context, &pending, &fields, Some(&refusal)).await;
    }
    let broken = fields.broken(&["login_id", "email", "login", "password"]);
    if !broken.is_empty() {
        let draft = Draft::invalid(Act::External, &context.visitor, broken);
        let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
        return choose_page(&context, &pending, &fields, Some(&refusal)).await;
    }
    if fields.has("link") {
        return link_present(&context, &pending, &fields).await;
    }
    // Either form may bring the other's empty fields.
    if fields.has("login") && fields.get("login_id").is_empty() {
        return if fields.has("mail") {
            ask_mailbox(&context, &pending, &fields).await
        } else {
            prove_by_password(&context, &pending, &fields).await
        };
    }
    sign_up(&context, &pending, &fields).await
}

async fn sign_up(context: &Context, pending: &Pending, fields: &Fields) -> Response {
    let app = &context.web.app;
    let (login_id, email) = (fields.get("login_id"), fields.get("email"));
    match choose::sign_up(app, &context.visitor, pending, login_id, email).await {
        Ok(Ok(New::SignedIn(signed_in))) => {
            let to = &pending.authorization.return_to.place("/?done=welcome");
            let mut response = see_other(context, to);
            set_session(context, &mut response, &signed_in, &pending.authorization.provider);
            response
        }
        Ok(Ok(New::TypeCode(id))) => {
            see_other(context, &format!("/sign-up/verify?{}", encode_query(&[("flow", &id.to_string())])))
        }
        Ok(Ok(New::Prove(flow))) => see_other(context, &prove_path(&pending.authorization.provider, flow)),
        Ok(Err(refusal)) => choose_page(context, pending, fields, Some(&refusal)).await,
        Err(fault) => choose_page(context, pending, fields, Some(&refusal_of(context, &fault))).await,
    }
}

fn prove_path(provider: &str, flow: Uuid) -> String {
    format!("/sign-in/{provider}/prove?flow={flow}")
}

async fn ask_mailbox(context: &Context, pending: &Pending, fields: &Fields) -> Response {
    match choose::prove(&context.web.app, &context.visitor, pending, fields.get("login")).await {
        Ok(Ok(flow)) => see_other(context, &prove_path(&pending.authorization.provider, flow)),
        Ok(Err(refusal)) => choose_page(context, pending, fields, Some(&refusal)).await,
        Err(fault) => choose_page(context, pending, fields, Some(&refusal_of(context, &fault))).await,
    }
}

async fn prove_by_password(context: &Context, pending: &Pending, fields: &Fields) -> Response {
    let typed = Typed {
        login: fields.get("login").to_owned(),
        password: fields.get("password").to_owned(),
        remember: fields.has("remember"),
        keep_device: true,
        to: pending.authorization.return_to.clone(),
    };
    let (app, visitor, of) = (Arc::clone(&context.web.app), context.visitor.clone(), pending.clone());
    let joined =
        to_its_end(
            context,
            &context.visitor,
            async move { choose::join_by_password(&app, &visitor, typed, &of).await },
        );
    let (led_to, linked) = match joined.await {
        Ok(Ok(led_to)) => led_to,
        Ok(Err(refusal)) => return choose_page(context, pending, fields, Some(&refusal)).await,
        Err(fault) => return choose_page(context, pending, fields, Some(&refusal_of(context, &fault))).await,
    };
    let wanted = &pending.authorization.return_to;
    if let (Entered::SignedIn(_), false) = (&led_to, linked) {
        // Signed in all the same; somebody else has the identity by now.
        let place = "/account/links?done=not-linked";
        return entered(context, &led_to, &pending.authorization.provider, &Destination::Home, place);
    }
    entered(context, &led_to, &pending.authorization.provider, wanted, "/?done=linked")
}

/// "Link it to the account that is signed in here."
async fn link_present(context: &Context, pending: &Pending, fields: &Fields) -> Response {
    let live = match context.session().await {
        Ok(Sessions::Live(live)) => live,
        Ok(Sessions::Ended(_) | Sessions::Stale | Sessions::None) => {
            return choose_page(context, pending, fields, None).await;
        }
        Err(fault) => return fault_page(context, &fault),
    };
    // "Signed in as A" was shown; another tab may have signed in as B since.
    if !form::is_for(context, live.account_id) {
        let refusal = crate::page::fault::other_account(context, Act::External).await;
        return choose_page(context, pending, fields, Some(&refusal)).await;
    }
    let auth = match recent_auth::demand(&context.web.app, &context.visitor, &live, Ask::Proven).await {
        Ok(Ok(auth)) => auth,
        Ok(Err(refusal)) => return choose_page(context, pending, fields, Some(&refusal)).await,
        Err(fault) => return fault_page(context, &fault),
    };
    match choose::join(&context.web.app, &context.visitor, pending, &auth).await {
        Ok(true) => see_other(context, &pending.authorization.return_to.place("/account/links?done=linked")),
        Ok(false) => see_other(context, "/account/links?done=not-linked"),
        Err(fault) => fault_page(context, &fault),
    }
}

const CODE: CodePage = CodePage { kind: FlowKind::Prove, action: "/sign-in", start: "/sign-in", elsewhere: None };

pub(crate) async fn prove_page(State(_): State<Arc<Web>>, Path(provider): Path<String>, context: Context) -> Response {
    let action = format!("/sign-in/{}/prove", clean(&provider));
    let id = context.flow_query();
    // The question's own reference, for somebody who gives up here.
    let waiting = choose::pending(&context.web.app, &context.visitor, &provider, None).await.ok().flatten();
    let why = match &waiting {
        Some(pending) => choose::why(&context.web.app, pending).await.unwrap_or(None),
        None => None,
    };
    code_response_at(&context, &CODE, action, id, why.as_ref()).await
}

pub(crate) async fn prove(
    State(_): State<Arc<Web>>,
    Path(provider): Path<String>,
    Sent(mut context, fields): Sent,
) -> Response {
    let action = format!("/sign-in/{}/prove", clean(&provider));
    let id = fields.flow().or_else(|| context.flow_query());
    if let Err(evidence) = form::guard_own(&mut context, &fields) {
        let refusal = guard_refusal(&context, Act::External, evidence).await;
        return code_response_at(&context, &CODE, action, id, Some(&refusal)).await;
    }
    let app = &context.web.app;
    if fields.has("resend") {
        return match kagiya_flows::code::steps::resend(app, &context.visitor, FlowKind::Prove, id).await {
            Ok(Ok(id)) => see_other(&context, &format!("{action}?flow={id}&sent=again")),
            Ok(Err(refusal)) => code_response_at(&context, &CODE, action, id, Some(&refusal)).await,
            Err(fault) => fault_page(&context, &fault),
        };
    }
    match choose::type_code(app, &context.visitor, &provider, id, fields.get("code")).await {
        Ok(Ok((led_to, return_to))) => entered(&context, &led_to, &provider, &return_to, "/?done=linked"),
        Ok(Err(refusal)) => code_response_at(&context, &CODE, action, id, Some(&refusal)).await,
        Err(fault) => fault_page(&context, &fault),
    }
}

/// A provider's name from a path, or nothing that could do harm in one.
fn clean(provider: &str) -> String {
    provider.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).take(40).collect()
}
