//! The external accounts that the settings name, each with its health.

pub mod health;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use kagiya_domain::email::EmailAddress;
use kagiya_oidc::{Identity, Provider};

use crate::keys::Keys;

/// One provider with its health.
#[derive(Debug)]
pub struct Entry {
    /// The provider.
    pub provider: Provider,
    /// How it fares, by our own measure.
    pub health: health::Health,
    /// Codes of its that nobody here knows, and that were told.
    unknown: Mutex<BTreeSet<String>>,
}

/// So many unknown codes are told; whoever makes them up tells no news.
const UNKNOWN: usize = 50;

impl Entry {
    /// Whether this code was not told yet.
    pub(crate) fn is_new(&self, code: &str) -> bool {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.len() < UNKNOWN && unknown.insert(code.to_owned())
    }
}

/// The providers that the settings name, in their order.
#[derive(Debug, Default)]
pub struct Providers(Vec<Arc<Entry>>);

impl Providers {
    /// From the settings' list.
    pub fn new(providers: Vec<Provider>) -> Self {
        let entry =
            |provider| Arc::new(Entry { provider, health: health::Health::default(), unknown: Mutex::default() });
        Self(providers.into_iter().map(entry).collect())
    }

    /// The provider of that name.
    pub fn find(&self, id: &str) -> Option<&Arc<Entry>> {
        self.0.iter().find(|entry| entry.provider.id() == id)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What a provider is called; its name in URLs when the settings no longer have it.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.find(id).map_or(id, |entry| entry.provider.name())
    }
}

/// Whose identity it is, for its owner's eyes.
pub fn shown(identity: &Identity) -> String {
    if let Some(email) = identity.email.as_deref().and_then(|email| EmailAddress::parse(email).ok()) {
        return email.masked();
    }
    match &identity.name {
        Some(name) => masked_name(name),
        None => {
            let tail: Vec<char> = identity.subject.chars().rev().take(3).collect();
            format!("•••{}", tail.into_iter().rev().collect::<String>())
        }
    }
}

/// `はな•••`: enough to recognise one's own name.
fn masked_name(name: &str) -> String {
    let count = name.chars().count();
    format!("{}•••", name.chars().take((count / 2).clamp(1, 4)).collect::<String>())
}

/// An identity as it waits to be linked: what a provider told is nobody's to read.
pub(crate) fn seal_identity(keys: &Keys, identity: &Identity, nonce: [u8; 24]) -> String {
    keys.seal("identity", &serde_json::to_vec(identity).unwrap_or_default(), nonce)
}

/// Reads what [`seal_identity`] made.
pub(crate) fn open_identity(keys: &Keys, sealed: &str) -> Option<Identity> {
    serde_json::from_slice(&keys.open("identity", sealed)?).ok()
}
