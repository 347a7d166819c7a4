//! Attempts: recorded with their evidence, told to whoever may hear what.

mod fitting;
pub mod spoken;
mod story;

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Cause, Evidence, Span, Timestamp,
    act::Act,
    browser::Browser,
    component::MAIL,
    diagnosis::{Verdict, diagnose},
    reference::Reference,
};
pub use kagiya_store::attempt::Attempt;
use kagiya_store::{self as store};
use uuid::Uuid;

pub use self::story::{OLD_BUILD, bounced, last_outcome};
pub(crate) use self::{
    fitting::judge,
    story::{before, recall},
};
use crate::{App, Fault, Visitor};

/// A field that cannot be taken as it is, and the message that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the form.
    pub field: &'static str,
    /// The key of the message.
    pub key: &'static str,
}

/// A refusal: what the person is told, and the reference under which staff finds the rest.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What the person can read out.
    pub reference: Reference,
    /// The HTTP status that fits.
    pub status: u16,
    /// The verdict for this audience.
    pub verdict: Verdict,
    /// The facts that this audience may hear, in the order in which the verdict counts them.
    pub evidence: Vec<Evidence>,
    /// Fields to mend.
    pub fields: Vec<FieldError>,
    /// When it was made.
    pub at: Timestamp,
    /// Whether "confirm by mail" can tell more.
    pub confirmable: bool,
}

impl Refusal {
    /// Seconds to come back in, different for each: all at once would be the next flood.
    fn spread(&self) -> i64 {
        5 + self.reference.as_str().bytes().map(i64::from).sum::<i64>() % 26
    }

    /// Whether an answer to what was asked still bears on it.
    pub fn is_answerable(&self, now: Timestamp) -> bool {
        self.at.plus(ANSWERABLE) > now
    }

    /// Seconds until trying again makes sense.
    pub fn retry_after(&self) -> Option<i64> {
        match self.verdict.wait_until {
            Some(until) => Some(until.since(self.at).as_seconds_up().max(1)),
            None if self.status == 503 => Some(self.spread()),
            None => None,
        }
    }
}

/// What is known of an attempt that is being refused.
#[derive(Clone, Debug)]
pub struct Draft {
    /// `sign_in`, `sign_up`, `code`, …
    pub kind: Act,
    /// The HTTP status that fits.
    pub status: u16,
    /// Everything that was found out, for all audiences.
    pub evidence: Vec<Evidence>,
    /// The account that was meant, if any.
    pub account: Option<Uuid>,
    /// Keyed digest of the account or of the typed login.
    pub subject_key: Option<[u8; 16]>,
    /// Who hears the answer.
    pub audience: Audience,
    /// Fields to mend.
    pub fields: Vec<FieldError>,
    /// Until when more evidence may arrive.
    pub pending_until: Option<Timestamp>,
}

impl Draft {
    /// A draft for whoever sent the request, with what the request shows.
    pub fn new(kind: Act, status: u16, visitor: &Visitor, evidence: Vec<Evidence>) -> Self {
        let mut all = evidence;
        all.extend(visitor.signs.iter().cloned());
        Self {
            kind,
            status,
            evidence: all,
            account: None,
            subject_key: None,
            audience: visitor.audience(),
            fields: Vec::new(),
            pending_until: None,
        }
    }

    /// A draft for fields that cannot be taken.
    pub fn invalid(kind: Act, visitor: &Visitor, fields: Vec<FieldError>) -> Self {
        let evidence = fields.iter().map(|f| Evidence::FieldInvalid { field: f.field.to_owned() }).collect();
        let mut draft = Self::new(kind, 422, visitor, evidence);
        draft.fields = fields;
        draft
    }

    /// A draft for a network that has asked too often; the form says so at its field.
    pub fn spent(visitor: &Visitor, kind: Act, field: &'static str, until: Timestamp) -> Self {
        let mut draft = Self::new(kind, 429, visitor, vec![Evidence::NetworkSpent { until }]);
        draft.fields = vec![FieldError { field, key: "error-too-often" }];
        draft
    }
}

/// Makes the refusal and the row to keep. The caller inserts the row in its transaction.
pub fn prepare(app: &App, visitor: &Visitor, mut draft: Draft, now: Timestamp) -> (Refusal, Attempt) {
    let slices = slices(app, visitor, &draft.evidence);
    draft.evidence.extend(ours(app, &draft, &slices, now));
    if app.board.get().is_out(MAIL, now) {
        draft.evidence.push(Evidence::NoMailNow);
    }
    let reference = Reference::from_random(app.random());
    let may_hear = |fact: &&Evidence| draft.audience.may_hear(fact.tier());
    let mut evidence: Vec<Evidence> = draft.evidence.iter().filter(may_hear).cloned().collect();
    let mut verdict = judge(app, &evidence, draft.audience);
    // How others fare depends on what one is told, never on an account.
    // Nor is anybody reassured while something is told to be wrong.
    let told = app.board.get().says_trouble(now);
    let others = app.crowd.evidence(verdict.cause, &slices);
    if let Some(others) = others.filter(|fact| !told || *fact != Evidence::OthersFine) {
        evidence.extend(Some(others.clone()).filter(|fact| may_hear(&fact)));
        draft.evidence.push(others);
        verdict = judge(app, &evidence, draft.audience);
    }
    let staff = diagnose(&draft.evidence, Audience::Staff);
    // What is shown with a page that opens is noted, not refused.
    let outcome = if draft.status >= 400 { "refused" } else { "noted" };
    metrics::counter!("kagiya_attempts_total", "kind" => draft.kind.as_str(), "outcome" => outcome, "cause" => staff.cause.slug())
        .increment(1);
    tracing::info!(
        reference = reference.as_str(),
        kind = draft.kind.as_str(),
        cause = staff.cause.slug(),
        told = verdict.cause.slug(),
        audience = draft.audience.as_str(),
        outcome,
        "attempt"
    );
    let row = Attempt {
        id: app.new_id(),
        reference: reference.as_str().to_owned(),
        created_at: now.0,
        kind: draft.kind,
        outcome: outcome.to_owned(),
        account_id: draft.account,
        subject_key: draft.subject_key.map(|key| key.to_vec()),
        browser_key: visitor.browser_key.map(|key| key.to_vec()),
        network: visitor.network_kept(),
        browser: serde_json::to_string(&visitor.browser).unwrap_or_default(),
        evidence: serde_json::to_string(&draft.evidence).unwrap_or_default(),
        cause: staff.cause.slug().to_owned(),
        told: verdict.cause.slug().to_owned(),
        repairs: visitor.repairs.join(" "),
        slices,
        advised: verdict.steps.iter().map(|step| step.id()).collect::<Vec<_>>().join(" "),
        pending_until: draft.pending_until.map(|at| at.0),
        resolved_at: None,
        resolved_by: None,
    };
    // The button is there for everyone or no one: it depends on the kind of act alone.
    // Nor where no cookie is kept: the code could not be tied to this browser.
    let kept = !draft.evidence.contains(&Evidence::ProbeCookieMissing);
    let proven = draft.audience.may_hear(Audience::Owner) || draft.audience == Audience::Provider;
    let confirmable = is_confirmable(draft.kind, draft.account) && kept && !proven;
    let refusal =
        Refusal { reference, status: draft.status, verdict, evidence, fields: draft.fields, at: now, confirmable };
    (refusal, row)
}

/// What is wrong with us, as far as this act needs it. Platform first: this outweighs the rest.
#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
fn ours(app: &App, draft: &Draft, slices: &str, now: Timestamp) -> Vec<Evidence> {
    let provider = draft.evidence.iter().find_map(|fact| match fact {
        Evidence::AtProvider { provider } => Some(provider.as_str()),
        _ => None,
    });
    let mut evidence = app.board.get().evidence(draft.kind, provider, slices, now);
    evidence.retain(|fact| !draft.evidence.contains(fact));
    evidence
}

/// In what an attempt may differ from others: what it stands out in may be where the fault is.
pub(crate) fn slices(app: &App, visitor: &Visitor, evidence: &[Evidence]) -> String {
    let word = |text: &str| text.chars().map(|c| if c.is_whitespace() { '_' } else { c }).collect::<String>();
    let mut slices = vec![format!("key:{}", app.keys.short())];
    if let Some(build) = &visitor.build {
        slices.push(format!("build:{build}"));
    }
    // The family: a version alone is rarely a crowd.
    let name = visitor.browser.name();
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end();
    if !name.is_empty() {
        slices.push(format!("browser:{}", word(name)));
    }
    let network = visitor.network_kept();
    if !network.is_empty() {
        slices.push(format!("network:{}", word(&network)));
    }
    let here = |nets: &[ipnet::IpNet]| visitor.address.is_some_and(|at| nets.iter().any(|net| net.contains(&at)));
    if let Some((region, _)) = app.settings.regions.iter().find(|(_, nets)| here(nets)) {
        slices.push(format!("region:{region}"));
    }
    for fact in evidence {
        if let Evidence::AtProvider { provider } = fact {
            slices.push(format!("provider:{}", word(provider)));
        }
    }
    slices.join(" ")
}

fn is_confirmable(act: Act, account: Option<Uuid>) -> bool {
    // After an external account nobody typed whose it is: only a browser that an account knows can mean one.
    matches!(act, Act::SignIn | Act::Code | Act::Recover | Act::Unlock) || (act == Act::External && account.is_some())
}

/// Notes of one network in a minute: robots open many pages.
pub(crate) const NOTES: u32 = 120;
/// For so long an answer bears on an attempt.
const ANSWERABLE: Span = Span::hours(24);
/// Refusals of one network, or of one browser that is known, that are kept in a minute. What is beyond is counted.
const KEPT: u32 = 120;

/// Whether a refusal is kept: nobody fills the disk by being refused. It depends on the network and the browser alone.
pub(crate) fn may_keep(app: &App, visitor: &Visitor) -> bool {
    let now = app.now();
    let known = visitor.device_key.is_some_and(|device| {
        app.notes.take_of(&format!("kept {device:02x?}"), KEPT, now)
            && app.notes.take_network("kept of a device", visitor.address, KEPT, now).is_some()
    });
    let kept = known || app.notes.take_network("kept", visitor.address, KEPT, now).is_some();
    if !kept {
        count_not_kept();
    }
    kept
}

/// Every attempt is either a row or counted here.
fn count_not_kept() {
    metrics::counter!("kagiya_attempts_not_kept_total").increment(1);
}

/// As [`refuse`], for an address that anybody can open: nothing is kept for a browser that was never here.
pub(crate) async fn refuse_here(app: &App, visitor: &Visitor, draft: Draft) -> Box<Refusal> {
    if visitor.cookie_came {
        return refuse(app, visitor, draft).await;
    }
    Box::new(prepare(app, visitor, draft, app.now()).0)
}

/// As [`refuse`]; a request that only asks for a page leaves nothing behind.
pub async fn refuse_unread(app: &App, visitor: &Visitor, draft: Draft) -> Box<Refusal> {
    if visitor.reads {
        return Box::new(prepare(app, visitor, draft, app.now()).0);
    }
    refuse(app, visitor, draft).await
}

/// Keeps a refused attempt by itself and returns what to tell. A database that fails does
/// not keep the person from hearing why.
pub async fn refuse(app: &App, visitor: &Visitor, draft: Draft) -> Box<Refusal> {
    keep(app, visitor, draft).await.0
}

/// As [`refuse`], with the key of the row, if it was kept.
pub(crate) async fn keep(app: &App, visitor: &Visitor, mut draft: Draft) -> (Box<Refusal>, Option<Uuid>) {
    recall(app, visitor, &mut draft).await;
    let now = app.now();
    let (refusal, row) = prepare(app, visitor, draft, now);
    if refusal.status < 400 && app.notes.take_network("noted", visitor.address, NOTES, now).is_none() {
        return (Box::new(refusal), None);
    }
    if refusal.status >= 400 && !may_keep(app, visitor) {
        return (Box::new(refusal), None);
    }
    let id = row.id;
    let kept = app.store.write(move |conn| async move { store::attempt::insert(conn, &row).await }.boxed()).await;
    if let Err(error) = &kept {
        tracing::error!(%error, reference = refusal.reference.as_str(), "the attempt could not be kept");
    }
    (Box::new(refusal), kept.is_ok().then_some(id))
}

/// As [`keep_later`], within what is kept of one network.
pub fn keep_within_budget(app: &Arc<App>, visitor: &Visitor, row: Attempt) {
    if may_keep(app, visitor) {
        keep_later(app, row);
    }
}

/// Keeps an attempt in the background, where nobody can wait for it.
pub fn keep_later(app: &Arc<App>, row: Attempt) {
    // Nobody waits for these: a flood of them is not kept.
    let Ok(place) = Arc::clone(&app.background).try_acquire_owned() else {
        count_not_kept();
        return;
    };
    let (of, app) = (app, Arc::clone(app));
    of.jobs.soon(async move {
        let _place = place;
        let kept = app.store.write(move |conn| async move { store::attempt::insert(conn, &row).await }.boxed()).await;
        if let Err(error) = kept {
            count_not_kept();
            tracing::error!(%error, "an attempt could not be kept");
        }
    });
}

/// What the browser that asks may hear of an earlier attempt.
#[derive(Clone, Debug)]
pub struct Told {
    /// The key of the row.
    id: Uuid,
    /// As at the time, for this audience, with what was found out since.
    pub refusal: Refusal,
    /// Whether the person got in since.
    pub resolved: bool,
    /// The browser, as it was then.
    pub browser: Browser,
}

/// The verdict of a reference for whoever asks; `None` when it is not for them, which looks
/// the same as a reference that does not exist.
///
/// # Errors
/// When the database fails.
pub async fn tell(
    app: &App,
    visitor: &Visitor,
    signed_in: Option<Uuid>,
    reference: &str,
) -> Result<Option<Told>, Fault> {
    let Some(reference) = Reference::parse(reference) else {
        return Ok(None);
    };
    let mut conn = app.store.reader().await?;
    let Some(row) = store::attempt::find(&mut conn, reference.as_str()).await? else {
        return Ok(None);
    };
    let own_browser = visitor.cookie_came
        && row.browser_key.as_deref().zip(visitor.browser_key).is_some_and(|(kept, asking)| kept == asking);
    let owner = row.account_id.is_some() && row.account_id == signed_in;
    let audience = if owner {
        Audience::Owner
    } else if own_browser {
        let key = visitor.browser_key.unwrap_or_default();
        if store::flow::confirmed(&mut conn, row.id, &key, app.now()).await? {
            Audience::Owner
        } else if let (Some(account), Some(device)) = (row.account_id, visitor.device_key)
            && store::device::is_known(&mut conn, account, &device).await?
        {
            Audience::KnownDevice
        } else {
            Audience::Browser
        }
    } else {
        return Ok(None);
    };
    let mut evidence: Vec<Evidence> =
        read_evidence(&row)?.into_iter().filter(|fact| audience.may_hear(fact.tier())).collect();
    // Which buttons lead in is looked up when the owner asks: a refusal takes as long for everybody.
    if let (true, Some(account)) = (evidence.contains(&Evidence::PasswordNotSet), row.account_id) {
        let links = store::link::of_account(&mut conn, account).await?;
        evidence.extend(links.into_iter().map(|link| Evidence::LinkedAt { provider: link.provider }));
    }
    let verdict = judge(app, &evidence, audience);
    // Whose address came with an external identity is told to a mailbox, and by no form that stands here or not.
    let known = audience == Audience::KnownDevice;
    let confirmable = is_confirmable(row.kind, row.account_id)
        && !audience.may_hear(Audience::Owner)
        && (row.kind != Act::External || known);
    let refusal = Refusal {
        reference,
        status: 200,
        verdict,
        evidence,
        fields: Vec::new(),
        at: Timestamp(row.created_at),
        confirmable,
    };
    Ok(Some(Told { id: row.id, refusal, resolved: row.resolved_at.is_some(), browser: read_browser(&row) }))
}

/// What becomes of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It is evidence now.
    Kept,
    /// It came too late, or too many came: nothing was kept.
    NotKept,
    /// The attempt is not for whoever answers; which looks the same as one that does not exist.
    NotTheirs,
}

/// Adds what a person says to an attempt that is theirs.
///
/// # Errors
/// When the database fails.
pub async fn say(
    app: &App,
    visitor: &Visitor,
    signed_in: Option<Uuid>,
    reference: &str,
    said: Evidence,
) -> Result<Answered, Fault> {
    let Some(told) = tell(app, visitor, signed_in, reference).await? else {
        return Ok(Answered::NotTheirs);
    };
    let now = app.now();
    if !told.refusal.is_answerable(now) || app.notes.take_network("said", visitor.address, NOTES, now).is_none() {
        return Ok(Answered::NotKept);
    }
    if !told.refusal.evidence.contains(&said) {
        extend(app, told.id, vec![said], false).await?;
    }
    Ok(Answered::Kept)
}

/// The evidence of a kept attempt.
///
/// # Errors
/// When the row was not written by this program.
pub fn read_evidence(row: &Attempt) -> Result<Vec<Evidence>, Fault> {
    serde_json::from_str(&row.evidence).map_err(|_| Fault::Unreadable("evidence"))
}

/// The browser of a kept attempt.
pub fn read_browser(row: &Attempt) -> Browser {
    serde_json::from_str(&row.browser).unwrap_or_default()
}

/// Adds facts that were found after the answer, and diagnoses anew.
///
/// # Errors
/// When the database fails.
pub async fn add_evidence(app: &App, id: Uuid, more: Vec<Evidence>) -> Result<(), Fault> {
    extend(app, id, more, true).await
}

/// `whole`: nothing more is gathered.
async fn extend(app: &App, id: Uuid, more: Vec<Evidence>, whole: bool) -> Result<(), Fault> {
    app.store
        .write(move |conn| {
            async move {
                let Some(row) = store::attempt::reopen(conn, id, whole).await? else {
                    return Ok(());
                };
                let mut evidence: Vec<Evidence> =
                    serde_json::from_str(&row.evidence).map_err(|_| store::Error::Unreadable("evidence"))?;
                // The last word of a person, or of another device, counts.
                let elsewhere = |fact: &Evidence| matches!(fact, Evidence::WorksElsewhere | Evidence::FailsElsewhere);
                let says = |fact: &Evidence| matches!(fact, Evidence::Says { .. });
                for of_one in [&elsewhere as &dyn Fn(&Evidence) -> bool, &says] {
                    if more.iter().any(of_one) {
                        evidence.retain(|fact| !of_one(fact));
                    }
                }
                evidence.extend(more);
                let cause: Cause = diagnose(&evidence, Audience::Staff).cause;
                let text = serde_json::to_string(&evidence).unwrap_or_default();
                store::attempt::set_evidence(conn, id, &text, cause.slug()).await
            }
            .boxed()
        })
        .await?;
    Ok(())
}
