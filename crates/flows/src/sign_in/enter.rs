//! The end of every sign-in, however it was proven: one transaction, one session.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use kagiya_domain::{Span, Timestamp, act::Act, mail::MailKind, session::EndReason};
use kagiya_store::{self as store, attempt::Attempt, ending::Ended};
use uuid::Uuid;

use super::{Entry, SignedIn, device_key};
use crate::{
    App, Fault, Visitor, attempt,
    mail::{self, compose},
    session,
};

/// How far back a success explains earlier refusals.
const LEARNING: Span = Span::days(7);

/// What is proven is spent in the same transaction. An error undoes everything.
#[derive(Clone, Default)]
pub(crate) struct Spend {
    /// Before the account is looked at, and kept even when that keeps the person out: counters.
    pub(super) before: Option<Work>,
    /// Only for whoever gets in. The account is locked first, as every other act locks it.
    after: Option<Work>,
}

impl Spend {
    /// See [`Spend::before`].
    pub(crate) fn before(work: Work) -> Self {
        Self { before: Some(work), after: None }
    }

    /// See [`Spend::after`].
    pub(crate) fn after(work: Work) -> Self {
        Self { before: None, after: Some(work) }
    }

    /// With more for whoever gets in.
    pub(crate) fn and_after(self, work: Option<Work>) -> Self {
        Self { after: work, ..self }
    }
}

/// Whether a sign-in goes on after what was done for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    /// It does.
    On,
    /// It does not; what was written stays.
    Stop,
}

type Statements = dyn for<'c> Fn(&'c mut store::Conn) -> BoxFuture<'c, Result<Go, store::Error>> + Send + Sync;

/// Statements of a transaction, which may be begun anew.
#[derive(Clone)]
pub(crate) struct Work {
    statements: Arc<Statements>,
    decides: bool,
}

impl Work {
    /// Statements that stop nothing, unless they fail.
    pub(crate) fn new<F>(work: F) -> Self
    where
        F: for<'c> FnOnce(&'c mut store::Conn) -> BoxFuture<'c, Result<(), store::Error>>,
        F: Clone + Send + Sync + 'static,
    {
        Self {
            statements: Arc::new(move |conn| {
                let work = work.clone();
                async move { work(conn).await.map(|()| Go::On) }.boxed()
            }),
            decides: false,
        }
    }

    /// Statements that say whether the sign-in goes on.
    pub(crate) fn deciding<F>(work: F) -> Self
    where
        F: for<'c> FnOnce(&'c mut store::Conn) -> BoxFuture<'c, Result<Go, store::Error>>,
        F: Clone + Send + Sync + 'static,
    {
        Self { statements: Arc::new(move |conn| work.clone()(conn)), decides: true }
    }

    /// Whether it is known only afterwards whether the sign-in goes on.
    pub(super) fn decides(&self) -> bool {
        self.decides
    }

    /// Does it, in a transaction of the caller's.
    pub(crate) async fn run(&self, conn: &mut store::Conn) -> Result<Go, store::Error> {
        (self.statements)(conn).await
    }
}

/// Signs in. `None` when the account was locked, or its credentials were changed, meanwhile, or the work before said so.
#[expect(clippy::too_many_lines, reason = "the one transaction of every sign-in")]
pub(super) async fn enter(app: &App, visitor: &Visitor, entry: Entry, spend: Spend) -> Result<Option<SignedIn>, Fault> {
    let now = app.now();
    let (account, act, by) = (entry.account, entry.act, entry.by);
    let (token, mut new_session) = session::prepare(app, visitor, account.id, entry.remember, now);
    new_session.link_id = entry.link;
    let device = visitor.device.unwrap_or_else(|| app.random());
    let device_key = device_key(app, &device);
    let row = success_row(app, visitor, account.id, act, now);
    let notice = (!entry.device_known && account.last_sign_in_at.is_some()).then(|| {
        let data = compose::new_device_data(visitor, now);
        mail::to_account(app, MailKind::NewDevice, Some(account.id), data, &account.lang)
    });
    let (expires_at, browser_key, has_notice) = (new_session.expires_at, visitor.browser_key, notice.is_some());
    let (id, version, keep_device, proven) = (account.id, account.credential_version, entry.keep_device, entry.proven);
    let old_sessions = visitor.old_sessions.clone();
    let done = app
        .store
        .write(move |conn| {
            async move {
                if let Some(work) = spend.before
                    && work.run(conn).await? == Go::Stop
                {
                    return Ok(None);
                }
                // The password may have been changed, or the account locked, while this was proven.
                if !store::account::note_sign_in(conn, id, version, now).await? {
                    return Ok(None);
                }
                if let Some(work) = spend.after {
                    work.run(conn).await?;
                }
                let mut replaced = Ended::default();
                for old in &old_sessions {
                    replaced = replaced.and(store::session::end_token(conn, old, EndReason::Replaced, now).await?);
                }
                store::session::insert(conn, &new_session, now).await?;
                for (method, at) in proven {
                    store::session::note_method(conn, new_session.id, method, at).await?;
                }
                if keep_device {
                    store::device::remember(conn, id, &device_key, now).await?;
                }
                store::attempt::insert(conn, &row).await?;
                let key = browser_key.as_ref().map(|k| &k[..]);
                store::attempt::resolve(conn, id, key, now.minus(LEARNING), by, now).await?;
                if let Some(notice) = notice {
                    store::outbox::enqueue(conn, &notice, now).await?;
                }
                Ok(Some(replaced))
            }
            .boxed()
        })
        .await?;
    let Some(replaced) = done else {
        return Ok(None);
    };
    if !replaced.is_empty() {
        session::ended(app, replaced).await;
    }
    if has_notice {
        app.mail_bell.notify_one();
    }
    metrics::counter!("kagiya_attempts_total", "kind" => act.as_str(), "outcome" => "signed_in", "cause" => "")
        .increment(1);
    Ok(Some(SignedIn { token, expires_at, remember: entry.remember, account, device }))
}

fn success_row(app: &App, visitor: &Visitor, account: Uuid, act: Act, now: Timestamp) -> Attempt {
    Attempt {
        id: app.new_id(),
        reference: kagiya_domain::reference::Reference::from_random(app.random()).as_str().to_owned(),
        created_at: now.0,
        kind: act,
        outcome: "signed_in".to_owned(),
        account_id: Some(account),
        subject_key: None,
        browser_key: visitor.browser_key.map(|key| key.to_vec()),
        network: visitor.network_kept(),
        browser: serde_json::to_string(&visitor.browser).unwrap_or_default(),
        evidence: "[]".to_owned(),
        cause: String::new(),
        told: String::new(),
        repairs: visitor.repairs.join(" "),
        slices: attempt::slices(app, visitor, &[]),
        advised: String::new(),
        pending_until: None,
        resolved_at: None,
        resolved_by: None,
    }
}
