//! PostgreSQL as it is found: behind a pooler or not, writable or not, with or without the rights that are needed.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    db::{self, Conn},
    error::{Error, Result},
    version::check_version,
};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/postgres");

/// Transactions read what was committed, whatever the database's own default is.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";

/// The open pool.
#[derive(Clone)]
pub(crate) struct Postgres {
    pub(crate) pool: PgPool,
    /// Whether a pooler in front lends connections for one transaction each.
    pooled: Arc<AtomicBool>,
    /// Whether that is not known yet: then all is done as it is with one, which is right without one, too.
    unsure: Arc<AtomicBool>,
    options: Arc<PgConnectOptions>,
    /// Connections that were opened before this, in milliseconds since `begun`, can only read.
    stale: Arc<AtomicU64>,
    begun: Instant,
}

/// How a pool is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSize(pub u32);

impl Default for PoolSize {
    fn default() -> Self {
        Self(16)
    }
}

impl Postgres {
    /// Connects; brings the database to this version where `migrate` allows it.
    #[allow(clippy::wildcard_enum_match_arm, reason = "all others are handed on as they are")]
    pub(crate) async fn open(url: &str, migrate: bool, size: PoolSize) -> Result<Self> {
        let options = options(url)?;
        let pooled = is_pooled(&options).await.map_err(|error| match error {
            Error::Database(error) => rights(error, options.get_username()),
            other => other,
        })?;
        let this = Self::lazy(options, Some(pooled), size);
        this.ready(migrate).await?;
        Ok(this)
    }

    /// A pool of a database that need not answer yet.
    pub(crate) fn later(url: &str, size: PoolSize) -> Result<Self> {
        Ok(Self::lazy(options(url)?, None, size))
    }

    #[allow(clippy::disallowed_methods, reason = "the age of a connection is the driver's, by the machine's clock")]
    fn lazy(options: PgConnectOptions, known: Option<bool>, size: PoolSize) -> Self {
        let pooled = Arc::new(AtomicBool::new(known.unwrap_or(true)));
        let unsure = Arc::new(AtomicBool::new(known.is_none()));
        let (stale, begun) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let bound = Arc::clone(&stale);
        // A statement that was prepared on one connection of the pooler's is not there on another.
        let plain = Arc::new(options.clone());
        let options = if known == Some(false) { options } else { options.statement_cache_capacity(0) };
        let by_now = Arc::clone(&pooled);
        let pool = PgPoolOptions::new()
            .max_connections(size.0)
            .acquire_timeout(Duration::from_secs(4))
            .before_acquire(move |_, about| {
                let opened = begun.elapsed().saturating_sub(about.age).as_millis();
                let fresh = opened >= u128::from(bound.load(Ordering::Relaxed));
                Box::pin(async move { Ok(fresh) })
            })
            .after_connect(move |conn, _| Box::pin(prepare(conn, by_now.load(Ordering::Relaxed))));
        Self { pool: pool.connect_lazy_with(options), pooled, unsure, options: plain, stale, begun }
    }

    /// As [`rights`], for the role of this pool.
    fn rights(&self, error: sqlx::Error) -> Error {
        rights(error, self.options.get_username())
    }

    fn is_pooled(&self) -> bool {
        self.pooled.load(Ordering::Relaxed)
    }

    /// Finds out what could not be asked at the start. Connections of before go, for they were not prepared.
    async fn find_out(&self) -> Result<()> {
        if self.unsure.load(Ordering::Relaxed) {
            self.pooled.store(is_pooled(&self.options).await?, Ordering::Relaxed);
            self.unsure.store(false, Ordering::Relaxed);
            self.stale.store(self.age(), Ordering::Relaxed);
        }
        Ok(())
    }

    /// Milliseconds since the pool was made.
    fn age(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Brings the database to this version where that is allowed, or says that it is not at it.
    #[allow(clippy::wildcard_enum_match_arm, reason = "another crate's enum")]
    pub(crate) async fn ready(&self, migrate: bool) -> Result<()> {
        self.find_out().await?;
        // In one transaction: behind a pooler two messages in a row may reach two servers otherwise.
        let mut tx = self.pool.begin_with(BEGIN_READING).await?;
        let (encoding,): (String,) =
            sqlx::query_as("SELECT current_setting('server_encoding')").persistent(false).fetch_one(&mut *tx).await?;
        if encoding != "UTF8" {
            return Err(Error::Encoding(encoding));
        }
        let versions = versions(&mut tx).await.map_err(|error| self.rights(error))?;
        // An empty database holds nothing that a person would want to keep from migrating.
        let migrate = migrate || versions.is_empty();
        if check_version(&MIGRATIONS, versions, migrate)? {
            return may_write(&mut tx).await;
        }
        drop(tx);
        if self.is_pooled() {
            return self.migrate_pooled().await;
        }
        MIGRATIONS.run(&self.pool).await.map_err(|error| match error {
            sqlx::migrate::MigrateError::Execute(error) | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => {
                self.rights(error)
            }
            other => Error::Migration(other.to_string()),
        })
    }

    /// What the library does by a lock of the session and prepared statements, which a pooler has none of: each
    /// migration in a transaction of its own, under a lock of that transaction.
    async fn migrate_pooled(&self) -> Result<()> {
        const TABLE: &str =
            "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
            installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL, checksum BYTEA NOT NULL,
            execution_time BIGINT NOT NULL)";
        for migration in MIGRATIONS.iter() {
            let mut tx = self.pool.begin_with(BEGIN).await?;
            sqlx::raw_sql("SELECT pg_advisory_xact_lock(4811)").execute(&mut *tx).await?;
            sqlx::raw_sql(TABLE).execute(&mut *tx).await.map_err(|error| self.rights(error))?;
            let done = format!("SELECT 1 FROM _sqlx_migrations WHERE version = {}", migration.version);
            if sqlx::raw_sql(AssertSqlSafe(done)).fetch_optional(&mut *tx).await?.is_some() {
                continue;
            }
            sqlx::raw_sql(migration.sql.clone()).execute(&mut *tx).await.map_err(|error| self.rights(error))?;
            let checksum: String = migration.checksum.iter().map(|byte| format!("{byte:02x}")).collect();
            let note = format!(
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES ({}, '{}', TRUE, '\\x{checksum}', 0)",
                migration.version,
                migration.description.replace('\'', "''")
            );
            sqlx::raw_sql(AssertSqlSafe(note)).execute(&mut *tx).await.map_err(|error| self.rights(error))?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// A connection for reading.
    pub(crate) async fn reader(&self) -> Result<Conn> {
        if self.is_pooled() {
            // Outside of a transaction two messages in a row may reach two servers.
            return Ok(Conn::PooledTx(self.pool.begin_with(BEGIN_READING).await?));
        }
        Ok(Conn::Postgres(self.pool.acquire().await?))
    }

    /// A transaction.
    pub(crate) async fn begin(&self) -> Result<Conn> {
        let mut tx = self.pool.begin_with(BEGIN).await.inspect_err(|error| self.look(error))?;
        if self.is_pooled() {
            let sql = "SET LOCAL synchronous_commit = on; SET LOCAL idle_in_transaction_session_timeout = '30s';
                       SET LOCAL lock_timeout = '4s'";
            sqlx::raw_sql(sql).execute(&mut *tx).await?;
            return Ok(Conn::PooledTx(tx));
        }
        Ok(Conn::PostgresTx(tx))
    }

    /// Takes note of a server that can only read: after a failover every connection to it must go.
    pub(crate) fn look(&self, error: &sqlx::Error) {
        if error.as_database_error().and_then(|said| said.code()).is_some_and(|code| code == READ_ONLY) {
            let now = self.age();
            let last = self.stale.load(Ordering::Relaxed);
            // Not with every write that fails: it may be the whole database that takes none.
            if now.saturating_sub(last) >= GIVE_UP_EVERY
                && self.stale.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
            {
                tracing::warn!("the database's server can only read; connections to it are given up");
            }
        }
    }
}

/// Whether the database undid a transaction for the sake of another: begun anew, it may pass (`serialization_failure`,
/// `deadlock_detected`; PostgreSQL 15, 13.5).
pub(crate) fn is_conflict(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|said| said.code()).is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}

/// Milliseconds between two times that all connections are given up.
const GIVE_UP_EVERY: u64 = 5_000;
/// `read_only_sql_transaction`.
const READ_ONLY: &str = "25006";
/// `insufficient_privilege`.
const NO_RIGHTS: &str = "42501";
/// `invalid_schema_name`.
const NO_SCHEMA: &str = "3F000";

fn options(url: &str) -> Result<PgConnectOptions> {
    Ok(db::postgres_options(url)?
        .application_name("kagiya")
        // PgBouncer refuses start-up parameters that it does not know.
        .extra_float_digits(None)
        .disable_statement_logging())
}

/// How often it is looked at.
const ROUNDS: usize = 16;

/// Whether connections are lent for one transaction each: two of ours that are idle then share one of the server's.
async fn is_pooled(options: &PgConnectOptions) -> Result<bool> {
    let options = options.clone().statement_cache_capacity(0);
    let mut one = PgConnection::connect_with(&options).await?;
    let mut two = match PgConnection::connect_with(&options).await {
        Ok(conn) => conn,
        // The last place of a small database: what can be had is enough to go on.
        Err(_) => return Ok(false),
    };
    let (own, mut pooled) = (server_of(&mut one).await?, false);
    // Others may use the pooler meanwhile: what is not seen at once is seen later.
    for _ in 0..ROUNDS {
        let (first, second) = (server_of(&mut one).await?, server_of(&mut two).await?);
        pooled = first == second || first != own;
        if pooled {
            break;
        }
    }
    one.close().await?;
    two.close().await?;
    Ok(pooled)
}

async fn server_of(conn: &mut PgConnection) -> Result<i32> {
    let row = sqlx::raw_sql("SELECT pg_backend_pid()").fetch_one(conn).await?;
    // The simple protocol answers in text.
    Ok(row.try_get_unchecked::<String, _>(0)?.parse().unwrap_or_default())
}

async fn prepare(conn: &mut PgConnection, pooled: bool) -> std::result::Result<(), sqlx::Error> {
    if pooled {
        return Ok(());
    }
    // What was acknowledged survives power loss, and a statement sees what was committed, whatever the database was
    // told before. A server that freezes amid a transaction does not finish it much later: who follows the log of
    // endings does not wait for it for ever; nor does a person for a row that somebody holds.
    let sql = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
               UNION ALL SELECT set_config('default_transaction_isolation', 'read committed', false)
               WHERE current_setting('default_transaction_isolation') <> 'read committed'
               UNION ALL SELECT set_config('lock_timeout', '4s', false)
               UNION ALL SELECT set_config('idle_in_transaction_session_timeout', '30s', false)";
    sqlx::query(sql).persistent(false).execute(&mut *conn).await?;
    // A standby: the next connection may reach the primary. One that was only told to take no writes is still read.
    let (standby,): (bool,) = sqlx::query_as("SELECT pg_is_in_recovery()").persistent(false).fetch_one(conn).await?;
    if standby {
        return Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::ReadOnlyFilesystem,
            "this server of the database can only read",
        )));
    }
    Ok(())
}

/// Tables that were made by another role are of no use without its leave.
async fn may_write(conn: &mut PgConnection) -> Result<()> {
    let sql = "SELECT COALESCE(bool_and(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                   AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE')), TRUE),
               current_user::text, current_schema()::text
               FROM pg_class c JOIN pg_class one ON one.oid = to_regclass('account')
               WHERE c.relnamespace = one.relnamespace AND c.relowner = one.relowner AND c.relkind IN ('r', 'p')
               AND c.relname <> '_sqlx_migrations'";
    let row = sqlx::query(sql).persistent(false).fetch_one(conn).await.map_err(|error| rights(error, ""))?;
    if row.try_get::<bool, _>(0)? {
        return Ok(());
    }
    let (role, schema): (String, Option<String>) = (row.try_get(1)?, row.try_get(2)?);
    let schema = schema.unwrap_or_else(|| "public".to_owned());
    Err(Error::Rights(format!(
        "the role {role} may not use the tables; as their owner run: \
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};"
    )))
}

async fn versions(conn: &mut PgConnection) -> std::result::Result<Vec<i64>, sqlx::Error> {
    let (exists,): (bool,) = sqlx::query_as("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .persistent(false)
        .fetch_one(&mut *conn)
        .await?;
    if !exists {
        return Ok(Vec::new());
    }
    let rows: Vec<(i64,)> =
        sqlx::query_as("SELECT version FROM _sqlx_migrations").persistent(false).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// What the database does not let the role do, with the sentence that helps.
fn rights(error: sqlx::Error, role: &str) -> Error {
    let Some(said) = error.as_database_error() else {
        return Error::Database(error);
    };
    let role = if role.is_empty() { "the role that connects" } else { role };
    let help = match said.code().as_deref() {
        Some(NO_RIGHTS) if said.message().contains("for database") => {
            format!("GRANT CONNECT ON DATABASE the database TO {role};")
        }
        Some(NO_RIGHTS) => format!(
            "GRANT USAGE, CREATE ON SCHEMA public TO {role}; or, for tables of another owner: \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};"
        ),
        // A schema that may not be used is passed over as if there were none.
        Some(NO_SCHEMA) => format!("GRANT USAGE, CREATE ON SCHEMA public TO {role};"),
        _ => return Error::Database(error),
    };
    Error::Rights(format!("{}; as the owner of the database run: {help}", said.message()))
}

/// How many connections the database has room for, and how many are in use: the least of the server's, the
/// database's and the role's limit.
pub(crate) async fn room(pool: &PgPool) -> Result<(i64, i64)> {
    let sql = "SELECT LEAST(
                   current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint,
                   (SELECT NULLIF(datconnlimit, -1)::bigint FROM pg_database WHERE datname = current_database()),
                   (SELECT NULLIF(rolconnlimit, -1)::bigint FROM pg_roles WHERE rolname = current_user)),
               (SELECT COUNT(*) FROM server WHERE seen_at > EXTRACT(EPOCH FROM clock_timestamp()) * 1000 - 30000)";
    Ok(sqlx::query_as(AssertSqlSafe(sql)).persistent(false).fetch_one(pool).await?)
}
