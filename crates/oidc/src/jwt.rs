//! Signed tokens: the signature by the library, the claims by the rules of OpenID Connect Core
//! 3.1.3.7 and RFC 8725. A token names neither its algorithm nor its key's place: it chooses
//! among what is expected.

use std::sync::{Arc, atomic::Ordering};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, errors::ErrorKind};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::{
    alg::{Alg, Head, verify_es512},
    fault::TokenFault,
    identity::subject_of,
    jwks::KeyRing,
    kinds::{IdToken, Kind},
    provider::{Plan, Provider, Secret},
};

/// Longer tokens are not looked at.
const MOST: usize = 96 * 1_024;
/// What stands for the tenant in an issuer that serves several (Microsoft Entra).
pub(crate) const TENANT: &str = "{tenantid}";
/// Clocks may differ by so many seconds.
const LEEWAY: i64 = 60;
/// A token's beginning may lie so far ahead: a provider's clock that runs before ours is no reason to keep people out.
const AHEAD: i64 = 300;
/// Keys are read anew for an unknown one at most this often, in seconds: for tokens that the
/// provider gave us itself, and for those that anybody may send.
const PACE_ASKED: i64 = 1;
const PACE_PUSHED: i64 = 30;

/// An audience: one or several (RFC 7519 4.1.3).
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// A text, or nothing: an optional claim of another type keeps nobody out.
#[allow(clippy::wildcard_enum_match_arm, reason = "another crate's enum")]
fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Null => None,
        other => {
            // Never the value: it may be an address.
            let kind = if other.is_array() { "a list" } else { "no text" };
            tracing::info!("an optional claim of a token is {kind}; it is left out");
            None
        }
    })
}

/// A time, or nothing, in the same way.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    Ok(serde_json::Value::deserialize(from)?.as_f64())
}

/// Who it is: a text, as OpenID Connect has it, or the number that some services write.
fn subject<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(subject_of(&serde_json::Value::deserialize(from)?))
}

/// The claims that are looked at. A claim that stands twice makes the token unreadable.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Claims {
    pub(crate) iss: Option<String>,
    #[serde(deserialize_with = "subject")]
    pub(crate) sub: Option<String>,
    pub(crate) aud: Option<Audience>,
    pub(crate) azp: Option<String>,
    pub(crate) exp: Option<f64>,
    #[serde(deserialize_with = "time")]
    pub(crate) nbf: Option<f64>,
    pub(crate) iat: Option<f64>,
    pub(crate) nonce: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) jti: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) sid: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) email: Option<String>,
    pub(crate) email_verified: Option<serde_json::Value>,
    #[serde(deserialize_with = "text")]
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) preferred_username: Option<String>,
    pub(crate) is_private_email: Option<serde_json::Value>,
    #[serde(deserialize_with = "text")]
    pub(crate) transfer_sub: Option<String>,
    /// The tenant (Microsoft Entra).
    #[serde(deserialize_with = "text")]
    pub(crate) tid: Option<String>,
    pub(crate) events: Option<serde_json::Value>,
    pub(crate) sub_id: Option<serde_json::Value>,
}

#[allow(clippy::cast_possible_truncation, reason = "seconds since 1970; what is beyond is cut to the ends")]
pub(crate) fn seconds(at: f64) -> i64 {
    at as i64
}

/// Checks who a token is from and for.
pub(crate) fn check_parties(plan: &Plan, issuer: &str, claims: &Claims) -> Result<(), TokenFault> {
    let aliases = if plan.issuer.is_none() { plan.kind.ways().issuer_aliases } else { &[] };
    let from = claims.iss.as_deref().ok_or(TokenFault::Issuer)?;
    let expected = if issuer.contains(TENANT) {
        // The place for a tenant is no tenant.
        let tenant = claims.tid.as_deref().filter(|tenant| plan.takes_tenant(tenant)).ok_or(TokenFault::Issuer)?;
        issuer.replace(TENANT, tenant)
    } else {
        issuer.to_owned()
    };
    if from != expected && !aliases.contains(&from) {
        return Err(TokenFault::Issuer);
    }
    let audience = claims.aud.as_ref().map(Audience::all).unwrap_or_default();
    if !audience.contains(&plan.client_id) {
        return Err(TokenFault::Audience);
    }
    Ok(())
}

/// Checks the claims of an ID token.
pub(crate) fn check_id_token(
    plan: &Plan,
    issuer: &str,
    claims: &Claims,
    nonce: &str,
    now: i64,
) -> Result<(), TokenFault> {
    check_parties(plan, issuer, claims)?;
    let several = claims.aud.as_ref().is_some_and(|aud| aud.all().len() > 1);
    match &claims.azp {
        Some(party) if *party != plan.client_id => return Err(TokenFault::AuthorizedParty),
        None if several => return Err(TokenFault::AuthorizedParty),
        Some(_) | None => {}
    }
    let ahead = |at: f64| seconds(at).saturating_sub(now);
    let left = claims.exp.map(ahead).ok_or(TokenFault::Malformed)?;
    if left <= -LEEWAY {
        return Err(TokenFault::Expired { by: left.saturating_neg() });
    }
    if let Some(by) = claims.nbf.map(ahead).filter(|by| *by > AHEAD) {
        return Err(TokenFault::NotYetValid { by });
    }
    let by = claims.iat.map(ahead).ok_or(TokenFault::Malformed)?;
    if by > AHEAD {
        return Err(TokenFault::FromTheFuture { by });
    }
    if claims.nonce.as_deref() != Some(nonce) {
        return Err(TokenFault::Nonce);
    }
    // An event is no identity (RFC 8417 4.5).
    if claims.events.is_some() {
        return Err(TokenFault::Malformed);
    }
    match claims.sub.as_deref() {
        Some(sub) if !sub.is_empty() && sub.len() <= 255 => Ok(()),
        Some(_) | None => Err(TokenFault::Subject),
    }
}

const PUBLISHED: [Alg; 10] = [
    Alg::Known(Algorithm::RS256),
    Alg::Known(Algorithm::RS384),
    Alg::Known(Algorithm::RS512),
    Alg::Known(Algorithm::PS256),
    Alg::Known(Algorithm::PS384),
    Alg::Known(Algorithm::PS512),
    Alg::Known(Algorithm::ES256),
    Alg::Known(Algorithm::ES384),
    Alg::Known(Algorithm::EdDSA),
    Alg::Es512,
];

impl Provider {
    /// Checks a token's signature and reads its claims. `asked`: the provider gave it to us
    /// when we asked, so it is worth a look at its newest keys.
    pub(crate) async fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        asked: bool,
        now: i64,
    ) -> Result<C, TokenFault> {
        if token.len() > MOST {
            return Err(TokenFault::TooLong);
        }
        let header = Head::read(token)?;
        let alg = header.alg().ok_or(TokenFault::Algorithm)?;
        // What must be understood to read it is not (RFC 7515, 4.1.11).
        if header.crit.is_some() {
            return Err(TokenFault::Malformed);
        }
        let shared = self.plan.kind.ways().id_token == IdToken::Shared;
        if shared && alg == Alg::Known(Algorithm::HS256) {
            let Secret::Static(secret) = &self.plan.secret else {
                return Err(TokenFault::Algorithm);
            };
            return read(token, Algorithm::HS256, &DecodingKey::from_secret(secret.as_bytes()));
        }
        let expected = if shared { alg == Alg::Known(Algorithm::ES256) } else { PUBLISHED.contains(&alg) };
        if !expected {
            return Err(TokenFault::Algorithm);
        }
        let kid = header.kid.as_deref();
        let ring = Arc::clone(&*self.keys.read().await);
        let first = with_ring(&ring, token, alg, kid);
        let pace = if asked { PACE_ASKED } else { PACE_PUSHED };
        let stale = matches!(first, Err(TokenFault::UnknownKey | TokenFault::Signature));
        if !stale || now - ring.read_at < pace {
            return first;
        }
        // Anybody may push: of several at once, one asks, and none soon after.
        let last = self.keys_asked_at.load(Ordering::Acquire);
        let mine = self.keys_asked_at.compare_exchange(last, now, Ordering::AcqRel, Ordering::Acquire).is_ok();
        if !asked && (now - last < pace || !mine) {
            return first;
        }
        // The provider may have changed its keys: once more with the newest.
        match self.fetch_keys(now).await {
            Ok(ring) => with_ring(&ring, token, alg, kid),
            Err(error) => {
                tracing::warn!(provider = self.id(), %error, "keys cannot be read");
                // A key that is not among those of before, and those of now cannot be had: theirs to mend.
                if ring.read_at == 0 || matches!(first, Err(TokenFault::UnknownKey)) {
                    Err(TokenFault::KeysUnreachable)
                } else {
                    first
                }
            }
        }
    }

    /// The type that a token of ours names; looked at after its signature, which covers it.
    pub(crate) fn type_of(token: &str) -> Option<String> {
        let typ = Head::read(token).ok()?.typ?.to_ascii_lowercase();
        Some(typ.strip_prefix("application/").unwrap_or(&typ).to_owned())
    }

    /// The kind, for what differs by it.
    pub(crate) fn is(&self, kind: Kind) -> bool {
        self.plan.kind == kind
    }
}

fn with_ring<C: DeserializeOwned>(ring: &KeyRing, token: &str, alg: Alg, kid: Option<&str>) -> Result<C, TokenFault> {
    let mut fault = TokenFault::UnknownKey;
    for key in ring.fitting(kid, alg) {
        let found = match alg {
            Alg::Known(alg) => read(token, alg, &key.key),
            Alg::Es512 => read_es512(token, &key.key),
        };
        match found {
            Err(TokenFault::Signature) => fault = TokenFault::Signature,
            other => return other,
        }
    }
    Err(fault)
}

#[allow(clippy::wildcard_enum_match_arm, reason = "another crate's enum")]
fn read<C: DeserializeOwned>(token: &str, alg: Algorithm, key: &DecodingKey) -> Result<C, TokenFault> {
    let mut validation = Validation::new(alg);
    // Times, issuer and audience are checked by the clock and the rules of the caller.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    jsonwebtoken::decode::<C>(token, key, &validation).map(|data| data.claims).map_err(|error| match error.kind() {
        ErrorKind::InvalidSignature => TokenFault::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::MissingAlgorithm => TokenFault::Algorithm,
        _ => TokenFault::Malformed,
    })
}

fn read_es512<C: DeserializeOwned>(token: &str, key: &DecodingKey) -> Result<C, TokenFault> {
    verify_es512(token, key.try_get_as_bytes().map_err(|_| TokenFault::Signature)?)?;
    // Its signature was verified a line above.
    jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| TokenFault::Malformed)
}
