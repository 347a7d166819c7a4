//! The threads that hash passwords: an arena each, a bounded queue, low priority.

use std::{
    collections::VecDeque,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use argon2_rust::{Algorithm, Argon2, Hasher, Params, Version, params::Memory};
use kagiya_domain::password::{Password, PasswordError, Policy};
use tokio::sync::oneshot;

use crate::{Fault, settings::Argon2Parameters};

/// Jobs that may wait, per thread. Beyond it the answer is "busy": at 10 ms a hash this is
/// about two seconds of waiting.
const QUEUE_PER_THREAD: usize = 200;

/// Longer than this nobody is kept waiting for a hash: they are told to come back.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// After so long without work a thread gives its arena back: the server's own sign-in, once a minute,
/// must not hold one for good.
const IDLE: Duration = Duration::from_secs(2);

/// So many answers at most are given together. A hash sweeps every cache: what follows costs half for several at once.
const TOGETHER: usize = 16;

/// The queue is full: the caller answers 503 and counts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

enum Job {
    Verify {
        phc: Option<String>,
        password: Password,
        answer: oneshot::Sender<Check>,
    },
    Hash {
        password: Password,
        salt: [u8; 16],
        answer: oneshot::Sender<Option<String>>,
    },
    Judge {
        password: Password,
        context: Vec<String>,
        policy: Policy,
        answer: oneshot::Sender<Judged>,
    },
    #[cfg(test)]
    Break(oneshot::Sender<Check>),
}

type Judged = Result<Password, PasswordError>;

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// Whether it fits.
    pub fits: bool,
    /// Whether the stored hash has other parameters than today's.
    pub outdated: bool,
}

/// Who waits: under overload each has a share, so that nobody's flood keeps everybody out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A browser that has signed in here before, or somebody in the middle of an act.
    Known,
    /// Nobody that is known, from where few fail.
    New,
    /// From where most fail.
    Failing,
    /// Evidence, gathered when nothing else waits.
    Later,
}

/// Lanes that share the threads, and of eight jobs the share of each.
const SHARES: [(Lane, usize); 3] = [(Lane::Known, 5), (Lane::New, 2), (Lane::Failing, 1)];
const ROUND: usize = 8;

#[derive(Default)]
struct Queues {
    lanes: [VecDeque<Job>; 4],
    /// Places that were given out and are not taken yet.
    held: [usize; 4],
    /// Where in the round of shares the threads are.
    turn: usize,
    stopped: bool,
}

impl Queues {
    /// How many wait in a lane, or are about to.
    fn taken(&self, lane: Lane) -> usize {
        self.lanes[lane as usize].len() + self.held[lane as usize]
    }

    fn waiting(&self) -> usize {
        self.lanes[..3].iter().map(VecDeque::len).sum()
    }

    /// The next job: the lane whose turn it is, else the first that has one.
    fn next(&mut self) -> Option<Job> {
        let mut place = self.turn % ROUND;
        self.turn = self.turn.wrapping_add(1);
        let mut first = Lane::Later;
        for (lane, share) in SHARES {
            if place < share {
                first = lane;
                break;
            }
            place -= share;
        }
        let order = [first as usize, 0, 1, 2, 3];
        order.into_iter().find_map(|lane| self.lanes[lane].pop_front())
    }
}

struct Shared {
    queues: Mutex<Queues>,
    bell: Condvar,
    done: Mutex<Vec<(oneshot::Sender<Check>, Check)>>,
    capacity: usize,
    parameters: Argon2Parameters,
    checks: AtomicU64,
    /// How long a hash takes of late, in microseconds; 0: none was made yet.
    takes_us: AtomicU64,
}

impl Shared {
    /// Gives an answer, or keeps it to be given with others: with half as many as stand in the queue, so that whoever
    /// has waited for them waits a quarter longer at most, and the threads never wait for work.
    fn give(&self, answer: Option<(oneshot::Sender<Check>, Check)>) {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        // Whatever else the threads do in between: an answer that is there does not wait for others that may not come.
        let alone = answer.is_none();
        done.extend(answer);
        // Looked at while nobody else gives: whoever takes a job that still waits comes here after this.
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = if queues.stopped { 0 } else { queues.waiting() };
        drop(queues);
        if !alone && done.len() < TOGETHER.min(waiting / 2) {
            return;
        }
        let given = std::mem::take(&mut *done);
        drop(done);
        for (answer, check) in given {
            let _ = answer.send(check);
        }
    }
}

/// A place in the queue. Given back when it is dropped.
pub struct Place {
    shared: Arc<Shared>,
    lane: Lane,
}

impl Place {
    fn take(self, job: Job) {
        let mut queues = self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.lanes[self.lane as usize].push_back(job);
        drop(queues);
        self.shared.bell.notify_one();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queues = self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.held[self.lane as usize] = queues.held[self.lane as usize].saturating_sub(1);
    }
}

/// A handle to the pool.
#[derive(Clone)]
pub struct HashPool {
    shared: Arc<Shared>,
    threads: usize,
}

impl HashPool {
    /// Starts `threads` threads.
    pub fn start(threads: usize, parameters: Argon2Parameters) -> Self {
        let shared = Arc::new(Shared {
            queues: Mutex::default(),
            bell: Condvar::new(),
            done: Mutex::default(),
            capacity: threads * QUEUE_PER_THREAD,
            parameters,
            checks: AtomicU64::new(0),
            takes_us: AtomicU64::new(0),
        });
        for number in 0..threads {
            let shared = Arc::clone(&shared);
            let spawned =
                std::thread::Builder::new().name(format!("hash-{number}")).stack_size(256 * 1_024).spawn(move || {
                    while std::panic::catch_unwind(AssertUnwindSafe(|| work(&shared))).is_err() {
                        // Whoever asked hears that it failed; the thread goes on with the next.
                        metrics::counter!("kagiya_job_faults_total", "job" => "hashing").increment(1);
                        tracing::error!("a hashing thread broke; it is begun anew");
                    }
                });
            if let Err(error) = spawned {
                tracing::error!(%error, "a hashing thread could not be started");
            }
        }
        Self { shared, threads }
    }

    /// A place in the queue, for whoever has work to do before the password is looked at: of many
    /// who come at once only those begin it whose turn will come.
    pub fn place(&self, lane: Lane) -> Option<Place> {
        let mut queues = self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner);
        if queues.taken(lane) >= self.room(lane) {
            return None;
        }
        queues.held[lane as usize] += 1;
        Some(Place { shared: Arc::clone(&self.shared), lane })
    }

    /// Checks a password against a PHC string; without one, works just as long and says no.
    ///
    /// # Errors
    /// When the threads are gone.
    pub async fn verify_at(&self, place: Place, phc: Option<String>, password: Password) -> Result<Check, Fault> {
        let (answer, answered) = oneshot::channel();
        if place.lane != Lane::Later && phc.is_some() {
            self.shared.checks.fetch_add(1, Ordering::Relaxed);
        }
        place.take(Job::Verify { phc, password, answer });
        answered.await.map_err(|_| Fault::Hashing)
    }

    /// As [`HashPool::verify_at`], where nothing was done before.
    pub async fn verify(
        &self,
        phc: Option<String>,
        password: Password,
        lane: Lane,
    ) -> Result<Result<Check, Full>, Fault> {
        match self.place(lane) {
            Some(place) => Ok(Ok(self.verify_at(place, phc, password).await?)),
            None => Ok(Err(Full)),
        }
    }

    /// As [`HashPool::verify`], when nothing else is waiting.
    pub async fn verify_later(&self, phc: Option<String>, password: Password) -> Result<Result<Check, Full>, Fault> {
        self.verify(phc, password, Lane::Later).await
    }

    /// Whether a new password withstands guessing: an estimate that takes as long as some hashes do.
    ///
    /// # Errors
    /// When the threads are gone.
    pub async fn judge(
        &self,
        password: Password,
        context: Vec<String>,
        policy: Policy,
        lane: Lane,
    ) -> Result<Result<Judged, Full>, Fault> {
        let (answer, answered) = oneshot::channel();
        match self.place(lane) {
            Some(place) => place.take(Job::Judge { password, context, policy, answer }),
            None => return Ok(Err(Full)),
        }
        answered.await.map(Ok).map_err(|_| Fault::Hashing)
    }

    /// Hashes a new password into a PHC string.
    ///
    /// # Errors
    /// When the threads are gone.
    pub async fn hash(&self, password: Password, salt: [u8; 16], lane: Lane) -> Result<Result<String, Full>, Fault> {
        let (answer, answered) = oneshot::channel();
        match self.place(lane) {
            Some(place) => place.take(Job::Hash { password, salt, answer }),
            None => return Ok(Err(Full)),
        }
        answered.await.ok().flatten().map(Ok).ok_or(Fault::Hashing)
    }

    /// Jobs that wait.
    pub fn waiting(&self) -> usize {
        self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner).waiting()
    }

    /// Jobs that may wait in a lane: as many as can be looked at within [`LONGEST_WAIT`]. Who fails
    /// most waits in the shortest.
    fn room(&self, lane: Lane) -> usize {
        let takes = self.shared.takes_us.load(Ordering::Relaxed).max(1);
        let in_time = usize::try_from(LONGEST_WAIT.as_micros()).unwrap_or(usize::MAX) * self.threads
            / usize::try_from(takes).unwrap_or(usize::MAX);
        let whole = self.shared.capacity.min(in_time).max(self.threads * 4);
        match lane {
            Lane::Known => whole,
            Lane::New => whole / 2,
            Lane::Failing | Lane::Later => (whole / 8).max(1),
        }
    }

    /// Whether one more password would be looked at now.
    pub fn has_room(&self, lane: Lane) -> bool {
        let queues = self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.taken(lane) < self.room(lane)
    }

    /// Checks of real passwords since the start.
    pub fn checks(&self) -> u64 {
        self.shared.checks.load(Ordering::Relaxed)
    }

    /// How many threads there are.
    pub fn threads(&self) -> usize {
        self.threads
    }

    /// Ends the threads after what they have in hand.
    pub fn stop(&self) {
        self.shared.queues.lock().unwrap_or_else(PoisonError::into_inner).stopped = true;
        self.shared.bell.notify_all();
    }
}

fn argon2(parameters: Argon2Parameters) -> Option<Argon2> {
    let params = Params::DEFAULT
        .to_builder()
        .memory(Memory::kib(u64::from(parameters.memory_kib)))
        .passes(parameters.passes)
        .lanes(parameters.lanes)
        .threads(1)
        .build()
        .ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Whether these parameters can be used at all.
pub fn acceptable(parameters: Argon2Parameters) -> bool {
    argon2(parameters).is_some()
}

fn work(shared: &Shared) {
    // Session checks and pages go first while people sign in: nice 19 for this thread alone
    // (setpriority(2) takes a thread's id on Linux).
    let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), 19);
    let Some(argon2) = argon2(shared.parameters) else {
        tracing::error!("Argon2 refuses the configured parameters");
        return;
    };
    let prefix = format!(
        "$argon2id$v=19$m={},t={},p={}$",
        shared.parameters.memory_kib, shared.parameters.passes, shared.parameters.lanes
    );
    let mut hasher = argon2.hasher();
    loop {
        let job = {
            let mut queues = shared.queues.lock().unwrap_or_else(PoisonError::into_inner);
            loop {
                if queues.stopped {
                    drop(queues);
                    shared.give(None);
                    return;
                }
                if let Some(job) = queues.next() {
                    break job;
                }
                let (woken, waited) = shared.bell.wait_timeout(queues, IDLE).unwrap_or_else(PoisonError::into_inner);
                queues = woken;
                if waited.timed_out() {
                    // A quiet server holds no arenas.
                    hasher.clear();
                }
            }
        };
        let begun = clock();
        let done = match job {
            // Nobody waits any more: the browser went away while it stood in the queue.
            Job::Verify { answer, .. } if answer.is_closed() => {
                shared.give(None);
                continue;
            }
            Job::Verify { phc, password, answer } => {
                Some((answer, verify(&mut hasher, phc.as_deref(), &password, &prefix)))
            }
            Job::Hash { password, salt, answer } => {
                let _ = answer.send(hasher.hash_encoded(password.as_bytes(), &salt).ok());
                None
            }
            #[cfg(test)]
            Job::Break(_answer) => panic!("as the test wants it"),
            Job::Judge { answer, .. } if answer.is_closed() => None,
            Job::Judge { password, context, policy, answer } => {
                let words: Vec<&str> = context.iter().map(String::as_str).collect();
                let judged = password.withstand(&words, policy);
                let _ = answer.send(judged.map(|()| password));
                None
            }
        };
        shared.give(done);
        let took = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let before = shared.takes_us.load(Ordering::Relaxed);
        let mean = if before == 0 { took } else { before - before / 8 + took / 8 };
        shared.takes_us.store(mean, Ordering::Relaxed);
    }
}

#[allow(clippy::disallowed_methods, reason = "how long a hash takes is measured where it is made")]
fn clock() -> std::time::Instant {
    std::time::Instant::now()
}

fn verify(hasher: &mut Hasher, phc: Option<&str>, password: &Password, prefix: &str) -> Check {
    match phc {
        Some(phc) => Check {
            fits: hasher.verify_encoded(phc, password.as_bytes(), Algorithm::Argon2id).is_ok(),
            outdated: !phc.starts_with(prefix),
        },
        None => {
            let mut tag = [0; 32];
            let _ = hasher.hash_into(password.as_bytes(), b"a salt of nobody", &mut tag);
            Check { fits: false, outdated: false }
        }
    }
}

#[cfg(test)]
mod tests;
