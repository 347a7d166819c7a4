//! Any OpenID Connect issuer, and any OAuth 2.0 service with a profile endpoint.

use super::{IdToken, Offline, Profile, Ways};

pub(super) const OIDC: Ways =
    Ways { offline: Offline { scope: Some("offline_access"), consent: true, ..Offline::ALWAYS }, ..Ways::USUAL };

pub(super) const OAUTH2: Ways = Ways {
    scopes: &[],
    id_token: IdToken::None,
    profile: Profile::Always,
    choose: &[],
    afresh: &[],
    silent: false,
    // OAuth 2.0 says nothing of addresses.
    vouches_for_email: false,
    ..Ways::USUAL
};
