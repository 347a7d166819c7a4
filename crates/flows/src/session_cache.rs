//! Sessions that were checked lately, so that most checks need no query.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64},
    },
};

use kagiya_domain::{Span, Timestamp};
use uuid::Uuid;

const SHARDS: usize = 32;
/// Sessions remembered per shard; beyond it a shard starts anew.
const SHARD_LIMIT: usize = 8_192;
/// A session that is running.
#[derive(Debug)]
pub struct Live {
    /// The key shown in lists.
    pub id: Uuid,
    /// Whose it is.
    pub account_id: Uuid,
    /// The account's login ID.
    pub login_id: String,
    /// When it began.
    pub created_at: Timestamp,
    /// The latest end.
    pub expires_at: Timestamp,
    /// How long it may lie unused.
    pub idle: Span,
    pub(crate) epoch: i64,
    pub(crate) last_seen: AtomicI64,
    pub(crate) written: AtomicI64,
}

type Shard = RwLock<HashMap<[u8; 32], Arc<Live>>>;

/// Sessions that were checked lately. An entry counts only while the epoch it was loaded
/// under is the database's, as read within the lease; ending a session counts the epoch up
/// and, when other servers live, waits until their leases have run out.
pub struct SessionCache {
    pub(crate) shards: Vec<Shard>,
    pub(crate) epoch: AtomicI64,
    pub(crate) read_at: AtomicI64,
    pub(crate) touched: AtomicBool,
}

impl Default for SessionCache {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            epoch: AtomicI64::new(0),
            read_at: AtomicI64::new(i64::MIN / 2),
            touched: AtomicBool::new(false),
        }
    }
}

impl SessionCache {
    fn shard(&self, hash: &[u8; 32]) -> &Shard {
        &self.shards[usize::from(hash[0]) % SHARDS]
    }

    pub(crate) fn get(&self, hash: &[u8; 32]) -> Option<Arc<Live>> {
        self.shard(hash).read().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    pub(crate) fn put(&self, hash: [u8; 32], live: Arc<Live>) {
        let mut shard = self.shard(&hash).write().unwrap_or_else(PoisonError::into_inner);
        if shard.len() >= SHARD_LIMIT {
            shard.clear();
        }
        shard.insert(hash, live);
    }

    pub(crate) fn forget(&self) {
        for shard in &self.shards {
            shard.write().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
