//! What runs by itself: the lease on sessions, written-down uses, clean-ups.

pub mod runner;
pub mod supervision;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use futures_util::FutureExt;
use kagiya_domain::{Span, account::GRACE, setup::SetupFault};
use kagiya_store as store;

use crate::{
    App, Fault,
    check::setup,
    external::{permission, provider_monitor},
    session::endings,
    status::{anomaly, monitor, notices, subscribe, waiting},
};

/// How often the clean-up runs.
const CLEAN_UP_EVERY: Duration = Duration::from_secs(600);
/// How often a server says that it is alive.
const BEAT_EVERY: Duration = Duration::from_secs(8);
/// How often components are judged: [`kagiya_domain::health::TICK`].
const MONITOR_EVERY: Duration = Duration::from_secs(5);
/// How often notices are read: what the command line says is told within this.
const BOARD_EVERY: Duration = Duration::from_secs(1);
/// How often what the operator named is asked.
const NAMED_EVERY: Duration = Duration::from_secs(15);
/// How often it is looked how people fare.
const CROWD_EVERY: Duration = Duration::from_secs(10);
/// Beats in a row that must see other keys: longer than a dead server's row counts.
const STRANGE_BEATS: u32 = 3;

type Job = fn(Arc<App>) -> futures_util::future::BoxFuture<'static, Result<(), Fault>>;

/// One round after another until the server stops.
macro_rules! repeat {
    ($app:expr, $every:expr, $name:literal, $job:expr) => {
        runner::spawn($app, $name, |app| {
            async move {
                let job: Job = $job;
                let mut failing = false;
                while !app.jobs.is_stopping() {
                    match job(Arc::clone(&app)).await {
                        Ok(()) => failing = false,
                        Err(Fault::Store(store::Error::Closing)) => return,
                        Err(error) if !failing => {
                            failing = true;
                            tracing::error!(%error, job = $name, "a job failed; it goes on trying");
                        }
                        Err(_) => {}
                    }
                    app.jobs.pause($every).await;
                }
            }
            .boxed()
        });
    };
}

/// Starts the jobs; they end with the server.
pub fn start(app: &Arc<App>) {
    repeat!(app, Duration::from_millis(100), "lease", |app| async move { endings::follow(&app).await }.boxed());
    repeat!(app, Duration::from_secs(20), "uses", |app| async move { endings::write_uses(&app).await }.boxed());
    repeat!(app, monitor::DATABASE_EVERY, "database", |app| async move { monitor::watch_database(&app).await }.boxed());
    repeat!(app, BOARD_EVERY, "board", |app| async move { notices::refresh(&app).await }.boxed());
    repeat!(app, MONITOR_EVERY, "monitor", |app| async move { monitor::tick(&app).await }.boxed());
    repeat!(app, BEAT_EVERY, "beat", |app| async move { beat(&app).await }.boxed());
    if !app.providers.is_empty() {
        repeat!(app, Duration::from_secs(300), "keys", |app| async move { provider_monitor::refresh(&app).await }
            .boxed());
        repeat!(app, Duration::from_secs(15), "probe", |app| async move { provider_monitor::probe(&app).await }
            .boxed());
        repeat!(app, Duration::from_secs(600), "permissions", |app| async move { permission::look(&app).await }
            .boxed());
        repeat!(app, Duration::from_secs(180), "feeds", |app| async move { provider_monitor::feeds(&app).await }
            .boxed());
    }
    repeat!(app, MONITOR_EVERY, "waiting", |app| async move { waiting::run(&app).await }.boxed());
    if app.settings.components.iter().any(|component| component.probe_url.is_some()) {
        repeat!(app, NAMED_EVERY, "named", |app| async move { monitor::probe_named(&app).await }.boxed());
    }
    repeat!(app, CROWD_EVERY, "crowd", |app| async move { anomaly::run(&app).await }.boxed());
    subscribe::start(app);
    repeat!(app, CLEAN_UP_EVERY, "clean-up", |app| async move { clean_up(&app).await }.boxed());
}

/// Says that this server is alive, and notices others with other keys.
///
/// # Errors
/// When the database fails.
pub async fn beat(app: &Arc<App>) -> Result<(), Fault> {
    let (id, keys, now) = (app.server_id, app.keys.fingerprint(), app.now());
    let digests = app
        .store
        .write_forgettable(move |conn| {
            async move {
                store::server::beat(conn, id, &keys, now).await?;
                store::server::key_digests(conn, now.minus(Span::seconds(20))).await
            }
            .boxed()
        })
        .await?;
    // A server that was restarted with other keys leaves its old row behind for a while.
    if digests.len() > 1 {
        if app.other_keys.fetch_add(1, Ordering::Relaxed) >= STRANGE_BEATS {
            setup::note(app, SetupFault::KeysDiffer, "two servers that are alive have different keys");
        }
    } else {
        app.other_keys.store(0, Ordering::Relaxed);
    }
    if let Some(clock) = store::server::clock(&mut app.store.reader().await?).await? {
        let behind = clock.since(app.now()).0 / 1_000;
        if behind.abs() > setup::SKEW {
            setup::note(app, SetupFault::ClockOff, &format!("the database's clock is {behind} s ahead"));
        }
    }
    Ok(())
}

/// Deletes what is kept no longer.
///
/// # Errors
/// When the database fails.
pub async fn clean_up(app: &App) -> Result<(), Fault> {
    let now = app.now();
    let (keep, dormant) = (app.settings.keep_attempts, app.settings.dormant_after);
    provider_monitor::clean_up(app, now).await?;
    let closed = store::account::closed_before(&mut app.store.reader().await?, now.minus(GRACE), 100).await?;
    app.store
        .write(move |conn| {
            async move {
                let day = Span::days(1);
                store::flow::sweep(conn, now.minus(day)).await?;
                store::code::sweep(conn, now.minus(day)).await?;
                store::stored_request::sweep(conn, now).await?;
                store::session::sweep(conn, now.minus(Span::days(30))).await?;
                store::ending::sweep(conn, now.minus(endings::KEPT)).await?;
                store::device::sweep(conn, now.minus(Span::days(400))).await?;
                store::throttle::sweep_wrong_values(conn, now).await?;
                store::outbox::sweep(conn, now.minus(Span::days(7))).await?;
                store::delivery::sweep(conn, now.minus(Span::days(90))).await?;
                store::subscriber::sweep(conn, now.minus(Span::days(7))).await?;
                store::attempt::sweep_me_too(conn, now.minus(day)).await?;
                store::waiting::sweep(conn, now.minus(Span::days(14))).await?;
                if let Some(after) = dormant {
                    store::account::put_to_sleep(conn, now.minus(after), now).await?;
                }
                for account in closed {
                    store::account::forget(conn, account).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await?;
    // In portions, each a transaction of its own, so that sign-ins never wait long for the one writer.
    for portion in 0..store::throttle::PORTIONS {
        let before = now.minus(Span::days(2));
        app.store
            .write_forgettable(move |conn| async move { store::throttle::sweep(conn, portion, before).await }.boxed())
            .await?;
    }
    let most = app.settings.keep_anonymous;
    while app
        .store
        .write(move |conn| async move { store::attempt::sweep_anonymous(conn, most, 2_000).await }.boxed())
        .await?
        == 2_000
    {}
    loop {
        let before = now.minus(keep);
        let gone = app
            .store
            .write(move |conn| async move { store::attempt::sweep(conn, before, 2_000).await }.boxed())
            .await?;
        if gone < 2_000 {
            return Ok(());
        }
    }
}

/// Signs this server off.
pub async fn leave(app: &App) {
    let (id, now) = (app.server_id, app.now());
    let left = app
        .store
        .write(move |conn| async move { store::server::leave(conn, id, now.minus(Span::hours(1))).await }.boxed())
        .await;
    if let Err(error) = left {
        tracing::warn!(%error, "could not sign off");
    }
}
