//! A new account: ID, address, password; then the code from the mail.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use kagiya_domain::{
    Evidence,
    act::{Act, FlowKind},
    audit::{Actor, Event, Line},
    code::LIFE,
    destination::Destination,
    email::EmailAddress,
    login_id::LoginId,
    mail::MailKind,
    role::Roles,
    sign_in::Proofs,
};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Outcome, Visitor,
    attempt::{self, Draft},
    code::{self, steps},
    external,
    mail::{self, compose},
    password::{self, NotTaken, hashing::Lane},
    sign_in::{Entered, Entry, Go, SignedIn, Spend, Work, complete, starts},
};

/// Passwords of one network that are estimated in a minute in the lane of those who are new.
const JUDGED: u32 = 60;

/// What was typed.
#[derive(Debug, Default)]
pub struct Form {
    /// The login ID.
    pub login_id: String,
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// Where the person wanted to go.
    pub return_to: Destination,
    /// The address that the person said is right although it looks like a slip.
    pub email_checked: Option<String>,
    /// Whether a likely slip is asked about.
    pub ask: bool,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The code is on its way.
    TypeCode(Uuid),
    /// The address looks like a slip of this one.
    AskEmail(String),
}

/// Begins a sign-up. Whether the address has an account shows nowhere but in the mailbox.
///
/// # Errors
/// When the database or the hashing pool fails.
#[expect(
    clippy::too_many_lines,
    reason = "one act from what is typed to its answer: parts of it would be called from here alone"
)]
pub async fn start(app: &App, visitor: &Visitor, form: &Form) -> Outcome<Next> {
    let mut fields = Vec::new();
    let login_id = LoginId::parse(&form.login_id)
        .map_err(|error| fields.push(FieldError { field: "login_id", key: error.key() }))
        .ok();
    let email = EmailAddress::parse(&form.email)
        .map_err(|error| fields.push(FieldError { field: "email", key: error.key() }))
        .ok();
    let id_text = login_id.as_ref().map_or("", LoginId::as_str).to_owned();
    let email_text = email.as_ref().map(EmailAddress::as_string).unwrap_or_default();
    // To estimate a password costs something: whoever has it done again and again waits behind the others.
    let within = app.notes.take_network("judged", visitor.address, JUDGED, app.now()).is_some();
    let lane = if within { app.admission.lane(visitor, app.now()) } else { Lane::Failing };
    let own = std::iter::once(email_text.as_str());
    let password = match password::judge(app, &form.password, &id_text, own, lane).await? {
        Ok(password) => Some(password),
        Err(NotTaken::Field(field)) => {
            app.admission.note(visitor, false);
            fields.push(field);
            None
        }
        Err(busy @ NotTaken::Busy) => {
            return Ok(Err(password::refuse_password(app, visitor, Act::SignUp, busy, "password").await));
        }
    };
    let (Some(login_id), Some(email), Some(password)) = (login_id, email, password) else {
        return Ok(Err(attempt::refuse(app, visitor, Draft::invalid(Act::SignUp, visitor, fields)).await));
    };
    let now = app.now();
    let skeleton = login_id.skeleton().as_str().to_owned();
    let mut conn = app.store.reader().await?;
    let taken = store::account::find_by_skeleton(&mut conn, &skeleton).await?.is_some()
        || store::flow::sign_up_for(&mut conn, &skeleton, Uuid::nil(), now)
            .await?
            .is_some_and(|flow| !is_same_browser(&flow, visitor));
    drop(conn);
    if taken {
        // IDs are public, so this may be said; addresses are not.
        let mut draft = Draft::new(Act::SignUp, 409, visitor, vec![Evidence::LoginIdTaken]);
        draft.fields = vec![FieldError { field: "login_id", key: "error-login-id-taken" }];
        return Ok(Err(attempt::refuse(app, visitor, draft).await));
    }
    if form.ask
        && let Some(meant) = email.likely_typo()
        && form.email_checked.as_deref() != Some(email.key().as_str())
    {
        return Ok(Ok(Next::AskEmail(meant)));
    }
    let start = match starts::take(app, visitor, Act::SignUp, "email").await {
        Ok(start) => start,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // A sign-up that is begun costs as much as a wrong password; one that is finished makes good for it.
    app.admission.note(visitor, false);
    let Ok(phc) = app.hashing.hash(password, app.random(), lane).await? else {
        let draft = Draft::new(Act::SignUp, 503, visitor, vec![Evidence::HashQueueFull]);
        return Ok(Err(attempt::refuse(app, visitor, draft).await));
    };
    let now = app.now();
    let flow = Flow {
        browser_key: visitor.cookie_came.then_some(visitor.browser_key).flatten().map(|key| key.to_vec()),
        typed: email.as_string(),
        login_id: Some(login_id.as_str().to_owned()),
        skeleton: Some(skeleton),
        phc: Some(phc),
        return_to: form.return_to.clone(),
        sent_at: Some(now.0),
        ..steps::begun(app, visitor, FlowKind::SignUp, LIFE)
    };
    let id = steps::begin(app, visitor, FlowKind::SignUp, flow, start).await?;
    Ok(Ok(Next::TypeCode(id)))
}

/// A second press in the same browser is no rival for the ID: the address may be corrected.
fn is_same_browser(flow: &Flow, visitor: &Visitor) -> bool {
    visitor.cookie_came && flow.browser_key.as_deref().zip(visitor.browser_key).is_some_and(|(a, b)| a == b)
}

/// A sign-up that became an account.
#[derive(Debug)]
pub struct Created {
    /// The account, with a session when one was asked for.
    pub account: store::account::Account,
    /// The session.
    pub signed_in: Option<Box<SignedIn>>,
    /// Where the person wanted to go.
    pub return_to: Destination,
}

/// Types the code of a sign-up; a right one makes the account, once.
///
/// # Errors
/// When the database fails.
#[expect(
    clippy::too_many_lines,
    reason = "one act from what is typed to its answer: parts of it would be called from here alone"
)]
pub async fn verify(
    app: &Arc<App>,
    visitor: &Visitor,
    id: Option<Uuid>,
    typed: &str,
    sign_in_too: bool,
) -> Outcome<Created> {
    let found = steps::find_flow(app, visitor, FlowKind::SignUp, id).await?;
    let Some(flow) = found.filter(|flow| flow.expires_at > app.now().0) else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::SignUp, id).await));
    };
    if let Some(refusal) = steps::unreadable_code(app, visitor, typed).await {
        return Ok(Err(refusal));
    }
    let (Some(login_id), Some(skeleton)) = (flow.login_id.clone(), flow.skeleton.clone()) else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::SignUp, id).await));
    };
    let Ok(email) = EmailAddress::parse(&flow.typed) else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::SignUp, id).await));
    };
    let link = external::choose::pending_link(app, visitor, &flow).await?;
    let phc = flow.phc.clone();
    if phc.is_none() && link.is_none() {
        // The external account that it was for has been linked meanwhile, or waited too long.
        return Ok(Err(steps::refuse_ended(app, visitor, Act::SignUp, id).await));
    }
    let now = app.now();
    let guess = code::guess(app, visitor, &flow, typed, false);
    let account_id = app.new_id();
    let link_id = link.as_ref().map(|(_, link)| link.id);
    let proofs = Proofs { provider_identity: link.is_some(), ..Proofs::mailed_code() };
    let welcome = mail::to_account(app, MailKind::Welcome, Some(account_id), compose::at_data(now), &flow.lang);
    let (lang, flow_id, browser_key, audit_id) = (flow.lang.clone(), flow.id, visitor.browser_key, app.new_id());
    let login = login_id.clone();
    let wrong = Arc::new(Mutex::new(None));
    let said = Arc::clone(&wrong);
    let make = Work::deciding(move |conn| {
        async move {
            // A run that the database undid said nothing.
            *said.lock().unwrap_or_else(PoisonError::into_inner) = None;
            if let code::Typed::Wrong { evidence, .. } = code::check(conn, &guess, now).await? {
                *said.lock().unwrap_or_else(PoisonError::into_inner) = Some(evidence);
                return Ok(Go::Stop);
            }
            let made = store::account::insert(conn, account_id, &login, &skeleton, &lang, now).await?
                && store::email::insert(conn, account_id, &email, true, now).await?
                && match &link {
                    Some((authorization, link)) => {
                        external::choose::link_new(conn, account_id, authorization, link, now).await?
                    }
                    None => true,
                };
            if !made {
                // Nothing of it may stay: not the account, not the spent code.
                return Err(store::Error::Undone);
            }
            if let Some(phc) = phc {
                store::password::insert(conn, account_id, &phc, now).await?;
            }
            store::flow::finish(conn, flow_id, now).await?;
            store::outbox::enqueue(conn, &welcome, now).await?;
            let line = Line::new(Actor::Owner, Event::SignedUp, now);
            store::audit::note(conn, audit_id, Some(account_id), &line).await?;
            Ok(Go::On)
        }
        .boxed()
    });
    let account = store::account::Account {
        roles: Roles::default(),
        id: account_id,
        login_id,
        state: kagiya_domain::account::AccountState::Active,
        state_since: now,
        credential_version: 1,
        created_at: now,
        staff_since: None,
        last_sign_in_at: None,
        lang: flow.lang,
    };
    let done = if sign_in_too {
        let new = Entry::new(app, account.clone(), proofs, Act::SignUp, "sign_up");
        let entry = Entry { device_known: true, link: link_id, to: flow.return_to.clone(), ..new };
        complete(app, visitor, entry, Spend::before(make)).await
    } else {
        let made = app.store.write(move |conn| {
            async move {
                if make.run(conn).await? == Go::On {
                    let key = browser_key.as_ref().map(|k| &k[..]);
                    store::attempt::resolve(conn, account_id, key, now.minus(LIFE), "sign_up", now).await?;
                }
                Ok(())
            }
            .boxed()
        });
        made.await.map(|()| Ok(None)).map_err(Fault::from)
    };
    let entered = match done {
        Ok(Err(refusal)) => return Ok(Err(refusal)),
        Ok(Ok(entered)) => entered,
        Err(Fault::Store(store::Error::Undone)) => {
            let mut draft = Draft::new(Act::SignUp, 409, visitor, vec![Evidence::LoginIdTaken]);
            draft.fields = vec![FieldError { field: "code", key: "error-login-id-taken" }];
            return Ok(Err(attempt::refuse(app, visitor, draft).await));
        }
        Err(fault) => return Err(fault),
    };
    let wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(evidence) = wrong {
        return Ok(Err(steps::refuse_code(app, visitor, evidence, None, None).await?));
    }
    app.admission.note(visitor, true);
    app.mail_bell.notify_one();
    let signed_in = entered.and_then(Entered::signed_in);
    Ok(Ok(Created { account, signed_in, return_to: flow.return_to }))
}
