//! The verdict at the staff's tier: `kagiya why REFERENCE`.

use std::time::Duration;

use kagiya_domain::{
    Audience, Evidence, Span, Timestamp,
    act::Act,
    browser::Browser,
    diagnosis::Verdict,
    inquiry::{Inquiry, inquire},
    reference::Reference,
};
use kagiya_store::{self as store, attempt::Attempt};

use crate::{App, Fault, attempt, check::case};

/// Around an attempt, this much of the same browser's and account's story is told.
const STORY: Span = Span::hours(24);

/// Everything staff may know of an attempt.
#[derive(Debug)]
pub struct Report {
    /// The attempt.
    pub attempt: Attempt,
    /// The verdict.
    pub verdict: Verdict,
    /// The evidence.
    pub evidence: Vec<Evidence>,
    /// The browser.
    pub browser: Browser,
    /// The account's login ID and state, when one was meant.
    pub account: Option<store::account::Account>,
    /// What the same person did around it, the oldest first.
    pub timeline: Vec<Attempt>,
    /// What was repaired without asking.
    pub repairs: Vec<String>,
    /// Whether evidence is still being gathered.
    pub pending: bool,
}

impl Report {
    /// What to ask the member next, where the evidence leaves more than one cause.
    pub fn inquiry(&self) -> Option<Inquiry> {
        // Staff knows of the account what its mailbox would open.
        inquire(&self.verdict, &self.evidence, false)
    }
}

/// The report of a reference; waits up to five seconds for evidence that is being gathered.
///
/// # Errors
/// When the database fails.
pub async fn report(app: &App, reference: &Reference) -> Result<Option<Report>, Fault> {
    let mut conn = app.store.reader().await?;
    let mut found = None;
    for _ in 0..50 {
        found = store::attempt::find(&mut conn, reference.as_str()).await?;
        let waits = found.as_ref().and_then(|a| a.pending_until).is_some_and(|until| until > app.now().0);
        if !waits {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let Some(row) = found else {
        return Ok(None);
    };
    let mut evidence = attempt::read_evidence(&row)?;
    let account = match row.account_id {
        Some(id) => store::account::find(&mut conn, id).await?,
        None => None,
    };
    let at = Timestamp(row.created_at);
    let mut timeline = match &row.browser_key {
        Some(key) => store::attempt::of_browser(&mut conn, key, at.minus(STORY), at.plus(STORY)).await?,
        None => Vec::new(),
    };
    // What other devices showed of the same case.
    let case = case::key(app, reference);
    for other in store::attempt::of_subject(&mut conn, &case, at, at.plus(STORY)).await? {
        if !timeline.iter().any(|known| known.id == other.id) {
            timeline.push(other);
        }
    }
    if let Some(account) = &account {
        for other in store::attempt::of_account(&mut conn, account.id, 50).await? {
            let near = (other.created_at - row.created_at).abs() <= STORY.0;
            if near && !timeline.iter().any(|known| known.id == other.id) {
                timeline.push(other);
            }
        }
    }
    if !timeline.iter().any(|known| known.id == row.id) {
        timeline.push(row.clone());
    }
    timeline.sort_by_key(|a| (a.created_at, a.id));
    let before = refused_before(&row, &timeline).filter(|_| evidence.iter().any(is_of_before));
    let pending = [Some(&row), before].into_iter().flatten().any(|row| row.pending_until > Some(app.now().0));
    // What was found out since.
    if let Some(before) = before {
        evidence.retain(|fact| !is_of_before(fact));
        evidence.extend(attempt::before(&before.told, &before.cause));
    }
    evidence.extend(compared(&row, &timeline));
    Ok(Some(Report {
        verdict: attempt::judge(app, &evidence, Audience::Staff),
        browser: attempt::read_browser(&row),
        pending,
        evidence,
        account,
        timeline,
        repairs: row.repairs.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        attempt: row,
    }))
}

fn is_of_before(fact: &Evidence) -> bool {
    matches!(fact, Evidence::RefusedBefore { .. } | Evidence::KnownBefore { .. })
}

/// What the browser was refused for last. Of the same value sent again it is enough that one was looked into.
fn refused_before<'t>(row: &Attempt, timeline: &'t [Attempt]) -> Option<&'t Attempt> {
    let here = |other: &&Attempt| other.browser_key == row.browser_key && other.created_at < row.created_at;
    let refused = |other: &&Attempt| other.outcome == "refused" && other.kind != Act::Check;
    let mut rows = timeline.iter().filter(here).filter(refused).rev();
    let last = rows.next()?;
    let mut same = last;
    while same.cause == last.told
        && attempt::read_evidence(same).is_ok_and(|facts| facts.contains(&Evidence::SameValueAgain))
    {
        match rows.next() {
            Some(next) if next.subject_key == last.subject_key => same = next,
            Some(_) | None => break,
        }
    }
    Some(same)
}

/// What the attempt shows beside the others of its browser and account.
fn compared(row: &Attempt, timeline: &[Attempt]) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    let came_in = || timeline.iter().filter(|other| other.outcome == "signed_in");
    let here = |other: &&Attempt| row.browser_key.is_some() && other.browser_key == row.browser_key;
    let another = |other: &&Attempt| other.account_id.is_some() && other.account_id != row.account_id;
    if row.account_id.is_some()
        && came_in().filter(here).any(|other| another(&other) && other.created_at > row.created_at)
    {
        evidence.push(Evidence::OtherAccountWorks);
    }
    // What is usual for the account: with what and from where it was signed in to before.
    let before = || came_in().filter(|other| other.account_id == row.account_id && other.created_at < row.created_at);
    if row.account_id.is_some() && before().next().is_some() {
        // The family: every update is another version.
        let family =
            |name: String| name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end().to_owned();
        let name = |row: &Attempt| family(attempt::read_browser(row).name());
        let (browser, network) = (name(row), &row.network);
        let new_browser = !before().any(|other| name(other) == browser);
        let new_network = !before().any(|other| other.network == *network);
        if new_browser || new_network {
            evidence.push(Evidence::NewForThem { browser: new_browser, network: new_network });
        }
    }
    let alike = |other: &&Attempt| other.account_id == row.account_id && other.cause == row.cause && other.id != row.id;
    let times = timeline.iter().filter(|other| other.outcome == "refused" && other.created_at < row.created_at);
    let count = times.filter(alike).count();
    if row.account_id.is_some() && count > 0 {
        evidence.push(Evidence::FailedAlike { count: i64::try_from(count).unwrap_or(i64::MAX) });
    }
    evidence
}

/// Attempts in runs: what is the same act of the same browser with the same end and cause, one after the other, is one line for who reads.
pub fn runs(attempts: &[Attempt]) -> impl Iterator<Item = &[Attempt]> {
    let same = |a: &Attempt, b: &Attempt| {
        (a.kind, &a.outcome, &a.cause, a.account_id, &a.browser_key)
            == (b.kind, &b.outcome, &b.cause, b.account_id, &b.browser_key)
    };
    attempts.chunk_by(same)
}
