//! `/recover` and `/unlock`: a login, a mailed code, and for a recovery a new password.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::{
    Cause, Timestamp,
    act::{Act, FlowKind},
    code::RESEND_WAIT,
    remedy::Remedy,
};
use kagiya_flows::{
    FieldError, Refusal,
    attempt::{self, Draft},
    code::steps,
    recover::{
        self, CodeForm, Kind,
        review::{self, Choice, Way},
        way_in,
    },
};
use uuid::Uuid;

use crate::{
    Web,
    page::{
        View, encode_query,
        fault::{add_retry_after, fault_page, guard_refusal, refusal_of, refused_page},
        page as render, see_other,
        verdict::{VerdictView, cause_title},
        with_return,
    },
    request::{
        context::Context,
        form::{self, Fields},
        in_app, mark,
        submitted_form::Sent,
    },
    sign_in::entered,
};

#[derive(Template)]
#[template(path = "recover.html")]
struct StartPage<'a> {
    v: &'a View<'a>,
    kind: &'static str,
    field: &'static str,
    typed: &'a str,
    return_to: &'a str,
    sign_in: String,
    errors: &'a [FieldError],
    verdict: Option<VerdictView>,
}

/// What the start's own form does.
const fn start_form(kind: Kind) -> &'static [(Remedy, &'static str)] {
    match kind {
        Kind::Recover => &[(Remedy::OtherAddress, "#email"), (Remedy::Recover, "#email"), (Remedy::Retype, "#email")],
        Kind::Unlock => &[(Remedy::OtherAddress, "#login"), (Remedy::Unlock, "#login"), (Remedy::Retype, "#login")],
    }
}

/// What the form for a code does.
const CODE_FORM: &[(Remedy, &str)] =
    &[(Remedy::Resend, "#resend"), (Remedy::NewestCode, "#code"), (Remedy::Retype, "#code")];

const fn field(kind: Kind) -> &'static str {
    match kind {
        Kind::Recover => "email",
        Kind::Unlock => "login",
    }
}

fn start_page(context: &Context, kind: Kind, fields: &Fields, refusal: Option<&Refusal>) -> Response {
    let view = View::new(context);
    let title = view.t(format!("{}-title", kind.act().as_str())).into_owned();
    let return_to = fields.return_to().or(context.return_to());
    let typed =
        if fields.has(field(kind)) { fields.get(field(kind)) } else { context.query("login").unwrap_or_default() };
    let content = StartPage {
        v: &view,
        kind: kind.act().as_str(),
        field: field(kind),
        typed,
        return_to: &return_to.carried(),
        sign_in: with_return("/sign-in", &return_to),
        errors: refusal.map_or(&[], |r| r.fields.as_slice()),
        verdict: refusal.map(|refusal| VerdictView::new(&view, refusal).above(start_form(kind))),
    };
    let status = refusal.and_then(|r| StatusCode::from_u16(r.status).ok()).unwrap_or(StatusCode::OK);
    let mut response = render(&view, status, &title, &content);
    if let Some(refusal) = refusal {
        add_retry_after(&mut response, refusal);
    }
    response
}

async fn start(Sent(mut context, fields): Sent, kind: Kind) -> Response {
    if let Err(evidence) = form::guard(&mut context, &fields) {
        let refusal = guard_refusal(&context, kind.act(), evidence).await;
        return start_page(&context, kind, &fields, Some(&refusal));
    }
    let broken = fields.broken(&[field(kind)]);
    if !broken.is_empty() {
        let draft = Draft::invalid(kind.act(), &context.visitor, broken);
        let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
        return start_page(&context, kind, &fields, Some(&refusal));
    }
    let return_to = fields.return_to();
    match recover::start(&context.web.app, &context.visitor, kind, fields.get(field(kind)), return_to).await {
        Ok(Ok(id)) => see_other(&context, &format!("/{}/code?flow={id}", kind.act().as_str())),
        Ok(Err(refusal)) => start_page(&context, kind, &fields, Some(&refusal)),
        Err(fault) => start_page(&context, kind, &fields, Some(&refusal_of(&context, &fault))),
    }
}

/// Which code page.
pub(crate) struct CodePage {
    pub(crate) kind: FlowKind,
    pub(crate) action: &'static str,
    pub(crate) start: &'static str,
    /// The field that says whose code it is when it is typed in another browser.
    pub(crate) elsewhere: Option<&'static str>,
}

impl CodePage {
    /// Whether what was typed is an address or a login of the person's own, to be read once more.
    fn shows_typed(&self) -> bool {
        matches!(self.kind, FlowKind::SignUp | FlowKind::Recover | FlowKind::Unlock | FlowKind::AddEmail)
    }
}

#[derive(Template)]
#[template(path = "code.html")]
struct CodeTemplate<'a> {
    v: &'a View<'a>,
    page: &'a CodePage,
    action: String,
    /// Where it begins anew.
    restart: String,
    flow: String,
    typed: String,
    resend_in: i64,
    sent_again: bool,
    /// Begun in another browser.
    switched: bool,
    /// What is wrong with what was typed.
    code_error: Option<String>,
    verdict: Option<VerdictView>,
}

/// The page where a mailed code is typed. A GET spends nothing.
pub(crate) async fn code_response(
    context: &Context,
    page: &CodePage,
    id: Option<Uuid>,
    refusal: Option<&Refusal>,
) -> Response {
    code_response_at(context, page, page.action.to_owned(), id, refusal).await
}

pub(crate) async fn code_response_at(
    context: &Context,
    page: &CodePage,
    action: String,
    id: Option<Uuid>,
    refusal: Option<&Refusal>,
) -> Response {
    let flow = match steps::find_flow(&context.web.app, &context.visitor, page.kind, id).await {
        Ok(flow) => flow.filter(|f| f.expires_at > context.now.0 && f.proven_at.is_none()),
        Err(fault) => return fault_page(context, &fault),
    };
    if flow.is_none() && page.elsewhere.is_none() {
        let ended;
        let refusal = match refusal {
            Some(refusal) => refusal,
            None => {
                ended = steps::refuse_ended(&context.web.app, &context.visitor, page.kind.act(), id).await;
                &*ended
            }
        };
        return refused_page(context, refusal, page.start);
    }
    let switched = match (&flow, page.elsewhere) {
        (None, Some(_)) => steps::is_elsewhere(&context.web.app, &context.visitor, id).await.unwrap_or(false),
        _ => false,
    };
    let view = View::new(context);
    let title = view.t("code-title").into_owned();
    let resend_in = flow
        .as_ref()
        .and_then(|f| f.sent_at)
        .map_or(0, |at| Timestamp(at).plus(RESEND_WAIT).since(context.now).as_seconds_up());
    let to = context.return_to();
    let by_field = refusal.and_then(|refusal| view.error(&refusal.fields, "code"));
    let wrong = refusal.filter(|refusal| refusal.verdict.cause == Cause::CodeWrong);
    let code_error = by_field.or_else(|| wrong.map(|_| cause_title(&view, Cause::CodeWrong)));
    // Begun elsewhere there is no button that sends again: that begins anew.
    let form = if flow.is_some() { CODE_FORM } else { CODE_FORM.get(1..).unwrap_or_default() };
    let content = CodeTemplate {
        v: &view,
        page,
        action,
        restart: with_return(page.start, &flow.as_ref().map(|f| f.return_to.clone()).unwrap_or_default().or(to)),
        flow: flow.as_ref().map(|f| f.id.to_string()).unwrap_or_default(),
        typed: flow.map(|f| f.typed).unwrap_or_default(),
        resend_in,
        switched,
        sent_again: context.query("sent") == Some("again") && refusal.is_none(),
        code_error,
        verdict: refusal.map(|refusal| VerdictView::new(&view, refusal).above(form)),
    };
    let status = refusal.and_then(|r| StatusCode::from_u16(r.status).ok()).unwrap_or(StatusCode::OK);
    let mut response = render(&view, status, &title, &content);
    if let Some(refusal) = refusal {
        add_retry_after(&mut response, refusal);
    }
    response
}

const RECOVER_CODE: CodePage =
    CodePage { kind: FlowKind::Recover, action: "/recover/code", start: "/recover", elsewhere: Some("email") };
const UNLOCK_CODE: CodePage =
    CodePage { kind: FlowKind::Unlock, action: "/unlock/code", start: "/unlock", elsewhere: Some("login") };

async fn code_submit(Sent(mut context, fields): Sent, kind: Kind, page: &CodePage) -> Response {
    let id = fields.flow().or_else(|| context.flow_query());
    if let Err(evidence) = form::guard(&mut context, &fields) {
        let refusal = guard_refusal(&context, kind.act(), evidence).await;
        return code_response(&context, page, id, Some(&refusal)).await;
    }
    let app = &context.web.app;
    if fields.has("resend") {
        return match steps::resend(app, &context.visitor, kind.flow(), id).await {
            Ok(Ok(id)) => see_other(&context, &format!("{}?flow={id}&sent=again", page.action)),
            Ok(Err(refusal)) => code_response(&context, page, id, Some(&refusal)).await,
            Err(fault) => fault_page(&context, &fault),
        };
    }
    if fields.has("lost") {
        return match recover::say_lost(app, &context.visitor, kind.flow(), id).await {
            Ok(refusal) => refused_page(&context, &refusal, page.start),
            Err(fault) => fault_page(&context, &fault),
        };
    }
    let form = CodeForm { flow: id, login: fields.get(field(kind)).to_owned(), code: fields.get("code").to_owned() };
    let device = mark::of(&context);
    let known = Some(mark::key(&context, &device));
    match recover::type_code(app, &context.visitor, kind, &form, known).await {
        Ok(Ok(flow)) => match kind {
            Kind::Recover => see_other(&context, &format!("/recover/password?flow={}", flow.id)),
            Kind::Unlock => {
                let query = encode_query(&[
                    ("login", &flow.typed),
                    ("done", "unlocked"),
                    ("return_to", &flow.return_to.carried()),
                ]);
                let mut response = see_other(&context, &format!("/sign-in?{query}"));
                mark::set(&context, &mut response, &device);
                response
            }
        },
        // The code was right; what is wrong is another thing.
        Ok(Err(refusal)) if refusal.status == 403 => refused_page(&context, &refusal, "/sign-in"),
        Ok(Err(refusal)) => code_response(&context, page, id, Some(&refusal)).await,
        Err(fault) => fault_page(&context, &fault),
    }
}

#[derive(Template)]
#[template(path = "new_password.html")]
struct PasswordPage<'a> {
    v: &'a View<'a>,
    flow: String,
    /// For password managers: whose password it is.
    login_id: String,
    /// The account has no password and need not get one.
    once: bool,
    /// Links and addresses that stay, or are asked about.
    ways: Vec<Way>,
    errors: &'a [FieldError],
    verdict: Option<VerdictView>,
}

async fn password_response(context: &Context, id: Option<Uuid>, refusal: Option<&Refusal>) -> Response {
    let flow = match steps::find_flow(&context.web.app, &context.visitor, FlowKind::Recover, id).await {
        Ok(flow) => flow.filter(|f| f.expires_at > context.now.0 && f.proven_at.is_some()),
        Err(fault) => return fault_page(context, &fault),
    };
    let Some(flow) = flow else {
        let ended;
        let refusal = match refusal {
            Some(refusal) => refusal,
            None => {
                ended = steps::refuse_ended(&context.web.app, &context.visitor, Act::Recover, id).await;
                &*ended
            }
        };
        return refused_page(context, refusal, "/recover");
    };
    let ways = match review::list(&context.web.app, &flow).await {
        Ok(ways) => ways,
        Err(fault) => return fault_page(context, &fault),
    };
    let view = View::new(context);
    let title = view.t("new-password-title").into_owned();
    let content = PasswordPage {
        v: &view,
        flow: flow.id.to_string(),
        login_id: kagiya_flows::recover::new_password::login_id(&context.web.app, &flow).await.unwrap_or_default(),
        ways,
        once: way_in::is_offered(&context.web.app, flow.account_id).await.unwrap_or(false),
        errors: refusal.map_or(&[], |r| r.fields.as_slice()),
        verdict: refusal.map(|refusal| VerdictView::new(&view, refusal).above(&[(Remedy::Retype, "#password")])),
    };
    let status = refusal.and_then(|r| StatusCode::from_u16(r.status).ok()).unwrap_or(StatusCode::OK);
    render(&view, status, &title, &content)
}

pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    if let Some(outside) = in_app::outside(&context) {
        return see_other(&context, &outside);
    }
    start_page(&context, Kind::Recover, &Fields::default(), None)
}

pub(crate) async fn submit(State(_): State<Arc<Web>>, sent: Sent) -> Response {
    start(sent, Kind::Recover).await
}

pub(crate) async fn code_page(State(_): State<Arc<Web>>, context: Context) -> Response {
    let id = context.flow_query();
    code_response(&context, &RECOVER_CODE, id, None).await
}

pub(crate) async fn type_code(State(_): State<Arc<Web>>, sent: Sent) -> Response {
    code_submit(sent, Kind::Recover, &RECOVER_CODE).await
}

pub(crate) async fn password_page(State(_): State<Arc<Web>>, context: Context) -> Response {
    let id = context.flow_query();
    password_response(&context, id, None).await
}

pub(crate) async fn choose_password(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    let id = fields.flow().or_else(|| context.flow_query());
    if let Err(evidence) = form::guard_own(&mut context, &fields) {
        let refusal = guard_refusal(&context, Act::Recover, evidence).await;
        return password_response(&context, id, Some(&refusal)).await;
    }
    if fields.has("once") {
        return match way_in::run(&context.web.app, &context.visitor, id).await {
            Ok(Ok((led_to, return_to))) => entered(&context, &led_to, "mail", &return_to, "/account/links"),
            Ok(Err(refusal)) => password_response(&context, id, Some(&refusal)).await,
            Err(fault) => fault_page(&context, &fault),
        };
    }
    let broken = fields.broken(&["password"]);
    if !broken.is_empty() {
        let draft = Draft::invalid(Act::Recover, &context.visitor, broken);
        let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
        return password_response(&context, id, Some(&refusal)).await;
    }
    let all = |name: &str| fields.all(name).map(str::to_owned).collect();
    // Only who was shown the list has chosen.
    let choice = fields.has("listed").then(|| Choice { keep: all("keep"), drop: all("drop") });
    let password = fields.get("password");
    let device = mark::of(&context);
    let known = Some(mark::key(&context, &device));
    match kagiya_flows::recover::new_password::choose_password(
        &context.web.app,
        &context.visitor,
        id,
        password,
        choice.as_ref(),
        known,
    )
    .await
    {
        Ok(Ok(reset)) => {
            let query = encode_query(&[
                ("login", &reset.login_id),
                ("done", "reset"),
                ("return_to", &reset.return_to.carried()),
            ]);
            let mut response = see_other(&context, &format!("/sign-in?{query}"));
            crate::sign_in::expire_session(&context, &mut response);
            mark::set(&context, &mut response, &device);
            response
        }
        Ok(Err(refusal)) => password_response(&context, id, Some(&refusal)).await,
        Err(fault) => fault_page(&context, &fault),
    }
}

pub(crate) async fn unlock_page(State(_): State<Arc<Web>>, context: Context) -> Response {
    start_page(&context, Kind::Unlock, &Fields::default(), None)
}

pub(crate) async fn unlock_submit(State(_): State<Arc<Web>>, sent: Sent) -> Response {
    start(sent, Kind::Unlock).await
}

pub(crate) async fn unlock_code_page(State(_): State<Arc<Web>>, context: Context) -> Response {
    let id = context.flow_query();
    code_response(&context, &UNLOCK_CODE, id, None).await
}

pub(crate) async fn unlock_type_code(State(_): State<Arc<Web>>, sent: Sent) -> Response {
    code_submit(sent, Kind::Unlock, &UNLOCK_CODE).await
}
