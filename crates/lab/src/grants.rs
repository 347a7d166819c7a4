//! Codes and access tokens that the shops gave out.

use std::collections::BTreeMap;

/// What a code stands for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grant {
    pub(crate) shop: String,
    pub(crate) redirect_uri: String,
    pub(crate) nonce: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) person: String,
    pub(crate) given_at: i64,
    /// Whether a refresh token goes with it.
    pub(crate) offline: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Grants {
    pub(crate) codes: BTreeMap<String, Grant>,
    pub(crate) access: BTreeMap<String, Grant>,
    pub(crate) refresh: BTreeMap<String, Grant>,
    /// Who was there last: still signed in, for whoever asks without a page.
    pub(crate) last: BTreeMap<String, String>,
    /// Who has agreed before: Apple tells the name only once.
    pub(crate) agreed: BTreeMap<String, u32>,
}

/// More are not remembered: the oldest of a practice town may go.
const MOST: usize = 20_000;

impl Grants {
    pub(crate) fn trim(&mut self) {
        if self.codes.len() > MOST {
            self.codes.clear();
        }
        if self.access.len() > MOST {
            self.access.clear();
        }
        if self.refresh.len() > MOST {
            self.refresh.clear();
        }
    }
}
