//! What was learned of a provider.

use url::Url;

use crate::kinds::ClientProof;

/// What a provider said of itself (OpenID Connect Discovery 3).
#[derive(Debug)]
pub(crate) struct Learned {
    pub(crate) authorize: Option<Url>,
    pub(crate) token: Option<Url>,
    pub(crate) profile: Option<Url>,
    pub(crate) jwks: Option<Url>,
    /// What it calls itself.
    pub(crate) issuer: String,
    /// How clients may prove themselves at the token endpoint, as far as we can; `None`: it does not say.
    pub(crate) proofs: Option<Vec<ClientProof>>,
    /// It names itself in every answer (RFC 9207).
    pub(crate) names_itself: bool,
}
