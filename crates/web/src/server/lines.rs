//! Connections: how many there may be, how long each may keep a place, how much each may hold.
//!
//! Whoever says nothing, reads nothing or never ends what it began gives its place back (CWE-400, CWE-770). When all
//! places are taken the one that has been silent longest goes first, so that a person always gets in.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    task::Waker,
};

use futures_util::task::AtomicWaker;
use ipnet::IpNet;
use kagiya_domain::network;
use tokio::sync::Notify;

/// From the connection to the end of its first request's head, in milliseconds.
const FIRST_HEAD: i64 = 20_000;
/// From one answer to the next request's head.
const IDLE: i64 = 75_000;
/// From a request's head to the last byte of its answer: bodies take 20 s, hashes 5 s and providers 8 s at most.
const REQUEST: i64 = 60_000;
/// How long a client may take none of the bytes that wait for it.
const UNREAD: i64 = 20_000;
/// What a connection may send without being counted: an ordinary head.
const FREE_BYTES: usize = 8 * 1_024;
/// What all connections together may have sent beyond that without being answered.
const HELD_BYTES: usize = 8 * 1_024 * 1_024;
/// Requests that may be under way at once, over all connections.
const UNDER_WAY: usize = 1_024;
/// Answers that are made and not taken yet, over all connections: beyond it whoever takes the fewest goes.
const UNTAKEN: usize = 256;
/// A connection with more requests than this under way goes before others are turned away.
const MANY_UNDER_WAY: usize = 8;

/// How many connections there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At once.
    pub connections: usize,
    /// Of these from one network: an IPv4 address, an IPv6 /64. Trusted proxies have no such limit.
    pub per_network: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connections: 2_048, per_network: 1_024 }
    }
}

/// All connections.
#[derive(Debug)]
pub(crate) struct Lines {
    limits: Limits,
    trusted: Vec<IpNet>,
    open: Mutex<Open>,
    /// Bytes that were sent and not answered yet, beyond what is free.
    held: AtomicUsize,
    under_way: AtomicUsize,
    untaken: AtomicUsize,
    /// Whether the server stops: a connection takes no further request.
    stopping: AtomicBool,
}

#[derive(Debug, Default)]
struct Open {
    next: u64,
    lines: HashMap<u64, Arc<Line>>,
    networks: HashMap<String, usize>,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Line {
    id: u64,
    network: Option<String>,
    /// When it was opened, or last answered.
    since: AtomicI64,
    /// Whether it ever sent a whole head.
    spoke: AtomicBool,
    /// The requests under way.
    requests: Mutex<Requests>,
    /// Since when the rest of a body is waited for; 0: none is.
    owes: AtomicI64,
    /// Whether its place was taken away.
    gone: AtomicBool,
    /// Since when bytes wait that the client does not take; 0: none do.
    unread: AtomicI64,
    /// Bytes that were read since the last answer.
    read: AtomicUsize,
    taken: Notify,
    /// Wakes what drives it, when its place is taken away or the server stops.
    driver: AtomicWaker,
}

/// The requests of a connection that are under way.
#[derive(Debug, Default)]
struct Requests {
    last: u64,
    asked: Vec<Asked>,
}

/// A request under way.
#[derive(Clone, Copy, Debug)]
struct Asked {
    number: u64,
    begun: i64,
    /// When its answer was made, which the client has not taken yet.
    answered: Option<i64>,
}

impl Line {
    fn requests(&self) -> std::sync::MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Since when it has kept its place for nothing: it says nothing, owes the rest of a body, or does not take its
    /// answers. `None` while we work for it.
    fn silent_since(&self) -> Option<i64> {
        let waits = [&self.owes, &self.unread].map(|since| since.load(Ordering::Relaxed));
        if let Some(since) = waits.into_iter().filter(|since| *since != 0).min() {
            return Some(since);
        }
        let requests = self.requests();
        if requests.asked.iter().any(|asked| asked.answered.is_none()) {
            return None;
        }
        Some(
            requests
                .asked
                .iter()
                .filter_map(|asked| asked.answered)
                .min()
                .unwrap_or_else(|| self.since.load(Ordering::Relaxed)),
        )
    }

    /// Says since when the rest of a body is waited for.
    pub(crate) fn owes(&self, since: Option<i64>) {
        self.owes.store(since.map_or(0, |now| now.max(1)), Ordering::Relaxed);
    }

    /// Whether its place was taken away: nobody hears what it is answered.
    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    fn is_overdue(&self, now: i64) -> bool {
        let unread = self.unread.load(Ordering::Relaxed);
        if unread != 0 && now - unread > UNREAD {
            return true;
        }
        let requests = self.requests();
        if !requests.asked.is_empty() {
            return requests.asked.iter().any(|asked| match asked.answered {
                Some(at) => now - at > UNREAD,
                None => now - asked.begun > REQUEST,
            });
        }
        drop(requests);
        let patience = if self.spoke.load(Ordering::Relaxed) { IDLE } else { FIRST_HEAD };
        now - self.since.load(Ordering::Relaxed) > patience
    }

    /// How many answers it has not taken.
    fn untaken(&self) -> usize {
        self.requests().asked.iter().filter(|asked| asked.answered.is_some()).count()
    }

    /// Whether a request of it is under way.
    pub(crate) fn is_busy(&self) -> bool {
        !self.requests().asked.is_empty()
    }

    /// Has this task woken when the connection's place is taken away or the server stops. To be called before
    /// [`Line::is_gone`] and [`Lines::is_stopping`] are looked at.
    pub(crate) fn drive(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    /// Says whether bytes wait that the client does not take.
    pub(crate) fn waits(&self, waits: bool, now: impl FnOnce() -> i64) {
        if waits {
            let _ = self.unread.compare_exchange(0, now().max(1), Ordering::SeqCst, Ordering::SeqCst);
        } else if self.unread.load(Ordering::SeqCst) != 0 {
            self.unread.store(0, Ordering::SeqCst);
            self.taken.notify_waiters();
        }
    }

    /// Resolves when the client has taken what waits for it: until then nothing more is made for it.
    pub(crate) async fn taken(&self) {
        while self.unread.load(Ordering::SeqCst) != 0 {
            let taken = self.taken.notified();
            if self.unread.load(Ordering::SeqCst) == 0 {
                return;
            }
            taken.await;
        }
    }
}

impl Lines {
    pub(crate) fn new(limits: Limits, trusted: &[IpNet]) -> Arc<Self> {
        Arc::new(Self {
            limits,
            trusted: trusted.to_vec(),
            open: Mutex::default(),
            held: AtomicUsize::new(0),
            under_way: AtomicUsize::new(0),
            untaken: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
        })
    }

    fn open(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection; `None` when its network uses all of its own.
    pub(crate) fn admit(self: &Arc<Self>, peer: IpAddr, now: i64) -> Option<Place> {
        let peer = peer.to_canonical();
        let network = (!self.trusted.iter().any(|net| net.contains(&peer))).then(|| network::counter_key(peer));
        let mut open = self.open();
        if let Some(network) = &network
            && open.networks.get(network).is_some_and(|count| *count >= self.limits.per_network)
            && !open.cut_silent(|line| line.network.as_ref() == Some(network))
        {
            return None;
        }
        if open.lines.len() >= self.limits.connections && !open.cut_silent(|_| true) {
            return None;
        }
        let id = open.next;
        open.next += 1;
        if let Some(network) = &network {
            *open.networks.entry(network.clone()).or_default() += 1;
        }
        let line = Arc::new(Line {
            id,
            network,
            since: AtomicI64::new(now),
            spoke: AtomicBool::new(false),
            requests: Mutex::default(),
            owes: AtomicI64::new(0),
            gone: AtomicBool::new(false),
            unread: AtomicI64::new(0),
            read: AtomicUsize::new(0),
            taken: Notify::new(),
            driver: AtomicWaker::new(),
        });
        open.lines.insert(id, Arc::clone(&line));
        drop(open);
        Some(Place { seat: Arc::new(Seat { lines: Arc::clone(self), line }) })
    }

    /// Lets every connection end what it has in hand, and take no more.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.open().lines.values().for_each(|line| line.driver.wake());
    }

    /// Whether connections take no further request.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Ends what has been kept open for too long.
    pub(crate) fn sweep(&self, now: i64) {
        let mut open = self.open();
        let overdue: Vec<u64> = open.lines.values().filter(|line| line.is_overdue(now)).map(|line| line.id).collect();
        for id in overdue {
            open.cut(id);
        }
    }

    /// How many connections there are.
    pub(crate) fn count(&self) -> usize {
        self.open().lines.len()
    }
}

/// A connection among all.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) lines: Arc<Lines>,
    pub(crate) line: Arc<Line>,
}

impl Seat {
    /// Counts a request; `None` when too many are under way.
    pub(crate) fn begin(self: &Arc<Self>, now: i64) -> Option<UnderWay> {
        let (lines, line) = (&self.lines, &self.line);
        if line.is_gone() {
            return None;
        }
        if lines.under_way.load(Ordering::Relaxed) >= UNDER_WAY {
            // Whoever keeps many waiting makes room first.
            let mut open = lines.open();
            let most = open.lines.values().map(|line| (line.requests().asked.len(), line.id)).max();
            let id = most.filter(|(count, _)| *count > MANY_UNDER_WAY).map(|(_, id)| id)?;
            open.cut(id);
            if id == line.id {
                return None;
            }
        }
        lines.under_way.fetch_add(1, Ordering::Relaxed);
        line.spoke.store(true, Ordering::Relaxed);
        let mut requests = line.requests();
        requests.last += 1;
        let number = requests.last;
        requests.asked.push(Asked { number, begun: now, answered: None });
        drop(requests);
        Some(UnderWay { seat: Arc::clone(self), number, begun: now })
    }
}

impl Open {
    /// Takes a connection's place away; its task ends it.
    fn cut(&mut self, id: u64) {
        if let Some(line) = self.remove(id) {
            line.gone.store(true, Ordering::SeqCst);
            line.driver.wake();
        }
    }

    fn remove(&mut self, id: u64) -> Option<Arc<Line>> {
        let line = self.lines.remove(&id)?;
        if let Some(network) = &line.network
            && let Some(count) = self.networks.get_mut(network)
        {
            *count -= 1;
            if *count == 0 {
                self.networks.remove(network);
            }
        }
        Some(line)
    }

    /// Ends the connection that has been silent longest of those; `false` when all are at work.
    fn cut_silent(&mut self, of: impl Fn(&Line) -> bool) -> bool {
        let silent = self.lines.values().filter(|line| of(line));
        let longest = silent.filter_map(|line| Some((line.silent_since()?, line.id))).min();
        longest.map(|(_, id)| self.cut(id)).is_some()
    }
}

/// A connection's place. Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) seat: Arc<Seat>,
}

impl Place {
    /// Counts bytes that were read; `false` when all connections together hold too many.
    pub(crate) fn read(&self, bytes: usize) -> bool {
        let before = self.seat.line.read.fetch_add(bytes, Ordering::Relaxed);
        let beyond = (before + bytes).saturating_sub(FREE_BYTES) - before.saturating_sub(FREE_BYTES);
        beyond == 0 || self.seat.lines.held.fetch_add(beyond, Ordering::Relaxed) + beyond <= HELD_BYTES
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Seat { lines, line } = &*self.seat;
        let held = line.read.swap(0, Ordering::Relaxed).saturating_sub(FREE_BYTES);
        lines.held.fetch_sub(held, Ordering::Relaxed);
        lines.open().remove(line.id);
    }
}

impl Lines {
    /// One request is answered: what was read for it is held no longer. With `others` under way beside it (HTTP/2) that
    /// is its share of what was read.
    fn answered(&self, line: &Line, others: usize) {
        let before = line.read.load(Ordering::Relaxed);
        let after = before - before / (others + 1);
        let after = if others == 0 { 0 } else { after };
        // Bytes that came meanwhile are looked at with the next.
        if line.read.compare_exchange(before, after, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            let held = before.saturating_sub(FREE_BYTES) - after.saturating_sub(FREE_BYTES);
            self.held.fetch_sub(held, Ordering::Relaxed);
        }
    }
}

/// A request that is under way until its answer has been handed over.
#[derive(Debug)]
pub(crate) struct UnderWay {
    seat: Arc<Seat>,
    number: u64,
    begun: i64,
}

impl UnderWay {
    /// Its answer is made: what follows is the client's to do.
    pub(crate) fn answered(&self, now: i64) {
        let Seat { lines, line } = &*self.seat;
        if let Some(asked) = line.requests().asked.iter_mut().find(|asked| asked.number == self.number) {
            asked.answered = Some(now);
        }
        if lines.untaken.fetch_add(1, Ordering::Relaxed) >= UNTAKEN {
            let mut open = lines.open();
            let most = open.lines.values().map(|line| (line.untaken(), line.id)).max();
            if let Some((_, id)) = most.filter(|(count, _)| *count > 1) {
                open.cut(id);
            }
        }
    }

    /// Ends it at that time.
    pub(crate) fn end(self, now: i64) {
        self.seat.line.since.store(now, Ordering::Relaxed);
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Seat { lines, line } = &*self.seat;
        lines.under_way.fetch_sub(1, Ordering::Relaxed);
        let mut requests = line.requests();
        if let Some(place) = requests.asked.iter().position(|asked| asked.number == self.number)
            && requests.asked.swap_remove(place).answered.is_some()
        {
            lines.untaken.fetch_sub(1, Ordering::Relaxed);
        }
        let others = requests.asked.len();
        drop(requests);
        if others == 0 {
            line.since.fetch_max(self.begun, Ordering::Relaxed);
        }
        lines.answered(line, others);
    }
}

#[cfg(test)]
mod tests;
