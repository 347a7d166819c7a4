//! The gate behind every proof that is not a password: what the account allows.

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence, Timestamp,
    account::AccountState,
    act::Act,
    act::FlowKind,
    code::LIFE,
    sign_in::{AccountFacts, Decision, Facts, Proofs, Why, decide},
};
use kagiya_store::{self as store, account::Account, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Outcome, Visitor,
    attempt::{self, Draft},
};

/// What a proof leads to.
#[derive(Debug)]
pub(crate) enum Admitted {
    /// In.
    In,
    /// The account is closed; it opens again when this flow is confirmed.
    Reopen(Uuid),
}

/// The one decision, over an account as it is kept.
pub(crate) fn decision(account: &Account, proofs: Proofs, now: Timestamp) -> Decision {
    let known = AccountFacts { state: account.state, since: account.state_since };
    decide(&Facts { account: Some(known), proofs }, now)
}

/// Lets somebody through who has proven whose account it is, or says to them what keeps it shut.
pub(crate) async fn admit(
    app: &App,
    visitor: &Visitor,
    act: Act,
    account: &Account,
    proofs: Proofs,
) -> Outcome<Admitted> {
    let now = app.now();
    let state = match decision(account, proofs, now) {
        Decision::SignIn => return Ok(Ok(Admitted::In)),
        Decision::OfferReopen => {
            let flow = reopening(app, visitor, Some(account.id), now);
            let id = flow.id;
            app.store.write(move |conn| async move { store::flow::insert(conn, &flow).await }.boxed()).await?;
            return Ok(Ok(Admitted::Reopen(id)));
        }
        Decision::Refuse(Why::State(state)) => Some(state),
        Decision::Refuse(Why::Gone) => Some(AccountState::Closed),
        Decision::Refuse(Why::Credentials) => None,
    };
    let (status, fact) = match state {
        Some(state) => (403, Evidence::State { state }),
        None => (401, Evidence::CredentialsRefused),
    };
    let mut draft = Draft::new(act, status, visitor, vec![fact]);
    if state.is_some() {
        // Whoever proved it is the owner.
        (draft.account, draft.audience) = (Some(account.id), Audience::Owner);
    }
    Ok(Err(attempt::refuse(app, visitor, draft).await))
}

/// The flow of an offer to come back.
pub(super) fn reopening(app: &App, visitor: &Visitor, account: Option<Uuid>, now: Timestamp) -> Flow {
    Flow {
        id: app.new_id(),
        browser_key: visitor.browser_key.map(|key| key.to_vec()),
        created_at: now.0,
        expires_at: now.plus(LIFE).0,
        lang: visitor.lang.as_str().to_owned(),
        account_id: account,
        ..Flow::of(FlowKind::Reopen)
    }
}
