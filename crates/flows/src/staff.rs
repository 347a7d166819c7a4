//! What staff may look at. Every look at a member's data is a line in the audit trail, with its reason.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use kagiya_domain::{Span, Timestamp, login::Login, reference::Reference};
use kagiya_store as store;
use uuid::Uuid;

use crate::{App, Fault, crowd, recover::audit_line, session::Live, why};

/// A shorter reason is none.
const LEAST_REASON: usize = 3;

/// Somebody with the role.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Their account.
    pub account: Uuid,
    /// Their login ID.
    pub login_id: String,
    /// Since when they have the role.
    pub since: Timestamp,
    /// The session's token is older than that: it must not carry the role (OWASP ASVS 7.2.4).
    pub token_is_older: bool,
}

impl Staff {
    /// How the audit trail calls them.
    pub fn actor(&self) -> String {
        format!("staff:{}", self.login_id)
    }
}

/// Whether the owner of a session is staff. Asked each time: the role ends at once.
///
/// # Errors
/// When the database fails.
pub async fn of(app: &App, live: &Live) -> Result<Option<Staff>, Fault> {
    let mut conn = app.store.reader().await?;
    let Some(account) = store::account::find(&mut conn, live.account_id).await? else {
        return Ok(None);
    };
    let Some(since) = account.staff_since else {
        return Ok(None);
    };
    let token = store::session::token_since(&mut conn, live.id).await?;
    let token_is_older = token.is_none_or(|at| at < since);
    Ok(Some(Staff { account: account.id, login_id: account.login_id, since, token_is_older }))
}

/// What an overview shows.
#[derive(Debug, Default)]
pub struct Overview {
    /// Refusals of the last day, by hour since 1970 and cause.
    pub by_hour: Vec<(i64, String, i64)>,
    /// Browsers that tried to come in by password (`sign_in`) or by another service (`external`):
    /// at once, after a refusal, not yet.
    pub people: BTreeMap<String, (i64, i64, i64)>,
    /// Mailed codes by what they are for: asked for, typed right, done.
    pub codes: BTreeMap<String, (i64, i64, i64)>,
    /// By provider: begun, come back, signed in or linked.
    pub ways: BTreeMap<String, (i64, i64, i64)>,
    /// By advice: given, and followed by a success.
    pub advice: BTreeMap<String, (i64, i64)>,
    /// Mail by domain: taken, put off, refused.
    pub mail: BTreeMap<String, (i64, i64, i64)>,
    /// Mails that wait, and since when the oldest does.
    pub waiting: (i64, Option<Timestamp>),
    /// What stands out.
    pub bursts: Vec<crowd::Burst>,
    /// Browsers that pressed "me too", by cause.
    pub me_too: BTreeMap<String, usize>,
}

/// The last day at a glance. Nothing of one member is in it.
///
/// # Errors
/// When the database fails.
pub async fn overview(app: &App) -> Result<Overview, Fault> {
    let since = app.now().minus(Span::days(1));
    let mut conn = app.store.reader().await?;
    let mut seen = Overview { by_hour: store::attempt::by_hour(&mut conn, since).await?, ..Overview::default() };
    for (kind, refused, came_in, count) in store::attempt::by_browser(&mut conn, since).await? {
        let entry = seen.people.entry(kind).or_default();
        match (refused, came_in) {
            (0, _) => entry.0 += count,
            (_, 0) => entry.2 += count,
            _ => entry.1 += count,
        }
    }
    for (kind, all, proven, done) in store::flow::by_kind(&mut conn, since).await? {
        seen.codes.insert(kind, (all, proven, done));
    }
    for (provider, outcome, count) in store::journey::by_outcome(&mut conn, since).await? {
        let entry = seen.ways.entry(provider).or_default();
        entry.0 += count;
        entry.1 += if outcome.is_empty() { 0 } else { count };
        entry.2 += if matches!(outcome.as_str(), "signed_in" | "linked" | "tested") { count } else { 0 };
    }
    for (advised, resolved, count) in store::attempt::by_advice(&mut conn, since).await? {
        for step in advised.split(' ') {
            let entry = seen.advice.entry(step.to_owned()).or_default();
            entry.0 += count;
            entry.1 += if resolved.is_some() { count } else { 0 };
        }
    }
    for (domain, outcome, count) in store::delivery::by_domain(&mut conn, since).await? {
        let entry = seen.mail.entry(domain).or_default();
        match outcome.as_str() {
            "delivered" => entry.0 += count,
            "deferred" => entry.1 += count,
            _ => entry.2 += count,
        }
    }
    for (cause, _) in store::attempt::me_too(&mut conn, since).await? {
        *seen.me_too.entry(cause).or_default() += 1;
    }
    let (oldest, count) = store::outbox::waiting(&mut conn).await?;
    seen.waiting = (count, oldest);
    let rows = store::attempt::lately(&mut conn, app.now().minus(Span::minutes(10)), 5_000).await?;
    seen.bursts = crowd::bursts(&rows);
    Ok(seen)
}

/// A member as staff sees them.
#[derive(Debug)]
pub struct Member {
    /// The account.
    pub account: store::account::Account,
    /// Addresses, masked.
    pub addresses: Vec<String>,
    /// Whether a password is set.
    pub password: bool,
    /// Links.
    pub links: Vec<store::link::Link>,
    /// Attempts, the newest first.
    pub attempts: Vec<store::attempt::Attempt>,
    /// The audit trail, the newest first.
    pub trail: Vec<store::audit::Line>,
}

/// Why something is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// A reason is wanted.
    NoReason,
    /// There is nothing of that name.
    NotThere,
}

fn reason(text: &str) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(300).collect();
    (text.chars().count() >= LEAST_REASON).then_some(text)
}

/// Keeps that `actor` looked at something of an account.
///
/// # Errors
/// When the database fails.
pub async fn viewed(app: &App, actor: &str, account: Option<Uuid>, act: &str, detail: String) -> Result<(), Fault> {
    let mut line = audit_line(actor, act, app.now());
    line.detail = detail;
    let id = app.new_id();
    Ok(app.store.write(move |conn| async move { store::audit::note(conn, id, account, &line).await }.boxed()).await?)
}

/// A member by ID, address or URL. The look is audited before anything is shown.
///
/// # Errors
/// When the database fails.
pub async fn member(app: &App, staff: &Staff, typed: &str, why: &str) -> Result<Result<Member, Withheld>, Fault> {
    let Some(why) = reason(why) else {
        return Ok(Err(Withheld::NoReason));
    };
    let (login, _) = Login::parse(typed);
    let mut conn = app.store.reader().await?;
    let found = match &login {
        Login::Id(skeleton) => store::account::find_by_skeleton(&mut conn, skeleton.as_str()).await?,
        Login::Email(key) => store::account::find_by_email(&mut conn, key).await?,
    };
    drop(conn);
    viewed(app, &staff.actor(), found.as_ref().map(|account| account.id), "viewed_member", why).await?;
    let Some(account) = found else {
        return Ok(Err(Withheld::NotThere));
    };
    let mut conn = app.store.reader().await?;
    let masked = |email: store::email::Email| {
        kagiya_domain::email::EmailAddress::parse(&email.address)
            .map_or_else(|_| "?".to_owned(), |email| email.masked())
    };
    Ok(Ok(Member {
        addresses: store::email::of_account(&mut conn, account.id).await?.into_iter().map(masked).collect(),
        password: store::link::has_password(&mut conn, account.id).await?,
        links: store::link::of_account(&mut conn, account.id).await?,
        attempts: store::attempt::of_account(&mut conn, account.id, 30).await?,
        trail: store::audit::of_account(&mut conn, account.id, 50).await?,
        account,
    }))
}

/// The report of a reference that a member read out.
///
/// # Errors
/// When the database fails.
pub async fn attempt(
    app: &App,
    staff: &Staff,
    reference: &str,
    why: &str,
) -> Result<Result<why::Report, Withheld>, Fault> {
    let Some(why) = reason(why) else {
        return Ok(Err(Withheld::NoReason));
    };
    let Some(reference) = Reference::parse(reference) else {
        return Ok(Err(Withheld::NotThere));
    };
    let report = why::report(app, &reference).await?;
    let account = report.as_ref().and_then(|report| report.attempt.account_id);
    viewed(app, &staff.actor(), account, "viewed_attempt", format!("{reference} {why}")).await?;
    Ok(report.ok_or(Withheld::NotThere))
}
