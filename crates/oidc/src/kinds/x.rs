//! X: OAuth 2.0 with PKCE and no ID token; a code lives 30 seconds; an address comes seldom.
//! <https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code>

use super::{IdToken, Offline, Profile, Ways};
use crate::class::Class;

pub(super) const WAYS: Ways = Ways {
    issuer: Some("https://x.com"),
    authorize: Some("https://x.com/i/oauth2/authorize"),
    token: Some("https://api.x.com/2/oauth2/token"),
    profile_url: Some("https://api.x.com/2/users/me?user.fields=confirmed_email"),
    scopes: &["tweet.read", "users.read", "users.email"],
    id_token: IdToken::None,
    profile: Profile::Always,
    choose: &[],
    afresh: &[],
    silent: false,
    // `confirmed_email` says that X wrote to it once, not that it is read today.
    vouches_for_email: false,
    offline: Offline { scope: Some("offline.access"), ..Offline::ALWAYS },
    form_sources: &["https://twitter.com", "https://*.x.com", "https://*.twitter.com"],
    ..Ways::USUAL
};

pub(super) fn class(code: &str, words: &str) -> Option<Class> {
    match code {
        // 64: suspended; 326: locked until its owner acts.
        "64" | "326" => Some(Class::Frozen),
        "32" | "89" => Some(Class::Dead),
        // 135: our clock; 415: our callback; 453: our access level.
        "135" | "415" | "453" | "client-forbidden" | "client-not-enrolled" => Some(Class::Ours),
        "usage-capped" | "rate-limit-exceeded" => Some(Class::Trouble),
        "invalid_request" if is_of_ticket(&words.to_ascii_lowercase()) => Some(Class::Ticket),
        _ => None,
    }
}

/// "Value passed for the authorization code was invalid.", and "for the token" when one is refreshed.
fn is_of_ticket(words: &str) -> bool {
    words.contains("authorization code") || words.contains("for the token")
}
