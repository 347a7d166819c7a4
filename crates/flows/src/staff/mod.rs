//! What staff may look at. Every look at a member's data is a line in the audit trail, with its reason.

pub mod agent;
pub mod operator;

use std::collections::BTreeMap;

use futures_util::FutureExt;
use kagiya_domain::{
    Span, Timestamp,
    audit::{Event, Line},
    login::Login,
    login_id::Skeleton,
    reference::Reference,
    role::Permission,
};
use kagiya_store as store;
use uuid::Uuid;

use crate::{App, Fault, check::why, session::Live, sign_in::throttle, staff::agent::Agent, status::anomaly};

/// A shorter reason is none.
const LEAST_REASON: usize = 3;

/// Somebody with the role.
#[derive(Clone, Debug)]
pub struct Staff {
    /// Their account.
    pub account: Uuid,
    /// Their login ID.
    pub login_id: String,
    /// Since when they have just these roles.
    pub since: Timestamp,
    /// The session's token is older than that: it must not carry them (OWASP ASVS 7.2.4).
    pub token_is_older: bool,
    /// What they may do.
    pub agent: Agent,
}

/// Whether the owner of a session is staff. Asked each time: a role ends at once.
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
    let Some(agent) = agent_of(&account) else {
        return Ok(None);
    };
    Ok(Some(Staff { account: account.id, login_id: account.login_id, since, token_is_older, agent }))
}

/// What an account may do for the service; `None` when it is not of staff.
pub fn agent_of(account: &store::account::Account) -> Option<Agent> {
    (!account.roles.is_empty()).then(|| Agent::staff(account.login_id.clone(), account.roles.clone()))
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
    pub bursts: Vec<anomaly::Burst>,
    /// Browsers that pressed "me too", by cause.
    pub me_too: BTreeMap<String, usize>,
}

/// The last day at a glance. Nothing of one member is in it.
///
/// # Errors
/// When the database fails.
pub async fn overview(app: &App, by: &Agent) -> Result<Result<Overview, Withheld>, Fault> {
    if by.demand(Permission::Overview).is_none() {
        return Ok(Err(Withheld::NotPermitted));
    }
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
    for (provider, outcome, count) in store::authorization_session::by_outcome(&mut conn, since).await? {
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
    seen.bursts = anomaly::bursts(&rows);
    Ok(Ok(seen))
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
    pub trail: Vec<Line>,
    /// Until when sign-in by password pauses for them, where it does.
    pub pauses_until: Option<Timestamp>,
}

/// Why something is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withheld {
    /// A reason is wanted.
    NoReason,
    /// There is nothing of that name.
    NotThere,
    /// The role of who asks gives no right to it.
    NotPermitted,
}

fn reason(text: &str) -> Option<String> {
    let text: String = text.trim().chars().filter(|c| !c.is_control()).take(300).collect();
    (text.chars().count() >= LEAST_REASON).then_some(text)
}

/// Keeps that somebody did something to an account, or looked at something of it.
///
/// # Errors
/// When the database fails.
pub async fn note(app: &App, account: Option<Uuid>, entry: Line) -> Result<(), Fault> {
    let id = app.new_id();
    Ok(app.store.write(move |conn| async move { store::audit::note(conn, id, account, &entry).await }.boxed()).await?)
}

/// A member by ID, address or URL. The look is audited before anything is shown.
///
/// # Errors
/// When the database fails.
pub async fn member(app: &App, by: &Agent, typed: &str, why: &str) -> Result<Result<Member, Withheld>, Fault> {
    let Some(actor) = by.demand(Permission::LookUp) else {
        return Ok(Err(Withheld::NotPermitted));
    };
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
    let entry = Line::new(actor.clone(), Event::ViewedMember, app.now()).about(why);
    note(app, found.as_ref().map(|account| account.id), entry).await?;
    let Some(account) = found else {
        return Ok(Err(Withheld::NotThere));
    };
    let mut pauses_until = None;
    let keys = throttle::of_account(app, account.id, &account.login_id).await?;
    let mut conn = app.store.reader().await?;
    for key in &keys {
        let counter = store::throttle::find(&mut conn, key).await?;
        let until = counter.map(|counter| counter.locked_until).filter(|until| *until > app.now());
        pauses_until = pauses_until.max(until);
    }
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
        pauses_until,
        account,
    }))
}

/// The report of a reference that a member read out.
///
/// # Errors
/// When the database fails.
pub async fn attempt(
    app: &App,
    by: &Agent,
    reference: &str,
    why: &str,
) -> Result<Result<why::Report, Withheld>, Fault> {
    let Some(actor) = by.demand(Permission::LookUp) else {
        return Ok(Err(Withheld::NotPermitted));
    };
    let Some(why) = reason(why) else {
        return Ok(Err(Withheld::NoReason));
    };
    let Some(reference) = Reference::parse(reference) else {
        return Ok(Err(Withheld::NotThere));
    };
    let report = why::report(app, &reference).await?;
    let account = report.as_ref().and_then(|report| report.attempt.account_id);
    let entry = Line::new(actor.clone(), Event::ViewedAttempt, app.now()).about(format!("{reference} {why}"));
    note(app, account, entry).await?;
    Ok(report.ok_or(Withheld::NotThere))
}

/// Ends the pauses after wrong passwords that keep a member out; whether there were any.
///
/// # Errors
/// When the database fails.
pub async fn end_locks(app: &App, by: &Agent, login_id: &str, why: &str) -> Result<Result<bool, Withheld>, Fault> {
    let Some(actor) = by.demand(Permission::EndLocks) else {
        return Ok(Err(Withheld::NotPermitted));
    };
    let Some(why) = reason(why) else {
        return Ok(Err(Withheld::NoReason));
    };
    let skeleton = Skeleton::of(login_id);
    let found = store::account::find_by_skeleton(&mut app.store.reader().await?, skeleton.as_str()).await?;
    let Some(account) = found else {
        return Ok(Err(Withheld::NotThere));
    };
    let keys = throttle::of_account(app, account.id, &account.login_id).await?;
    let (id, now) = (app.new_id(), app.now());
    let entry = Line::new(actor.clone(), Event::LocksEnded, now).about(why);
    let end = app.store.write(move |conn| {
        async move {
            let ended = store::throttle::clear_locked(conn, &keys, Timestamp(0), now).await?;
            if ended {
                store::audit::note(conn, id, Some(account.id), &entry).await?;
            }
            Ok(ended)
        }
        .boxed()
    });
    Ok(Ok(end.await?))
}
