//! A forgotten ID or password: the same answer whatever exists, the truth in the mailbox.

pub mod code;
pub mod confirm;
pub mod new_password;
pub mod review;
pub mod unlock;
pub mod way_in;

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence, Span, Timestamp,
    account::AccountState,
    act::Act,
    act::FlowKind,
    code::{CAP_WINDOW, Code, LIFE, RESEND_WAIT},
    email::EmailAddress,
    login::{self, Login},
    throttle::Scope,
};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Outcome, Visitor,
    attempt::{self, Draft, Refusal},
    check::lookup,
    mail::{self, compose, mailbox},
    sign_in::{
        starts::{self, Start},
        throttle,
    },
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
pub async fn start(app: &App, visitor: &Visitor, kind: Kind, typed: &str, return_to: Option<String>) -> Outcome<Uuid> {
    if let Some(key) = typed_error(typed) {
        let fields = vec![FieldError { field: kind.field(), key }];
        return Ok(Err(attempt::refuse(app, visitor, Draft::invalid(kind.act(), visitor, fields)).await));
    }
    let start = match starts::take(app, visitor, kind.act(), kind.field()).await {
        Ok(start) => start,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = app.now();
    let flow = Flow {
        id: app.new_id(),
        browser_key: visitor.cookie_came.then_some(visitor.browser_key).flatten().map(|key| key.to_vec()),
        created_at: now.0,
        expires_at: now.plus(LIFE).plus(LIFE).0,
        lang: visitor.lang.as_str().to_owned(),
        typed: typed.trim().to_owned(),
        return_to,
        sent_at: Some(now.0),
        ..Flow::of(kind.flow())
    };
    let id = begin(app, visitor, kind.flow(), flow, start).await?;
    Ok(Ok(id))
}

/// Keeps a flow and the mail that goes with it, in one transaction.
pub(crate) async fn begin(
    app: &App,
    visitor: &Visitor,
    kind: FlowKind,
    mut flow: Flow,
    start: Start,
) -> Result<Uuid, Fault> {
    let (id, now) = (flow.id, app.now());
    flow.network = Some(starts::network_key(app, visitor).to_vec());
    let mail = code_mail(app, visitor, kind, id, start);
    app.store
        .write(move |conn| {
            async move {
                store::flow::insert(conn, &flow).await?;
                store::outbox::enqueue(conn, &mail, now).await
            }
            .boxed()
        })
        .await?;
    app.mail_bell.notify_one();
    Ok(id)
}

/// Why a typed login cannot begin anything.
pub(crate) fn typed_error(typed: &str) -> Option<&'static str> {
    // What can be no address of anybody's tells nothing of anybody.
    let folded = login::folded(typed);
    let address = folded.contains('@') && !folded.starts_with('@') && !folded.contains('/');
    if let Some(error) = address.then(|| EmailAddress::parse(typed).err()).flatten() {
        return Some(error.key());
    }
    if login::is_blank(typed) {
        Some("error-login-empty")
    } else if typed.len() > login::MAX_BYTES {
        Some("error-login-long")
    } else if login::is_unreadable(typed) {
        Some("error-login-character")
    } else if Login::parse(typed).1.impossible {
        Some("error-login-impossible")
    } else {
        None
    }
}

/// The mail of a flow, composed when it is sent.
pub(crate) fn code_mail(
    app: &App,
    visitor: &Visitor,
    kind: FlowKind,
    flow: Uuid,
    start: Start,
) -> store::outbox::NewMail {
    store::outbox::NewMail {
        flow_id: Some(flow),
        network: Some(starts::network_key(app, visitor)),
        behind: if kind == FlowKind::SignUp { start.place_of_newcomer() } else { start.place() },
        wait: starts::wait(app),
        patience: mailbox::code_patience(app),
        ..mail::to_account(app, kind.into(), None, compose::flow_data(visitor), visitor.lang.as_str())
    }
}

/// The flow a request means: by its key, or the newest of this browser. `None` when it is
/// over, or another browser's.
///
/// # Errors
/// When the database fails.
pub async fn find_flow(app: &App, visitor: &Visitor, kind: FlowKind, id: Option<Uuid>) -> Result<Option<Flow>, Fault> {
    let mut conn = app.store.reader().await?;
    let flow = match (id, visitor.browser_key) {
        (Some(id), _) => store::flow::find(&mut conn, id).await?,
        (None, Some(key)) if visitor.cookie_came => {
            store::flow::latest_of_browser(&mut conn, &key, kind, app.now()).await?
        }
        (None, _) => None,
    };
    Ok(flow.filter(|flow| {
        let own = match &flow.browser_key {
            Some(key) => visitor.cookie_came && visitor.browser_key.is_some_and(|asking| asking[..] == key[..]),
            None => true,
        };
        flow.kind == kind && own && flow.finished_at.is_none()
    }))
}

/// Sends the code's mail again, after a wait that the page shows.
///
/// # Errors
/// When the database fails.
pub async fn resend(app: &Arc<App>, visitor: &Visitor, kind: FlowKind, id: Option<Uuid>) -> Outcome<Uuid> {
    let now = app.now();
    let Some(flow) = find_flow(app, visitor, kind, id).await?.filter(|f| f.expires_at > now.0 && f.proven_at.is_none())
    else {
        return Ok(Err(refuse_ended(app, visitor, kind.act(), id).await));
    };
    let start = match starts::take(app, visitor, Act::Code, "code").await {
        Ok(start) => start,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mail = code_mail(app, visitor, kind, flow.id, start);
    let id = flow.id;
    // A sign-up reserves its ID no longer than its code lives; the mail that brings one renews that.
    let longer = if kind == FlowKind::SignUp { LIFE } else { Span(LIFE.0 * 2) };
    let sent = app
        .store
        .write(move |conn| {
            async move {
                let again = store::flow::ask_again(conn, id, now.minus(RESEND_WAIT), now.plus(longer), now).await?;
                if again {
                    store::outbox::enqueue(conn, &mail, now).await?;
                }
                Ok(again)
            }
            .boxed()
        })
        .await?;
    if sent {
        app.mail_bell.notify_one();
        return Ok(Ok(id));
    }
    let mut draft = Draft::new(Act::Code, 429, visitor, vec![Evidence::SaysNoMail]);
    draft.account = flow.account_id;
    let mut refusal = mailbox::refuse(app, visitor, draft).await?;
    refusal.verdict.wait_until = flow.sent_at.map(|at| Timestamp(at).plus(RESEND_WAIT));
    Ok(Err(refusal))
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
    let account = find_flow(app, visitor, kind, id).await?.and_then(|flow| flow.account_id);
    let mut draft = Draft::new(Act::Recover, 403, visitor, vec![Evidence::SaysContactLost]);
    draft.account = account;
    mailbox::refuse(app, visitor, draft).await
}

/// Whether the act that a page means was begun in another browser, and still runs.
///
/// # Errors
/// When the database fails.
pub async fn is_elsewhere(app: &App, visitor: &Visitor, id: Option<Uuid>) -> Result<bool, Fault> {
    let Some(id) = id else {
        return Ok(false);
    };
    let flow = store::flow::find(&mut app.store.reader().await?, id).await?;
    let runs = flow.filter(|flow| flow.finished_at.is_none() && flow.expires_at > app.now().0);
    Ok(runs
        .and_then(|flow| flow.browser_key)
        .is_some_and(|key| !visitor.cookie_came || visitor.browser_key.is_none_or(|asking| asking[..] != key[..])))
}

/// The page's act is over, or it belongs to another browser.
pub async fn refuse_ended(app: &App, visitor: &Visitor, act: Act, id: Option<Uuid>) -> Box<Refusal> {
    // When the database cannot say, the commoner of the two is told.
    let fact = match is_elsewhere(app, visitor, id).await {
        Ok(true) => Evidence::FlowElsewhere,
        Ok(false) | Err(_) => Evidence::FlowEnded,
    };
    attempt::refuse_unread(app, visitor, Draft::new(act, 410, visitor, vec![fact])).await
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
    let flow = match find_flow(app, visitor, kind.flow(), form.flow).await? {
        Some(flow) if flow.expires_at > app.now().0 => Some(flow),
        Some(_) | None if form.login.trim().is_empty() => None,
        // A network that has no tries left leaves no flow behind either.
        Some(_) | None => match code::network_spent(app, visitor) {
            Some(until) => {
                let facts = vec![Evidence::CodeRefused, Evidence::NetworkSpent { until }];
                return Ok(Err(refuse_code(app, visitor, facts, None).await?));
            }
            None => join_elsewhere(app, visitor, kind, &form.login).await?,
        },
    };
    let Some(flow) = flow else {
        return Ok(Err(refuse_ended(app, visitor, kind.act(), form.flow).await));
    };
    if let Some(refusal) = unreadable_code(app, visitor, &form.code).await {
        return Ok(Err(refusal));
    }
    let device_known = is_known_device(app, visitor, flow.account_id).await?;
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
        code::Typed::Wrong { evidence, account, .. } => Ok(Err(refuse_code(app, visitor, evidence, account).await?)),
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

/// What can be no code is told as what it is, and uses up no try: it says nothing of what was mailed.
pub(crate) async fn unreadable_code(app: &App, visitor: &Visitor, typed: &str) -> Option<Box<Refusal>> {
    let mut draft = if typed.trim().is_empty() {
        Draft::invalid(Act::Code, visitor, vec![FieldError { field: "code", key: "error-code-empty" }])
    } else if Code::parse(typed).is_none() {
        Draft::new(Act::Code, 401, visitor, vec![Evidence::CodeRefused])
    } else {
        return None;
    };
    if draft.fields.is_empty() {
        draft.fields = vec![FieldError { field: "code", key: "error-code-digits" }];
    }
    Some(attempt::refuse(app, visitor, draft).await)
}

/// Refuses a code: anyone hears that it was refused, the owner hears about the mail too.
///
/// # Errors
/// When the database fails.
pub async fn refuse_code(
    app: &Arc<App>,
    visitor: &Visitor,
    mut evidence: Vec<Evidence>,
    account: Option<Uuid>,
) -> Result<Box<Refusal>, Fault> {
    let ended = evidence.contains(&Evidence::FlowEnded);
    if !ended {
        code::note_wrong(app, visitor);
    }
    if ended {
        evidence.retain(|fact| *fact != Evidence::CodeRefused);
    }
    let spent = evidence.iter().any(|fact| matches!(fact, Evidence::NetworkSpent { .. }));
    let status = if ended {
        410
    } else if spent {
        429
    } else {
        401
    };
    let mut draft = Draft::new(Act::Code, status, visitor, evidence);
    draft.account = account;
    mailbox::refuse(app, visitor, draft).await
}

pub(crate) async fn is_known_device(app: &App, visitor: &Visitor, account: Option<Uuid>) -> Result<bool, Fault> {
    match visitor.device_key {
        Some(device) => {
            Ok(store::device::is_known(&mut app.store.reader().await?, account.unwrap_or(Uuid::nil()), &device).await?)
        }
        None => Ok(false),
    }
}

/// A code typed in another browser than the one that asked for it: the login says whose it is.
async fn join_elsewhere(app: &App, visitor: &Visitor, kind: Kind, typed: &str) -> Result<Option<Flow>, Fault> {
    if typed_error(typed).is_some() {
        return Ok(None);
    }
    let now = app.now();
    let account = lookup::find_account(app, typed).await?;
    let subject = code::subject_of(app, kind.flow(), account.as_ref().map(|account| account.id), typed);
    let codes = store::code::sent_since(&mut app.store.reader().await?, &subject, now.minus(CAP_WINDOW)).await?;
    let flow = Flow {
        id: app.new_id(),
        browser_key: visitor.browser_key.map(|key| key.to_vec()),
        created_at: now.0,
        expires_at: now.plus(LIFE).0,
        lang: visitor.lang.as_str().to_owned(),
        typed: typed.trim().to_owned(),
        account_id: account.filter(|_| codes > 0).map(|a| a.id),
        subject_key: Some(subject.to_vec()),
        sent_at: Some(now.0),
        network: Some(starts::network_key(app, visitor).to_vec()),
        ..Flow::of(kind.flow())
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
