//! Finding the account that a typed login means.

use kagiya_domain::login::Login;
use kagiya_store::{self as store, account::Account};

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
