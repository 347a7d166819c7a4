//! The open database: opening, migrating, reading, writing, and what differs there between the two.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use sqlx::{Connection, PgConnection};

use crate::{
    db::{Conn, Error, Location, Result},
    lite::{Lite, Shelf},
    meter::Meter,
    migrations,
    postgres::{self, PoolSize, Postgres},
    writer::Writer,
};

/// How often a transaction is begun that the database undoes because of another one.
const TRIES: u64 = 5;

/// The open database.
#[derive(Clone)]
pub struct Store {
    inner: Inner,
    /// Whether it is known not to answer: nobody waits for it then.
    down: Arc<AtomicBool>,
    /// Whether its version is known to be right.
    checked: Arc<AtomicBool>,
    /// The connection of the watch: it does not wait behind everybody else's.
    watch: Arc<tokio::sync::Mutex<Option<PgConnection>>>,
    meter: Arc<Meter>,
}

#[derive(Clone)]
enum Inner {
    Sqlite { shelf: Arc<Shelf>, writer: Writer },
    Postgres(Postgres),
}

impl Store {
    /// Opens the database; `migrate` brings it to this version first.
    ///
    /// # Errors
    /// When it cannot be reached, or is of another version.
    pub async fn open(location: &Location, migrate: bool, size: PoolSize) -> Result<Self> {
        match location {
            Location::Sqlite(path) => Self::open_sqlite(path, migrate).await,
            Location::Postgres(url) => Ok(Self::new(Inner::Postgres(Postgres::open(url, migrate, size).await?))),
        }
    }

    async fn open_sqlite(path: &std::path::Path, migrate: bool) -> Result<Self> {
        let file = path.to_owned();
        tokio::task::spawn_blocking(move || migrations::bring(&file, migrate))
            .await
            .map_err(|e| Error::Migration(e.to_string()))??;
        let (writer, shelf) = (Writer::start(Conn::Sqlite(Lite::open(path)?))?, Shelf::new(path));
        Ok(Self::new(Inner::Sqlite { shelf, writer }))
    }

    fn new(inner: Inner) -> Self {
        Self {
            inner,
            down: Arc::default(),
            checked: Arc::new(AtomicBool::new(true)),
            watch: Arc::default(),
            meter: Arc::default(),
        }
    }

    /// Opens a PostgreSQL that does not answer yet: nobody asks it before [`Store::probe`] has found it
    /// there, and of the right version.
    ///
    /// # Errors
    /// When the location is a file, or no URL.
    pub fn open_later(location: &Location, size: PoolSize) -> Result<Self> {
        let Location::Postgres(url) = location else {
            return Err(Error::Down);
        };
        let store = Self::new(Inner::Postgres(Postgres::later(url, size)?));
        store.down.store(true, Ordering::Relaxed);
        store.checked.store(false, Ordering::Relaxed);
        Ok(store)
    }

    /// A connection for reading.
    ///
    /// # Errors
    /// When the database is gone or busy beyond patience.
    pub async fn reader(&self) -> Result<Conn> {
        if self.is_down() {
            return Err(Error::Down);
        }
        self.connect().await
    }

    async fn connect(&self) -> Result<Conn> {
        Ok(match &self.inner {
            Inner::Sqlite { shelf, .. } => Conn::Sqlite(shelf.lend().await?),
            Inner::Postgres(postgres) => postgres.reader().await?,
        })
    }

    /// Runs `work` in one transaction; it is durable when this returns `Ok`, and undone when
    /// `work` fails. SQLite groups the transactions that wait into one commit.
    ///
    /// # Errors
    /// What `work` or the commit says.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Clone + Send + 'static,
    {
        self.write_with(true, work).await
    }

    /// As [`Store::write`], for what may be forgotten in a power loss: atomic and seen by
    /// every process, but SQLite does not sync the disk for it.
    ///
    /// # Errors
    /// What `work` or the commit says.
    pub async fn write_forgettable<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Clone + Send + 'static,
    {
        self.write_with(false, work).await
    }

    async fn write_with<T, F>(&self, durable: bool, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Clone + Send + 'static,
    {
        if self.is_down() {
            return Err(Error::Down);
        }
        let begun = tokio::time::Instant::now();
        let outcome = match &self.inner {
            Inner::Sqlite { writer, .. } => writer.run(durable, work).await,
            Inner::Postgres(postgres) => Self::transact(postgres, work).await,
        };
        self.meter.count(&outcome, begun.elapsed().as_micros());
        outcome
    }

    async fn transact<T, F>(postgres: &Postgres, work: F) -> Result<T>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>> + Clone,
    {
        let mut tries = 0_u64;
        loop {
            tries += 1;
            let outcome = Self::transact_once(postgres, work.clone()).await;
            match &outcome {
                Err(Error::Database(error)) if postgres::is_conflict(error) && tries < TRIES => {
                    tracing::info!(%error, tries, "the database undid a transaction; it is begun anew");
                    // Two that ran into each other are parted: each waits a little, the later the longer.
                    tokio::time::sleep(Duration::from_millis(tries * tries * 5)).await;
                }
                Err(Error::Database(error)) => {
                    postgres.look(error);
                    return outcome;
                }
                _ => return outcome,
            }
        }
    }

    async fn transact_once<T, F>(postgres: &Postgres, work: F) -> Result<T>
    where
        F: for<'c> FnOnce(&'c mut Conn) -> BoxFuture<'c, Result<T>>,
    {
        let mut conn = postgres.begin().await?;
        let value = work(&mut conn).await?;
        if let Conn::PostgresTx(tx) | Conn::PooledTx(tx) = conn {
            tx.commit().await?;
        }
        Ok(value)
    }

    /// How many connections the database has room for, and how many servers share it; `None` on SQLite.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn room(&self) -> Result<Option<(i64, i64)>> {
        match &self.inner {
            Inner::Sqlite { .. } => Ok(None),
            Inner::Postgres(postgres) => postgres::room(&postgres.pool).await.map(Some),
        }
    }

    /// What the writes since the last call show: how many there were, how many failed by the
    /// database's fault, and how long they took.
    pub fn take_traffic(&self) -> kagiya_domain::health::Tick {
        self.meter.take()
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        self.reader().await?.raw("SELECT 1").await
    }

    /// Whether the database takes writes: one is made, and kept.
    ///
    /// # Errors
    /// When it does not.
    pub async fn probe_write(&self, now: kagiya_domain::Timestamp) -> Result<()> {
        const DIGEST: &[u8] = b"a probe of whether anything can be written";
        self.write(move |conn| Box::pin(async move { crate::throttle::renew_wrong_value(conn, DIGEST, now).await }))
            .await
    }

    /// As [`Store::ping`], also while the database is known not to answer.
    ///
    /// # Errors
    /// When it does not.
    pub async fn probe(&self) -> Result<()> {
        let Inner::Postgres(postgres) = &self.inner else {
            return self.connect().await?.raw("SELECT 1").await;
        };
        let mut place = self.watch.lock().await;
        // Taken out while it is used: one that is left in the middle of an answer is used no more.
        let mut conn = match place.take() {
            Some(conn) => conn,
            None => PgConnection::connect_with(&postgres.pool.connect_options()).await?,
        };
        sqlx::raw_sql("SELECT 1").execute(&mut conn).await?;
        *place = Some(conn);
        if !self.checked.load(Ordering::Relaxed) {
            postgres.ready(false).await?;
            self.checked.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Says whether the database is known not to answer; returns what was said before.
    pub fn set_down(&self, down: bool) -> bool {
        self.down.swap(down, Ordering::Relaxed)
    }

    /// Whether the database is known not to answer.
    pub fn is_down(&self) -> bool {
        self.down.load(Ordering::Relaxed)
    }

    /// `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match &self.inner {
            Inner::Sqlite { .. } => "sqlite",
            Inner::Postgres(_) => "postgres",
        }
    }

    /// Finishes what was begun and closes.
    pub async fn close(&self) {
        match &self.inner {
            Inner::Sqlite { shelf, writer } => {
                writer.stop().await;
                shelf.close();
            }
            Inner::Postgres(postgres) => postgres.pool.close().await,
        }
    }
}
