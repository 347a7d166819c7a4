//! Finding the account that a typed login means.

use kagiya_domain::login::Login;
use kagiya_store::{self as store, account::Account};
use uuid::Uuid;

use crate::{App, Fault};

/// The account of a typed login.
///
/// # Errors
/// When the database fails.
pub async fn find_account(app: &App, typed: &str) -> Result<Option<Account>, Fault> {
    let mut conn = app.store.reader().await?;
    Ok(match Login::parse(typed).0 {
        Login::Id(skeleton) => store::account::find_by_skeleton(&mut conn, skeleton.as_str()).await?,
        Login::Email(key) => store::account::find_by_email(&mut conn, &key).await?,
    })
}

/// Key of everything counted per account, or per typed login where there is none.
pub fn subject_key(app: &App, account: Option<Uuid>, login: &Login) -> [u8; 16] {
    match account {
        Some(id) => app.keys.digest16("subject", &[b"account", id.as_bytes()]),
        None => app.keys.digest16("subject", &[b"login", login.canonical().as_bytes()]),
    }
}
