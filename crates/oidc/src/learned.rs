//! What was learned of a provider.

use url::Url;

/// What a provider said of itself (OpenID Connect Discovery 3).
#[derive(Debug)]
pub(crate) struct Learned {
    pub(crate) authorize: Option<Url>,
    pub(crate) token: Option<Url>,
    pub(crate) profile: Option<Url>,
    pub(crate) jwks: Option<Url>,
    /// It names itself in every answer (RFC 9207).
    pub(crate) names_itself: bool,
}
