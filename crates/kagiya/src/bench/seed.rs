//! Accounts to measure with, all with one password.

use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use kagiya_domain::{Timestamp, email::EmailAddress, password::Password};
use kagiya_flows::{
    Dice,
    password::hashing::{HashPool, Lane},
    settings::Argon2Parameters,
};
use kagiya_store::{self as store, Location, PoolSize, Store};

use crate::{Failure, outside::SystemDice};

pub(super) const PASSWORD: &str = "correct horse battery";

/// A folder that goes away with its value.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Result<Self, Failure> {
        let mut name = [0; 8];
        SystemDice.fill(&mut name);
        let path = std::env::temp_dir().join(format!("kagiya-bench-{:016x}", u64::from_le_bytes(name)));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A database with accounts.
pub(super) struct Seeded {
    folder: Folder,
    accounts: u64,
    bytes: u64,
}

impl Seeded {
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The login ID of an account.
    pub(super) fn login(&self, number: u64) -> String {
        login(number % self.accounts)
    }

    #[allow(clippy::cast_precision_loss, reason = "sizes of files")]
    pub(super) fn bytes_per_account(&self) -> f64 {
        self.bytes as f64 / self.accounts as f64
    }
}

fn login(number: u64) -> String {
    format!("member-{number}")
}

/// Makes that many accounts.
pub(super) async fn make(accounts: u64) -> Result<Seeded, Failure> {
    let folder = Folder::new()?;
    let path = folder.path().join("kagiya.db");
    let store = Store::open(&Location::Sqlite(path.clone()), true, PoolSize::default()).await?;
    let pool = HashPool::start(1, Argon2Parameters::default());
    let password = Password::typed(PASSWORD).ok_or_else(|| Failure::Failed("password".into()))?;
    let phc = pool
        .hash(password, *b"sixteen bytes!!!", Lane::Known)
        .await?
        .map_err(|_| Failure::Failed("the queue is full".into()))?;
    pool.stop();
    let mut first = 0;
    while first < accounts {
        let last = (first + 5_000).min(accounts);
        let phc = phc.clone();
        store
            .write(move |conn| {
                async move {
                    for number in first..last {
                        add(conn, number, &phc).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await?;
        first = last;
    }
    store.close().await;
    let bytes = std::fs::metadata(&path)?.len();
    Ok(Seeded { folder, accounts, bytes })
}

async fn add(conn: &mut store::Conn, number: u64, phc: &str) -> Result<(), store::Error> {
    let now = Timestamp(1_700_000_000_000 + i64::try_from(number).unwrap_or(0));
    let mut chance = [0; 10];
    SystemDice.fill(&mut chance);
    let millis = u64::try_from(now.0).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &chance).into_uuid();
    let name = login(number);
    // Digits that look like letters would fall together in the skeleton; numbers keep theirs.
    let skeleton = kagiya_domain::login_id::Skeleton::of(&name);
    store::account::insert(conn, id, &name, skeleton.as_str(), "ja", now).await?;
    if let Ok(email) = EmailAddress::parse(&format!("{name}@example.jp")) {
        store::email::insert(conn, id, &email, true, now).await?;
    }
    store::password::insert(conn, id, phc, now).await
}
