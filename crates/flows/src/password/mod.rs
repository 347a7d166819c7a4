//! Passwords: judged where it costs nobody else anything, hashed, and set.

pub mod hashing;
pub(crate) mod owner;

use kagiya_domain::{
    Evidence, Timestamp,
    act::Act,
    password::{Password, PasswordError},
    session::EndReason,
};
use kagiya_store::{self as store, ending::Ended};

use self::hashing::{Full, Lane};
use crate::{
    App, Fault, FieldError, Refusal, Visitor,
    attempt::{self, Draft},
    sign_in::recent_auth::RecentAuth,
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
    act: Act,
    why: NotTaken,
    field: &'static str,
) -> Box<Refusal> {
    let draft = match why {
        NotTaken::Field(error) => Draft::invalid(act, visitor, vec![FieldError { field, ..error }]),
        NotTaken::Busy => Draft::new(act, 503, visitor, vec![Evidence::HashQueueFull]),
    };
    attempt::refuse(app, visitor, draft).await
}

/// Sets a password and ends what was begun with the one before; the session in which its owner asks for it goes on.
pub(crate) async fn replace_password(
    conn: &mut store::Conn,
    auth: &RecentAuth,
    phc: &str,
    now: Timestamp,
) -> Result<Ended, store::Error> {
    let account = auth.account();
    store::password::set(conn, account, phc, now).await?;
    store::account::bump_version(conn, account).await?;
    store::session::end_all(conn, account, auth.session(), EndReason::PasswordChanged, now).await
}
