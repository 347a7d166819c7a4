//! What every flow is given: the store, the clock, the dice, the keys, the settings.

use std::sync::{
    Arc,
    atomic::{AtomicU32, AtomicUsize},
};

use kagiya_domain::{Span, Timestamp};
pub use kagiya_oidc::outbound::Outbound;
use kagiya_store::Store;
use kagiya_text::Words;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    check::findings::Findings,
    external::providers::Providers,
    jobs::supervision::Jobs,
    keys::Keys,
    mail::shown::Shown,
    password::hashing::HashPool,
    rate_limit::Ledger,
    session::cache::SessionCache,
    settings::Settings,
    sign_in::{admission::Admission, stuffing::Stuffing},
    status::platform::{Board, Crowd, Monitor, measure::Measure},
};

/// The time. The binary's is the system's; a test's moves when the test says so.
pub trait Clock: Send + Sync {
    /// The point in time.
    fn now(&self) -> Timestamp;
    /// Microseconds that only ever go forward.
    fn monotonic_us(&self) -> i64;

    /// Milliseconds that only ever go forward.
    fn monotonic_ms(&self) -> i64 {
        self.monotonic_us() / 1_000
    }
}

/// Chance. The binary's is the system's cryptographic generator.
pub trait Dice: Send + Sync {
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

/// A running server, but for its network.
pub struct App {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub dice: Arc<dyn Dice>,
    /// Secrets outside the database.
    pub keys: Keys,
    /// What the operator set.
    pub settings: Settings,
    /// The words.
    pub words: Arc<Words>,
    /// The threads that hash passwords.
    pub hashing: HashPool,
    /// Rung when a mail was enqueued.
    pub mail_bell: Notify,
    /// The last mails, where they may be shown.
    pub letters: Shown,
    /// Sessions that were checked lately.
    pub sessions: SessionCache,
    /// This process among the servers of the database.
    pub server_id: Uuid,
    /// Beats in a row that saw a server with other keys.
    pub(crate) other_keys: AtomicU32,
    /// Attempts that are being looked into after their answer.
    pub(crate) deferred: AtomicUsize,
    pub(crate) stuffing: Stuffing,
    /// What networks did within a minute.
    pub(crate) notes: Ledger,
    /// What they asked for within an hour.
    pub(crate) starts: Ledger,
    /// Places for attempts that are kept in the background.
    pub(crate) background: Arc<tokio::sync::Semaphore>,
    /// Held while a provider is asked with a token that may be replaced by its answer.
    pub(crate) asking: tokio::sync::RwLock<()>,
    /// The operator's mistakes that requests showed.
    pub findings: Findings,
    /// External accounts.
    pub providers: Providers,
    /// The way to hosts that strangers name.
    pub outbound: Outbound,
    /// The way to hosts that the operator names.
    pub own_hosts: Outbound,
    /// Rung when a webhook must be called.
    pub hook_bell: Notify,
    /// What is wrong with us, in memory.
    pub board: Board,
    /// What traffic shows.
    pub measure: Measure,
    pub(crate) monitor: Monitor,
    /// How others fare.
    pub(crate) crowd: Crowd,
    /// Who fails of late.
    pub(crate) admission: Admission,
    /// What runs by itself.
    pub jobs: Jobs,
}

/// What an [`App`] is built from.
pub struct Parts {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub dice: Arc<dyn Dice>,
    /// Secrets.
    pub keys: Keys,
    /// What the operator set.
    pub settings: Settings,
    /// External accounts.
    pub providers: Providers,
    /// The way to hosts that strangers name.
    pub outbound: Outbound,
    /// The way to hosts that the operator names.
    pub own_hosts: Outbound,
    /// Threads for hashing; 0: as many as cores.
    pub hash_threads: usize,
}

impl App {
    /// Puts a server together and starts its hashing threads.
    pub fn new(parts: Parts) -> Arc<Self> {
        let threads = if parts.hash_threads == 0 {
            std::thread::available_parallelism().map_or(2, usize::from)
        } else {
            parts.hash_threads
        };
        let hashing = HashPool::start(threads, parts.settings.argon2);
        let board_file = parts.settings.board_file.clone();
        let server_id = new_id(&*parts.clock, &*parts.dice);
        Arc::new(Self {
            store: parts.store,
            clock: parts.clock,
            dice: parts.dice,
            keys: parts.keys,
            settings: parts.settings,
            words: Words::shared(),
            hashing,
            mail_bell: Notify::new(),
            letters: Shown::default(),
            sessions: SessionCache::default(),
            server_id,
            other_keys: AtomicU32::new(0),
            deferred: AtomicUsize::new(0),
            stuffing: Stuffing::default(),
            notes: Ledger::new(Span::minutes(1)),
            starts: Ledger::new(Span::hours(1)),
            background: Arc::new(tokio::sync::Semaphore::new(16)),
            asking: tokio::sync::RwLock::default(),
            findings: Findings::default(),
            providers: parts.providers,
            outbound: parts.outbound,
            own_hosts: parts.own_hosts,
            hook_bell: Notify::new(),
            board: Board::open(board_file),
            measure: Measure::default(),
            monitor: Monitor::default(),
            crowd: Crowd::default(),
            admission: Admission::default(),
            jobs: Jobs::default(),
        })
    }

    /// The names of all components: those of every service, the providers, the operator's own.
    pub fn component_names(&self) -> Vec<String> {
        let own = kagiya_domain::component::OWN.iter().map(|name| (*name).to_owned());
        own.chain(self.providers.iter().map(|entry| entry.provider.id().to_owned()))
            .chain(self.settings.components.iter().map(|component| component.id.clone()))
            .collect()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// `N` unpredictable bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.dice.fill(&mut bytes);
        bytes
    }

    /// A new key in order of time (RFC 9562, version 7). Never a secret.
    pub fn new_id(&self) -> Uuid {
        new_id(&*self.clock, &*self.dice)
    }
}

fn new_id(clock: &dyn Clock, dice: &dyn Dice) -> Uuid {
    let mut tail = [0; 10];
    dice.fill(&mut tail);
    uuid::Builder::from_unix_timestamp_millis(u64::try_from(clock.now().0).unwrap_or(0), &tail).into_uuid()
}
