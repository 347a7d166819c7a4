//! Links of an account: shown, made, replaced, removed.

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence,
    link::{self, LinkEvent, LinkSource, LinkState},
    session::EndReason,
};
pub use kagiya_store::link::Link;
use kagiya_store::{self as store, link::NewLink};
use uuid::Uuid;

use super::{facts, health::State};
use crate::{
    App, Fault, Outcome, Visitor,
    attempt::{self, Draft},
    compose, mailbox, recover,
    session::{self, Live},
    sign_in,
};

/// The links of an account, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, account: Uuid) -> Result<Vec<Link>, Fault> {
    Ok(store::link::of_account(&mut app.store.reader().await?, account).await?)
}

/// Whether an account has a password.
///
/// # Errors
/// When the database fails.
pub async fn has_password(app: &App, account: Uuid) -> Result<bool, Fault> {
    Ok(store::link::has_password(&mut app.store.reader().await?, account).await?)
}

/// Whether its owner can get in by a link: it works, and the service still offers the provider.
pub fn is_usable(app: &App, link: &Link) -> bool {
    link.state().is_usable() && app.providers.find(&link.provider).is_some()
}

/// Ties an identity to an account, in the place of `replaced` if there is one, as one act.
/// `false` when the way was used already, or the identity is another account's.
///
/// # Errors
/// When the database fails.
pub async fn attach(
    app: &App,
    account: Uuid,
    journey: Uuid,
    new: NewLink,
    replaced: Option<Uuid>,
    lang: &str,
) -> Result<bool, Fault> {
    let now = app.now();
    let notice =
        sign_in::mail(app, "link_added", Some(account), compose::link_data(app, &new.provider, &new.shown, now), lang);
    let audit_id = app.new_id();
    let done = app
        .store
        .write(move |conn| {
            async move {
                if !store::journey::finish(conn, journey, now).await? {
                    return Err(store::Error::Undone);
                }
                // Two acts on one account's links wait for each other here.
                store::account::bump_version(conn, account).await?;
                if let Some(old) = replaced {
                    store::link::remove(conn, account, old, now).await?;
                }
                tie(conn, account, &new, now).await?;
                store::outbox::enqueue(conn, &notice, now).await?;
                let line = recover::audit_line("owner", if replaced.is_some() { "relinked" } else { "linked" }, now);
                store::audit::note(conn, audit_id, Some(account), &line).await
            }
            .boxed()
        })
        .await;
    match done {
        Err(store::Error::Undone) => Ok(false),
        other => {
            other?;
            app.mail_bell.notify_one();
            Ok(true)
        }
    }
}

/// Inserts a link, or notes that the account has it already.
pub(crate) async fn tie(
    conn: &mut store::Conn,
    account: Uuid,
    new: &NewLink,
    now: kagiya_domain::Timestamp,
) -> Result<(), store::Error> {
    if store::link::insert(conn, account, new, now).await? {
        return Ok(());
    }
    match store::link::find_identity(conn, &new.issuer, &new.subject).await? {
        Some(own) if own.account_id == account => store::link::note_use(conn, own.id, &new.shown, now).await,
        Some(_) | None => Err(store::Error::Undone),
    }
}

/// Removes a link, unless nobody could get in without it, or this is no time to judge that.
///
/// # Errors
/// When the database fails.
pub async fn remove(app: &App, visitor: &Visitor, live: &Live, id: Uuid) -> Outcome<()> {
    let now = app.now();
    let Some(link) = list(app, live.account_id).await?.into_iter().find(|link| link.id == id) else {
        // Removed already: what was wanted is so.
        return Ok(Ok(()));
    };
    let mut trouble = Vec::new();
    if let Some(entry) = app.providers.find(&link.provider) {
        let reading = entry.health.read(now);
        trouble.extend(facts::health(entry, now));
        if reading.state == State::Degraded && trouble.is_empty() {
            trouble.push(Evidence::ProviderDown { since: reading.since });
        }
    }
    // Without mail there is no other way back.
    let mail = mailbox::evidence(app, None).await?;
    trouble.extend(mail.into_iter().filter(|fact| matches!(fact, Evidence::MailQueueSlow { .. })));
    if !trouble.is_empty() {
        return Ok(Err(refuse_owner(app, visitor, live, 409, trouble).await));
    }
    let usable: Vec<String> = app.providers.iter().map(|entry| entry.provider.id().to_owned()).collect();
    let data = compose::link_data(app, &link.provider, &link.shown, now);
    let notice = sign_in::mail(app, "link_removed", Some(live.account_id), data, visitor.lang.as_str());
    let (account, current, audit_id, server) = (live.account_id, live.id, app.new_id(), app.server_id);
    let done = app
        .store
        .write(move |conn| {
            async move {
                // Two removals of two links wait for each other here: one of them finds one way less.
                store::account::bump_version(conn, account).await?;
                if !store::link::remove(conn, account, id, now).await? {
                    return Ok(None);
                }
                let left = store::link::of_account(conn, account).await?;
                let way = left.iter().any(|link| link.state().is_usable() && usable.contains(&link.provider));
                if !way && !store::link::has_password(conn, account).await? {
                    return Err(store::Error::Undone);
                }
                store::outbox::enqueue(conn, &notice, now).await?;
                store::audit::note(conn, audit_id, Some(account), &recover::audit_line("owner", "unlinked", now))
                    .await?;
                if store::session::end_of_link(conn, id, current, EndReason::SignedOutElsewhere, now).await? == 0 {
                    return Ok(None);
                }
                session::end_epoch(conn, server, now).await.map(Some)
            }
            .boxed()
        })
        .await;
    match done {
        Err(store::Error::Undone) => Ok(Err(refuse_owner(app, visitor, live, 409, vec![Evidence::LastWayIn]).await)),
        other => {
            let others = other?;
            app.mail_bell.notify_one();
            if let Some(others) = others {
                session::ended(app, others).await?;
            }
            Ok(Ok(()))
        }
    }
}

async fn refuse_owner(
    app: &App,
    visitor: &Visitor,
    live: &Live,
    status: u16,
    evidence: Vec<Evidence>,
) -> Box<attempt::Refusal> {
    let mut draft = Draft::new("account", status, visitor, evidence);
    draft.account = Some(live.account_id);
    draft.audience = Audience::Owner;
    attempt::refuse(app, visitor, draft).await
}

/// Applies what happened there to a link.
///
/// # Errors
/// When the database fails.
pub(crate) async fn apply(
    app: &App,
    account: Uuid,
    id: Uuid,
    event: LinkEvent,
    source: LinkSource,
) -> Result<Option<LinkState>, Fault> {
    let now = app.now();
    Ok(app
        .store
        .write(move |conn| {
            async move {
                let links = store::link::of_account(conn, account).await?;
                let Some(link) = links.into_iter().find(|link| link.id == id) else {
                    return Ok(None);
                };
                let Some(state) = link::next(link.state(), &link.state_why, event) else {
                    return Ok(None);
                };
                store::link::set_state(conn, id, state, event, source, now).await?;
                Ok(Some(state))
            }
            .boxed()
        })
        .await?)
}
