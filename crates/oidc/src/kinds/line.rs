//! LINE: its ID token is signed with the channel's secret, its errors are in capitals, and
//! signing in by itself from the app may fail until it is switched off.
//! <https://developers.line.biz/en/docs/line-login/integrate-line-login/>

use super::{ClientProof, IdToken, Offline, Profile, Ways};

pub(super) const WAYS: Ways = Ways {
    issuer: Some("https://access.line.me"),
    authorize: Some("https://access.line.me/oauth2/v2.1/authorize"),
    token: Some("https://api.line.me/oauth2/v2.1/token"),
    profile_url: Some("https://api.line.me/oauth2/v2.1/userinfo"),
    jwks: Some("https://api.line.me/oauth2/v2.1/certs"),
    status: Some("https://api.line-status.info/api/v2/summary.json"),
    proof: ClientProof::Post,
    id_token: IdToken::Shared,
    profile: Profile::Never,
    choose: &[("prompt", "login")],
    by_hand: &[("disable_auto_login", "true")],
    // It knows no `email_verified`.
    vouches_for_email: false,
    offline: Offline { days: Some(90), ..Offline::ALWAYS },
    form_sources: &["https://*.line.me"],
    ..Ways::USUAL
};
