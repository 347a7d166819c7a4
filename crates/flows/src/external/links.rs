//! Links of an account: shown, made, replaced, removed.

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence,
    act::Act,
    audit::{Actor, Event, Line},
    credential::may_remove,
    link::{self, LinkEvent, LinkSource, LinkState},
    mail::MailKind,
    session::EndReason,
};
pub use kagiya_store::link::Link;
use kagiya_store::{self as store, ending::Ended, link::NewLink};
use uuid::Uuid;

use super::facts;
use crate::{
    App, Fault, Outcome, Visitor,
    account::credentials::{self, Offered},
    attempt::{self, Draft},
    mail::{self, compose, mailbox},
    session,
    sign_in::recent_auth::RecentAuth,
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

/// Locks the account and says whether the session that ties an identity to it still runs: two acts on one account wait
/// for each other here, and a recovery that came between has the last word.
async fn holds(conn: &mut store::Conn, auth: &RecentAuth) -> Result<bool, store::Error> {
    store::account::bump_version(conn, auth.account()).await?;
    auth.stands(conn).await
}

/// Ties an identity to an account, in the place of `replaced` if there is one, as one act.
/// `false` when the way was used already, the session runs no longer, or the identity is another
/// account's.
///
/// # Errors
/// When the database fails.
#[expect(clippy::too_many_arguments, reason = "what one link is made of")]
pub async fn attach(
    app: &App,
    auth: &RecentAuth,
    authorization: Uuid,
    new: NewLink,
    replaced: Option<Uuid>,
    lang: &str,
) -> Result<bool, Fault> {
    let (account, auth, now) = (auth.account(), *auth, app.now());
    let before = match replaced {
        Some(old) => list(app, account).await?.into_iter().find(|link| link.id == old),
        None => None,
    };
    let (kind, data) = match &before {
        Some(old) => (MailKind::LinkReplaced, compose::replaced_data(app, &new.provider, &new.shown, &old.shown, now)),
        None => (MailKind::LinkAdded, compose::link_data(app, &new.provider, &new.shown, now)),
    };
    let notice = mail::to_account(app, kind, Some(account), data, lang);
    let audit_id = app.new_id();
    let done = app
        .store
        .write(move |conn| {
            async move {
                if !holds(conn, &auth).await? || !store::authorization_session::finish(conn, authorization, now).await?
                {
                    return Err(store::Error::Undone);
                }
                let mut ended = Ended::default();
                if let Some(old) = replaced {
                    store::link::remove(conn, account, old, now).await?;
                    ended = store::session::end_of_link(conn, old, auth.session(), EndReason::SignedOutElsewhere, now)
                        .await?;
                }
                tie(conn, account, &new, now).await?;
                store::outbox::enqueue(conn, &notice, now).await?;
                let line =
                    Line::new(Actor::Owner, if replaced.is_some() { Event::Relinked } else { Event::Linked }, now);
                store::audit::note(conn, audit_id, Some(account), &line).await?;
                Ok(ended)
            }
            .boxed()
        })
        .await;
    match done {
        Err(store::Error::Undone) => Ok(false),
        other => {
            let ended = other?;
            app.mail_bell.notify_one();
            if !ended.is_empty() {
                session::ended(app, ended).await;
            }
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
        Some(own) if own.account_id == account => note_use(conn, account, &own, new, now).await,
        Some(_) | None => Err(store::Error::Undone),
    }
}

/// Notes that its owner came by a link, as `came`: it works, and its mailbox is the owner's.
pub(crate) async fn note_use(
    conn: &mut store::Conn,
    account: Uuid,
    link: &Link,
    came: &NewLink,
    now: kagiya_domain::Timestamp,
) -> Result<(), store::Error> {
    if let Some(mailbox) = &link.email_key {
        store::email::open_one(conn, account, mailbox).await?;
    }
    store::link::note_use(conn, link.id, &came.shown, came.refresh_token.as_deref(), now).await
}

/// Removes a link, unless nobody could get in without it, or this is no time to judge that.
///
/// # Errors
/// When the database fails.
pub async fn remove(app: &App, visitor: &Visitor, auth: &RecentAuth, id: Uuid) -> Outcome<()> {
    let (account, auth, now) = (auth.account(), *auth, app.now());
    let Some(link) = list(app, account).await?.into_iter().find(|link| link.id == id) else {
        // Removed already: what was wanted is so.
        return Ok(Ok(()));
    };
    let mut trouble = Vec::new();
    if let Some(entry) = app.providers.find(&link.provider) {
        trouble.extend(facts::health(entry, now));
    }
    // Without mail there is no other way back.
    trouble.extend(mailbox::queue(app).await?);
    if !trouble.is_empty() {
        return Ok(Err(refuse_owner(app, visitor, account, 409, trouble).await));
    }
    let offered = Offered::of(app);
    let data = compose::link_data(app, &link.provider, &link.shown, now);
    let notice = mail::to_account(app, MailKind::LinkRemoved, Some(account), data, visitor.lang.as_str());
    let audit_id = app.new_id();
    let done = app
        .store
        .write(move |conn| {
            async move {
                // Two removals of two links wait for each other here: one of them finds one way less.
                if !holds(conn, &auth).await? {
                    return Ok(Ended::default());
                }
                if !store::link::remove(conn, account, id, now).await? {
                    return Ok(Ended::default());
                }
                if !may_remove(credentials::of_account(conn, account, &offered).await?) {
                    return Err(store::Error::Undone);
                }
                store::outbox::enqueue(conn, &notice, now).await?;
                store::audit::note(conn, audit_id, Some(account), &Line::new(Actor::Owner, Event::Unlinked, now))
                    .await?;
                store::session::end_of_link(conn, id, auth.session(), EndReason::SignedOutElsewhere, now).await
            }
            .boxed()
        })
        .await;
    match done {
        Err(store::Error::Undone) => {
            // While passwords are our trouble, what is left is no way in for now.
            let password = store::link::has_password(&mut app.store.reader().await?, account).await?;
            let ours = password && !Offered::of(app).takes_passwords();
            let mut why = if ours { app.board.get().evidence(Act::SignIn, None, "", now) } else { Vec::new() };
            if why.is_empty() {
                why.push(Evidence::LastWayIn);
            }
            Ok(Err(refuse_owner(app, visitor, account, 409, why).await))
        }
        other => {
            let ended = other?;
            app.mail_bell.notify_one();
            if !ended.is_empty() {
                session::ended(app, ended).await;
            }
            Ok(Ok(()))
        }
    }
}

async fn refuse_owner(
    app: &App,
    visitor: &Visitor,
    account: Uuid,
    status: u16,
    evidence: Vec<Evidence>,
) -> Box<attempt::Refusal> {
    let mut draft = Draft::new(Act::Account, status, visitor, evidence);
    draft.account = Some(account);
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
