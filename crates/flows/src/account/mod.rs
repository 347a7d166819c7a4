//! What an owner does with the own account: password, addresses, closing, coming back.

pub(crate) mod credentials;

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{
    Span,
    account::AccountState,
    act::{Act, FlowKind},
    audit::{Actor, Event, Line},
    code::LIFE,
    email::EmailAddress,
    mail::MailKind,
    session::EndReason,
};
pub use kagiya_store::email::Email;
use kagiya_store::{self as store, ending::Ended, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Outcome, Visitor,
    attempt::{self, Draft},
    code::{self, steps},
    mail::{self, compose},
    password,
    session::{self, Live, Token},
    sign_in::{
        recent_auth::{self, Ask, RecentAuth},
        starts,
    },
};

/// What My Page shows.
#[derive(Debug)]
pub struct Overview {
    /// The account.
    pub account: store::account::Account,
    /// Its addresses, the primary one first.
    pub emails: Vec<store::email::Email>,
    /// Its links to other services.
    pub links: Vec<store::link::Link>,
    /// When the password was set.
    pub password_set_at: Option<kagiya_domain::Timestamp>,
    /// The last attempts, the newest first.
    pub attempts: Vec<store::attempt::Attempt>,
    /// How many sessions run.
    pub sessions: usize,
}

/// Everything that My Page and its neighbours show.
///
/// # Errors
/// When the database fails.
pub async fn overview(app: &App, account: Uuid) -> Result<Option<Overview>, Fault> {
    let mut conn = app.store.reader().await?;
    let Some(found) = store::account::find(&mut conn, account).await? else {
        return Ok(None);
    };
    let skeleton = kagiya_domain::login_id::Skeleton::of(&found.login_id);
    let credential = store::account::credential_by_skeleton(&mut conn, skeleton.as_str()).await?;
    Ok(Some(Overview {
        emails: store::email::of_account(&mut conn, account).await?,
        links: store::link::of_account(&mut conn, account).await?,
        attempts: store::attempt::of_account(&mut conn, account, 10).await?,
        sessions: store::session::of_account(&mut conn, account, app.now()).await?.len(),
        password_set_at: credential.and_then(|c| c.set_at),
        account: found,
    }))
}

/// Changes the password. Every other session ends, this one goes on with another token, and every address hears of it.
///
/// # Errors
/// When the database or the hashing pool fails.
pub async fn change_password(app: &App, visitor: &Visitor, live: &Live, current: &str, new: &str) -> Outcome<Token> {
    let found = store::account::find(&mut app.store.reader().await?, live.account_id).await?;
    let version = found.map_or(0, |account| account.credential_version);
    let ask = Ask::Password { typed: current, field: "current_password" };
    let auth = match recent_auth::demand(app, visitor, live, ask).await? {
        Ok(auth) => auth,
        Err(refusal) => return Ok(Err(refusal)),
    };
    set_password(app, visitor, &auth, &live.login_id, version, new).await
}

/// Puts a new password in the place of the one of that version.
#[expect(clippy::too_many_arguments, reason = "what one form brings")]
async fn set_password(
    app: &App,
    visitor: &Visitor,
    auth: &RecentAuth,
    login_id: &str,
    version: i64,
    new: &str,
) -> Outcome<Token> {
    let (account, auth) = (auth.account(), *auth);
    let emails = store::email::of_account(&mut app.store.reader().await?, account).await?;
    let own = emails.iter().map(|e| e.address.as_str());
    let lane = password::owner::lane(app, account);
    let password = match password::judge(app, new, login_id, own, lane).await? {
        Ok(password) => password,
        Err(why) => return Ok(Err(password::refuse_password(app, visitor, Act::Account, why, "password").await)),
    };
    let Ok(phc) = app.hashing.hash(password, app.random(), lane).await? else {
        return Ok(Err(recent_auth::overloaded(app, visitor).await));
    };
    let now = app.now();
    let notice =
        mail::to_account(app, MailKind::PasswordChanged, Some(account), compose::at_data(now), visitor.lang.as_str());
    let audit_id = app.new_id();
    let (token, token_hash) = session::new_token(app);
    let ended = app
        .store
        .write(move |conn| {
            async move {
                // A recovery that was finished meanwhile has the last word.
                let unchanged =
                    store::account::find(conn, account).await?.is_some_and(|a| a.credential_version == version);
                let (true, true, Some(keep)) = (unchanged, auth.stands(conn).await?, auth.session()) else {
                    return Err(store::Error::Undone);
                };
                let others = password::replace_password(conn, &auth, &phc, now).await?;
                // However young its token is.
                let ever = kagiya_domain::Timestamp(i64::MAX);
                let own = store::session::renew_token(conn, keep, &token_hash, ever, now).await?;
                store::flow::end_all(conn, account, Uuid::nil(), now).await?;
                store::outbox::enqueue(conn, &notice, now).await?;
                let line = Line::new(Actor::Owner, Event::PasswordChanged, now);
                store::audit::note(conn, audit_id, Some(account), &line).await?;
                Ok(others.and(own))
            }
            .boxed()
        })
        .await;
    let ended = match ended {
        Err(store::Error::Undone) => return Ok(Err(steps::refuse_ended(app, visitor, Act::Account, None).await)),
        other => other?,
    };
    app.mail_bell.notify_one();
    session::ended(app, ended).await;
    Ok(Ok(token))
}

/// What follows when an address is to be added.
#[derive(Clone, Debug)]
pub enum Adding {
    /// A code was mailed; this flow takes it.
    TypeCode(Uuid),
    /// The domain looks like a slip of this one: is it meant?
    AskEmail(String),
}

/// Mails a code to an address that the owner wants to add. `checked`: the address about which was asked already.
///
/// # Errors
/// When the database or the hashing pool fails.
pub async fn add_email(
    app: &App,
    visitor: &Visitor,
    live: &Live,
    (email, checked): (&str, &str),
    password: &str,
) -> Outcome<Adding> {
    let typed = email;
    let email = match EmailAddress::parse(email) {
        Ok(email) => email,
        Err(error) => {
            let fields = vec![FieldError { field: "email", key: error.key() }];
            return Ok(Err(attempt::refuse(app, visitor, Draft::invalid(Act::Account, visitor, fields)).await));
        }
    };
    if let Some(meant) = email.likely_typo().filter(|_| checked != typed) {
        return Ok(Ok(Adding::AskEmail(meant)));
    }
    let ask = Ask::Password { typed: password, field: "email_password" };
    match recent_auth::demand(app, visitor, live, ask).await? {
        Ok(auth) => mail_code(app, visitor, &auth, &email).await,
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Mails a code to an address that is to be added.
async fn mail_code(app: &App, visitor: &Visitor, auth: &RecentAuth, email: &EmailAddress) -> Outcome<Adding> {
    let start = match starts::take(app, visitor, Act::Account, "email").await {
        Ok(start) => start,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let now = app.now();
    let flow = Flow {
        browser_key: visitor.cookie_came.then_some(visitor.browser_key).flatten().map(|key| key.to_vec()),
        typed: email.as_string(),
        account_id: Some(auth.account()),
        sent_at: Some(now.0),
        ..steps::begun(app, visitor, FlowKind::AddEmail, Span(LIFE.0 * 2))
    };
    Ok(Ok(Adding::TypeCode(steps::begin(app, visitor, FlowKind::AddEmail, flow, start).await?)))
}

/// Types the code that was mailed to the new address.
///
/// # Errors
/// When the database fails.
pub async fn verify_email(
    app: &Arc<App>,
    visitor: &Visitor,
    live: &Live,
    id: Option<Uuid>,
    typed: &str,
) -> Outcome<()> {
    let flow = steps::find_flow(app, visitor, FlowKind::AddEmail, id).await?.filter(|f| f.expires_at > app.now().0);
    let auth = flow.as_ref().and_then(|flow| recent_auth::resume(flow.account_id, live.account_id, live.id));
    let (Some(flow), Some(auth)) = (flow, auth) else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::Account, id).await));
    };
    add_proven(app, visitor, &auth, &flow, typed).await
}

/// Adds the address of a flow whose code is right.
async fn add_proven(app: &Arc<App>, visitor: &Visitor, auth: &RecentAuth, flow: &Flow, typed: &str) -> Outcome<()> {
    let (account, auth) = (auth.account(), *auth);
    let Ok(email) = EmailAddress::parse(&flow.typed) else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::Account, Some(flow.id)).await));
    };
    if let Some(refusal) = steps::unreadable_code(app, visitor, typed).await {
        return Ok(Err(refusal));
    }
    let device_known = steps::is_known_device(app, visitor, Some(account)).await?;
    let guess = code::guess(app, visitor, flow, typed, device_known);
    let now = app.now();
    let notice =
        mail::to_account(app, MailKind::EmailAdded, Some(account), compose::email_data(&email, now), &flow.lang);
    let (flow_id, audit_id) = (flow.id, app.new_id());
    let typed = app
        .store
        .write(move |conn| {
            async move {
                let typed = code::check(conn, &guess, now).await?;
                if matches!(typed, code::Typed::Right(_)) {
                    if !auth.stands(conn).await? || !store::email::insert(conn, account, &email, false, now).await? {
                        return Err(store::Error::Undone);
                    }
                    store::flow::finish(conn, flow_id, now).await?;
                    store::outbox::enqueue(conn, &notice, now).await?;
                    let line = Line::new(Actor::Owner, Event::EmailAdded, now);
                    store::audit::note(conn, audit_id, Some(account), &line).await?;
                }
                Ok(typed)
            }
            .boxed()
        })
        .await;
    match typed {
        Err(store::Error::Undone) => {
            let fields = vec![FieldError { field: "code", key: "error-email-taken" }];
            Ok(Err(attempt::refuse(app, visitor, Draft::invalid(Act::Account, visitor, fields)).await))
        }
        Err(error) => Err(error.into()),
        Ok(code::Typed::Right(_)) => {
            app.mail_bell.notify_one();
            Ok(Ok(()))
        }
        Ok(code::Typed::Wrong { evidence, account, .. }) => {
            Ok(Err(steps::refuse_code(app, visitor, evidence, account, Some(flow_id)).await?))
        }
    }
}

/// Removes an address, or makes it the primary one. The primary one cannot be removed.
///
/// # Errors
/// When the database fails.
pub async fn change_email(app: &App, auth: &RecentAuth, address_key: &str, primary: bool) -> Result<bool, Fault> {
    let (account, auth) = (auth.account(), *auth);
    let (key, now, audit_id) = (address_key.to_lowercase(), app.now(), app.new_id());
    let email = EmailAddress::parse(address_key).ok();
    let notice = email.map(|email| {
        let kind = if primary { MailKind::EmailPrimary } else { MailKind::EmailRemoved };
        let mut mail = mail::to_account(app, kind, Some(account), compose::email_data(&email, now), "ja");
        mail.address = Some(email.as_string());
        mail
    });
    let done = app
        .store
        .write(move |conn| {
            async move {
                if !auth.stands(conn).await? {
                    return Ok(false);
                }
                let done = if primary {
                    store::email::make_primary(conn, account, &key, now).await?
                } else {
                    store::email::remove(conn, account, &key).await?
                };
                if done {
                    let act = if primary { Event::EmailPrimary } else { Event::EmailRemoved };
                    store::audit::note(conn, audit_id, Some(account), &Line::new(Actor::Owner, act, now)).await?;
                    if let (Some(mut notice), Some(found)) = (notice, store::account::find(conn, account).await?) {
                        notice.lang = found.lang;
                        store::outbox::enqueue(conn, &notice, now).await?;
                    }
                }
                Ok(done)
            }
            .boxed()
        })
        .await?;
    app.mail_bell.notify_one();
    Ok(done)
}

/// Ends one session of the owner's list, or with `None` all others than the one that asks.
///
/// # Errors
/// When the database fails.
pub async fn end_sessions(app: &App, auth: &RecentAuth, one: Option<Uuid>) -> Result<bool, Fault> {
    let (account, current) = (auth.account(), auth.session());
    let now = app.now();
    let ended = app
        .store
        .write(move |conn| {
            async move {
                let why = EndReason::SignedOutElsewhere;
                match one {
                    Some(id) => store::session::end(conn, account, id, why, now).await,
                    None => store::session::end_all(conn, account, current, why, now).await,
                }
            }
            .boxed()
        })
        .await?;
    let found = !ended.is_empty();
    session::ended(app, ended).await;
    Ok(found)
}

/// Closes the account after the password was given once more. It can come back for 30 days.
///
/// # Errors
/// When the database or the hashing pool fails.
pub async fn close(app: &App, visitor: &Visitor, live: &Live, password: &str) -> Outcome<()> {
    let ask = Ask::Password { typed: password, field: "password" };
    match recent_auth::demand(app, visitor, live, ask).await? {
        Ok(auth) => Ok(Ok(close_own(app, visitor, &auth).await?)),
        Err(refusal) => Ok(Err(refusal)),
    }
}

async fn close_own(app: &App, visitor: &Visitor, auth: &RecentAuth) -> Result<(), Fault> {
    let (account, now) = (auth.account(), app.now());
    let notice = mail::to_account(app, MailKind::Closed, Some(account), compose::at_data(now), visitor.lang.as_str());
    set_state(app, account, AccountState::Closed, Actor::Owner, Some(notice)).await
}

/// Moves an account to a state; one that may not sign in loses its sessions at once.
///
/// # Errors
/// When the database fails.
pub async fn set_state(
    app: &App,
    account: Uuid,
    state: AccountState,
    actor: Actor,
    notice: Option<store::outbox::NewMail>,
) -> Result<(), Fault> {
    let (now, audit_id) = (app.now(), app.new_id());
    let ended = app
        .store
        .write(move |conn| {
            async move {
                store::account::set_state(conn, account, state, now).await?;
                let mut ended = Ended::default();
                if state != AccountState::Active {
                    ended = store::session::end_all(conn, account, None, EndReason::AccountState, now).await?;
                    store::flow::end_all(conn, account, Uuid::nil(), now).await?;
                }
                if let Some(notice) = notice {
                    store::outbox::enqueue(conn, &notice, now).await?;
                }
                let line = Line::new(actor, state.into(), now);
                store::audit::note(conn, audit_id, Some(account), &line).await?;
                Ok(ended)
            }
            .boxed()
        })
        .await?;
    app.mail_bell.notify_one();
    session::ended(app, ended).await;
    Ok(())
}

/// Remembers the language the owner chose.
///
/// # Errors
/// When the database fails.
pub async fn set_lang(app: &App, account: Uuid, lang: kagiya_text::Lang) -> Result<(), Fault> {
    app.store
        .write(move |conn| async move { store::account::set_lang(conn, account, lang.as_str()).await }.boxed())
        .await?;
    Ok(())
}
