//! Whether a permission that was given once still holds: its refresh token tells (RFC 6749 6). It is asked
//! for and handed out only where the operator wants that.

use serde_json::Value;

use crate::{
    answer::{Endpoint, Failure},
    class::Class,
    identity::RefreshToken,
    provider::Provider,
};

/// What a refresh token told.
#[derive(Debug)]
pub enum Permission {
    /// It holds; the token to ask with next time, when it is another.
    Holds(Option<RefreshToken>),
    /// It does not, for a reason of that class.
    Ended(Class),
}

impl Provider {
    /// Whether refresh tokens are to be kept.
    pub fn keeps_refresh_tokens(&self) -> bool {
        self.plan.keep_refresh_token
    }

    /// Days after which a refresh token has run out by itself.
    pub fn refresh_token_days(&self) -> Option<i64> {
        self.plan.kind.ways().offline.days
    }

    pub(crate) fn refresh_token_of(&self, told: &Value) -> Option<RefreshToken> {
        told["refresh_token"].as_str().and_then(RefreshToken::parse).filter(|_| self.plan.keep_refresh_token)
    }

    /// Asks whether the permission behind a token still holds. A new ID token, where one comes along, is not
    /// read: nothing follows from it.
    ///
    /// # Errors
    /// When the answer says nothing about the permission.
    pub async fn renew(&self, token: &RefreshToken, now: i64) -> Result<Permission, Failure> {
        let url = self.places().await?.token.ok_or(Failure::Unknown(Endpoint::Token))?;
        let form = vec![("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        match self.ask_as_client(&url, form, None, now).await {
            Ok(told) => Ok(Permission::Holds(self.refresh_token_of(&told).filter(|new| new != token))),
            Err(failure @ Failure::Answered { .. }) => match failure.class(self.tongue()) {
                class @ (Class::Ticket
                | Class::TicketUsed
                | Class::TicketLate
                | Class::Dead
                | Class::WantsConsent
                | Class::WantsAct
                | Class::Frozen) => Ok(Permission::Ended(class)),
                Class::Denied | Class::Trouble | Class::Ours | Class::Policy | Class::Browser | Class::Unknown => {
                    Err(failure)
                }
            },
            Err(failure) => Err(failure),
        }
    }
}
