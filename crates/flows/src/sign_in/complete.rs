//! The one door: whatever was proven, and wherever, is decided and brought to its end here.

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence, Timestamp,
    account::AccountState,
    act::{Act, FlowKind},
    code::LIFE,
    destination::Destination,
    sign_in::{AccountFacts, Decision, Facts, Method, Proofs, Why, decide},
};
use kagiya_store::{self as store, account::Account, flow::Flow, pending::Pending};
use uuid::Uuid;

use super::{
    Entered,
    enter::{Go, Spend, Work, enter},
};
use crate::{
    App, Fault, Outcome, Visitor,
    attempt::{self, Draft, Refusal},
    code::steps,
};

/// Somebody who has proven whose account it is.
#[derive(Clone)]
pub(crate) struct Entry {
    /// The account, as it was when it was proven.
    pub(crate) account: Account,
    /// What was proven, and when.
    pub(crate) proven: Vec<(Method, Timestamp)>,
    /// What it is an attempt at.
    pub(crate) act: Act,
    /// What worked.
    pub(crate) by: &'static str,
    /// Whether the account knows this browser.
    pub(crate) device_known: bool,
    /// "Keep me signed in".
    pub(crate) remember: bool,
    /// Whether there is a browser that will keep the known-device mark.
    pub(crate) keep_device: bool,
    /// The link by which it was proven.
    pub(crate) link: Option<Uuid>,
    /// The way to a provider whose identity is linked at the end, where that is still to be done.
    pub(crate) authorization: Option<Uuid>,
    /// Where the person wanted to go.
    pub(crate) to: Destination,
    /// Keyed digest of what was typed, where a login was.
    pub(crate) subject_key: Option<[u8; 16]>,
}

impl Entry {
    /// Proven just now, in a browser that the account need not know.
    pub(crate) fn new(app: &App, account: Account, proofs: Proofs, act: Act, by: &'static str) -> Self {
        let now = app.now();
        let proven = proofs.methods().map(|method| (method, now)).collect();
        let (device_known, remember, keep_device) = (false, false, true);
        Self {
            account,
            proven,
            act,
            by,
            device_known,
            remember,
            keep_device,
            link: None,
            authorization: None,
            to: Destination::Home,
            subject_key: None,
        }
    }

    fn decision(&self, now: Timestamp) -> Decision {
        let account = Some(AccountFacts { state: self.account.state, since: self.account.state_since });
        decide(&Facts { account, proofs: Proofs::of(self.proven.iter().map(|(method, _)| *method)) }, now)
    }
}

/// Lets somebody in, or has what was proven wait for its next step, or says to them what keeps the account shut. What
/// was used for it is spent in the same transaction, whatever comes of it. `None` when `spend` said that it was not
/// proven, or the account was locked, or its credentials were changed, meanwhile.
pub(crate) async fn complete(app: &App, visitor: &Visitor, entry: Entry, spend: Spend) -> Outcome<Option<Entered>> {
    let state = match entry.decision(app.now()) {
        Decision::SignIn => {
            let signed_in = enter(app, visitor, entry, spend).await?;
            return Ok(Ok(signed_in.map(|signed_in| Entered::SignedIn(Box::new(signed_in)))));
        }
        Decision::OfferReopen => return Ok(Ok(keep(app, visitor, entry, spend.before).await?)),
        Decision::Refuse(Why::State(state)) => state,
        Decision::Refuse(Why::Gone) => AccountState::Closed,
        // An account is meant: nobody has to choose one, and nothing proven proves nothing.
        Decision::Refuse(Why::Credentials) | Decision::NextStep(_) => {
            let draft = Draft::new(entry.act, 401, visitor, vec![Evidence::CredentialsRefused]);
            return Ok(Err(attempt::refuse(app, visitor, draft).await));
        }
    };
    let mut draft = Draft::new(entry.act, 403, visitor, vec![Evidence::State { state }]);
    (draft.account, draft.subject_key) = (Some(entry.account.id), entry.subject_key);
    match refuse_state(app, visitor, draft, spend.before).await? {
        Some(refusal) => Ok(Err(refusal)),
        None => Ok(Ok(None)),
    }
}

/// Has what was proven wait on the server. `None` when it was not proven.
async fn keep(app: &App, visitor: &Visitor, entry: Entry, before: Option<Work>) -> Result<Option<Entered>, Fault> {
    let flow = Flow {
        account_id: Some(entry.account.id),
        authorization_id: entry.authorization,
        return_to: entry.to,
        ..steps::begun(app, visitor, FlowKind::SignIn, LIFE)
    };
    let pending = Pending {
        flow_id: flow.id,
        credential_version: entry.account.credential_version,
        remember: i64::from(entry.remember),
        // The link of an identity that waits is made with it.
        link_id: entry.link.filter(|_| entry.authorization.is_none()),
    };
    let (id, proven) = (flow.id, entry.proven);
    let kept = app.store.write(move |conn| {
        async move {
            if let Some(work) = before
                && work.run(conn).await? == Go::Stop
            {
                return Ok(false);
            }
            store::flow::insert(conn, &flow).await?;
            store::pending::insert(conn, &pending, &proven).await.map(|()| true)
        }
        .boxed()
    });
    Ok(kept.await?.then_some(Entered::OfferReopen { flow: id }))
}

/// Says what keeps an account shut: whoever has proven it is its owner. What is spent for it is spent in the transaction
/// that records it. Where that says whether anything was proven, it comes first: a wrong code looks at nothing of the
/// account, and `None` is answered.
pub(super) async fn refuse_state(
    app: &App,
    visitor: &Visitor,
    mut draft: Draft,
    before: Option<Work>,
) -> Result<Option<Box<Refusal>>, Fault> {
    draft.audience = Audience::Owner;
    let Some(work) = before else {
        return Ok(Some(attempt::refuse(app, visitor, draft).await));
    };
    if work.decides() {
        return match app.store.write(move |conn| async move { work.run(conn).await }.boxed()).await? {
            Go::On => Ok(Some(attempt::refuse(app, visitor, draft).await)),
            Go::Stop => Ok(None),
        };
    }
    let (refusal, row) = attempt::prepare(app, visitor, draft, app.now());
    let keep = app.store.write(move |conn| {
        async move {
            work.run(conn).await?;
            store::attempt::insert(conn, &row).await
        }
        .boxed()
    });
    keep.await?;
    Ok(Some(Box::new(refusal)))
}
