//! `/why/reference`: the verdict, for the browser that made the attempt.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use kagiya_domain::Evidence;
use kagiya_domain::act::{Act, FlowKind};
use kagiya_domain::symptom::Symptom;
use kagiya_flows::{
    attempt::{self, Answered},
    external,
    recover::confirm,
    status::anomaly,
};

use crate::{
    Web,
    external::providers::Question,
    page::{
        View,
        fault::{fault_page, not_found_page},
        page as render, see_other,
        verdict::VerdictView,
        with_return,
    },
    recover::{CodePage, code_response_at},
    request::{
        context::{Context, Sessions},
        mark,
        submitted_form::Sent,
    },
};

#[derive(Template)]
#[template(path = "why.html")]
struct WhyPage<'a> {
    v: &'a View<'a>,
    verdict: VerdictView,
    resolved: bool,
    at: String,
    said: Option<&'static str>,
    question: Option<Question>,
    return_to: &'a str,
    sign_in: String,
}

pub(crate) async fn page(State(_): State<Arc<Web>>, Path(reference): Path<String>, mut context: Context) -> Response {
    let signed_in = match context.session().await {
        Ok(Sessions::Live(live)) => Some(live.account_id),
        Ok(Sessions::Ended(_) | Sessions::Stale | Sessions::None) => None,
        Err(fault) => return fault_page(&context, &fault),
    };
    match attempt::tell(&context.web.app, &context.visitor, signed_in, &reference).await {
        Ok(Some(told)) => {
            let asked = asked(&context).await;
            // The sentences say which provider it was about.
            let there = told.refusal.evidence.iter().filter(|fact| matches!(fact, Evidence::AtProvider { .. }));
            context.visitor.signs.extend(there.cloned());
            let answered = told.refusal.evidence.iter().any(|fact| matches!(fact, Evidence::SawThere { .. }));
            let view = View::new(&context);
            let verdict = VerdictView::new(&view, &told.refusal);
            let title = view.t("why-title").into_owned();
            let at = view.time(&told.refusal.at.0);
            let said = match context.query("said") {
                Some("me-too") => Some("me-too-done"),
                Some("answer") => Some("ask-done"),
                Some(_) | None => None,
            };
            let question = asked.as_deref().map(|provider| Question { answered, ..Question::new(&view, provider) });
            let to = context.return_to();
            let return_to = &to.carried();
            let sign_in = with_return("/sign-in", &to);
            let content =
                WhyPage { v: &view, verdict, resolved: told.resolved, at, said, question, return_to, sign_in };
            render(&view, StatusCode::OK, &title, &content)
        }
        // Another browser's reference and one that never was look the same.
        Ok(None) => not_found_page(&context),
        Err(fault) => fault_page(&context, &fault),
    }
}

/// The provider from which this browser has not come back, when the page was to ask about it.
async fn asked(context: &Context) -> Option<String> {
    let provider = context.query("ask")?;
    context.web.app.providers.find(provider)?;
    let way = external::start::lost_way(&context.web.app, &context.visitor, provider).await.ok().flatten();
    way.map(|way| way.provider)
}

const CODE: CodePage = CodePage { kind: FlowKind::Confirm, action: "/why", start: "/sign-in", elsewhere: None };

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    v: &'a View<'a>,
    reference: &'a str,
    return_to: &'a str,
}

fn ask_page(context: &Context, reference: &str) -> Response {
    let view = View::new(context);
    let title = view.t("confirm-title").into_owned();
    let to = context.return_to();
    let return_to = &to.carried();
    render(&view, StatusCode::OK, &title, &ConfirmPage { v: &view, reference, return_to })
}

pub(crate) async fn confirm_page(
    State(_): State<Arc<Web>>,
    Path(reference): Path<String>,
    context: Context,
) -> Response {
    match context.flow_query() {
        Some(id) => {
            let to = context.return_to();
            let action = with_return(&format!("/why/{}/confirm", clean(&reference)), &to);
            code_response_at(&context, &CODE, action, Some(id), None).await
        }
        None => ask_page(&context, &clean(&reference)),
    }
}

pub(crate) async fn confirm(State(_): State<Arc<Web>>, Path(reference): Path<String>, sent: Sent) -> Response {
    let (context, fields) = match sent.own(Act::Confirm, "/sign-in").await {
        Ok(own) => own,
        Err(response) => return response,
    };
    let reference = clean(&reference);
    let to = fields.return_to().or(context.return_to());
    let action = with_return(&format!("/why/{reference}/confirm"), &to);
    let joint = if action.contains('?') { '&' } else { '?' };
    let id = fields.flow().or_else(|| context.flow_query());
    let app = &context.web.app;
    if fields.has("resend") {
        return match kagiya_flows::code::steps::resend(app, &context.visitor, FlowKind::Confirm, id).await {
            Ok(Ok(id)) => see_other(&context, &format!("{action}{joint}flow={id}&sent=again")),
            Ok(Err(refusal)) => code_response_at(&context, &CODE, action, id, Some(&refusal)).await,
            Err(fault) => fault_page(&context, &fault),
        };
    }
    if !fields.has("code") {
        return match confirm::start(app, &context.visitor, &reference).await {
            Ok(Ok(Some(id))) => see_other(&context, &format!("{action}{joint}flow={id}")),
            Ok(Ok(None)) => not_found_page(&context),
            Ok(Err(refusal)) => crate::page::fault::refused_page(&context, &refusal, "/sign-in"),
            Err(fault) => fault_page(&context, &fault),
        };
    }
    let device = mark::of(&context);
    match confirm::type_code(app, &context.visitor, id, fields.get("code"), mark::key(&context, &device)).await {
        Ok(Ok(())) => {
            let mut response = see_other(&context, &with_return(&format!("/why/{reference}"), &to));
            mark::set(&context, &mut response, &device);
            response
        }
        Ok(Err(refusal)) => code_response_at(&context, &CODE, action, id, Some(&refusal)).await,
        Err(fault) => fault_page(&context, &fault),
    }
}

/// An answer to what was asked: it becomes evidence, and the verdict is looked at again.
pub(crate) async fn answer(State(_): State<Arc<Web>>, Path(reference): Path<String>, sent: Sent) -> Response {
    let (context, fields) = match sent.own(Act::Check, "/sign-in").await {
        Ok(own) => own,
        Err(response) => return response,
    };
    let signed_in = match context.session().await {
        Ok(Sessions::Live(live)) => Some(live.account_id),
        Ok(Sessions::Ended(_) | Sessions::Stale | Sessions::None) => None,
        Err(fault) => return fault_page(&context, &fault),
    };
    let said = match (fields.get("elsewhere"), Symptom::parse(fields.get("symptom"))) {
        ("works", _) => Some(Evidence::WorksElsewhere),
        ("fails", _) => Some(Evidence::FailsElsewhere),
        (_, Some(symptom)) => Some(Evidence::Says { symptom }),
        (_, None) => None,
    };
    let reference = clean(&reference);
    let back = |said: &str| with_return(&format!("/why/{reference}{said}"), &fields.return_to());
    let Some(said) = said else {
        return see_other(&context, &back(""));
    };
    match attempt::say(&context.web.app, &context.visitor, signed_in, &reference, said).await {
        Ok(Answered::Kept) => see_other(&context, &back("?said=answer")),
        Ok(Answered::NotKept) => see_other(&context, &back("")),
        Ok(Answered::NotTheirs) => not_found_page(&context),
        Err(fault) => fault_page(&context, &fault),
    }
}

/// "Me too": one press of one browser.
pub(crate) async fn me_too(State(_): State<Arc<Web>>, Path(reference): Path<String>, sent: Sent) -> Response {
    let (context, _) = match sent.own(Act::MeToo, "/sign-in").await {
        Ok(own) => own,
        Err(response) => return response,
    };
    let app = &context.web.app;
    match attempt::tell(app, &context.visitor, None, &reference).await {
        Ok(Some(told)) => {
            if let Some(key) = context.visitor.browser_key
                && let Err(fault) = anomaly::me_too(app, key, told.refusal.verdict.cause).await
            {
                return fault_page(&context, &fault);
            }
            see_other(&context, &format!("/why/{}?said=me-too", clean(&reference)))
        }
        Ok(None) => not_found_page(&context),
        Err(fault) => fault_page(&context, &fault),
    }
}

/// A reference from a path, or nothing that could do harm in one.
fn clean(reference: &str) -> String {
    kagiya_domain::reference::Reference::parse(reference).map_or_else(|| "-".to_owned(), |r| r.as_str().to_owned())
}
