//! Acts of several steps that a mailed code completes: begun, found again by their browser, mailed once more, refused.

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{
    Evidence, Span, Timestamp,
    act::{Act, FlowKind},
    code::{Code, LIFE, RESEND_WAIT},
    email::EmailAddress,
    login::{self, Login},
};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Outcome, Visitor,
    attempt::{self, Draft, Refusal},
    code,
    mail::{self, compose, mailbox},
    sign_in::starts::{self, Start},
};

/// A flow that this browser begins now, with nothing in it yet.
pub(crate) fn begun(app: &App, visitor: &Visitor, kind: FlowKind, life: Span) -> Flow {
    let now = app.now();
    Flow {
        id: app.new_id(),
        browser_key: visitor.browser_key.map(|key| key.to_vec()),
        created_at: now.0,
        expires_at: now.plus(life).0,
        lang: visitor.lang.as_str().to_owned(),
        ..Flow::of(kind)
    }
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
    let mut refusal = mailbox::refuse(app, visitor, draft, Some(flow.id)).await?;
    refusal.verdict.wait_until = flow.sent_at.map(|at| Timestamp(at).plus(RESEND_WAIT));
    Ok(Err(refusal))
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
    flow: Option<Uuid>,
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
    mailbox::refuse(app, visitor, draft, flow).await
}

pub(crate) async fn is_known_device(app: &App, visitor: &Visitor, account: Option<Uuid>) -> Result<bool, Fault> {
    match visitor.device_key {
        Some(device) => {
            Ok(store::device::is_known(&mut app.store.reader().await?, account.unwrap_or(Uuid::nil()), &device).await?)
        }
        None => Ok(false),
    }
}
