//! The offer to come back to a closed account: what was proven has waited, and is completed with it.

use futures_util::FutureExt;
use kagiya_domain::{
    Timestamp,
    account::{AccountState, can_come_back},
    act::{Act, FlowKind},
    destination::Destination,
    sign_in::{Method, Proofs},
};
use kagiya_store::{self as store, account::Account, flow::Flow, pending::Pending};
use uuid::Uuid;

use super::{Entered, Entry, Go, SignedIn, Spend, Work, complete};
use crate::{App, Fault, Outcome, Visitor, code::steps, external::choose};

/// An account that came back.
#[derive(Debug)]
pub struct Reopened {
    /// Its login ID.
    pub login_id: String,
    /// The session, where a browser had proven it and is the one that confirms.
    pub signed_in: Option<Box<SignedIn>>,
    /// Where the person wanted to go.
    pub to: Destination,
}

/// The offer that waits for this browser, for its page.
///
/// # Errors
/// When the database fails.
pub async fn offered(app: &App, visitor: &Visitor, id: Option<Uuid>) -> Result<Option<Flow>, Fault> {
    Ok(find(app, visitor, id).await?.map(|(flow, ..)| flow))
}

async fn find(app: &App, visitor: &Visitor, id: Option<Uuid>) -> Result<Option<(Flow, Pending, Account)>, Fault> {
    let now = app.now();
    let found = steps::find_flow(app, visitor, FlowKind::SignIn, id).await?;
    let Some(flow) = found.filter(|flow| flow.expires_at > now.0) else {
        return Ok(None);
    };
    let mut conn = app.store.reader().await?;
    let pending = store::pending::find(&mut conn, flow.id).await?;
    let account = store::account::find(&mut conn, flow.account_id.unwrap_or_default()).await?;
    let Some((pending, account)) = pending.zip(account) else {
        return Ok(None);
    };
    Ok(stands(&account, pending.credential_version, now).then_some((flow, pending, account)))
}

/// Whether the offer still stands. What was proven of credentials that were changed since proves nothing.
fn stands(account: &Account, version: i64, now: Timestamp) -> bool {
    let comes_back = account.state == AccountState::Closed && can_come_back(account.state_since, now);
    comes_back && account.credential_version == version
}

/// Confirms it: the account opens again, and whoever had proven that it is theirs is in.
///
/// # Errors
/// When the database fails.
pub async fn confirm(app: &App, visitor: &Visitor, id: Option<Uuid>) -> Outcome<Reopened> {
    let Some((flow, pending, account)) = find(app, visitor, id).await? else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::SignIn, id).await));
    };
    let (now, account_id) = (app.now(), account.id);
    let login_id = account.login_id.clone();
    let opens = opening(account_id, pending, now);
    let to = flow.return_to.clone();
    // A key that stands in the page alone opens the account, and signs nobody in.
    if flow.browser_key.is_none() {
        let opened = app.store.write(move |conn| async move { opens.run(conn).await }.boxed()).await?;
        return match opened {
            Go::On => Ok(Ok(Reopened { login_id, signed_in: None, to })),
            Go::Stop => Ok(Err(steps::refuse_ended(app, visitor, Act::SignIn, id).await)),
        };
    }
    let tie = match flow.authorization_id {
        Some(authorization) => choose::tie(app, visitor, authorization, &account).await?,
        None => None,
    };
    let entry = entry(app, visitor, account, pending).await?;
    let (act, spend) = (entry.act, Spend::before(opens));
    let without = Entry { proven: without_unlinked(&entry, flow.authorization_id), ..entry.clone() };
    let completed = match tie {
        Some((link, work)) => {
            // As where it is linked at once: a session is of the link that it was begun by.
            let by_it = entry.proven.iter().any(|(method, _)| *method == Method::Provider);
            let with = Entry { link: by_it.then_some(link), ..entry };
            match complete(app, visitor, with, spend.clone().and_after(Some(work))).await {
                // Somebody else has the identity by now: what else was proven still lets its owner in.
                Err(Fault::Store(store::Error::Undone)) => complete(app, visitor, without, spend).await?,
                other => other?,
            }
        }
        None => complete(app, visitor, without, spend).await?,
    };
    app.mail_bell.notify_one();
    match completed {
        Ok(Some(Entered::SignedIn(signed_in))) => Ok(Ok(Reopened { login_id, signed_in: Some(signed_in), to })),
        Ok(Some(Entered::OfferReopen { .. }) | None) => Ok(Err(steps::refuse_ended(app, visitor, act, id).await)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Opens the account, if the offer still stands. Whatever came between has the last word: then nothing is spent.
fn opening(account_id: Uuid, pending: Pending, now: Timestamp) -> Work {
    Work::deciding(move |conn| {
        async move {
            let stands = store::account::find(conn, account_id)
                .await?
                .is_some_and(|account| stands(&account, pending.credential_version, now));
            let link = match pending.link_id {
                Some(by) => {
                    let found = store::link::of_account(conn, account_id).await?.into_iter().find(|link| link.id == by);
                    let Some(link) = found else {
                        return Ok(Go::Stop);
                    };
                    Some(link)
                }
                None => None,
            };
            let opened = stands
                && store::flow::finish(conn, pending.flow_id, now).await?
                && store::account::move_state(conn, account_id, AccountState::Closed, AccountState::Active, now)
                    .await?;
            if let (true, Some(link)) = (opened, link) {
                store::link::note_use(conn, link.id, &link.shown, None, now).await?;
            }
            Ok(if opened { Go::On } else { Go::Stop })
        }
        .boxed()
    })
}

/// What counts of it when an identity that was to be linked is not: that one is nobody's.
fn without_unlinked(entry: &Entry, authorization: Option<Uuid>) -> Vec<(Method, Timestamp)> {
    let counts = |(method, _): &&(Method, Timestamp)| authorization.is_none() || *method != Method::Provider;
    entry.proven.iter().filter(counts).copied().collect()
}

/// What had been proven, of an account that is open again.
async fn entry(app: &App, visitor: &Visitor, account: Account, pending: Pending) -> Result<Entry, Fault> {
    let device_known = steps::is_known_device(app, visitor, Some(account.id)).await?;
    let proven = store::pending::methods(&mut app.store.reader().await?, pending.flow_id).await?;
    let account = Account { state: AccountState::Active, state_since: app.now(), ..account };
    let new = Entry::new(app, account, Proofs::default(), Act::SignIn, "reopened");
    Ok(Entry { proven, device_known, remember: pending.remember == 1, link: pending.link_id, ..new })
}
