//! `kagiya why REFERENCE`: the verdict at the staff's tier.

use kagiya_domain::{Timestamp, audit::Event, reference::Reference};
use kagiya_flows::check::why::{self, Report};
use kagiya_flows::time::rfc3339;
use kagiya_text::{Arg, Lang, Words};
use serde_json::{Value, json};

use crate::{Failure, config::Config, open, orders::account_json, output::say};

pub(crate) async fn run(config: &Config, reference: &str, reason: &str, json: bool) -> Result<(), Failure> {
    let Some(reference) = Reference::parse(reference) else {
        return Err(Failure::Usage(format!(
            "{reference:?} is no reference: eight letters and digits, such as K7Q4-9XMD, without 0 O 1 I L"
        )));
    };
    let app = open::beside(config).await?;
    let Some(report) = why::report(&app, &reference).await? else {
        return Err(Failure::Failed(format!(
            "no attempt has the reference {reference}; attempts are kept for a limited time"
        )));
    };
    let seen = format!("{reference} {}", reason.trim());
    open::note_view(&app, report.attempt.account_id, Event::ViewedAttempt, seen.trim_end()).await;
    let origin = &app.settings.public_url.origin;
    if json {
        say(&to_json(&app.words, origin, &report).to_string());
    } else {
        print(&app.words, &report);
    }
    Ok(())
}

fn message(words: &Words, prefix: &str, name: &str) -> String {
    let args = [("service", Arg::from("the service")), ("word", Arg::from("login ID"))];
    words.format(Lang::En, &format!("{prefix}-{}", name.replace(['.', '_'], "-")), &args)
}

#[expect(clippy::too_many_lines, reason = "one report, line by line")]
fn to_json(words: &Words, origin: &str, report: &Report) -> Value {
    let verdict = &report.verdict;
    let cause = verdict.cause.slug();
    let names =
        |places: &[usize]| places.iter().filter_map(|p| report.evidence.get(*p)).map(|e| e.key()).collect::<Vec<_>>();
    let evidence: Vec<Value> = report
        .evidence
        .iter()
        .map(|fact| {
            let mut value = serde_json::to_value(fact).unwrap_or_default();
            value["key"] = json!(fact.key());
            value["source"] = serde_json::to_value(fact.source()).unwrap_or_default();
            value["audience"] = json!(fact.tier().as_str());
            value
        })
        .collect();
    let row = &report.attempt;
    let mut body = json!({
        "type": format!("{origin}/help/{cause}"),
        "title": words.get(Lang::En, &format!("cause-{}-title", verdict.cause.key())),
        "detail": words.get(Lang::En, &format!("cause-{}-lead", verdict.cause.key())),
        "status": 200,
        "reference": row.reference,
        "kind": row.kind.as_str(),
        "at": rfc3339(Timestamp(row.created_at)),
        "cause": cause,
        "audience": "staff",
        "candidates": verdict.candidates.iter().map(|c| json!({
            "cause": c.cause.slug(),
            "confidence": (f64::from(c.confidence) * 1000.0).round() / 1000.0,
            "because": names(&c.because),
            "against": names(&c.against),
        })).collect::<Vec<_>>(),
        "steps": verdict.steps.iter().map(|s| {
            let mut step = json!({ "id": s.id(), "text": message(words, "step", s.id()) });
            if let Some(page) = s.page() {
                step["url"] = json!(format!("{origin}{page}"));
            }
            step
        }).collect::<Vec<_>>(),
        "avoid": verdict.avoid.iter().map(|s| json!({ "id": s.id(), "text": message(words, "avoid", s.id()) })).collect::<Vec<_>>(),
        "advised": row.advised.split(' ').filter(|s| !s.is_empty()).collect::<Vec<_>>(),
        "evidence": evidence,
        "pending": report.pending,
        "browser": report.browser,
        "network": row.network,
        "account": report.account.as_ref().map(account_json),
        "timeline": report.timeline.iter().map(|a| json!({
            "at": rfc3339(Timestamp(a.created_at)),
            "reference": a.reference,
            "kind": a.kind.as_str(),
            "outcome": a.outcome,
            "cause": if a.cause.is_empty() { Value::Null } else { json!(a.cause) },
        })).collect::<Vec<_>>(),
        "repairs": report.repairs,
        "outcome": {
            "state": if row.resolved_at.is_some() { "resolved" } else if row.outcome == "refused" { "open" } else { row.outcome.as_str() },
            "resolved_at": row.resolved_at.map(|at| rfc3339(Timestamp(at))),
            "resolved_by": row.resolved_by,
        },
    });
    if let Some(inquiry) = report.inquiry() {
        body["ask"] = json!(inquiry.id());
    }
    if let Some(until) = verdict.wait_until {
        body["wait_until"] = json!(rfc3339(until));
    }
    body
}

fn print(words: &Words, report: &Report) {
    let row = &report.attempt;
    let verdict = &report.verdict;
    let title = |cause: kagiya_domain::Cause| words.get(Lang::En, &format!("cause-{}-title", cause.key()));
    say(&format!("{}  {}  {}", row.reference, row.kind.as_str(), rfc3339(Timestamp(row.created_at))));
    say(&format!("cause      {} ({})", title(verdict.cause), verdict.cause.slug()));
    if let Some(account) = &report.account {
        say(&format!("account    {} ({})", account.login_id, account.state.as_str()));
    }
    say(&format!("browser    {} {}  network {}", report.browser.name(), report.browser.system, row.network));
    for candidate in &verdict.candidates {
        say(&format!("  {:>5.1} %  {}", candidate.confidence * 100.0, candidate.cause.slug()));
        for (sign, places) in [('+', &candidate.because), ('-', &candidate.against)] {
            for fact in places.iter().filter_map(|p| report.evidence.get(*p)) {
                let value = serde_json::to_string(fact).unwrap_or_default();
                say(&format!("           {sign} {value}"));
            }
        }
    }
    say("do");
    for step in &verdict.steps {
        say(&format!("  - {}", message(words, "step", step.id())));
    }
    if let Some(inquiry) = report.inquiry() {
        say(&format!("ask        {}", message(words, "ask", inquiry.id())));
    }
    say("do not");
    for remedy in &verdict.avoid {
        say(&format!("  - {}", message(words, "avoid", remedy.id())));
    }
    say(&format!("advised    {}", row.advised));
    match row.resolved_at {
        Some(at) => say(&format!(
            "outcome    got in at {} by {}",
            rfc3339(Timestamp(at)),
            row.resolved_by.as_deref().unwrap_or("?")
        )),
        None => say("outcome    not known to have got in since"),
    }
    say("timeline");
    for a in &report.timeline {
        say(&format!(
            "  {}  {}  {:<9} {:<10} {}",
            rfc3339(Timestamp(a.created_at)),
            a.reference,
            a.kind.as_str(),
            a.outcome,
            a.cause
        ));
    }
}
