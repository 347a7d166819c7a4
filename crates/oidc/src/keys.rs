//! A provider's keys: read ahead, and once more when a token names one that is not there.

use std::sync::Arc;

use jsonwebtoken::{
    DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse},
};

use crate::{
    alg::Alg,
    answer::{Endpoint, Failure},
    jwks::{Key, KeyRing},
    provider::Provider,
};

/// More keys than this are nobody's.
const MOST_KEYS: usize = 50;

fn read_key(value: &serde_json::Value) -> Option<Key> {
    let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
    if matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption)) {
        return None;
    }
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    let p521 = matches!(&jwk.algorithm, AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P521);
    // By its own name: the library's for those that it does not know are all one.
    let alg = value["alg"].as_str().and_then(Alg::parse);
    Some(Key { kid: jwk.common.key_id, alg, p521, key })
}

impl Provider {
    /// Reads the keys (RFC 7517 5). One that cannot be read does not spoil the others.
    pub(crate) async fn fetch_keys(&self, now: i64) -> Result<Arc<KeyRing>, Failure> {
        let endpoint = Endpoint::Keys;
        let url = self.places().await?.jwks.ok_or(Failure::Unknown(endpoint))?;
        let told = self.client.get_json(endpoint, &url).await?;
        let list = told["keys"].as_array().ok_or(Failure::Unreadable { endpoint, why: "without keys" })?;
        let keys: Vec<Key> = list.iter().take(MOST_KEYS).filter_map(read_key).collect();
        if keys.is_empty() {
            return Err(Failure::Unreadable { endpoint, why: "without a usable key" });
        }
        let ring = Arc::new(KeyRing { keys, read_at: now });
        *self.keys.write().await = Arc::clone(&ring);
        Ok(ring)
    }
}
