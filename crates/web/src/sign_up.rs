//! `/sign-up` and its code.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::Span;
use kagiya_domain::act::{Act, FlowKind};
use kagiya_flows::{
    FieldError, Refusal,
    attempt::{self, Draft},
    code::steps,
    sign_up::{self, Form, Next},
};

use crate::{
    Web,
    external::providers::{self, ProviderView},
    page::{
        View, encode_query,
        fault::{add_retry_after, fault_page, guard_refusal, refusal_of},
        page as render, see_other,
        verdict::VerdictView,
    },
    recover::{CodePage, code_response},
    request::{
        context::Context,
        form::{self, Fields},
        in_app, single_flight,
        submitted_form::Sent,
    },
    sign_in::set_session,
};

#[derive(Template)]
#[template(path = "sign_up.html")]
struct SignUpPage<'a> {
    v: &'a View<'a>,
    login_id: &'a str,
    email: &'a str,
    return_to: &'a str,
    errors: &'a [FieldError],
    verdict: Option<VerdictView>,
    meant: Option<String>,
    /// This browser was refused at signing in a moment ago.
    failed: bool,
    buttons: Vec<ProviderView>,
}

/// So long after a refused sign-in the sign-up page says that there is a way back.
const RECENT: Span = Span::minutes(15);

#[expect(clippy::too_many_arguments, reason = "the parts of one page")]
fn show(
    context: &Context,
    status: StatusCode,
    fields: &Fields,
    refusal: Option<&Refusal>,
    meant: Option<String>,
    failed: bool,
) -> Response {
    let view = View::new(context);
    let title = view.t("sign-up-title").into_owned();
    let return_to = fields.return_to().or(context.return_to());
    let content = SignUpPage {
        v: &view,
        login_id: fields.get("login_id"),
        email: fields.get("email"),
        return_to: &return_to.carried(),
        errors: refusal.map_or(&[], |r| r.fields.as_slice()),
        verdict: refusal.map(|refusal| VerdictView::new(&view, refusal).above(&[])),
        meant,
        failed,
        buttons: providers::all(&view),
    };
    let mut response = render(&view, status, &title, &content);
    if let Some(refusal) = refusal {
        add_retry_after(&mut response, refusal);
    }
    response
}

fn refused(context: &Context, fields: &Fields, refusal: &Refusal) -> Response {
    show(
        context,
        StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST),
        fields,
        Some(refusal),
        None,
        false,
    )
}

pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    if let Some(outside) = in_app::outside(&context) {
        return see_other(&context, &outside);
    }
    let failed = attempt::last_outcome(&context.web.app, &context.visitor, RECENT).await;
    let failed = matches!(failed, Ok(Some(outcome)) if outcome == "refused");
    show(&context, StatusCode::OK, &Fields::default(), None, None, failed)
}

pub(crate) async fn submit(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    if let Err(evidence) = form::guard(&mut context, &fields) {
        return refused(&context, &fields, &*guard_refusal(&context, Act::SignUp, evidence).await);
    }
    let broken = fields.broken(&["login_id", "email", "password"]);
    if !broken.is_empty() {
        let draft = Draft::invalid(Act::SignUp, &context.visitor, broken);
        return refused(&context, &fields, &*attempt::refuse(&context.web.app, &context.visitor, draft).await);
    }
    let form = Form {
        login_id: fields.get("login_id").to_owned(),
        email: fields.get("email").to_owned(),
        password: fields.get("password").to_owned(),
        return_to: fields.return_to(),
        email_checked: fields.has("email_checked").then(|| fields.get("email_checked").to_lowercase()),
        ask: true,
    };
    match sign_up::start(&context.web.app, &context.visitor, &form).await {
        Ok(Ok(Next::TypeCode(id))) => {
            see_other(&context, &format!("/sign-up/verify?{}", encode_query(&[("flow", &id.to_string())])))
        }
        Ok(Ok(Next::AskEmail(meant))) => show(&context, StatusCode::OK, &fields, None, Some(meant), false),
        Ok(Err(refusal)) => refused(&context, &fields, &refusal),
        Err(fault) => refused(&context, &fields, &refusal_of(&context, &fault)),
    }
}

const CODE: CodePage =
    CodePage { kind: FlowKind::SignUp, action: "/sign-up/verify", start: "/sign-up", elsewhere: None };

pub(crate) async fn code_page(State(_): State<Arc<Web>>, context: Context) -> Response {
    let id = context.flow_query();
    code_response(&context, &CODE, id, None).await
}

#[derive(Template)]
#[template(path = "signed_up.html")]
struct DonePage<'a> {
    v: &'a View<'a>,
    to: &'a str,
}

/// For the second of two presses: a code is spent once, and the first press has done it.
fn done_page(context: &Context, to: &str) -> Response {
    let view = View::new(context);
    let title = view.t("sign-up-done-title").into_owned();
    render(&view, StatusCode::OK, &title, &DonePage { v: &view, to })
}

pub(crate) async fn verify(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    let id = fields.flow().or_else(|| context.flow_query());
    if let Err(evidence) = form::guard(&mut context, &fields) {
        let refusal = guard_refusal(&context, Act::SignUp, evidence).await;
        return code_response(&context, &CODE, id, Some(&refusal)).await;
    }
    if fields.has("resend") {
        return match steps::resend(&context.web.app, &context.visitor, FlowKind::SignUp, id).await {
            Ok(Ok(id)) => see_other(&context, &format!("/sign-up/verify?flow={id}&sent=again")),
            Ok(Err(refusal)) => code_response(&context, &CODE, id, Some(&refusal)).await,
            Err(fault) => fault_page(&context, &fault),
        };
    }
    let code = fields.get("code").to_owned();
    let browser = context.visitor.browser_key.unwrap_or_default();
    let flow = id.unwrap_or_default();
    let press = context.web.app.keys.digest16("sign-up press", &[&browser, flow.as_bytes(), code.as_bytes()]);
    let (app, visitor) = (Arc::clone(&context.web.app), context.visitor.clone());
    let (outcome, again) = single_flight::share(&context.web.sign_ups, &context, press, || async move {
        sign_up::verify(&app, &visitor, id, &code, true).await
    })
    .await;
    match &*outcome {
        Ok(Ok(created)) => {
            let to = &created.return_to.place("/?done=welcome");
            let mut response = if again { done_page(&context, to) } else { see_other(&context, to) };
            if let Some(signed_in) = &created.signed_in {
                set_session(&context, &mut response, signed_in, "password");
            }
            response
        }
        Ok(Err(refusal)) => code_response(&context, &CODE, id, Some(refusal)).await,
        Err(fault) => fault_page(&context, fault),
    }
}
