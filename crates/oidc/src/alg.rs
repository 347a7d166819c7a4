//! By what a token says that it is signed: what the token library verifies, and ES512, which it does not know.

use std::str::FromStr;

use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED, UnparsedPublicKey};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::Deserialize;

use crate::fault::TokenFault;

/// The algorithm of a signature (RFC 7518, 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alg {
    /// One that the token library verifies.
    Known(Algorithm),
    /// ECDSA over P-521 with SHA-512.
    Es512,
}

impl Alg {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "ES512" => Some(Self::Es512),
            other => Algorithm::from_str(other).ok().map(Self::Known),
        }
    }
}

/// What is looked at of a token's header (RFC 7515, 4.1) before its signature.
#[derive(Debug, Deserialize)]
pub(crate) struct Head {
    alg: String,
    pub(crate) kid: Option<String>,
    pub(crate) typ: Option<String>,
    pub(crate) crit: Option<serde_json::Value>,
}

impl Head {
    pub(crate) fn read(token: &str) -> Result<Self, TokenFault> {
        let mut parts = token.split('.');
        let (Some(head), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(TokenFault::Malformed);
        };
        let head = URL_SAFE_NO_PAD.decode(head).map_err(|_| TokenFault::Malformed)?;
        serde_json::from_slice(&head).map_err(|_| TokenFault::Malformed)
    }

    /// `None` for an algorithm that nobody here verifies, "none" among them.
    pub(crate) fn alg(&self) -> Option<Alg> {
        Alg::parse(&self.alg)
    }
}

/// Verifies an ES512 signature: R and S, 66 bytes each (RFC 7518, 3.4). `point`: the key, uncompressed.
pub(crate) fn verify_es512(token: &str, point: &[u8]) -> Result<(), TokenFault> {
    let (signed, signature) = token.rsplit_once('.').ok_or(TokenFault::Malformed)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenFault::Malformed)?;
    let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point);
    key.verify(signed.as_bytes(), &signature).map_err(|_| TokenFault::Signature)
}
