//! The ways in that an account has.

use kagiya_domain::{component::PASSWORD, credential::Credential};
use kagiya_store::{self as store, link::Link};
use uuid::Uuid;

use crate::App;

/// The providers that the service offers.
#[derive(Clone, Debug)]
pub(crate) struct Offered {
    providers: Vec<String>,
    /// Passwords are taken now.
    passwords: bool,
}

impl Offered {
    pub(crate) fn of(app: &App) -> Self {
        let providers = app.providers.iter().map(|entry| entry.provider.id().to_owned()).collect();
        Self { providers, passwords: !app.board.get().is_out(PASSWORD, app.now()) }
    }

    /// Whether passwords are taken now.
    pub(crate) fn takes_passwords(&self) -> bool {
        self.passwords
    }

    /// Whether its owner can get in by a link: it works, and the service still offers the provider.
    pub(crate) fn is_usable(&self, link: &Link) -> bool {
        link.state().is_usable() && self.providers.contains(&link.provider)
    }
}

/// All of an account's, in the transaction that may take one away.
pub(crate) async fn of_account(
    conn: &mut store::Conn,
    account: Uuid,
    offered: &Offered,
) -> Result<Vec<Credential>, store::Error> {
    let mut all = Vec::new();
    // While passwords are our trouble nobody gets in by one.
    if store::link::has_password(conn, account).await? && offered.passwords {
        all.push(Credential::Password);
    }
    let links = store::link::of_account(conn, account).await?;
    all.extend(links.iter().map(|link| Credential::Provider { usable: offered.is_usable(link) }));
    let emails = store::email::of_account(conn, account).await?;
    all.extend(emails.iter().map(|email| Credential::MailedCode { trusted: email.closed_since.is_none() }));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use kagiya_domain::link::LinkState;

    use super::*;

    fn link(provider: &str, state: LinkState) -> Link {
        Link {
            id: Uuid::nil(),
            account_id: Uuid::nil(),
            provider: provider.to_owned(),
            issuer: String::new(),
            subject: String::new(),
            shown: String::new(),
            email_key: None,
            state: state.as_str().to_owned(),
            state_why: String::new(),
            state_source: String::new(),
            state_since: 0,
            created_at: 0,
            last_used_at: None,
            removed_at: None,
        }
    }

    #[test]
    fn a_link_is_usable_while_its_provider_is_offered_and_its_account_there_open() {
        let offered = Offered { providers: vec!["google".to_owned()], passwords: true };
        for (provider, state, usable) in [
            ("google", LinkState::Ok, true),
            ("google", LinkState::ReauthNeeded, true),
            ("google", LinkState::Gone, false),
            ("google", LinkState::SuspendedThere, false),
            ("line", LinkState::Ok, false),
        ] {
            assert_eq!(offered.is_usable(&link(provider, state)), usable, "{provider} {state:?}");
        }
    }
}
