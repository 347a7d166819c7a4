//! Builds a whole server with a clock and dice the test controls; a scripted browser.
#![allow(clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

mod browser;
pub mod parsers;

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
};

use futures_util::{FutureExt, future::BoxFuture};
use kagiya_domain::{Span, Timestamp, password::Policy, session::Lives, throttle::Budgets};
use kagiya_flows::{
    App, Clock, Dice,
    app::Parts,
    external::Providers,
    keys::{Keys, sha256},
    mail::{
        compose::Letter,
        outbox::{self, Post, Posted},
    },
    settings::{Argon2Parameters, ByLang, PublicUrl, Settings},
};
use kagiya_store::{Location, PoolSize, Store};
use kagiya_web::Web;

pub use browser::{Answer, Browser};

/// A clock that moves when the test says so.
#[derive(Default)]
pub struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }

    fn monotonic_us(&self) -> i64 {
        self.0.load(Ordering::SeqCst).saturating_mul(1_000)
    }
}

/// Dice that fall the same way every time.
#[derive(Default)]
struct TestDice(AtomicU64);

impl Dice for TestDice {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let throw = self.0.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&sha256(&throw.to_le_bytes())[..chunk.len()]);
        }
    }
}

/// Keeps letters instead of sending them.
#[derive(Default)]
struct Drawer(Mutex<Vec<Letter>>);

impl Post for Drawer {
    fn send<'a>(&'a self, letter: &'a Letter) -> BoxFuture<'a, Posted> {
        async move {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(letter.clone());
            Posted::Accepted
        }
        .boxed()
    }
}

fn new_folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kagiya-testkit-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

/// A whole server without a network.
pub struct TestServer {
    /// Its inside.
    pub app: Arc<App>,
    router: axum::Router,
    clock: Arc<TestClock>,
    drawer: Arc<Drawer>,
    folder: PathBuf,
    ended: bool,
}

impl Drop for TestServer {
    /// A server that nobody has ended may have left anything undone: that is a test that cannot fail.
    fn drop(&mut self) {
        assert!(self.ended || std::thread::panicking(), "the server was not ended: call `end`");
    }
}

impl TestServer {
    /// A server on SQLite with cheap hashes, at a fixed hour.
    pub async fn start() -> Self {
        let folder = new_folder();
        let location = Location::Sqlite(folder.join("t.db"));
        Self::start_in(folder, &location).await
    }

    /// The same on a new database of the PostgreSQL that `KAGIYA_TEST_POSTGRES` names; `None` where it names none.
    pub async fn start_on_postgres() -> Option<Self> {
        let server = std::env::var("KAGIYA_TEST_POSTGRES").ok()?;
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        let made = std::process::Command::new("psql")
            .args(["-q", &format!("{server}/postgres"), "-c", &format!("CREATE DATABASE {name}")])
            .status()
            .expect("psql");
        assert!(made.success(), "a database could not be made");
        Some(Self::start_in(new_folder(), &Location::Postgres(format!("{server}/{name}"))).await)
    }

    async fn start_in(folder: PathBuf, location: &Location) -> Self {
        let store = Store::open(location, true, PoolSize::default()).await.expect("a database");
        let clock = Arc::new(TestClock(AtomicI64::new(1_760_000_000_000)));
        let both = |text: &str| ByLang { ja: text.to_owned(), en: text.to_owned() };
        let app = App::new(Parts {
            store,
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            dice: Arc::new(TestDice::default()),
            keys: Keys::new(vec![[7; 32]]).expect("a key"),
            settings: Settings {
                public_url: PublicUrl { origin: "https://login.example.jp".into(), secure: true },
                hsts_subdomains: false,
                service_name: both("Test"),
                login_id_word: both("ID"),
                member_url: None,
                accent: "#0f766e".into(),
                logo_url: None,
                support: None,
                mail_from: "no-reply@example.jp".into(),
                time_zone: jiff::tz::TimeZone::UTC,
                policy: Policy::default(),
                budgets: Budgets { device: 3, strangers: 3, ..Budgets::default() },
                network_starts: 1_000,
                mail_wait: Span(0),
                lives: Lives::default(),
                argon2: Argon2Parameters { memory_kib: 64, passes: 1, lanes: 1 },
                keep_attempts: Span::days(90),
                keep_anonymous: 100_000,
                dormant_after: Some(Span::days(365)),
                legacy_cookies: vec!["old_login".into()],
                siblings: Vec::new(),
                components: Vec::new(),
                regions: Vec::new(),
                board_file: None,
                mail_page: false,
                publish_by_itself: false,
                news: Vec::new(),
                mail_note: String::new(),
            },
            providers: Providers::default(),
            own_hosts: kagiya_flows::app::Outbound::new(&[]).expect("a way out"),
            outbound: kagiya_flows::app::Outbound::new(&[]).expect("a way out"),
            hash_threads: 1,
        });
        let router = kagiya_web::router(Web::new(Arc::clone(&app), Vec::new(), Vec::new(), None));
        Self { app, router, clock, drawer: Arc::default(), folder, ended: false }
    }

    /// The database's file, where it is one.
    pub fn file(&self) -> PathBuf {
        self.folder.join("t.db")
    }

    /// Lets time pass.
    pub fn advance(&self, span: Span) {
        self.clock.0.fetch_add(span.0, Ordering::SeqCst);
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// Sends what waits.
    pub async fn deliver(&self) {
        while outbox::run_once(&self.app, &*self.drawer).await.expect("mail leaves") > 0 {}
    }

    /// The letters to an address so far.
    pub fn letters(&self, address: &str) -> Vec<Letter> {
        let all = self.drawer.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|letter| letter.to == address).cloned().collect()
    }

    /// Delivers, and reads the newest code sent to an address.
    pub async fn code(&self, address: &str) -> String {
        self.deliver().await;
        let letters = self.letters(address);
        let code = letters
            .iter()
            .rev()
            .flat_map(|letter| letter.text.lines())
            .find(|line| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit()));
        code.unwrap_or_else(|| panic!("no code for {address}")).to_owned()
    }

    /// An account with an address `ID@example.jp`.
    pub async fn member(&self, login_id: &str, password: &str) {
        let address = format!("{login_id}@example.jp");
        kagiya_flows::staff::operator::create(
            &self.app,
            login_id,
            &address,
            Some(password),
            &kagiya_flows::staff::agent::Agent::command_line(),
        )
        .await
        .expect("an account");
    }

    /// The cause at the staff's tier.
    pub async fn why(&self, reference: &str) -> kagiya_flows::check::why::Report {
        let reference = kagiya_domain::reference::Reference::parse(reference).expect("a reference");
        kagiya_flows::check::why::report(&self.app, &reference).await.expect("a store").expect("an attempt")
    }

    /// Ends the server; nothing may be left undone.
    pub async fn end(mut self) {
        self.ended = true;
        self.deliver().await;
        let mut conn = self.app.store.reader().await.expect("a reader");
        let (_, waiting) = outbox::waiting(&mut conn).await.expect("a count");
        assert_eq!(waiting, 0, "mails are left in the outbox");
        drop(conn);
        self.app.jobs.stop().await;
        self.app.hashing.stop();
        self.app.store.close().await;
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
