//! The ways in that an account has.

use kagiya_domain::credential::Credential;
use kagiya_store::{self as store, link::Link};
use uuid::Uuid;

use crate::App;

/// The providers that the service offers.
#[derive(Clone, Debug)]
pub(crate) struct Offered(Vec<String>);

impl Offered {
    pub(crate) fn of(app: &App) -> Self {
        Self(app.providers.iter().map(|entry| entry.provider.id().to_owned()).collect())
    }

    /// Whether its owner can get in by a link: it works, and the service still offers the provider.
    pub(crate) fn is_usable(&self, link: &Link) -> bool {
        link.state().is_usable() && self.0.contains(&link.provider)
    }
}

/// All of an account's, in the transaction that may take one away.
pub(crate) async fn of_account(
    conn: &mut store::Conn,
    account: Uuid,
    offered: &Offered,
) -> Result<Vec<Credential>, store::Error> {
    let mut all = Vec::new();
    if store::link::has_password(conn, account).await? {
        all.push(Credential::Password);
    }
    let links = store::link::of_account(conn, account).await?;
    all.extend(links.iter().map(|link| Credential::Provider { usable: offered.is_usable(link) }));
    let emails = store::email::of_account(conn, account).await?;
    all.extend(emails.iter().map(|email| Credential::MailedCode { trusted: email.closed_since.is_none() }));
    Ok(all)
}
