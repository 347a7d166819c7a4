//! X: OAuth 2.0 with PKCE and no ID token; a code lives 30 seconds; an address comes seldom.
//! <https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code>

use super::{IdToken, Offline, Profile, Ways};

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
