//! Looking at one attempt or one member: with a reason, which is kept.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::Cause;
use kagiya_flows::{
    attempt::Attempt,
    staff::{self, Member, Withheld},
    why::Report,
};

use super::{OfStaff, require};
use crate::{
    Web,
    context::Context,
    fault::fault_page,
    form::Fields,
    page::{View, page as render},
    verdict::{avoid_text, because, cause_title, step_text},
};

struct Line {
    time: String,
    what: String,
    detail: String,
}

struct AttemptFound {
    reference: String,
    at: String,
    what: String,
    cause: String,
    title: String,
    login_id: String,
    browser: String,
    network: String,
    slices: String,
    candidates: Vec<(String, String)>,
    evidence: Vec<(String, String)>,
    steps: Vec<String>,
    avoid: Vec<String>,
    resolved: String,
    timeline: Vec<Line>,
}

struct MemberFound {
    login_id: String,
    state: String,
    created: String,
    last: String,
    addresses: Vec<String>,
    password: bool,
    links: Vec<String>,
    attempts: Vec<Line>,
    trail: Vec<Line>,
}

#[derive(Template)]
#[template(path = "staff_look.html")]
struct LookPage<'a> {
    v: &'a View<'a>,
    typed: &'a str,
    reason: &'a str,
    problem: Option<String>,
    attempt: Option<AttemptFound>,
    member: Option<MemberFound>,
}

fn look_page(
    context: &Context,
    status: StatusCode,
    fields: Option<&Fields>,
    problem: Option<&str>,
    found: (Option<&Report>, Option<&Member>),
) -> Response {
    let view = View::new(context);
    let title = view.t("staff-look-title").into_owned();
    let content = LookPage {
        v: &view,
        typed: fields.map_or(context.query("q").unwrap_or_default(), |fields| fields.get("q")),
        reason: fields.map_or("", |fields| fields.get("reason")),
        problem: problem.map(|key| view.t(key).into_owned()),
        attempt: found.0.map(|report| attempt_found(&view, report)),
        member: found.1.map(|member| member_found(&view, member)),
    };
    render(&view, status, &title, &content)
}

/// An act and how it ended.
fn what(view: &View<'_>, row: &Attempt) -> String {
    format!("{}: {}", view.word("act", &row.kind), view.word("outcome", &row.outcome))
}

fn attempt_line(view: &View<'_>, row: &Attempt) -> Line {
    let cause = Cause::parse(&row.cause).map(|cause| cause_title(view, cause)).unwrap_or_default();
    Line { time: view.time(&row.created_at), what: what(view, row), detail: format!("{} {cause}", row.reference) }
}

fn attempt_found(view: &View<'_>, report: &Report) -> AttemptFound {
    let row = &report.attempt;
    let verdict = &report.verdict;
    AttemptFound {
        reference: row.reference.clone(),
        at: view.time(&row.created_at),
        what: what(view, row),
        cause: verdict.cause.slug().to_owned(),
        title: cause_title(view, verdict.cause),
        login_id: report.account.as_ref().map(|account| account.login_id.clone()).unwrap_or_default(),
        browser: format!("{} {}", report.browser.name(), report.browser.system),
        network: row.network.clone(),
        slices: row.slices.split(' ').map(|slice| view.slice(slice)).collect::<Vec<_>>().join(" / "),
        candidates: verdict
            .candidates
            .iter()
            .map(|candidate| {
                (cause_title(view, candidate.cause), format!("{} {:.2}", candidate.cause.slug(), candidate.confidence))
            })
            .collect(),
        evidence: report.evidence.iter().map(|fact| (fact.key().to_owned(), because(view, fact))).collect(),
        steps: verdict.steps.iter().map(|step| step_text(view, *step)).collect(),
        avoid: verdict.avoid.iter().map(|step| avoid_text(view, *step)).collect(),
        resolved: row
            .resolved_at
            .map(|at| format!("{} {}", view.time(&at), view.word("by", row.resolved_by.as_deref().unwrap_or_default())))
            .unwrap_or_default(),
        timeline: report.timeline.iter().map(|row| attempt_line(view, row)).collect(),
    }
}

fn member_found(view: &View<'_>, member: &Member) -> MemberFound {
    let account = &member.account;
    MemberFound {
        login_id: account.login_id.clone(),
        state: format!("{} ({})", view.word("account", account.state.as_str()), view.time(&account.state_since.0)),
        created: view.time(&account.created_at.0),
        last: account.last_sign_in_at.map(|at| view.time(&at.0)).unwrap_or_default(),
        addresses: member.addresses.clone(),
        password: member.password,
        links: member
            .links
            .iter()
            .map(|link| format!("{} {} {}", link.provider, link.shown, view.word("link-is", &link.state)))
            .collect(),
        attempts: member.attempts.iter().map(|row| attempt_line(view, row)).collect(),
        trail: member
            .trail
            .iter()
            .map(|line| Line {
                time: view.time(&line.at),
                what: format!("{} {}", line.actor, line.act),
                detail: line.detail.clone(),
            })
            .collect(),
    }
}

pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    match require(&context).await {
        Ok(_) => look_page(&context, StatusCode::OK, None, None, (None, None)),
        Err(response) => response,
    }
}

/// A search is a form that is sent: names of members stay out of addresses and logs.
pub(crate) async fn search(State(web): State<Arc<Web>>, OfStaff(context, staff, fields): OfStaff) -> Response {
    let (typed, reason) = (fields.get("q").trim(), fields.get("reason"));
    let answer = |problem: Withheld| match problem {
        Withheld::NoReason => (StatusCode::UNPROCESSABLE_ENTITY, "staff-no-reason"),
        Withheld::NotThere => (StatusCode::NOT_FOUND, "staff-not-there"),
    };
    // Eight letters in two groups are a reference; everything else is a member's name.
    if kagiya_domain::reference::Reference::parse(typed).is_some() {
        match staff::attempt(&web.app, &staff, typed, reason).await {
            Ok(Ok(report)) => return look_page(&context, StatusCode::OK, Some(&fields), None, (Some(&report), None)),
            Ok(Err(Withheld::NoReason)) => {
                let (status, key) = answer(Withheld::NoReason);
                return look_page(&context, status, Some(&fields), Some(key), (None, None));
            }
            Ok(Err(Withheld::NotThere)) => {}
            Err(fault) => return fault_page(&context, &fault),
        }
    }
    match staff::member(&web.app, &staff, typed, reason).await {
        Ok(Ok(member)) => look_page(&context, StatusCode::OK, Some(&fields), None, (None, Some(&member))),
        Ok(Err(withheld)) => {
            let (status, key) = answer(withheld);
            look_page(&context, status, Some(&fields), Some(key), (None, None))
        }
        Err(fault) => fault_page(&context, &fault),
    }
}
