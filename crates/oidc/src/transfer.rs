//! An app that moves to another of Apple's developer teams: every subject changes with the team. The
//! team that gives it away asks for each person's transfer identifier first; the team that takes it
//! reads the same identifier in ID tokens, for 60 days.
//! <https://developer.apple.com/documentation/sign_in_with_apple/transferring-your-apps-and-users-to-another-team>

use url::Url;

use crate::{
    answer::{Endpoint, Failure},
    identity::subject_of,
    kinds::Kind,
    provider::Provider,
};

/// Leave to ask for transfer identifiers, for a while.
#[derive(Debug)]
pub struct Transfer {
    token: String,
    url: Url,
}

impl Provider {
    /// Whether the kind knows transfers between teams at all.
    pub fn can_transfer(&self) -> bool {
        self.kind() == Kind::Apple
    }

    /// Asks for leave to ask. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// When Apple does not give it.
    pub async fn begin_transfer(&self, now: i64) -> Result<Transfer, Failure> {
        let endpoint = Endpoint::Token;
        let url = self.places().await?.token.ok_or(Failure::Unknown(endpoint))?;
        let form = vec![("grant_type", "client_credentials"), ("scope", "user.migration")];
        let told = self.ask_as_client(&url, form, None, now).await?;
        let token = told["access_token"].as_str().map(str::to_owned);
        let token = token.ok_or(Failure::Unreadable { endpoint, why: "without an access token" })?;
        let url = url.join("usermigrationinfo").map_err(|_| Failure::Unknown(endpoint))?;
        Ok(Transfer { token, url })
    }

    /// The transfer identifier of `subject` for the team `target` (ten characters).
    ///
    /// # Errors
    /// When Apple gives none.
    pub async fn transfer(&self, leave: &Transfer, subject: &str, target: &str, now: i64) -> Result<String, Failure> {
        let form = vec![("sub", subject), ("target", target)];
        let told = self.ask_as_client(&leave.url, form, Some(&leave.token), now).await?;
        let why = "without a transfer identifier";
        subject_of(&told["transfer_sub"]).ok_or(Failure::Unreadable { endpoint: Endpoint::Token, why })
    }
}
