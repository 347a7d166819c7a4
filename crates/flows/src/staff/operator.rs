//! What the operator does to accounts from the command line.

use futures_util::FutureExt;
use kagiya_domain::{
    account::AccountState,
    audit::{Event, Line},
    email::EmailAddress,
    login_id::{LoginId, Skeleton},
    password::Password,
    role::{Permission, Role},
};
use kagiya_store as store;

use crate::{App, Fault, account, sign_in::throttle, staff::agent::Agent};

/// Why an order could not be carried out, in words for a terminal.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// What was given cannot be used.
    #[error("{0}")]
    Invalid(String),
    /// The role of who asks gives no right to it.
    #[error("this role does not permit it")]
    NotPermitted,
    /// A fault.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The database.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The account of a login ID.
///
/// # Errors
/// When there is none.
pub async fn find(app: &App, login_id: &str) -> Result<store::account::Account, OrderError> {
    let skeleton = Skeleton::of(login_id);
    store::account::find_by_skeleton(&mut app.store.reader().await?, skeleton.as_str())
        .await?
        .ok_or_else(|| OrderError::Invalid(format!("no account has the login ID {login_id:?}")))
}

/// Creates an account whose address the operator vouches for. Without a password the member
/// sets one by "forgot password".
///
/// # Errors
/// When a value cannot be used or is taken.
pub async fn create(
    app: &App,
    login_id: &str,
    email: &str,
    password: Option<&str>,
    by: &Agent,
) -> Result<store::account::Account, OrderError> {
    let actor = by.demand(Permission::Accounts).ok_or(OrderError::NotPermitted)?.clone();
    let invalid = |what: &str, why: &str| OrderError::Invalid(format!("{what}: {why}"));
    let say = |key: &str| app.words.get(kagiya_text::Lang::En, key);
    let login_id = LoginId::parse(login_id).map_err(|e| invalid("login ID", &say(e.key())))?;
    let email = EmailAddress::parse(email).map_err(|e| invalid("--email", &say(e.key())))?;
    let phc = match password {
        Some(raw) => {
            let address = email.as_string();
            let name = &app.settings.service_name;
            let context = [login_id.as_str(), address.as_str(), name.ja.as_str(), name.en.as_str()];
            let password =
                Password::judge(raw, &context, app.settings.policy).map_err(|e| invalid("password", &say(e.key())))?;
            Some(
                app.hashing
                    .hash(password, app.random(), crate::password::hashing::Lane::Known)
                    .await?
                    .map_err(|_| invalid("password", "the hashing queue is full"))?,
            )
        }
        None => None,
    };
    let (id, now, audit_id) = (app.new_id(), app.now(), app.new_id());
    let (name, skeleton) = (login_id.as_str().to_owned(), login_id.skeleton().as_str().to_owned());
    let made = app
        .store
        .write(move |conn| {
            async move {
                if !store::account::insert(conn, id, &name, &skeleton, "ja", now).await?
                    || !store::email::insert(conn, id, &email, true, now).await?
                {
                    return Err(store::Error::Undone);
                }
                if let Some(phc) = phc {
                    store::password::insert(conn, id, &phc, now).await?;
                }
                store::audit::note(conn, audit_id, Some(id), &Line::new(actor, Event::Created, now)).await
            }
            .boxed()
        })
        .await;
    match made {
        Err(store::Error::Undone) => Err(OrderError::Invalid(
            "this login ID, one that looks like it, or this address belongs to another account".into(),
        )),
        other => {
            other?;
            find(app, login_id.as_str()).await
        }
    }
}

/// Up to `limit` accounts after `after`.
///
/// # Errors
/// When the database fails.
pub async fn list(app: &App, after: &str, limit: i64) -> Result<Vec<store::account::Account>, OrderError> {
    Ok(store::account::list(&mut app.store.reader().await?, after, limit).await?)
}

/// What changes about the roles of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleChange {
    /// One is given.
    Grant(Role),
    /// One is taken; `None`: all.
    Revoke(Option<Role>),
}

/// Gives or takes a role.
///
/// # Errors
/// When there is no such account, or the role of who asks gives no right to it.
pub async fn change_roles(
    app: &App,
    login_id: &str,
    change: RoleChange,
    by: &Agent,
) -> Result<store::account::Account, OrderError> {
    let actor = by.demand(Permission::Roles).ok_or(OrderError::NotPermitted)?.clone();
    let account = find(app, login_id).await?;
    let (roles, act, detail) = match change {
        RoleChange::Grant(role) => (account.roles.with(role), Event::RoleGranted, role.as_str()),
        RoleChange::Revoke(role) => {
            (account.roles.without(role), Event::RoleRevoked, role.map_or("all", |role| role.as_str()))
        }
    };
    let had = account.roles.clone();
    if roles == had {
        return Ok(account);
    }
    let (id, now, audit_id) = (account.id, app.now(), app.new_id());
    let done = app
        .store
        .write(move |conn| {
            async move {
                if !store::account::set_roles(conn, id, &had, &roles, now).await? {
                    return Err(store::Error::Undone);
                }
                store::audit::note(conn, audit_id, Some(id), &Line::new(actor, act, now).about(detail)).await
            }
            .boxed()
        })
        .await;
    match done {
        Err(store::Error::Undone) => {
            return Err(OrderError::Invalid("its roles were changed meanwhile; look again".into()));
        }
        other => other?,
    }
    find(app, login_id).await
}

/// Moves an account to a state. Unlocking also ends pauses after wrong passwords.
///
/// # Errors
/// When there is no such account.
pub async fn set_state(
    app: &App,
    login_id: &str,
    state: AccountState,
    by: &Agent,
) -> Result<store::account::Account, OrderError> {
    let actor = by.demand(Permission::Accounts).ok_or(OrderError::NotPermitted)?.clone();
    let found = find(app, login_id).await?;
    if state == AccountState::Active
        && found.state == AccountState::Closed
        && !kagiya_domain::account::can_come_back(found.state_since, app.now())
    {
        return Err(OrderError::Invalid("this account was closed more than 30 days ago; its data is gone".into()));
    }
    account::set_state(app, found.id, state, actor, None).await?;
    if state == AccountState::Active {
        let keys = throttle::of_account(app, found.id, &found.login_id).await?;
        app.store.write(move |conn| async move { store::throttle::clear(conn, &keys).await }.boxed()).await?;
    }
    find(app, login_id).await
}
