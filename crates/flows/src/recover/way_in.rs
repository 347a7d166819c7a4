//! A way in for once: an account without a password, proven by a mailed code.

use futures_util::FutureExt;
use kagiya_domain::audit::{Actor, Event, Line};
use kagiya_domain::sign_in::Proofs;
use kagiya_domain::{
    act::{Act, FlowKind},
    destination::Destination,
};
use kagiya_store as store;
use uuid::Uuid;

use crate::{
    App, Fault, Outcome, Visitor,
    code::steps,
    sign_in::{Entered, Entry, Go, Spend, Work, complete},
};

/// Whether a proven recovery may end without a new password: the account has none, and lives
/// by its links.
///
/// # Errors
/// When the database fails.
pub async fn is_offered(app: &App, account: Option<Uuid>) -> Result<bool, Fault> {
    let Some(account) = account else {
        return Ok(false);
    };
    let mut conn = app.store.reader().await?;
    Ok(!store::link::has_password(&mut conn, account).await?
        && !store::link::of_account(&mut conn, account).await?.is_empty())
}

/// Signs in by a proven recovery, once.
///
/// # Errors
/// When the database fails.
pub async fn run(app: &App, visitor: &Visitor, id: Option<Uuid>) -> Outcome<(Entered, Destination)> {
    let now = app.now();
    let found = steps::find_flow(app, visitor, FlowKind::Recover, id).await?;
    let flow = found.filter(|flow| flow.proven_at.is_some() && flow.expires_at > now.0);
    let offered = is_offered(app, flow.as_ref().and_then(|flow| flow.account_id)).await?;
    let (Some(flow), true) = (flow, offered) else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::Recover, id).await));
    };
    let account = store::account::find(&mut app.store.reader().await?, flow.account_id.unwrap_or_default()).await?;
    let Some(account) = account else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::Recover, id).await));
    };
    let (account_id, flow_id, audit_id) = (account.id, flow.id, app.new_id());
    // Spent whatever it leads to: an offer to come back is no second try.
    let finish = Work::deciding(move |conn| {
        async move { Ok(if store::flow::finish(conn, flow_id, now).await? { Go::On } else { Go::Stop }) }.boxed()
    });
    let note = Work::new(move |conn| {
        async move {
            let line = Line::new(Actor::Owner, Event::EnteredOnce, now);
            store::audit::note(conn, audit_id, Some(account_id), &line).await
        }
        .boxed()
    });
    let new = Entry::new(app, account, Proofs::mailed_code(), Act::Recover, "mail");
    let entry = Entry { to: flow.return_to.clone(), ..new };
    match complete(app, visitor, entry, Spend::before(finish).and_after(Some(note))).await {
        Ok(Ok(Some(entered))) => Ok(Ok((entered, flow.return_to))),
        Ok(Err(refusal)) => Ok(Err(refusal)),
        Ok(Ok(None)) => Ok(Err(steps::refuse_ended(app, visitor, Act::Recover, id).await)),
        Err(fault) => Err(fault),
    }
}
