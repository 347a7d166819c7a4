//! "Recent enough": whatever hands out, changes or takes away a way in or an address wants that its owner was here a
//! moment ago. A borrowed phone with a session of last week hands out nothing.

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence, Timestamp,
    act::{Act, FlowKind},
    login_id::Skeleton,
    password::Password,
    session::is_recent,
    sign_in::Method,
    throttle::Scope,
};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Outcome, Refusal, Visitor,
    attempt::{self, Draft},
    password::owner,
    session::cache::Live,
    sign_in::throttle::{self, Reservation, Settlement},
};

/// The owner of an account, who proved it a moment ago (NIST SP 800-63B-4 2.2.3). Whatever needs that takes one, and only
/// [`demand`], [`resume`] and [`by_recovery`] make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentAuth {
    account: Uuid,
    session: Option<Uuid>,
}

impl RecentAuth {
    /// Whose session it is.
    pub const fn account(&self) -> Uuid {
        self.account
    }

    /// The session in which it was proven; none by a recovery.
    pub const fn session(&self) -> Option<Uuid> {
        self.session
    }

    /// Whether that session still runs; looked at in the transaction that acts on it.
    pub(crate) async fn stands(&self, conn: &mut store::Conn) -> Result<bool, store::Error> {
        match self.session {
            Some(session) => store::session::is_running(conn, session).await,
            None => Ok(false),
        }
    }
}

/// What is asked of the owner.
#[derive(Clone, Copy, Debug)]
pub enum Ask<'a> {
    /// That something was proven in this session a moment ago.
    Proven,
    /// The password, once more, now. Of an account that has none, as [`Ask::Proven`].
    Password {
        /// What was typed.
        typed: &'a str,
        /// Into which field.
        field: &'static str,
    },
}

/// Asks for it.
///
/// # Errors
/// When the database or the hashing pool fails.
pub async fn demand(app: &App, visitor: &Visitor, live: &Live, ask: Ask<'_>) -> Outcome<RecentAuth> {
    let refused = match ask {
        Ask::Password { typed, field } if !typed.is_empty() || has_password(app, live).await? => {
            prove(app, visitor, live, typed, field).await?
        }
        _ if is_proven(app, live, app.now()).await? => None,
        Ask::Password { field, .. } => {
            let fields = vec![FieldError { field, key: "error-sign-in-again" }];
            Some(attempt::refuse(app, visitor, Draft::invalid(Act::Account, visitor, fields)).await)
        }
        Ask::Proven => {
            let fields = vec![FieldError { field: "session", key: "error-sign-in-again" }];
            Some(attempt::refuse(app, visitor, owned(Draft::invalid(Act::Account, visitor, fields), live)).await)
        }
    };
    Ok(refused.map_or(Ok(RecentAuth { account: live.account_id, session: Some(live.id) }), Err))
}

/// For what was begun with one and is ended later, within a life of its own: a way to a provider, a code in a new mailbox.
/// `None` for anybody but the account that began.
pub(crate) fn resume(begun_by: Option<Uuid>, account: Uuid, session: Uuid) -> Option<RecentAuth> {
    (begun_by == Some(account)).then_some(RecentAuth { account, session: Some(session) })
}

/// For whoever typed the code of a recovery, as long as choosing a password may take. It is spent with the flow, in the
/// transaction that acts on it.
pub(crate) fn by_recovery(flow: &Flow, now: Timestamp) -> Option<RecentAuth> {
    let proven = flow.kind == FlowKind::Recover && flow.proven_at.is_some() && flow.finished_at.is_none();
    let account = flow.account_id.filter(|_| proven && flow.expires_at > now.0)?;
    Some(RecentAuth { account, session: None })
}

async fn has_password(app: &App, live: &Live) -> Result<bool, Fault> {
    Ok(store::link::has_password(&mut app.store.reader().await?, live.account_id).await?)
}

async fn is_proven(app: &App, live: &Live, now: Timestamp) -> Result<bool, Fault> {
    let proven = store::session::methods(&mut app.store.reader().await?, live.id).await?;
    Ok(proven.into_iter().any(|(_, at)| is_recent(at, now)))
}

fn owned(mut draft: Draft, live: &Live) -> Draft {
    (draft.account, draft.audience) = (Some(live.account_id), Audience::Owner);
    draft
}

/// Looks at the password. Counted like a sign-in from a known device, so that a borrowed phone cannot guess without end;
/// a right one is a proof of the session's from then on.
async fn prove(
    app: &App,
    visitor: &Visitor,
    live: &Live,
    typed: &str,
    field: &'static str,
) -> Result<Option<Box<Refusal>>, Fault> {
    let Some(password) = Password::typed(typed) else {
        let fields = vec![FieldError { field, key: "error-password-empty" }];
        return Ok(Some(attempt::refuse(app, visitor, Draft::invalid(Act::Account, visitor, fields)).await));
    };
    let subject = app.keys.digest16("subject", &[b"account", live.account_id.as_bytes()]);
    let counter = vec![(Scope::KnownDevice, [&subject[..], live.id.as_bytes()].concat())];
    let reserved = match throttle::reserve(app, &counter).await? {
        Reservation::Reserved(reserved) | Reservation::Hidden(reserved, _) => reserved,
        Reservation::Locked(_, until) => {
            let mut draft = Draft::new(Act::Account, 429, visitor, vec![Evidence::DeviceLocked { until }]);
            draft.audience = Audience::Owner;
            return Ok(Some(attempt::refuse(app, visitor, draft).await));
        }
        Reservation::Overloaded => return Ok(Some(overloaded(app, visitor).await)),
    };
    let skeleton = Skeleton::of(&live.login_id);
    let credential = store::account::credential_by_skeleton(&mut app.store.reader().await?, skeleton.as_str()).await?;
    let version = credential.as_ref().map_or(0, |c| c.account.credential_version);
    // The same digest as at the sign-in: an identical repeat counts once, wherever it is typed.
    let value = [b"subject", &subject[..], &version.to_le_bytes(), password.as_bytes()];
    let value = app.keys.digest("wrong value", &value)[..8].to_vec();
    let check = app.hashing.verify(credential.and_then(|c| c.phc), password, owner::lane(app, live.account_id)).await?;
    let settlement = match check {
        Ok(check) if check.fits => Settlement::Succeeded,
        Ok(_) => Settlement::Failed { repeat_for_subject: false, repeat_for_typed: false },
        Err(_) => Settlement::Returned,
    };
    let (budgets, now, session) = (app.settings.budgets, app.now(), live.id);
    app.store
        .write(move |conn| {
            async move {
                let settlement = match settlement {
                    Settlement::Failed { .. } => {
                        let again = !store::throttle::note_wrong_value(conn, &value, now).await?;
                        Settlement::Failed { repeat_for_subject: again, repeat_for_typed: again }
                    }
                    Settlement::Succeeded => {
                        store::session::note_method(conn, session, Method::Password, now).await?;
                        Settlement::Succeeded
                    }
                    Settlement::Returned => Settlement::Returned,
                };
                throttle::settle(conn, &reserved, settlement, false, &budgets, now).await.map(drop)
            }
            .boxed()
        })
        .await?;
    Ok(match settlement {
        Settlement::Succeeded => None,
        Settlement::Returned => Some(overloaded(app, visitor).await),
        Settlement::Failed { .. } => {
            let mut draft = owned(Draft::new(Act::Account, 401, visitor, vec![Evidence::PasswordMismatch]), live);
            draft.fields = vec![FieldError { field, key: "error-password-current" }];
            Some(attempt::refuse(app, visitor, draft).await)
        }
    })
}

/// The answer while the hashing threads are full.
pub(crate) async fn overloaded(app: &App, visitor: &Visitor) -> Box<Refusal> {
    attempt::refuse(app, visitor, Draft::new(Act::Account, 503, visitor, vec![Evidence::HashQueueFull])).await
}
