//! Sessions that were checked lately, so that most checks need no query, and how this server follows what ends.
//!
//! Every ending is a line of the log `ending`. A check is answered from memory only while the log was read within the
//! [`LEASE`], and whoever ends a session is answered when other servers' leases have run out: a check that begins
//! after the answer finds either a younger reading, which has the line, or no lease. Nothing else is forgotten.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use kagiya_domain::{Span, Timestamp};
use kagiya_store::{
    self as store,
    ending::{Line, TokenHash},
};
use tokio::sync::{Mutex, Notify};
use uuid::Uuid;

use crate::{App, Fault};

/// For how long a reading of the log is trusted.
pub(crate) const LEASE: Duration = Duration::from_millis(60);
/// How often the log is read while sessions are checked.
const RENEWAL: Duration = Duration::from_millis(20);
/// How often it is read while none is.
const IDLE: Duration = Duration::from_secs(1);
/// Readings without a check after which a server is idle.
const IDLE_AFTER: u32 = 100;
/// For how long lines are kept.
pub(crate) const KEPT: Span = Span::minutes(30);
/// Who has not read the log for so long begins anew: lines may be gone.
const LOST_AFTER: Span = Span::minutes(5);
/// For how long a number that was given but not seen is asked for. A transaction that idles is ended by the database
/// after half a minute.
const GAP_LIFE: i64 = 300_000;
/// Who begins anew looks for such numbers among so many of the newest, and so many before the first of these.
const GAPS: i64 = 1_000;
const BEFORE: i64 = 8;
/// So many are asked for at most.
const MOST_GAPS: usize = 1_000;
/// A reading that takes longer has failed.
const READING: Duration = Duration::from_secs(2);

/// Uses are written down at most this often.
pub(crate) const WRITE_EVERY: Span = Span::minutes(1);

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

/// How far the log was read.
#[derive(Default)]
struct Log {
    /// The newest number that was seen; `None` before the first reading.
    newest: Option<i64>,
    /// Older numbers that were not, and since when they are missed, in milliseconds of the clock that only goes
    /// forward: transactions that go on, or were undone.
    gaps: Vec<(i64, i64)>,
    /// When it was last read, by the clock on the wall.
    read_at: Timestamp,
    /// When a reading last failed, in milliseconds of the clock that only goes forward.
    failed_at: i64,
}

/// Sessions that were checked lately.
pub struct SessionCache {
    shards: Vec<RwLock<Shard>>,
    /// When the log was last read.
    read_at: AtomicI64,
    /// A use is to be written down.
    pub(crate) touched: AtomicBool,
    /// Something was checked since the last reading.
    checked: AtomicBool,
    /// Rung when a check found no lease.
    bell: Notify,
    log: Mutex<Log>,
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
        self.age_ms(now_ms) <= i64::try_from(LEASE.as_millis()).unwrap_or(0)
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

    fn forget(&self) {
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

/// Writes down when sessions were last used.
///
/// # Errors
/// When the database fails.
pub async fn write_uses(app: &App) -> Result<(), Fault> {
    if !app.sessions.touched.swap(false, Ordering::Relaxed) {
        return Ok(());
    }
    let mut due = Vec::new();
    app.sessions.for_each(|hash, live| {
        let seen = live.last_seen.load(Ordering::Relaxed);
        if seen - live.written.load(Ordering::Relaxed) >= WRITE_EVERY.0 {
            live.written.store(seen, Ordering::Relaxed);
            due.push((*hash, Timestamp(seen)));
        }
    });
    for chunk in due.chunks(500) {
        let chunk = chunk.to_vec();
        app.store
            .write(move |conn| {
                async move {
                    for (hash, seen) in &chunk {
                        store::session::touch(conn, hash, *seen).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await?;
    }
    Ok(())
}

/// Reads the log until the server stops: often while sessions are checked.
///
/// # Errors
/// When the database fails; memory then stops vouching by itself.
pub(crate) async fn follow(app: &App) -> Result<(), Fault> {
    let cache = &app.sessions;
    let mut quiet = 0;
    while !app.jobs.is_stopping() {
        let mut log = cache.log.lock().await;
        read(app, &mut log).await?;
        drop(log);
        quiet = if cache.checked.swap(false, Ordering::Relaxed) { 0 } else { quiet + 1 };
        if quiet < IDLE_AFTER {
            app.jobs.pause(RENEWAL).await;
        } else {
            tokio::select! {
                () = cache.bell.notified() => quiet = 0,
                _ = app.jobs.pause(IDLE) => {}
            }
        }
    }
    Ok(())
}

/// Gets a lease for a check that found none. Of many that wait one reads.
///
/// # Errors
/// When the database fails.
pub(crate) async fn renew_lease(app: &App) -> Result<(), Fault> {
    let came = app.clock.monotonic_ms();
    app.sessions.bell.notify_one();
    let mut log = app.sessions.log.lock().await;
    if app.sessions.has_lease(app.clock.monotonic_ms()) {
        return Ok(());
    }
    if log.failed_at > came {
        return Err(store::Error::Down.into());
    }
    read(app, &mut log).await
}

/// Reads what was written to the log, forgets what ended, and vouches from the moment at which the reading began.
async fn read(app: &App, log: &mut Log) -> Result<(), Fault> {
    let begun = app.clock.monotonic_ms();
    let done = tokio::time::timeout(READING, read_on(app, log, begun)).await;
    let done = done.unwrap_or_else(|_| Err(store::Error::Down.into()));
    match &done {
        Ok(()) => app.sessions.read_at.store(begun, Ordering::Release),
        Err(_) => log.failed_at = app.clock.monotonic_ms(),
    }
    done
}

async fn read_on(app: &App, log: &mut Log, begun: i64) -> Result<(), Fault> {
    let cache = &app.sessions;
    let mut conn = app.store.reader().await?;
    let now = app.now();
    let away = now.since(log.read_at).max(Span(cache.age_ms(begun)));
    let Some(newest) = log.newest.filter(|_| away < LOST_AFTER) else {
        // What is in the middle of being written has a number near the newest.
        let newest = store::ending::newest(&mut conn).await?;
        let lines = store::ending::after(&mut conn, newest - GAPS).await?;
        drop(conn);
        restart(app).await?;
        let from = lines.first().map_or(newest, |line| line.id - BEFORE).max(0);
        (log.newest, log.read_at) = (Some(newest.max(lines.last().map_or(0, |line| line.id))), now);
        log.gaps = missing(from, &lines).map(|id| (id, begun)).collect();
        return Ok(());
    };
    let mut lines = Vec::new();
    let mut still = Vec::new();
    for &(id, since) in &log.gaps {
        match store::ending::find(&mut conn, id).await? {
            Some(line) => lines.push(line),
            None if begun - since < GAP_LIFE => still.push((id, since)),
            None => {}
        }
    }
    let new = store::ending::after(&mut conn, newest).await?;
    drop(conn);
    let last = new.last().map_or(newest, |line| line.id);
    still.extend(missing(newest, &new).take(MOST_GAPS).map(|id| (id, begun)));
    for line in lines.iter().chain(&new) {
        cache.end(&line.token);
    }
    *log = Log { newest: Some(last), gaps: still, read_at: now, ..*log };
    Ok(())
}

/// The numbers after `newest` that are not among `lines`, which stand in order.
fn missing(newest: i64, lines: &[Line]) -> impl Iterator<Item = i64> {
    let before = std::iter::once(newest).chain(lines.iter().map(|line| line.id));
    before.zip(lines).flat_map(|(before, line)| before + 1..line.id)
}

/// Forgets everything: what is remembered may have ended unseen.
async fn restart(app: &App) -> Result<(), Fault> {
    if !app.sessions.is_empty() {
        app.sessions.touched.store(true, Ordering::Relaxed);
        write_uses(app).await?;
    }
    app.sessions.forget();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: i64) -> Line {
        Line { id, token: [0; 32] }
    }

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

    #[test]
    fn numbers_that_were_given_and_not_seen_are_missed() {
        let gaps = |newest, ids: &[i64]| {
            let lines: Vec<Line> = ids.iter().map(|id| line(*id)).collect();
            missing(newest, &lines).collect::<Vec<_>>()
        };
        assert!(gaps(4, &[]).is_empty());
        assert!(gaps(4, &[5, 6]).is_empty());
        assert_eq!(gaps(4, &[6, 9]), [5, 7, 8]);
    }
}
