//! "I am new here" or "I already have an account": what becomes of an identity that nobody
//! has yet. Nothing is joined by an address: the account is proven first.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence, Span, Timestamp,
    account::AccountState,
    act::{Act, FlowKind},
    audit::{Actor, Event, Line},
    code::LIFE,
    destination::Destination,
    email::EmailAddress,
    login_id::LoginId,
    mail::MailKind,
    reference::Reference,
    role::Roles,
    sign_in::Proofs,
};
use kagiya_oidc::Identity;
use kagiya_store::{
    self as store, account::Account, authorization_session::AuthorizationSession, flow::Flow, link::NewLink,
};
use uuid::Uuid;

use super::{links, new_link, verified_email};
use crate::{
    App, Fault, FieldError, Outcome, Visitor,
    attempt::{self, Draft, Refusal},
    code::{self, steps},
    external::providers::open_identity,
    mail::{self, compose},
    sign_in::{self, Entered, Go, SignedIn, Spend, Typed, Work, complete, recent_auth::RecentAuth, starts},
};

/// An identity that waits for its owner's choice.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The way it came by.
    pub authorization: AuthorizationSession,
    /// Who came back.
    pub identity: Identity,
}

impl Pending {
    /// The address that needs no further proof.
    pub fn verified_email(&self) -> Option<EmailAddress> {
        verified_email(&self.identity)
    }

    fn link(&self, app: &App) -> NewLink {
        new_link(app, &self.authorization.provider, &self.identity)
    }
}

/// The identity that waits in this browser.
///
/// # Errors
/// When the database fails.
pub async fn pending(app: &App, visitor: &Visitor, provider: &str, id: Option<Uuid>) -> Result<Option<Pending>, Fault> {
    let (true, Some(key)) = (visitor.cookie_came, visitor.browser_key) else {
        return Ok(None);
    };
    let now = app.now();
    let mut conn = app.store.reader().await?;
    let found = match id {
        Some(id) => store::authorization_session::find(&mut conn, id).await?,
        None => {
            store::authorization_session::latest_of_browser(&mut conn, &key, provider, now.minus(Span::hours(2)))
                .await?
        }
    };
    let own = found.filter(|authorization| {
        authorization.browser_key[..] == key[..]
            && authorization.provider == provider
            && authorization.outcome == "choose"
            && authorization.finished_at.is_none()
            && authorization.expires_at > now.0
    });
    Ok(own.and_then(|authorization| {
        let identity = open_identity(&app.keys, authorization.identity.as_deref()?)?;
        Some(Pending { authorization, identity })
    }))
}

/// Why the identity is not linked, for whoever has just proven it at the provider.
///
/// # Errors
/// When the database fails.
pub async fn why(app: &App, pending: &Pending) -> Result<Option<Refusal>, Fault> {
    let Some(reference) = pending.authorization.reference.as_deref().and_then(Reference::parse) else {
        return Ok(None);
    };
    let Some(row) = store::attempt::find(&mut app.store.reader().await?, reference.as_str()).await? else {
        return Ok(None);
    };
    let audience = Audience::Provider;
    let mut evidence = attempt::read_evidence(&row)?;
    evidence.retain(|fact| audience.may_hear(fact.tier()));
    let verdict = attempt::judge(app, &evidence, audience);
    let at = Timestamp(row.created_at);
    Ok(Some(Refusal { reference, status: 200, verdict, evidence, fields: Vec::new(), at, confirmable: false }))
}

/// What follows "I am new here".
#[derive(Debug)]
pub enum New {
    /// In.
    SignedIn(Box<SignedIn>),
    /// The typed address is proven by a code first.
    TypeCode(Uuid),
    /// The address is asked in its mailbox.
    Prove(Uuid),
}

/// "I am new here".
///
/// # Errors
/// When the database fails.
pub async fn sign_up(app: &App, visitor: &Visitor, pending: &Pending, login_id: &str, email: &str) -> Outcome<New> {
    let mut fields = Vec::new();
    let login_id =
        LoginId::parse(login_id).map_err(|error| fields.push(FieldError { field: "login_id", key: error.key() })).ok();
    let vouched = pending.verified_email();
    let address = match &vouched {
        Some(email) => Some(email.clone()),
        None => EmailAddress::parse(email)
            .map_err(|error| fields.push(FieldError { field: "email", key: error.key() }))
            .ok(),
    };
    let (Some(login_id), Some(address)) = (login_id, address) else {
        return Ok(Err(refuse_fields(app, visitor, fields).await));
    };
    let now = app.now();
    let skeleton = login_id.skeleton().as_str().to_owned();
    let mut conn = app.store.reader().await?;
    let taken = store::account::find_by_skeleton(&mut conn, &skeleton).await?.is_some()
        || store::flow::sign_up_for(&mut conn, &skeleton, Uuid::nil(), now).await?.is_some_and(|flow| {
            flow.browser_key.as_deref().zip(visitor.browser_key).is_none_or(|(kept, asking)| kept != asking)
        });
    let known = match &vouched {
        Some(email) => store::account::find_by_email(&mut conn, &email.key()).await?,
        None => None,
    };
    drop(conn);
    if taken {
        return Ok(Err(refuse_taken(app, visitor).await));
    }
    if vouched.is_none() {
        // Nobody vouches for it: a code does.
        let start = match starts::take(app, visitor, Act::External, "email").await {
            Ok(start) => start,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let flow = Flow {
            typed: address.as_string(),
            login_id: Some(login_id.as_str().to_owned()),
            skeleton: Some(skeleton),
            return_to: pending.authorization.return_to.clone(),
            sent_at: Some(now.0),
            authorization_id: Some(pending.authorization.id),
            ..steps::begun(app, visitor, FlowKind::SignUp, LIFE)
        };
        return Ok(Ok(New::TypeCode(steps::begin(app, visitor, FlowKind::SignUp, flow, start).await?)));
    }
    if let Some(account) = known {
        note_conflict(app, visitor, pending, &account).await?;
        return Ok(ask_mailbox(app, visitor, pending, &address.as_string()).await?.map(New::Prove));
    }
    match create(app, visitor, pending, &login_id, &skeleton, address).await? {
        Ok(Some(signed_in)) => Ok(Ok(New::SignedIn(signed_in))),
        Ok(None) => Ok(Err(refuse_taken(app, visitor).await)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

async fn refuse_fields(app: &App, visitor: &Visitor, fields: Vec<FieldError>) -> Box<Refusal> {
    let mut draft = Draft::invalid(Act::External, visitor, fields);
    draft.audience = Audience::Provider;
    attempt::refuse(app, visitor, draft).await
}

async fn refuse_taken(app: &App, visitor: &Visitor) -> Box<Refusal> {
    let mut draft = Draft::new(Act::SignUp, 409, visitor, vec![Evidence::LoginIdTaken]);
    draft.fields = vec![FieldError { field: "login_id", key: "error-login-id-taken" }];
    attempt::refuse(app, visitor, draft).await
}

/// An account here has the address: kept for staff and for the address's owner.
async fn note_conflict(app: &App, visitor: &Visitor, pending: &Pending, account: &Account) -> Result<(), Fault> {
    let mut draft = Draft::new(Act::External, 200, visitor, vec![Evidence::IdentityNotLinked, Evidence::AddressTaken]);
    draft.audience = Audience::Provider;
    draft.account = Some(account.id);
    let refusal = attempt::refuse(app, visitor, draft).await;
    let (id, reference) = (pending.authorization.id, refusal.reference.as_str().to_owned());
    app.store
        .write(move |conn| {
            async move { store::authorization_session::set_reference(conn, id, &reference).await }.boxed()
        })
        .await?;
    Ok(())
}

/// A new account with its first link, and no password.
#[expect(clippy::too_many_arguments, reason = "what becomes of one identity")]
async fn create(
    app: &App,
    visitor: &Visitor,
    pending: &Pending,
    login_id: &LoginId,
    skeleton: &str,
    address: EmailAddress,
) -> Outcome<Option<Box<SignedIn>>> {
    let now = app.now();
    let account = Account {
        roles: Roles::default(),
        id: app.new_id(),
        login_id: login_id.as_str().to_owned(),
        state: AccountState::Active,
        state_since: now,
        credential_version: 1,
        created_at: now,
        staff_since: None,
        last_sign_in_at: None,
        lang: visitor.lang.as_str().to_owned(),
    };
    let welcome = mail::to_account(app, MailKind::Welcome, Some(account.id), compose::at_data(now), &account.lang);
    let (new, authorization, audit_id) = (pending.link(app), pending.authorization.id, app.new_id());
    let (id, name, skeleton, lang) = (account.id, account.login_id.clone(), skeleton.to_owned(), account.lang.clone());
    let link = new.id;
    let make = Work::new(move |conn| {
        async move {
            let fits = store::authorization_session::finish(conn, authorization, now).await?
                && store::account::insert(conn, id, &name, &skeleton, &lang, now).await?
                && store::email::insert(conn, id, &address, true, now).await?
                && store::link::insert(conn, id, &new, now).await?;
            if !fits {
                return Err(store::Error::Undone);
            }
            store::outbox::enqueue(conn, &welcome, now).await?;
            store::audit::note(conn, audit_id, Some(id), &Line::new(Actor::Owner, Event::SignedUp, now)).await
        }
        .boxed()
    });
    let new = sign_in::Entry::new(app, account, Proofs::provider_identity(), Act::SignUp, "sign_up");
    let entry = sign_in::Entry { device_known: true, link: Some(link), ..new };
    match complete(app, visitor, entry, Spend::before(make)).await {
        Err(Fault::Store(store::Error::Undone)) => Ok(Ok(None)),
        other => {
            let entered = other?;
            app.mail_bell.notify_one();
            Ok(entered.map(|entered| entered.and_then(Entered::signed_in)))
        }
    }
}

/// Links a pending identity to an account that is being let in, in that transaction; and the link's key.
fn tie_of(app: &App, pending: &Pending, account: &Account) -> (Uuid, Work) {
    let now = app.now();
    let new = pending.link(app);
    let data = compose::link_data(app, &new.provider, &new.shown, now);
    let notice = mail::to_account(app, MailKind::LinkAdded, Some(account.id), data, &account.lang);
    let (id, authorization, audit_id, link) = (account.id, pending.authorization.id, app.new_id(), new.id);
    let work = Work::new(move |conn| {
        async move {
            if !store::authorization_session::finish(conn, authorization, now).await? {
                return Err(store::Error::Undone);
            }
            links::tie(conn, id, &new, now).await?;
            store::outbox::enqueue(conn, &notice, now).await?;
            store::audit::note(conn, audit_id, Some(id), &Line::new(Actor::Owner, Event::Linked, now)).await
        }
        .boxed()
    });
    (link, work)
}

/// "I already have an account", proven by its password: in and linked by one act. The flag says whether it was linked;
/// when somebody else has the identity by now, the person is in all the same.
///
/// # Errors
/// When the database or the hashing pool fails.
pub async fn join_by_password(
    app: &Arc<App>,
    visitor: &Visitor,
    typed: Typed,
    pending: &Pending,
) -> Outcome<(Entered, bool)> {
    let of = pending.clone();
    let work = Box::new(move |app: &App, account: &Account| tie_of(app, &of, account).1);
    let also = sign_in::Also { authorization: pending.authorization.id, work };
    let entered = match sign_in::run_and(app, visitor, typed, Some(also)).await? {
        Ok(entered) => entered,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Entered::SignedIn(signed_in) = &entered else {
        return Ok(Ok((entered, false)));
    };
    app.mail_bell.notify_one();
    let (issuer, subject) = (&pending.identity.issuer, &pending.identity.subject);
    let found = store::link::find_identity(&mut app.store.reader().await?, issuer, subject).await?;
    let linked = found.is_some_and(|link| link.account_id == signed_in.account.id);
    Ok(Ok((entered, linked)))
}

/// Links a pending identity to the account whose session this is. `false` when somebody has it by now.
///
/// # Errors
/// When the database fails.
pub async fn join(app: &App, visitor: &Visitor, pending: &Pending, auth: &RecentAuth) -> Result<bool, Fault> {
    links::attach(app, auth, pending.authorization.id, pending.link(app), None, visitor.lang.as_str()).await
}

/// Asks in a mailbox: of the address that came, or of the account that was typed. Looks nothing up.
///
/// # Errors
/// When the database fails.
pub async fn prove(app: &App, visitor: &Visitor, pending: &Pending, typed: &str) -> Outcome<Uuid> {
    if let Some(key) = steps::typed_error(typed) {
        let fields = vec![FieldError { field: "login", key }];
        return Ok(Err(refuse_fields(app, visitor, fields).await));
    }
    ask_mailbox(app, visitor, pending, typed.trim()).await
}

async fn ask_mailbox(app: &App, visitor: &Visitor, pending: &Pending, typed: &str) -> Outcome<Uuid> {
    let start = match starts::take(app, visitor, Act::External, "login").await {
        Ok(start) => start,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = app.now();
    let flow = Flow {
        typed: typed.to_owned(),
        return_to: pending.authorization.return_to.clone(),
        sent_at: Some(now.0),
        authorization_id: Some(pending.authorization.id),
        ..steps::begun(app, visitor, FlowKind::Prove, Span(LIFE.0 * 2))
    };
    Ok(Ok(steps::begin(app, visitor, FlowKind::Prove, flow, start).await?))
}

/// Types the code from the mailbox. A right one links and signs in.
///
/// # Errors
/// When the database fails.
#[expect(
    clippy::too_many_lines,
    reason = "one act from what is typed to its answer: parts of it would be called from here alone"
)]
pub async fn type_code(
    app: &Arc<App>,
    visitor: &Visitor,
    provider: &str,
    id: Option<Uuid>,
    typed: &str,
) -> Outcome<(Entered, Destination)> {
    let now = app.now();
    let found = steps::find_flow(app, visitor, FlowKind::Prove, id).await?.filter(|flow| flow.expires_at > now.0);
    let pending = match &found {
        Some(flow) => pending(app, visitor, provider, flow.authorization_id).await?,
        None => None,
    };
    let (Some(flow), Some(pending)) = (found, pending) else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::Prove, id).await));
    };
    if let Some(refusal) = steps::unreadable_code(app, visitor, typed).await {
        return Ok(Err(refusal));
    }
    let device_known = steps::is_known_device(app, visitor, flow.account_id).await?;
    let guess = code::guess(app, visitor, &flow, typed, device_known);
    let account = store::account::find(&mut app.store.reader().await?, flow.account_id.unwrap_or_default()).await?;
    let (flow_id, wrong) = (flow.id, Arc::new(Mutex::new(None)));
    let said = Arc::clone(&wrong);
    let check = Work::deciding(move |conn| {
        async move {
            let checked = code::check(conn, &guess, now).await?;
            let (told, go) = match checked {
                code::Typed::Right(_) => {
                    store::flow::finish(conn, flow_id, now).await?;
                    (None, Go::On)
                }
                code::Typed::Wrong { evidence, account, .. } => (Some((evidence, account)), Go::Stop),
            };
            *said.lock().unwrap_or_else(PoisonError::into_inner) = told;
            Ok(go)
        }
        .boxed()
    });
    let return_to = flow.return_to.clone();
    let done = match account {
        Some(account) => {
            let (link, tie) = tie_of(app, &pending, &account);
            let proofs = Proofs { provider_identity: true, ..Proofs::mailed_code() };
            let new = sign_in::Entry::new(app, account, proofs, Act::External, "mail");
            let (link, to, authorization) = (Some(link), return_to.clone(), Some(pending.authorization.id));
            let entry = sign_in::Entry { link, to, authorization, ..new };
            complete(app, visitor, entry, Spend::before(check).and_after(Some(tie))).await
        }
        // Nobody's code is right; that it was typed is counted all the same.
        None => app
            .store
            .write(move |conn| async move { check.run(conn).await }.boxed())
            .await
            .map(|_| Ok(None))
            .map_err(Fault::from),
    };
    let wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (wrong, done) {
        (_, Err(Fault::Store(store::Error::Undone))) => {
            Ok(Err(steps::refuse_ended(app, visitor, Act::Prove, Some(flow.id)).await))
        }
        (_, Err(fault)) => Err(fault),
        (Some((evidence, account)), Ok(_)) => {
            Ok(Err(steps::refuse_code(app, visitor, evidence, account, Some(flow.id)).await?))
        }
        (None, Ok(Ok(Some(entered)))) => {
            app.mail_bell.notify_one();
            Ok(Ok((entered, return_to)))
        }
        (None, Ok(Ok(None))) => Ok(Err(steps::refuse_ended(app, visitor, Act::Prove, Some(flow.id)).await)),
        (None, Ok(Err(refusal))) => Ok(Err(refusal)),
    }
}

/// Links the identity of a way, if it still waits in this browser, to an account that is being let in; see [`tie_of`].
pub(crate) async fn tie(
    app: &App,
    visitor: &Visitor,
    authorization: Uuid,
    account: &Account,
) -> Result<Option<(Uuid, Work)>, Fault> {
    let found = store::authorization_session::find(&mut app.store.reader().await?, authorization).await?;
    let provider = found.map(|authorization| authorization.provider).unwrap_or_default();
    let pending = pending(app, visitor, &provider, Some(authorization)).await?;
    Ok(pending.map(|pending| tie_of(app, &pending, account)))
}

/// Links what a sign-up's code completes, in its transaction. `false` undoes the sign-up.
pub(crate) async fn link_new(
    conn: &mut store::Conn,
    account: Uuid,
    authorization: &AuthorizationSession,
    link: &NewLink,
    now: Timestamp,
) -> Result<bool, store::Error> {
    Ok(store::authorization_session::finish(conn, authorization.id, now).await?
        && store::link::insert(conn, account, link, now).await?)
}

/// The link that a sign-up is to be completed with.
pub(crate) async fn pending_link(
    app: &App,
    visitor: &Visitor,
    flow: &Flow,
) -> Result<Option<(AuthorizationSession, NewLink)>, Fault> {
    let Some(id) = flow.authorization_id else {
        return Ok(None);
    };
    let found = store::authorization_session::find(&mut app.store.reader().await?, id).await?;
    let provider = found.map(|authorization| authorization.provider).unwrap_or_default();
    let pending = pending(app, visitor, &provider, Some(id)).await?;
    Ok(pending.map(|pending| {
        let link = pending.link(app);
        (pending.authorization, link)
    }))
}
