//! The keys of a provider, as they were read last.

use jsonwebtoken::DecodingKey;

use crate::alg::Alg;

/// One key.
pub(crate) struct Key {
    pub(crate) kid: Option<String>,
    pub(crate) alg: Option<Alg>,
    /// Whether it is one of the curve P-521.
    pub(crate) p521: bool,
    pub(crate) key: DecodingKey,
}

/// The keys that were read last.
#[derive(Default)]
pub(crate) struct KeyRing {
    pub(crate) keys: Vec<Key>,
    /// When, in seconds since 1970.
    pub(crate) read_at: i64,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys", self.keys.len())
    }
}

impl KeyRing {
    /// The keys that may have signed a token with this header.
    pub(crate) fn fitting<'r>(&'r self, kid: Option<&'r str>, alg: Alg) -> impl Iterator<Item = &'r Key> {
        let named = move |key: &Key| kid.is_none_or(|kid| key.kid.as_deref() == Some(kid));
        // A key that has no name may be the one that is named (RFC 7517, 4.5: it is optional).
        let known = self.keys.iter().any(named);
        self.keys.iter().filter(move |key| {
            let fits = if known { named(key) } else { key.kid.is_none() };
            let kind = match alg {
                Alg::Known(alg) => !key.p521 && key.key.family() == alg.family(),
                Alg::Es512 => key.p521,
            };
            fits && kind && key.alg.is_none_or(|own| own == alg)
        })
    }
}
