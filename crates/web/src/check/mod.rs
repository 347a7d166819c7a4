//! `/check`: anyone's self-check of this browser, and its case on another device.

pub(crate) mod repair;
pub(crate) mod setup;
pub(crate) mod why;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::StatusCode;
use kagiya_domain::{
    Evidence, act::Act, browser::Browser, cause::Family, inquiry::Inquiry, reference::Reference, remedy::Remedy,
    symptom::Symptom,
};
use kagiya_flows::{
    Refusal,
    attempt::{self, Draft},
    check::{self as checks, case},
    mail::mailbox,
    password::hashing::Lane,
};
use kagiya_text::Arg;
use qrcode::{QrCode, render::svg};

use crate::{
    Web,
    page::{
        View,
        fault::{fault_page, guard_refusal, refused_page},
        page as render, see_other,
        verdict::VerdictView,
        with_return,
    },
    request::{context::Context, form, submitted_form::Sent},
};

/// Comes back unchanged, or something on the way changes what pages send.
const ECHO: &str = "鍵 + & = % < ' \" ~ ﾃｽﾄ";

/// How a line came out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Finding {
    Problem,
    Unknown,
    Fine,
}

impl Finding {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Problem => "problem",
            Self::Unknown => "unknown",
        }
    }
}

struct Line {
    id: &'static str,
    finding: Finding,
    text: String,
}

#[derive(Template)]
#[template(path = "check.html")]
struct CheckPage<'a> {
    v: &'a View<'a>,
    verdict: VerdictView,
    /// What needs a look first; what is fine last.
    lines: Vec<Line>,
    /// How many of them are fine, and the words for that.
    fine: usize,
    fine_words: String,
    /// The script is still to look.
    run: bool,
    echo: &'static str,
    symptoms: Vec<Symptom>,
    /// The symptom that brought somebody here.
    chosen: &'a str,
    /// The case of another device that this is a part of.
    joined: Option<String>,
    address: String,
    qr: String,
}

/// What the lines are made of.
struct Seen<'e> {
    evidence: &'e [Evidence],
    browser: &'e Browser,
    kept: bool,
    /// A form came back, and was looked at.
    sent: bool,
    secure: bool,
    scheme: &'static str,
    /// The version of TLS, where the proxy tells it.
    tls: String,
    /// The database answers and password checks have room.
    reach: bool,
    /// Mail leaves in time.
    mail: bool,
    /// A notice says that something is wrong.
    told: bool,
}

#[expect(
    clippy::too_many_lines,
    reason = "one act from what is typed to its answer: parts of it would be called from here alone"
)]
fn lines(view: &View<'_>, seen: &Seen<'_>) -> Vec<Line> {
    let has = |test: fn(&Evidence) -> bool| seen.evidence.iter().any(test);
    let scripted = has(|f| matches!(f, Evidence::ScriptRan));
    let off = has(|f| matches!(f, Evidence::ScriptOff));
    let judge = |problem: bool| if problem { Finding::Problem } else { Finding::Fine };
    // Only the page's script can tell.
    let by_script = |problem: bool| match (problem, scripted) {
        (true, _) => Finding::Problem,
        (false, true) => Finding::Fine,
        (false, false) => Finding::Unknown,
    };
    // Only a form that came back can tell.
    let by_form = |problem: bool| match (problem, seen.sent) {
        (true, _) => Finding::Problem,
        (false, true) => Finding::Fine,
        (false, false) => Finding::Unknown,
    };
    let trace = &seen.browser.trace;
    let large = has(|f| matches!(f, Evidence::CookieHeaderLarge { .. } | Evidence::CookieHeaderTooLarge { .. }));
    let cluttered = has(|f| {
        matches!(
            f,
            Evidence::DuplicateCookie { .. }
                | Evidence::MalformedSession
                | Evidence::UnknownSession
                | Evidence::EndedSession { .. }
                | Evidence::LegacyCookie { .. }
        )
    });
    let blocked = has(|f| matches!(f, Evidence::HeartbeatMissing));
    let skew = checks::setup::minutes(trace.clock_skew_seconds.unwrap_or(0));
    let kib = i64::try_from(trace.cookie_bytes.div_ceil(1_024)).unwrap_or(0);
    let findings = [
        ("cookies", judge(!seen.kept)),
        ("cookie_size", judge(large)),
        ("old_cookies", judge(cluttered)),
        (
            "script",
            if blocked {
                Finding::Problem
            } else if scripted || off {
                Finding::Fine
            } else {
                Finding::Unknown
            },
        ),
        ("storage", by_script(has(|f| matches!(f, Evidence::StorageBlocked)))),
        ("service_worker", by_script(has(|f| matches!(f, Evidence::ServiceWorker)))),
        ("clock", by_script(has(|f| matches!(f, Evidence::ClockSkew { .. })))),
        ("version", by_form(has(|f| matches!(f, Evidence::OldBuild | Evidence::OldBuildAgain | Evidence::OldAsset)))),
        (
            "unchanged",
            by_form(has(|f| {
                matches!(
                    f,
                    Evidence::BodyChanged
                        | Evidence::HeaderChanged
                        | Evidence::HeadersStripped
                        | Evidence::OriginHidden
                )
            })),
        ),
        ("in_app", judge(has(|f| matches!(f, Evidence::InAppBrowser { .. })))),
        ("browser", judge(has(|f| matches!(f, Evidence::OldBrowser)))),
        ("transport", judge(seen.secure && seen.scheme == "http")),
        ("reach", judge(!seen.reach)),
        ("platform", judge(!seen.reach || !seen.mail || seen.told || has(|f| matches!(f, Evidence::OursAtFault)))),
    ];
    let shown = findings.into_iter().map(|(id, finding)| {
        let key = format!("check-{}-{}", id.replace('_', "-"), finding.as_str());
        let key = if id == "script" && off { "check-script-off".to_owned() } else { key };
        let http = format!("{} · {}{}", trace.http, seen.scheme, seen.tls);
        let args = [
            ("kib", Arg::from(kib)),
            ("minutes", Arg::from(skew.abs())),
            ("ahead", Arg::from(if skew > 0 { "yes" } else { "no" })),
            ("http", Arg::from(http)),
        ];
        Line { id, finding, text: view.f(&key, &args) }
    });
    let mut shown: Vec<Line> = shown.collect();
    // What needs a look stands first.
    shown.sort_by_key(|line| line.finding);
    shown
}

/// The scheme as this server sees it.
fn scheme(context: &Context) -> &'static str {
    // Browsers send these to https pages only (and to this machine's own).
    if context.web.app.settings.public_url.secure && context.headers.contains_key("sec-fetch-mode") {
        return "https";
    }
    let proto = crate::request::context::header_text(&context.headers, "x-forwarded-proto");
    match proto.filter(|_| context.through_trusted_proxy()) {
        Some(proto) if proto.eq_ignore_ascii_case("https") => "https",
        Some(_) | None => "http",
    }
}

/// The version of TLS that a trusted proxy says the browser spoke.
fn tls(context: &Context) -> String {
    let told = crate::request::context::header_text(&context.headers, "x-ssl-protocol");
    match told.filter(|_| context.through_trusted_proxy()) {
        Some(version) => format!(" · {}", version.chars().filter(|c| !c.is_control()).take(12).collect::<String>()),
        None => String::new(),
    }
}

/// Whether a refusal of before is all that there is to say, and no matter of the browser.
fn is_of_before(refusal: &Refusal) -> bool {
    let cause = refusal.verdict.cause;
    cause.family() == Family::Credential && refusal.evidence.contains(&Evidence::RefusedBefore { cause })
}

async fn show(
    context: &Context,
    mut refusal: Refusal,
    browser: &Browser,
    run: bool,
    joined: Option<String>,
) -> Response {
    let view = View::new(context);
    if refusal.verdict.candidates.is_empty() {
        refusal.verdict.steps = vec![Remedy::RestartFlow, Remedy::OtherBrowser, Remedy::ContactSupport];
    }
    let mut verdict = VerdictView::new(&view, &refusal);
    if refusal.verdict.candidates.is_empty() {
        verdict.title = view.t("check-fine-title").into_owned();
        verdict.lead = view.t("check-fine-lead").into_owned();
    } else if is_of_before(&refusal) {
        // It is not the browser; what was told a moment ago is what to look at.
        verdict.lead = view.f1("check-before-lead", "title", verdict.title.clone());
        verdict.title = view.t("check-fine-title").into_owned();
    }
    // Here the page looks by itself, and asks what is seen further down.
    verdict.ask = verdict.ask.filter(|ask| !run && ask.id == Inquiry::Elsewhere.id());
    let app = &context.web.app;
    let address = format!("{}/check/{}", app.settings.public_url.origin, refusal.reference);
    let seen = Seen {
        evidence: &refusal.evidence,
        browser,
        kept: context.visitor.cookie_came,
        sent: !run,
        secure: context.web.app.settings.public_url.secure && context.peer.is_some(),
        scheme: scheme(context),
        tls: tls(context),
        reach: app.store.ping().await.is_ok() && app.hashing.has_room(Lane::New),
        told: app.board.get().says_trouble(context.now),
        // Of no account: only what holds for everybody.
        mail: mailbox::queue(app).await.is_ok_and(|late| late.is_none()),
    };
    let lines = lines(&view, &seen);
    let fine = lines.iter().filter(|line| line.finding == Finding::Fine).count();
    let content = CheckPage {
        fine,
        fine_words: view.f1("check-fine-count", "count", i64::try_from(fine).unwrap_or_default()),
        lines,
        verdict,
        run,
        echo: ECHO,
        symptoms: Symptom::ALL.iter().copied().filter(|symptom| !symptom.is_of_provider()).collect(),
        chosen: context.query("symptom").unwrap_or_default(),
        joined,
        qr: picture(&address),
        address,
        v: &view,
    };
    let title = view.t("check-title").into_owned();
    let mut response = render(&view, StatusCode::OK, &title, &content);
    context.prune(response.headers_mut());
    response
}

/// A QR code (ISO/IEC 18004) as a picture in a URL.
fn picture(address: &str) -> String {
    let Ok(code) = QrCode::new(address) else {
        return String::new();
    };
    let drawn = code.render::<svg::Color<'_>>().min_dimensions(160, 160).quiet_zone(true).build();
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(drawn))
}

/// What the server sees by itself.
async fn own_evidence(context: &Context) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    if !context.visitor.cookie_came {
        evidence.push(Evidence::ProbeCookieMissing);
        evidence.extend(crate::check::setup::wrong_scheme(context));
    }
    evidence.extend(context.session_signs().await);
    evidence
}

pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    // A cookie is set, and must come back with the next page.
    if !context.visitor.cookie_came && context.query("probe").is_none() {
        let here = context.here();
        let joint = if here.contains('?') { '&' } else { '?' };
        return see_other(&context, &format!("{here}{joint}probe=1"));
    }
    if let Some(reference) = context.query("case") {
        match attempt::tell(&context.web.app, &context.visitor, None, reference).await {
            Ok(Some(told)) => {
                let browser = told.browser.clone();
                let joined = context.query("joined").and_then(Reference::parse).map(|other| other.as_str().to_owned());
                return show(&context, told.refusal, &browser, false, joined).await;
            }
            Ok(None) => {}
            Err(fault) => return fault_page(&context, &fault),
        }
    }
    let draft = Draft::new(Act::Check, 200, &context.visitor, own_evidence(&context).await);
    let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
    // A case that cannot be found again was not kept: the script must not go round and round.
    let run = context.query("case").is_none();
    show(&context, *refusal, &context.visitor.browser, run, None).await
}

/// The page on another device: its own check, as part of the first one's case.
pub(crate) async fn join(State(_): State<Arc<Web>>, Path(code): Path<String>, context: Context) -> Response {
    let Some(reference) = Reference::parse(&code) else {
        return see_other(&context, "/check");
    };
    if !context.visitor.cookie_came && context.query("probe").is_none() {
        return see_other(&context, &format!("/check/{reference}?probe=1"));
    }
    match case::is_own(&context.web.app, &context.visitor, &reference).await {
        Ok(true) => return see_other(&context, &format!("/check?case={reference}")),
        Ok(false) => {}
        Err(fault) => return fault_page(&context, &fault),
    }
    let mut draft = Draft::new(Act::Check, 200, &context.visitor, own_evidence(&context).await);
    draft.subject_key = Some(case::key(&context.web.app, &reference));
    let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
    show(&context, *refusal, &context.visitor.browser, true, Some(reference.as_str().to_owned())).await
}

pub(crate) async fn submit(State(_): State<Arc<Web>>, Sent(mut context, fields): Sent) -> Response {
    let mut evidence = match form::guard(&mut context, &fields) {
        Ok(()) => Vec::new(),
        Err(evidence) if evidence.contains(&Evidence::CrossSitePost) => {
            let refusal = guard_refusal(&context, Act::Check, evidence).await;
            return refused_page(&context, &refusal, "/check");
        }
        // What would stop a sign-in is what this page is there to find.
        Err(evidence) => evidence,
    };
    if fields.has("echo") && fields.get("echo") != ECHO {
        evidence.push(Evidence::BodyChanged);
    }
    if !fields.get("facts").is_empty() && !fields.has("noscript") {
        evidence.push(Evidence::ScriptRan);
    }
    // What is lost between two pages is lost between a page and its form, too.
    for fact in own_evidence(&context).await {
        if !evidence.contains(&fact) {
            evidence.push(fact);
        }
    }
    if let Some(symptom) = Symptom::parse(fields.get("symptom")) {
        evidence.push(Evidence::Says { symptom });
    }
    // Whoever waits for a mail is told when ours are late.
    if fields.get("symptom") == Symptom::NoMail.id() {
        evidence.extend(mailbox::queue(&context.web.app).await.ok().flatten());
    }
    let joined = Reference::parse(fields.get("joined"));
    if let Some(reference) = &joined {
        let said = match fields.get("result") {
            "works" => Some(Evidence::WorksElsewhere),
            "fails" => Some(Evidence::FailsElsewhere),
            _ => None,
        };
        if let Some(said) = said
            && let Err(fault) = case::add(&context.web.app, reference, said).await
        {
            return fault_page(&context, &fault);
        }
    }
    let looked = evidence.contains(&Evidence::ScriptRan);
    let mut draft = Draft::new(Act::Check, 200, &context.visitor, evidence);
    draft.subject_key = joined.as_ref().map(|reference| case::key(&context.web.app, reference));
    let refusal = attempt::refuse(&context.web.app, &context.visitor, draft).await;
    // Only a browser whose own script looked has something to compare; robots have not.
    if let (Some(reference), true, false) = (&joined, looked, fields.has("result"))
        && let Err(fault) = case::compare(&context.web.app, reference, refusal.verdict.cause).await
    {
        return fault_page(&context, &fault);
    }
    if context.visitor.cookie_came {
        // Told once: then the page is an ordinary check again.
        let rest = joined.filter(|_| !fields.has("result")).map(|case| format!("&joined={case}")).unwrap_or_default();
        let place = format!("/check?case={}{rest}", refusal.reference);
        return see_other(&context, &with_return(&place, &fields.return_to()));
    }
    show(&context, *refusal, &context.visitor.browser, false, None).await
}
