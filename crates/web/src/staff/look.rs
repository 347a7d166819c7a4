//! Looking at one attempt or one member: with a reason, which is kept.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::{Cause, role::Permission};
use kagiya_flows::{
    attempt::Attempt,
    check::why::{self, Report},
    staff::{self, Member, Withheld, agent::Agent},
};

use super::{OfStaff, not_permitted, require};
use crate::{
    Web,
    page::{
        View,
        fault::fault_page,
        page as render,
        verdict::{avoid_text, because, cause_title, step_text},
    },
    request::{context::Context, form::Fields},
};

/// Attempts of the same kind, one after the other.
struct Line {
    time: String,
    what: String,
    /// How many they are.
    times: usize,
    cause: String,
    /// The newest of them.
    reference: String,
}

/// A line of the audit trail.
struct TrailLine {
    /// Actor and act as they are kept.
    raw: String,
    time: String,
    who: String,
    /// The login ID of a member of staff.
    id: String,
    act: String,
    detail: String,
}

struct AttemptFound {
    reference: String,
    at: String,
    what: String,
    cause: &'static str,
    title: String,
    lead: String,
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
    trail: Vec<TrailLine>,
    /// Until when sign-in by password pauses for them, where that is so and may be ended here.
    pause: Option<String>,
}

#[derive(Template)]
#[template(path = "staff_look.html")]
struct LookPage<'a> {
    v: &'a View<'a>,
    typed: &'a str,
    reason: &'a str,
    problem: Option<String>,
    /// What was done.
    done: Option<String>,
    attempt: Option<AttemptFound>,
    member: Option<MemberFound>,
}

/// What the page shows beside its form.
#[derive(Default)]
struct Shown<'a> {
    problem: Option<&'a str>,
    done: Option<&'a str>,
    report: Option<&'a Report>,
    member: Option<&'a Member>,
}

fn look_page(
    context: &Context,
    by: &Agent,
    status: StatusCode,
    fields: Option<&Fields>,
    shown: &Shown<'_>,
) -> Response {
    let view = View::new(context);
    let title = view.t("staff-look-title").into_owned();
    let content = LookPage {
        v: &view,
        typed: fields.map_or(context.query("q").unwrap_or_default(), |fields| fields.get("q")),
        reason: fields.map_or("", |fields| fields.get("reason")),
        problem: shown.problem.map(|key| view.t(key).into_owned()),
        done: shown.done.map(|key| view.t(key).into_owned()),
        attempt: shown.report.map(|report| attempt_found(&view, report)),
        member: shown.member.map(|member| member_found(&view, member, by)),
    };
    render(&view, status, &title, &content)
}

/// An act and how it ended.
fn what(view: &View<'_>, row: &Attempt) -> String {
    format!("{}: {}", view.word("act", row.kind.as_str()), view.word("outcome", &row.outcome))
}

fn attempt_lines(view: &View<'_>, rows: &[Attempt], asked: &str) -> Vec<Line> {
    let line = |run: &[Attempt]| {
        let (first, last) = (run.first()?, run.last()?);
        let (from, until) = (view.time(&first.created_at), view.time(&last.created_at));
        let newest = if first.created_at > last.created_at { first } else { last };
        Some(Line {
            time: if from == until { from } else { format!("{from} – {until}") },
            what: what(view, first),
            times: run.len(),
            cause: Cause::parse(&first.cause).map(|cause| cause_title(view, cause)).unwrap_or_default(),
            // The one that was asked for is named, wherever in a run it stands.
            reference: run.iter().find(|row| row.reference == asked).unwrap_or(newest).reference.clone(),
        })
    };
    why::runs(rows).filter_map(line).collect()
}

fn attempt_found(view: &View<'_>, report: &Report) -> AttemptFound {
    let row = &report.attempt;
    let verdict = &report.verdict;
    AttemptFound {
        reference: row.reference.clone(),
        at: view.time(&row.created_at),
        what: what(view, row),
        cause: verdict.cause.slug(),
        title: cause_title(view, verdict.cause),
        lead: view.t(format!("cause-{}-lead", verdict.cause.key())).into_owned(),
        login_id: report.account.as_ref().map(|account| account.login_id.clone()).unwrap_or_default(),
        browser: format!("{} {}", report.browser.name(), report.browser.system),
        network: row.network.clone(),
        slices: row.slices.split(' ').map(|slice| view.slice(slice)).collect::<Vec<_>>().join(" / "),
        candidates: verdict
            .candidates
            .iter()
            .map(|candidate| (cause_title(view, candidate.cause), format!("{:.0} %", candidate.confidence * 100.0)))
            .collect(),
        evidence: report.evidence.iter().map(|fact| (fact.key().to_owned(), because(view, fact))).collect(),
        steps: verdict.steps.iter().map(|step| step_text(view, *step)).collect(),
        avoid: verdict.avoid.iter().map(|step| avoid_text(view, *step)).collect(),
        resolved: row
            .resolved_at
            .map(|at| format!("{} {}", view.time(&at), view.word("by", row.resolved_by.as_deref().unwrap_or_default())))
            .unwrap_or_default(),
        timeline: attempt_lines(view, &report.timeline, &row.reference),
    }
}

fn member_found(view: &View<'_>, member: &Member, by: &Agent) -> MemberFound {
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
        attempts: attempt_lines(view, &member.attempts, ""),
        trail: member
            .trail
            .iter()
            .map(|line| TrailLine {
                raw: format!("{} {}", line.actor.name(), line.event.as_str()),
                time: view.time(&line.at.0),
                who: view.word("actor", line.actor.kind()),
                id: line.actor.login_id().unwrap_or_default().to_owned(),
                act: view.word("audit", line.event.as_str()),
                detail: line.detail.clone(),
            })
            .collect(),
        pause: member
            .pauses_until
            .filter(|_| by.may(Permission::EndLocks))
            .map(|until| view.f1("staff-pause", "time", view.time(&until.0))),
    }
}

pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    match require(&context).await {
        Ok(staff) if !staff.agent.may(Permission::LookUp) => not_permitted(&context),
        Ok(staff) => look_page(&context, &staff.agent, StatusCode::OK, None, &Shown::default()),
        Err(response) => response,
    }
}

/// Why something is not shown, or not done.
fn withheld(context: &Context, by: &Agent, fields: &Fields, why: Withheld) -> Response {
    let (status, problem) = match why {
        Withheld::NoReason => (StatusCode::UNPROCESSABLE_ENTITY, "staff-no-reason"),
        Withheld::NotThere => (StatusCode::NOT_FOUND, "staff-not-there"),
        Withheld::NotPermitted => return not_permitted(context),
    };
    look_page(context, by, status, Some(fields), &Shown { problem: Some(problem), ..Shown::default() })
}

/// A search is a form that is sent: names of members stay out of addresses and logs.
pub(crate) async fn search(State(web): State<Arc<Web>>, OfStaff(context, staff, fields): OfStaff) -> Response {
    let (typed, reason, by) = (fields.get("q").trim(), fields.get("reason"), &staff.agent);
    // Eight letters in two groups are a reference; everything else is a member's name.
    if kagiya_domain::reference::Reference::parse(typed).is_some() {
        match staff::attempt(&web.app, by, typed, reason).await {
            Ok(Ok(report)) => {
                let shown = Shown { report: Some(&report), ..Shown::default() };
                return look_page(&context, by, StatusCode::OK, Some(&fields), &shown);
            }
            Ok(Err(Withheld::NotThere)) => {}
            Ok(Err(why)) => return withheld(&context, by, &fields, why),
            Err(fault) => return fault_page(&context, &fault),
        }
    }
    show_member(&context, by, &fields, None).await
}

async fn show_member(context: &Context, by: &Agent, fields: &Fields, done: Option<&str>) -> Response {
    match staff::member(&context.web.app, by, fields.get("q").trim(), fields.get("reason")).await {
        Ok(Ok(member)) => {
            let shown = Shown { done, member: Some(&member), ..Shown::default() };
            look_page(context, by, StatusCode::OK, Some(fields), &shown)
        }
        Ok(Err(why)) => withheld(context, by, fields, why),
        Err(fault) => fault_page(context, &fault),
    }
}

/// Ends the pauses that keep a member out, and shows the member anew.
pub(crate) async fn end_locks(State(web): State<Arc<Web>>, OfStaff(context, staff, fields): OfStaff) -> Response {
    let by = &staff.agent;
    match staff::end_locks(&web.app, by, fields.get("q").trim(), fields.get("reason")).await {
        Ok(Ok(ended)) => {
            let done = if ended { "staff-pause-ended" } else { "staff-pause-none" };
            show_member(&context, by, &fields, Some(done)).await
        }
        Ok(Err(why)) => withheld(&context, by, &fields, why),
        Err(fault) => fault_page(&context, &fault),
    }
}
