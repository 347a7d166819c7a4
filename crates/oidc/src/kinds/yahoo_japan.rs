//! Yahoo! JAPAN: without `bail=1` a refusal never comes back; the address is at the attribute endpoint.
//! <https://developer.yahoo.co.jp/yconnect/v2/>

use super::{Offline, Profile, Ways};

pub(super) const WAYS: Ways = Ways {
    issuer: Some("https://auth.login.yahoo.co.jp/yconnect/v2"),
    authorize: Some("https://auth.login.yahoo.co.jp/yconnect/v2/authorization"),
    token: Some("https://auth.login.yahoo.co.jp/yconnect/v2/token"),
    profile_url: Some("https://userinfo.yahooapis.jp/yconnect/v2/attribute"),
    jwks: Some("https://auth.login.yahoo.co.jp/yconnect/v2/jwks"),
    profile: Profile::Always,
    always: &[("bail", "1")],
    offline: Offline { days: Some(28), ..Offline::ALWAYS },
    form_sources: &["https://*.yahoo.co.jp"],
    ..Ways::USUAL
};
