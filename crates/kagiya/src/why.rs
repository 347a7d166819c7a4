//! `kagiya why REFERENCE`: the verdict at the staff's tier.

use std::collections::BTreeSet;

use kagiya_domain::{Cause, Evidence, Timestamp, audit::Event, reference::Reference};
use kagiya_flows::{
    App,
    attempt::spoken,
    check::why::{self, Report},
    mail::compose::local_time,
    time::rfc3339,
};
use kagiya_text::Lang;
use serde_json::{Value, json};

use crate::{
    Failure,
    config::Config,
    open,
    orders::account_json,
    output::{self, say},
};

/// A candidate less likely than this is in `--json` alone.
const WORTH_A_LINE: f32 = 0.005;

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
    let lang = if json { Lang::En } else { output::lang() };
    let reader = Reader { app: &app, lang, report: &report };
    if json {
        say(&to_json(&reader).to_string());
    } else {
        reader.print();
    }
    Ok(())
}

#[expect(clippy::too_many_lines, reason = "one report, line by line")]
fn to_json(reader: &Reader<'_>) -> Value {
    let (origin, report) = (&reader.app.settings.public_url.origin, reader.report);
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
        "title": reader.title(verdict.cause),
        "detail": reader.words(&format!("cause-{}-lead", verdict.cause.key())),
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
            let mut step = json!({ "id": s.id(), "text": reader.name("step", s.id()) });
            if let Some(page) = s.page() {
                step["url"] = json!(format!("{origin}{page}"));
            }
            step
        }).collect::<Vec<_>>(),
        "avoid": verdict.avoid.iter().map(|s| json!({ "id": s.id(), "text": reader.name("avoid", s.id()) })).collect::<Vec<_>>(),
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

/// The report as support reads it: sentences, hours of the service's zone, repeats as one line.
struct Reader<'a> {
    app: &'a App,
    lang: Lang,
    report: &'a Report,
}

impl Reader<'_> {
    /// A message of ours.
    fn words(&self, key: &str) -> String {
        self.app.words.format(self.lang, key, &self.app.settings.in_every_message(self.lang))
    }

    /// The words for one of the program's own names.
    fn name(&self, prefix: &str, name: &str) -> String {
        let key = format!("{prefix}-{}", name.replace(['.', '_'], "-"));
        if self.app.words.has(self.lang, &key) { self.words(&key) } else { name.to_owned() }
    }

    fn title(&self, cause: Cause) -> String {
        self.words(&format!("cause-{}-title", cause.key()))
    }

    fn time(&self, at: i64) -> String {
        local_time(self.app, Timestamp(at), self.lang)
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about one")]
    fn because(&self, fact: &Evidence) -> String {
        let there = self.report.evidence.iter().find_map(|fact| match fact {
            Evidence::AtProvider { provider } => Some(self.app.providers.name(provider)),
            _ => None,
        });
        spoken::because(self.app, self.lang, there, fact)
    }

    fn print(&self) {
        self.head();
        say(&format!("\n{}", self.words("verdict-why")));
        // What is said of one candidate need not be said of the next.
        let mut said = BTreeSet::new();
        for candidate in self.report.verdict.candidates.iter().filter(|one| one.confidence >= WORTH_A_LINE) {
            let percent = candidate.confidence * 100.0;
            say(&format!("  {percent:>3.0} %  {} ({})", self.title(candidate.cause), candidate.cause.slug()));
            for (sign, places) in [('+', &candidate.because), ('-', &candidate.against)] {
                let facts = places.iter().filter(|place| said.insert((**place, sign)));
                for fact in facts.filter_map(|place| self.report.evidence.get(*place)) {
                    say(&format!("         {sign} {}", self.because(fact)));
                }
            }
        }
        self.list("why-do", self.report.verdict.steps.iter().map(|step| self.name("step", step.id())));
        if let Some(inquiry) = self.report.inquiry() {
            self.list("why-ask", std::iter::once(self.name("ask", inquiry.id())));
        }
        self.list("verdict-avoid", self.report.verdict.avoid.iter().map(|remedy| self.name("avoid", remedy.id())));
        let advised = self.report.attempt.advised.split(' ').filter(|step| !step.is_empty());
        self.list("why-advised", advised.map(|step| self.name("step", step)));
        self.timeline();
    }

    fn head(&self) {
        let row = &self.report.attempt;
        say(&format!("{}  {}", row.reference, self.title(self.report.verdict.cause)));
        let ended = self.name("outcome", &row.outcome);
        let browser = format!("{} {}", self.report.browser.name(), self.report.browser.system);
        say(&format!("{}  {}: {ended}", self.time(row.created_at), self.name("act", row.kind.as_str())));
        say(&format!("{}: {}", self.words("staff-browser"), browser.trim()));
        say(&format!("{}: {}", self.words("staff-network"), row.network));
        if let Some(account) = &self.report.account {
            let state = self.name("account", account.state.as_str());
            say(&format!("{}: {} ({state})", self.words("login-id-word"), account.login_id));
        }
        let since = match (row.resolved_at, &row.resolved_by) {
            (Some(at), by) => format!("{} {}", self.time(at), self.name("by", by.as_deref().unwrap_or_default())),
            (None, _) => self.words("why-not-in"),
        };
        say(&format!("{}: {since}", self.words("staff-resolved")));
    }

    fn list(&self, key: &str, lines: impl Iterator<Item = String>) {
        let lines: Vec<String> = lines.collect();
        if lines.is_empty() {
            return;
        }
        say(&format!("\n{}", self.words(key)));
        lines.iter().for_each(|line| say(&format!("  - {line}")));
    }

    fn timeline(&self) {
        say(&format!("\n{}", self.words("staff-timeline")));
        for run in why::runs(&self.report.timeline) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let what = format!("{}: {}", self.name("act", first.kind.as_str()), self.name("outcome", &first.outcome));
            let cause = Cause::parse(&first.cause).map(|cause| self.title(cause)).unwrap_or_default();
            let (from, until) = (self.time(first.created_at), self.time(last.created_at));
            let when = if from == until { from } else { format!("{from} – {until}") };
            let times = if run.len() > 1 { format!(" ×{}", run.len()) } else { String::new() };
            // The one that was asked for is named, wherever in a run it stands.
            let asked = run.iter().find(|row| row.reference == self.report.attempt.reference).unwrap_or(last);
            let line = format!("  {when}  {}  {what}{times}  {cause}", asked.reference);
            say(line.trim_end());
        }
    }
}
