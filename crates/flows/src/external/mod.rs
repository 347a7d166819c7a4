//! Signing in by an external account: the way there, the way back, and what comes apart.

pub mod callback;
pub mod choose;
pub(crate) mod facts;
pub mod links;
pub mod no_return;
pub mod permission;
pub mod provider_monitor;
pub mod providers;
pub mod push;
pub mod start;
pub mod transfer;
mod unlinked;

use kagiya_domain::{Span, Timestamp, email::EmailAddress};
use kagiya_oidc::{Identity, Kind};
use kagiya_store::link::NewLink;

use crate::App;
pub use crate::external::providers::{Entry, Providers, health, shown};

/// How long a way to a provider may take. People look for their second factor.
pub const LIFE: Span = Span::hours(1);
/// Somebody who has not come back after so long will not.
pub const RETURN: Span = Span::minutes(10);
/// How long an identity that is not linked yet waits for a choice.
pub const CHOOSING: Span = Span::hours(1);

/// What is derived from a `state`, so that nothing secret has to be kept: only whoever has
/// both the state and our keys can know them.
pub(crate) struct Derived {
    pub(crate) state_key: [u8; 16],
    pub(crate) nonce: String,
    pub(crate) verifier: String,
}

pub(crate) fn derive(app: &App, state: &str) -> Derived {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    let made = |purpose: &str| URL_SAFE_NO_PAD.encode(app.keys.digest(purpose, &[state.as_bytes()]));
    Derived {
        state_key: app.keys.digest16("external state", &[state.as_bytes()]),
        nonce: made("external nonce"),
        // 43 characters: the least that RFC 7636 4.1 allows.
        verifier: made("external verifier"),
    }
}

/// Where a provider sends its answers.
pub fn redirect_uri(app: &App, provider: &str) -> String {
    format!("{}/sign-in/{provider}/callback", app.settings.public_url.origin)
}

pub(crate) fn new_link(app: &App, provider: &str, identity: &Identity) -> NewLink {
    NewLink {
        id: app.new_id(),
        provider: provider.to_owned(),
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        shown: shown(identity),
        email_key: verified_email(identity).map(|email| email.key()),
        refresh_token: permission::seal(app, identity),
    }
}

/// The address that came, if the provider's word for it counts.
pub(crate) fn verified_email(identity: &Identity) -> Option<EmailAddress> {
    let said = identity.email.as_deref().filter(|_| identity.email_verified)?;
    // What had to be put right before it was an address is not what the provider vouched for.
    EmailAddress::parse(said).ok().filter(|email| email.key() == said.to_lowercase())
}

/// Whether a provider lets no browser inside an app in.
pub const fn forbids_in_app(kind: Kind) -> bool {
    matches!(kind, Kind::Google)
}

/// Seconds since 1970.
pub(crate) const fn seconds(at: Timestamp) -> i64 {
    at.0 / 1_000
}
