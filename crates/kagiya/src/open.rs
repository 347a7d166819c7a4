//! Opening what commands work on.

use std::sync::Arc;

use kagiya_domain::audit::{Actor, Event, Line};
use kagiya_flows::{
    App,
    app::{Outbound, Parts},
};
use kagiya_store::{Location, Store};

use crate::{
    Failure,
    config::Config,
    keys_file, output,
    outside::{SystemClock, SystemDice},
};

/// Makes the data folder, for its owner alone.
pub(crate) fn data_folder(config: &Config) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let fail = |path: &std::path::Path, error: std::io::Error| Failure::Failed(format!("{}: {error}", path.display()));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .map_err(|error| fail(&config.data, error))?;
    if let Location::Sqlite(path) = &config.database
        && let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| fail(folder, error))?;
    }
    Ok(())
}

/// Opens the database. The embedded one is brought to this version, a shared one only by
/// `kagiya migrate`, while no server uses it.
pub(crate) async fn store(config: &Config) -> Result<Store, Failure> {
    let embedded = matches!(config.database, Location::Sqlite(_));
    Ok(Store::open(&config.database, embedded, config.pool).await?)
}

/// As [`store`], for a server: a PostgreSQL that does not answer keeps it from signing people in, not
/// from starting and saying so.
pub(crate) async fn store_or_later(config: &Config) -> Result<Store, Failure> {
    match Store::open(&config.database, matches!(config.database, Location::Sqlite(_)), config.pool).await {
        Err(error) if error.is_unreachable() && matches!(config.database, Location::Postgres(_)) => {
            tracing::error!(%error, "the database does not answer; the server starts without it and goes on asking");
            Ok(Store::open_later(&config.database, config.pool)?)
        }
        other => Ok(other?),
    }
}

/// Puts a server together that listens on `listening`.
pub(crate) fn app(
    config: &Config,
    store: Store,
    listening: std::net::SocketAddr,
    hash_threads: usize,
) -> Result<Arc<App>, Failure> {
    Ok(App::new(Parts {
        store,
        clock: Arc::new(SystemClock::new()),
        dice: Arc::new(SystemDice),
        keys: keys_file::open(&config.keys)?,
        settings: config.settings(listening),
        providers: config.providers()?,
        outbound: Outbound::new(&config.webhook_hosts()).map_err(Failure::Failed)?,
        own_hosts: Outbound::new(&config.own_hosts()).map_err(Failure::Failed)?,
        hash_threads,
    }))
}

/// A server's inside for a command that runs beside it.
pub(crate) async fn beside(config: &Config) -> Result<Arc<App>, Failure> {
    if let Location::Sqlite(path) = &config.database
        && !path.exists()
    {
        return Err(Failure::Failed(format!(
            "{}: no database yet; start `kagiya serve` once, or name the right --data or --database",
            path.display()
        )));
    }
    app(config, store(config).await?, config.listen, 1)
}

/// Keeps in the audit trail that somebody at the command line looked at a member's data. A database
/// that takes no writes does not keep the operator from looking.
pub(crate) async fn note_view(app: &App, account: Option<uuid::Uuid>, act: Event, detail: &str) {
    let entry = Line::new(Actor::CommandLine, act, app.now()).about(detail);
    if let Err(error) = kagiya_flows::staff::note(app, account, entry).await {
        tracing::warn!(%error, "this look is not in the audit trail");
    }
}

/// `kagiya migrate`.
pub(crate) async fn migrate(config: &Config) -> Result<(), Failure> {
    data_folder(config)?;
    let store = Store::open(&config.database, true, config.pool).await?;
    output::say(&format!("the {} database is at this version", store.kind()));
    store.close().await;
    Ok(())
}

/// What to say when a database that allows so many connections has none for every one of so many servers.
pub(crate) fn too_small(config: &Config, (most, servers): (i64, i64)) -> Option<String> {
    let (each, servers) = (i64::from(config.pool.0), servers.max(1));
    (each * servers > most).then(|| {
        format!("the database allows {most} connections; {servers} servers of {each} each want {}", each * servers)
    })
}
