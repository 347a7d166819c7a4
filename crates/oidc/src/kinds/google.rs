//! Google: the account chooser on a retry, and codes of its administrators' policies.
//! <https://developers.google.com/identity/openid-connect/openid-connect>

use super::{ClientProof, Offline, Ways};

pub(super) const WAYS: Ways = Ways {
    issuer: Some("https://accounts.google.com"),
    authorize: Some("https://accounts.google.com/o/oauth2/v2/auth"),
    token: Some("https://oauth2.googleapis.com/token"),
    profile_url: Some("https://openidconnect.googleapis.com/v1/userinfo"),
    jwks: Some("https://www.googleapis.com/oauth2/v3/certs"),
    status: Some("https://www.google.com/appsstatus/dashboard/incidents.json"),
    proof: ClientProof::Post,
    // It knows `consent` and `select_account`; there is no `login`.
    afresh: &[("prompt", "select_account"), ("max_age", "0")],
    // RISC tokens are signed with a slash at the end; old ID tokens without the scheme.
    issuer_aliases: &["https://accounts.google.com/", "accounts.google.com"],
    // Whoever agreed before gives none without agreeing anew.
    offline: Offline { query: &[("access_type", "offline")], consent: true, ..Offline::ALWAYS },
    form_sources: &["https://*.google.com", "https://*.google.co.jp", "https://*.youtube.com"],
    ..Ways::USUAL
};
