//! A forgotten ID or password: the same answer whatever exists, the truth in the mailbox.

pub mod confirm;
pub mod new_password;
pub mod review;
pub mod way_in;

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence, Span, Timestamp,
    account::AccountState,
    act::Act,
    act::FlowKind,
    code::{CAP_WINDOW, LIFE},
    destination::Destination,
    login::Login,
    throttle::Scope,
};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Outcome, Visitor,
    attempt::{self, Draft, Refusal},
    check::lookup,
    code::{self, steps},
    mail::mailbox,
    sign_in::{starts, throttle},
};

/// How long a proven recovery may take to choose a password.
const CHOOSING: Span = Span::minutes(30);

/// Which of the flows that begin with a typed login and a mailed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Forgotten ID or password.
    Recover,
    /// End of a lock.
    Unlock,
}

impl Kind {
    /// The flow that it begins.
    pub const fn flow(self) -> FlowKind {
        match self {
            Self::Recover => FlowKind::Recover,
            Self::Unlock => FlowKind::Unlock,
        }
    }

    /// What its attempts are attempts at.
    pub const fn act(self) -> Act {
        self.flow().act()
    }

    const fn field(self) -> &'static str {
        match self {
            Self::Recover => "email",
            Self::Unlock => "login",
        }
    }
}

/// Begins a recovery or unlocking. Looks nothing up: the mail job does, after the answer.
///
/// # Errors
/// When the database fails.
pub async fn start(app: &App, visitor: &Visitor, kind: Kind, typed: &str, return_to: Destination) -> Outcome<Uuid> {
    if let Some(key) = steps::typed_error(typed) {
        let fields = vec![FieldError { field: kind.field(), key }];
        return Ok(Err(attempt::refuse(app, visitor, Draft::invalid(kind.act(), visitor, fields)).await));
    }
    let start = match starts::take(app, visitor, kind.act(), kind.field()).await {
        Ok(start) => start,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = app.now();
    let flow = Flow {
        browser_key: visitor.cookie_came.then_some(visitor.browser_key).flatten().map(|key| key.to_vec()),
        typed: typed.trim().to_owned(),
        return_to,
        sent_at: Some(now.0),
        ..steps::begun(app, visitor, kind.flow(), Span(LIFE.0 * 2))
    };
    let id = steps::begin(app, visitor, kind.flow(), flow, start).await?;
    Ok(Ok(id))
}

/// The person says that the registered mailbox can no longer be read.
///
/// # Errors
/// When the database fails.
pub async fn say_lost(
    app: &Arc<App>,
    visitor: &Visitor,
    kind: FlowKind,
    id: Option<Uuid>,
) -> Result<Box<Refusal>, Fault> {
    let flow = steps::find_flow(app, visitor, kind, id).await?;
    let mut draft = Draft::new(Act::Recover, 403, visitor, vec![Evidence::SaysContactLost]);
    draft.account = flow.as_ref().and_then(|flow| flow.account_id);
    mailbox::refuse(app, visitor, draft, flow.map(|flow| flow.id)).await
}

/// What a typed code comes with.
#[derive(Clone, Debug, Default)]
pub struct CodeForm {
    /// The flow of the page.
    pub flow: Option<Uuid>,
    /// The address or ID again, when the code is typed in another browser.
    pub login: String,
    /// The code as typed.
    pub code: String,
}

/// A typed code of a recovery or unlocking.
///
/// # Errors
/// When the database fails.
/// `device`: the mark by which the account knows this browser from now on, when the code ends a lock.
pub async fn type_code(
    app: &Arc<App>,
    visitor: &Visitor,
    kind: Kind,
    form: &CodeForm,
    device: Option<[u8; 16]>,
) -> Outcome<Flow> {
    let flow = match steps::find_flow(app, visitor, kind.flow(), form.flow).await? {
        Some(flow) if flow.expires_at > app.now().0 => Some(flow),
        Some(_) | None if form.login.trim().is_empty() => None,
        // A network that has no tries left leaves no flow behind either.
        Some(_) | None => match code::network_spent(app, visitor) {
            Some(until) => {
                let facts = vec![Evidence::CodeRefused, Evidence::NetworkSpent { until }];
                return Ok(Err(steps::refuse_code(app, visitor, facts, None, None).await?));
            }
            None => join_elsewhere(app, visitor, kind, &form.login).await?,
        },
    };
    let Some(flow) = flow else {
        return Ok(Err(steps::refuse_ended(app, visitor, kind.act(), form.flow).await));
    };
    if let Some(refusal) = steps::unreadable_code(app, visitor, &form.code).await {
        return Ok(Err(refusal));
    }
    let device_known = steps::is_known_device(app, visitor, flow.account_id).await?;
    let guess = code::guess(app, visitor, &flow, &form.code, device_known);
    let (now, id) = (app.now(), flow.id);
    let cleared = (kind == Kind::Unlock).then(|| flow.typed.clone());
    let lock_keys = match cleared {
        Some(typed) => lock_keys(app, flow.account_id.unwrap_or(Uuid::nil()), &typed).await?,
        None => Vec::new(),
    };
    let typed = app
        .store
        .write(move |conn| {
            async move {
                let typed = code::check(conn, &guess, now).await?;
                if let code::Typed::Right(proof) = &typed {
                    store::flow::prove(conn, id, now.plus(CHOOSING), now).await?;
                    store::flow::take_destination(conn, id, proof.asked).await?;
                    if kind == Kind::Unlock {
                        store::throttle::clear(conn, &lock_keys).await?;
                        if let Some(account) = proof.account {
                            wake(conn, account, now).await?;
                            // Whoever has the mailbox is no stranger: what others did in this network locks them no more.
                            if let Some(device) = device {
                                store::device::remember(conn, account, &device, now).await?;
                            }
                        }
                        store::flow::finish(conn, id, now).await?;
                    }
                }
                Ok(typed)
            }
            .boxed()
        })
        .await?;
    match typed {
        code::Typed::Right(_) => proven(app, visitor, kind, flow).await,
        code::Typed::Wrong { evidence, account, .. } => {
            Ok(Err(steps::refuse_code(app, visitor, evidence, account, Some(id)).await?))
        }
    }
}

/// After the right code: the flow as it is now, or what neither unlocking nor a new password changes.
async fn proven(app: &App, visitor: &Visitor, kind: Kind, flow: Flow) -> Outcome<Flow> {
    let mut conn = app.store.reader().await?;
    let flow = store::flow::find(&mut conn, flow.id).await?.unwrap_or(flow);
    let account = store::account::find(&mut conn, flow.account_id.unwrap_or(Uuid::nil())).await?;
    drop(conn);
    let by_staff = |state| matches!(state, AccountState::Locked | AccountState::Suspended);
    match account.filter(|account| by_staff(account.state)) {
        Some(account) => {
            let mut draft = Draft::new(kind.act(), 403, visitor, vec![Evidence::State { state: account.state }]);
            // The mailbox is the owner's.
            (draft.account, draft.audience) = (Some(account.id), Audience::Owner);
            Ok(Err(attempt::refuse(app, visitor, draft).await))
        }
        None => Ok(Ok(flow)),
    }
}

/// A code typed in another browser than the one that asked for it: the login says whose it is.
async fn join_elsewhere(app: &App, visitor: &Visitor, kind: Kind, typed: &str) -> Result<Option<Flow>, Fault> {
    if steps::typed_error(typed).is_some() {
        return Ok(None);
    }
    let now = app.now();
    let account = lookup::find_account(app, typed).await?;
    let subject = code::subject_of(app, kind.flow(), account.as_ref().map(|account| account.id), typed);
    let codes = store::code::sent_since(&mut app.store.reader().await?, &subject, now.minus(CAP_WINDOW)).await?;
    let flow = Flow {
        typed: typed.trim().to_owned(),
        account_id: account.filter(|_| codes > 0).map(|a| a.id),
        subject_key: Some(subject.to_vec()),
        sent_at: Some(now.0),
        network: Some(starts::network_key(app, visitor).to_vec()),
        ..steps::begun(app, visitor, kind.flow(), LIFE)
    };
    let row = flow.clone();
    app.store.write(move |conn| async move { store::flow::insert(conn, &row).await }.boxed()).await?;
    Ok(Some(flow))
}

/// The counters that a proof of ownership clears: the account's, those of every device that it knows, and those of
/// every way to type its login.
pub(crate) async fn lock_keys(app: &App, account: Uuid, typed: &str) -> Result<Vec<[u8; 16]>, Fault> {
    let found = store::account::find(&mut app.store.reader().await?, account).await?;
    // The same work for nobody's account: how long a code takes tells nothing.
    let mut keys = throttle::of_account(app, account, found.as_ref().map_or("", |found| &found.login_id)).await?;
    let typed = app.keys.digest16("typed", &[Login::parse(typed).0.canonical().as_bytes()]);
    keys.extend(throttle::lock_keys(app, Scope::TypedLogin, &typed));
    keys.sort_unstable();
    keys.dedup();
    Ok(keys)
}

pub(crate) async fn wake(conn: &mut store::Conn, account: Uuid, now: Timestamp) -> Result<(), store::Error> {
    if store::account::move_state(conn, account, AccountState::Dormant, AccountState::Active, now).await?
        && let Some(found) = store::account::find(conn, account).await?
    {
        // Otherwise the clean-up would put it back to sleep at once.
        store::account::note_sign_in(conn, account, found.credential_version, now).await?;
    }
    Ok(())
}
