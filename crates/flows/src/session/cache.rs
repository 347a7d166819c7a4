//! Sessions that were checked lately, so that most checks need no query.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use kagiya_domain::{Span, Timestamp};
use kagiya_store::ending::TokenHash;
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

/// For how long a reading of the log is trusted.
pub(crate) const LEASE: Duration = Duration::from_millis(40);
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
    pub(crate) last_seen: AtomicI64,
    pub(crate) written: AtomicI64,
}

#[derive(Default)]
struct Shard {
    sessions: HashMap<TokenHash, Arc<Live>>,
    /// Counts endings: who looked a session up before one does not put it here after it.
    endings: u64,
}

/// The line up to which the log was read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Newest {
    pub(crate) id: i64,
    /// `None` of a log that was empty.
    pub(crate) token: Option<TokenHash>,
}

/// How far the log was read.
#[derive(Default)]
pub(crate) struct Log {
    /// The newest line that was seen; `None` before the first reading.
    pub(crate) newest: Option<Newest>,
    /// Older numbers that were not, and since when they are missed, in milliseconds of the clock that only goes
    /// forward: transactions that go on, or were undone.
    pub(crate) gaps: Vec<(i64, i64)>,
    /// When it was last read, by the clock on the wall.
    pub(crate) read_at: Timestamp,
    /// When a reading last failed, in milliseconds of the clock that only goes forward.
    pub(crate) failed_at: i64,
}

/// Sessions that were checked lately.
pub struct SessionCache {
    shards: Vec<RwLock<Shard>>,
    /// When the log was last read.
    pub(crate) read_at: AtomicI64,
    /// A use is to be written down.
    pub(crate) touched: AtomicBool,
    /// Something was checked since the last reading.
    pub(crate) checked: AtomicBool,
    /// Rung when a check found no lease.
    pub(crate) bell: Notify,
    pub(crate) log: Mutex<Log>,
}

impl Default for SessionCache {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            read_at: AtomicI64::new(i64::MIN / 2),
            touched: AtomicBool::new(false),
            checked: AtomicBool::new(false),
            bell: Notify::new(),
            log: Mutex::default(),
        }
    }
}

/// What a shard had seen when a look-up began.
#[derive(Clone, Copy)]
pub(crate) struct Seen(u64);

impl SessionCache {
    fn shard(&self, hash: &TokenHash) -> &RwLock<Shard> {
        &self.shards[usize::from(hash[0]) % SHARDS]
    }

    /// Milliseconds since the log was read.
    pub(crate) fn age_ms(&self, now_ms: i64) -> i64 {
        now_ms - self.read_at.load(Ordering::Acquire)
    }

    /// Whether memory may vouch for sessions.
    pub(crate) fn has_lease(&self, now_ms: i64) -> bool {
        // Not written by every check: all cores would wait for that line.
        if !self.checked.load(Ordering::Relaxed) {
            self.checked.store(true, Ordering::Relaxed);
        }
        // Milliseconds are rounded down: the age is less than one more than it says.
        self.age_ms(now_ms) < i64::try_from(LEASE.as_millis()).unwrap_or(0)
    }

    pub(crate) fn get(&self, hash: &TokenHash) -> Option<Arc<Live>> {
        self.shard(hash).read().unwrap_or_else(PoisonError::into_inner).sessions.get(hash).cloned()
    }

    /// To be asked before the database is.
    pub(crate) fn seen(&self, hash: &TokenHash) -> Seen {
        Seen(self.shard(hash).read().unwrap_or_else(PoisonError::into_inner).endings)
    }

    /// Remembers a session, unless one has ended since.
    pub(crate) fn put(&self, hash: TokenHash, live: Arc<Live>, seen: Seen) {
        let mut shard = self.shard(&hash).write().unwrap_or_else(PoisonError::into_inner);
        if shard.endings != seen.0 {
            return;
        }
        if shard.sessions.len() >= SHARD_LIMIT {
            shard.sessions.clear();
        }
        shard.sessions.insert(hash, live);
    }

    /// Forgets a session that ended.
    pub(crate) fn end(&self, hash: &TokenHash) {
        let mut shard = self.shard(hash).write().unwrap_or_else(PoisonError::into_inner);
        shard.endings += 1;
        shard.sessions.remove(hash);
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        for shard in &self.shards {
            let mut shard = shard.write().unwrap_or_else(PoisonError::into_inner);
            shard.endings += 1;
            shard.sessions.clear();
        }
    }

    /// Every session that is remembered.
    pub(crate) fn for_each(&self, mut look: impl FnMut(&TokenHash, &Live)) {
        for shard in &self.shards {
            for (hash, live) in &shard.read().unwrap_or_else(PoisonError::into_inner).sessions {
                look(hash, live);
            }
        }
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        let count = |shard: &RwLock<Shard>| shard.read().unwrap_or_else(PoisonError::into_inner).sessions.len();
        self.shards.iter().map(count).sum()
    }

    /// Whether none is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_looked_before_an_ending_remembers_nothing_after_it() {
        let (cache, hash) = (SessionCache::default(), [3; 32]);
        let live = Arc::new(Live {
            id: Uuid::nil(),
            account_id: Uuid::nil(),
            login_id: String::new(),
            created_at: Timestamp(0),
            expires_at: Timestamp(1),
            idle: Span(1),
            last_seen: AtomicI64::new(0),
            written: AtomicI64::new(0),
        });
        let seen = cache.seen(&hash);
        cache.end(&hash);
        cache.put(hash, Arc::clone(&live), seen);
        assert!(cache.get(&hash).is_none());
        let seen = cache.seen(&hash);
        cache.put(hash, live, seen);
        assert!(cache.get(&hash).is_some());
        cache.forget();
        assert!(cache.is_empty() && cache.seen(&hash).0 != seen.0);
    }
}
