//! Apple: answers by `form_post`, wants a client secret that is signed for every call, tells the
//! name once, gives relay addresses, writes booleans as text.
//! <https://developer.apple.com/documentation/signinwithapplerestapi>

use super::{ClientProof, Profile, Ways};

pub(super) const WAYS: Ways = Ways {
    issuer: Some("https://appleid.apple.com"),
    authorize: Some("https://appleid.apple.com/auth/authorize"),
    token: Some("https://appleid.apple.com/auth/token"),
    jwks: Some("https://appleid.apple.com/auth/keys"),
    status: Some("https://www.apple.com/support/systemstatus/data/system_status_en_US.js"),
    scopes: &["name", "email"],
    proof: ClientProof::Post,
    // Required as soon as the name or the address is asked for.
    form_post: true,
    profile: Profile::Never,
    // Not documented: `state` and `nonce` protect the code.
    pkce: false,
    // The account is the device's.
    choose: &[],
    afresh: &[],
    silent: false,
    form_sources: &["https://idmsa.apple.com"],
    ..Ways::USUAL
};
