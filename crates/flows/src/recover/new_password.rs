//! A new password: judged where it costs nobody else anything, and set.

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence,
    account::AccountState,
    act::{Act, FlowKind},
    audit::{Actor, Event, Line},
    destination::Destination,
    mail::MailKind,
};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Fault, Outcome, Visitor,
    attempt::{self, Draft},
    code::steps::{find_flow, refuse_ended},
    mail::{self, compose},
    password::{judge, owner, refuse_password, replace_password},
    recover::{lock_keys, review, wake},
    session,
    sign_in::recent_auth::by_recovery,
};

/// The login ID of a proven recovery, for whoever has proven it.
///
/// # Errors
/// When the database fails.
pub async fn login_id(app: &App, flow: &Flow) -> Result<String, Fault> {
    let id = flow.account_id.filter(|_| flow.proven_at.is_some()).unwrap_or(Uuid::nil());
    let account = store::account::find(&mut app.store.reader().await?, id).await?;
    Ok(account.map(|account| account.login_id).unwrap_or_default())
}

/// What a finished reset leads to.
#[derive(Clone, Debug)]
pub struct Reset {
    /// The login ID for the sign-in page.
    pub login_id: String,
    /// Where the person wanted to go.
    pub return_to: Destination,
}

/// Chooses the new password of a proven recovery. Ends everything that was begun before; of
/// links and other addresses stays what the owner chose. `device`: as in [`crate::recover::type_code`].
///
/// # Errors
/// When the database or the hashing pool fails.
#[expect(clippy::too_many_arguments, reason = "what one form brings")]
#[expect(clippy::too_many_lines, reason = "one transaction, begun by what it needs")]
pub async fn choose_password(
    app: &App,
    visitor: &Visitor,
    id: Option<Uuid>,
    raw: &str,
    choice: Option<&review::Choice>,
    device: Option<[u8; 16]>,
) -> Outcome<Reset> {
    let now = app.now();
    let found = find_flow(app, visitor, FlowKind::Recover, id).await?;
    let Some((flow, auth)) = found.and_then(|flow| by_recovery(&flow, now).map(|auth| (flow, auth))) else {
        return Ok(Err(refuse_ended(app, visitor, Act::Recover, id).await));
    };
    let account_id = auth.account();
    let mut conn = app.store.reader().await?;
    let Some(account) = store::account::find(&mut conn, account_id).await? else {
        return Ok(Err(refuse_ended(app, visitor, Act::Recover, id).await));
    };
    let addresses = store::email::of_account(&mut conn, account_id).await?;
    drop(conn);
    if matches!(account.state, AccountState::Locked | AccountState::Suspended) {
        let mut draft = Draft::new(Act::Recover, 403, visitor, vec![Evidence::State { state: account.state }]);
        (draft.account, draft.audience) = (Some(account.id), Audience::Owner);
        return Ok(Err(attempt::refuse(app, visitor, draft).await));
    }
    let own = addresses.iter().map(|e| e.address.as_str());
    // Whoever is here has proven a mailbox.
    let lane = owner::lane(app, account.id);
    let password = match judge(app, raw, &account.login_id, own, lane).await? {
        Ok(password) => password,
        Err(why) => return Ok(Err(refuse_password(app, visitor, Act::Recover, why, "password").await)),
    };
    let Ok(phc) = app.hashing.hash(password, app.random(), lane).await? else {
        let draft = Draft::new(Act::Recover, 503, visitor, vec![Evidence::HashQueueFull]);
        return Ok(Err(attempt::refuse(app, visitor, draft).await));
    };
    let keys = lock_keys(app, account_id, &flow.typed).await?;
    let notice =
        mail::to_account(app, MailKind::PasswordChanged, Some(account_id), compose::at_data(now), &account.lang);
    let (flow_id, audit_id) = (flow.id, app.new_id());
    let (proven, choice) = (flow.clone(), choice.cloned());
    let done = app
        .store
        .write(move |conn| {
            async move {
                if !store::flow::finish(conn, flow_id, now).await? {
                    return Ok(None);
                }
                // Counters before the account, as a sign-in locks them.
                store::throttle::clear(conn, &keys).await?;
                let ended = replace_password(conn, &auth, &phc, now).await?;
                review::carry_out(conn, &auth, &proven, choice.as_ref(), now).await?;
                store::flow::end_all(conn, account_id, flow_id, now).await?;
                store::device::forget_all(conn, account_id).await?;
                // But this one: a proof lifts every lock that stands before it, a network's too.
                if let Some(device) = device {
                    store::device::remember(conn, account_id, &device, now).await?;
                }
                wake(conn, account_id, now).await?;
                store::outbox::enqueue(conn, &notice, now).await?;
                let line = Line::new(Actor::Owner, Event::PasswordReset, now);
                store::audit::note(conn, audit_id, Some(account_id), &line).await?;
                Ok(Some(ended))
            }
            .boxed()
        })
        .await?;
    let Some(ended) = done else {
        return Ok(Err(refuse_ended(app, visitor, Act::Recover, id).await));
    };
    app.mail_bell.notify_one();
    session::ended(app, ended).await;
    Ok(Ok(Reset { login_id: account.login_id, return_to: flow.return_to }))
}
