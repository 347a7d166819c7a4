//! A new password: judged where it costs nobody else anything, and set.

use kagiya_domain::{
    Evidence, Timestamp,
    password::{Password, PasswordError},
    session::EndReason,
};
use kagiya_store as store;
use uuid::Uuid;

use crate::{
    App, Fault, FieldError, Refusal, Visitor,
    attempt::{self, Draft},
    hashing::{Full, Lane},
};

/// Why a new password is not taken.
pub(crate) enum NotTaken {
    /// It breaks a rule.
    Field(FieldError),
    /// Too many wait for the same.
    Busy,
}

/// Judges a new password in the light of the account and the service.
///
/// # Errors
/// When the hashing threads are gone.
pub(crate) async fn judge(
    app: &App,
    raw: &str,
    login_id: &str,
    addresses: impl Iterator<Item = &str>,
    lane: Lane,
) -> Result<Result<Password, NotTaken>, Fault> {
    let policy = app.settings.policy;
    let broken = |error: PasswordError| NotTaken::Field(FieldError { field: "password", key: error.key() });
    let password = match Password::fit(raw, policy) {
        Ok(password) => password,
        Err(error) => return Ok(Err(broken(error))),
    };
    let name = &app.settings.service_name;
    let mut context = vec![login_id.to_owned(), name.ja.clone(), name.en.clone()];
    context.extend(addresses.map(str::to_owned));
    Ok(match app.hashing.judge(password, context, policy, lane).await? {
        Ok(judged) => judged.map_err(broken),
        Err(Full) => Err(NotTaken::Busy),
    })
}

/// The refusal of a new password.
pub(crate) async fn refuse_password(
    app: &App,
    visitor: &Visitor,
    kind: &'static str,
    why: NotTaken,
    field: &'static str,
) -> Box<Refusal> {
    let draft = match why {
        NotTaken::Field(error) => Draft::invalid(kind, visitor, vec![FieldError { field, ..error }]),
        NotTaken::Busy => Draft::new(kind, 503, visitor, vec![Evidence::HashQueueFull]),
    };
    attempt::refuse(app, visitor, draft).await
}

/// Sets a password and ends what was begun with the one before.
pub(crate) async fn replace_password(
    conn: &mut store::Conn,
    account: Uuid,
    phc: &str,
    keep_session: Option<Uuid>,
    now: Timestamp,
) -> Result<(), store::Error> {
    store::password::set(conn, account, phc, now).await?;
    store::account::bump_version(conn, account).await?;
    store::session::end_all(conn, account, keep_session, EndReason::PasswordChanged, now).await.map(drop)
}
