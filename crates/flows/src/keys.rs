//! Secrets that live outside the database, and what is derived from them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{XChaCha20Poly1305, aead::Aead};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

type HmacSha256 = Hmac<Sha256>;

/// The server's keys: the first signs, all of them verify.
pub struct Keys {
    /// HMAC states that have taken their key in.
    keys: Vec<HmacSha256>,
    short: String,
}

impl Keys {
    /// Keys from 32-byte secrets; the first one is in use. `None` when there is none.
    pub fn new(secrets: Vec<[u8; 32]>) -> Option<Self> {
        if secrets.is_empty() {
            return None;
        }
        let secrets = Zeroizing::new(secrets);
        // HMAC takes keys of any length.
        let keys = secrets.iter().filter_map(|secret| HmacSha256::new_from_slice(secret).ok()).collect();
        let mut keys = Self { keys, short: String::new() };
        keys.short = keys.fingerprint()[..3].iter().map(|byte| format!("{byte:02x}")).collect();
        Some(keys)
    }

    fn mac_with(key: &HmacSha256, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = key.clone();
        mac.update(purpose.as_bytes());
        for part in parts {
            // Length first, so that no two lists of parts make one message.
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// A keyed digest (HMAC-SHA-256), for looking things up without keeping them.
    pub fn digest(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        Self::mac_with(&self.keys[0], purpose, parts)
    }

    /// As [`Keys::digest`], with every key, the one in use first.
    pub fn digests(&self, purpose: &str, parts: &[&[u8]]) -> Vec<[u8; 32]> {
        self.keys.iter().map(|key| Self::mac_with(key, purpose, parts)).collect()
    }

    /// The first 16 bytes of [`Keys::digest`].
    pub fn digest16(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 16] {
        let full = self.digest(purpose, parts);
        let mut short = [0; 16];
        short.copy_from_slice(&full[..16]);
        short
    }

    /// Whether `tag` was made by [`Keys::digest16`] with this or an earlier key.
    pub fn verify16(&self, purpose: &str, parts: &[&[u8]], tag: &[u8]) -> bool {
        tag.len() == 16 && self.keys.iter().any(|key| bool::from(Self::mac_with(key, purpose, parts)[..16].ct_eq(tag)))
    }

    fn cipher(key: &HmacSha256, purpose: &str) -> XChaCha20Poly1305 {
        let key = Zeroizing::new(Self::mac_with(key, "seal", &[purpose.as_bytes()]));
        XChaCha20Poly1305::new(&(*key).into())
    }

    /// Encrypts (XChaCha20-Poly1305) for one purpose. `nonce` must be fresh.
    pub fn seal(&self, purpose: &str, plain: &[u8], nonce: [u8; 24]) -> String {
        let sealed = Self::cipher(&self.keys[0], purpose).encrypt(&nonce.into(), plain).unwrap_or_default();
        URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())
    }

    /// Decrypts what [`Keys::seal`] made with this or an earlier key; `None` when it was changed.
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok().filter(|bytes| bytes.len() >= 24 + 16)?;
        let (nonce, sealed) = bytes.split_at(24);
        let nonce: [u8; 24] = nonce.try_into().ok()?;
        self.keys.iter().find_map(|key| Self::cipher(key, purpose).decrypt(&nonce.into(), sealed).ok())
    }

    /// As [`Keys::fingerprint`], short enough to be read out.
    pub fn short(&self) -> &str {
        &self.short
    }

    /// What tells two servers with different keys apart without showing them.
    pub fn fingerprint(&self) -> [u8; 16] {
        self.digest16("fingerprint", &[])
    }
}

/// SHA-256, for tokens that are random enough to need no key.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_key_still_verifies_and_parts_do_not_run_together() {
        let old = Keys::new(vec![[1; 32]]).unwrap();
        let new = Keys::new(vec![[2; 32], [1; 32]]).unwrap();
        let tag = old.digest16("form", &[b"ab", b"c"]);
        assert!(new.verify16("form", &[b"ab", b"c"], &tag));
        assert!(!new.verify16("form", &[b"a", b"bc"], &tag));
        assert!(!new.verify16("other", &[b"ab", b"c"], &tag));
        assert!(!new.verify16("form", &[b"ab", b"c"], &tag[..15]));
    }

    #[test]
    fn what_is_sealed_opens_for_its_purpose_only() {
        let old = Keys::new(vec![[1; 32]]).unwrap();
        let new = Keys::new(vec![[2; 32], [1; 32]]).unwrap();
        let sealed = old.seal("posted", b"code", [7; 24]);
        assert_eq!(new.open("posted", &sealed).as_deref(), Some(&b"code"[..]));
        assert_eq!(new.open("other", &sealed), None);
        let changed = format!("{}A", &sealed[..sealed.len() - 1]);
        assert!(changed == sealed || new.open("posted", &changed).is_none());
    }
}
