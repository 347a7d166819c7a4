//! Watches the components: real traffic first, then a sign-in of our own, then probes.

mod synthetic;
mod windows;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use futures_util::FutureExt;
use kagiya_domain::{
    Span, Timestamp,
    component::{Component, DATABASE, Level, MAIL, OWN, PASSWORD},
    health::{Tick, Usual},
};
use kagiya_store as store;

use crate::{
    App, Fault,
    external::providers::health,
    status::{anomaly, platform::board::Day},
};

/// The database is asked so often.
pub const DATABASE_EVERY: Duration = Duration::from_secs(1);
/// It must answer within this.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Silences in a row after which it is not asked by everybody.
const SILENCES: u32 = 2;
/// A sign-in of our own is made so often; and so often while something is wrong.
const CHECK_EVERY: Span = Span::seconds(45);
const CHECK_IN_TROUBLE: Span = Span::seconds(10);
/// What another server saw counts for so long.
const FRESH: Span = Span::seconds(45);
/// What this server sees is written at least so often.
const WRITE_EVERY: Span = Span::seconds(20);
/// What does not work for so long is proposed as an incident.
const PROPOSED_AFTER: Span = Span::seconds(20);
/// Mail that waits so long without having been tried is a fault of ours.
const MAIL_STUCK: Span = Span::minutes(3);

/// Asks the database whether it is there, and keeps everybody else from waiting for it while it
/// is not.
///
/// # Errors
/// Never; the trouble is what is looked for.
pub async fn watch_database(app: &Arc<App>) -> Result<(), Fault> {
    let begun = app.clock.monotonic_us();
    let answers = match tokio::time::timeout(PATIENCE, app.store.probe()).await {
        Ok(Ok(())) => true,
        Ok(Err(error @ (store::Error::OlderSchema(_) | store::Error::NewerSchema(_)))) => {
            tracing::error!(%error, "the database is there, and cannot be used");
            false
        }
        Ok(Err(_)) | Err(_) => false,
    };
    if answers {
        app.measure.served(DATABASE, None, app.clock.monotonic_us() - begun);
    }
    let now = app.now();
    let silences = app.monitor.with(|state| {
        // Started without it: one answer is wanted before anybody asks.
        let before = if app.store.is_down() { state.silences.max(SILENCES) } else { state.silences };
        state.silences = if answers { 0 } else { before.saturating_add(1) };
        // An answer does not heal what a write that was refused has shown.
        let well = answers && !state.refuses_writes;
        if !well || state.detector(DATABASE, now).wants_probe() {
            state.detector(DATABASE, now).probed(well);
        }
        state.silences
    });
    let down = silences >= SILENCES;
    if app.store.set_down(down) != down {
        if down {
            tracing::error!("the database does not answer; sessions are checked from memory");
        } else {
            tracing::info!("the database answers again");
        }
    }
    Ok(())
}

/// One tick: judges every component, tells the others, and hangs it on the board.
///
/// # Errors
/// When the database fails; the board shows what this server sees all the same.
#[expect(clippy::too_many_lines, reason = "one tick: what is read, judged and told, in its order")]
pub async fn tick(app: &Arc<App>) -> Result<(), Fault> {
    let now = app.now();
    check_ourselves(app, now).await;
    let writes = try_write(app).await;
    let mail_stuck = mail_queue(app).await;
    let hour = hour_of_week(app, now);
    let own: Vec<Component> = app.monitor.with(|state| {
        if !app.store.is_down() {
            state.refuses_writes = !writes;
            let database = state.detector(DATABASE, now);
            if !writes || database.wants_probe() {
                database.probed(writes);
            }
        }
        if let Some(stuck) = mail_stuck {
            let mail = state.detector(MAIL, now);
            // Well is who has nothing left to send, or sends.
            match stuck {
                Queue::Stuck => mail.probed(false),
                Queue::Empty if mail.wants_probe() => mail.probed(true),
                Queue::Empty | Queue::Waiting => {}
            }
        }
        let mut all = Vec::new();
        for id in OWN {
            let mut tick = app.measure.take(id);
            if id == DATABASE {
                tick.add(&app.store.take_traffic());
            }
            let usual = state.usual.get(&(id.to_owned(), hour)).copied().unwrap_or_default();
            let detector = state.detector(id, now);
            let level = detector.judge(tick, usual, now);
            let since = detector.state().1;
            if detector.is_calm(usual) {
                state.learned.entry(id.to_owned()).or_default().add(&tick);
            }
            all.push(Component { id: id.to_owned(), level, since });
        }
        for component in &app.settings.components {
            let detector = state.detector(&component.id, now);
            let level = detector.judge(Tick::default(), Usual::default(), now);
            all.push(Component { id: component.id.clone(), level, since: detector.state().1 });
        }
        all.extend(app.providers.iter().map(|entry| {
            let reading = entry.health.read(now);
            let level = match reading.state {
                health::State::Ok => Level::Operational,
                health::State::Degraded => Level::DegradedPerformance,
                health::State::Down => Level::MajorOutage,
            };
            Component { id: entry.provider.id().to_owned(), level, since: reading.since }
        }));
        all
    });
    let others = others(app, now).await;
    let whole: Vec<Component> = own.iter().map(|component| join(component, others.as_deref().unwrap_or(&[]))).collect();
    for component in &whole {
        let level = Level::ALL.iter().position(|level| *level == component.level).unwrap_or(0);
        #[allow(clippy::cast_precision_loss, reason = "one of five")]
        metrics::gauge!("kagiya_component_level", "component" => component.id.clone()).set(level as f64);
    }
    app.board.set_components(whole.clone());
    if app.store.is_down() {
        return Ok(());
    }
    learn(app, hour).await?;
    tell(app, &own, now).await?;
    for component in &whole {
        let out = component.level.is_out() && now.since(component.since).0 >= PROPOSED_AFTER.0;
        anomaly::follow(app, &component.id, out.then_some(component.since)).await?;
    }
    count_days(app, &whole, now).await?;
    windows::run(app).await
}

fn join(own: &Component, others: &[store::component::Observation]) -> Component {
    let mut levels = vec![own.level];
    let mut since = own.since;
    for other in others.iter().filter(|other| other.component == own.id) {
        let level = Level::parse(&other.level).unwrap_or_default();
        if own.level == Level::Operational && level > Level::Operational {
            since = Timestamp(other.since);
        }
        levels.push(level);
    }
    Component { id: own.id.clone(), level: Level::joined(&levels), since }
}

async fn others(app: &App, now: Timestamp) -> Result<Vec<store::component::Observation>, Fault> {
    Ok(store::component::others(&mut app.store.reader().await?, app.server_id, now.minus(FRESH)).await?)
}

async fn check_ourselves(app: &Arc<App>, now: Timestamp) {
    let due = app.monitor.with(|state| {
        let every = if state.detector(PASSWORD, now).wants_probe() { CHECK_IN_TROUBLE } else { CHECK_EVERY };
        let due = state.checked_at.is_none_or(|at| now.since(at).0 >= every.0 || now < at);
        if due {
            state.checked_at = Some(now);
        }
        due
    });
    if !due || app.store.is_down() {
        return;
    }
    let outcome = synthetic::run(app).await;
    app.monitor.with(|state| match outcome {
        synthetic::Outcome::Well => state.detector(PASSWORD, now).probed(true),
        synthetic::Outcome::Failed => {
            tracing::warn!("the sign-in that this server made against itself failed");
            state.detector(PASSWORD, now).probed(false);
        }
        synthetic::Outcome::Busy => {}
    });
}

/// Asks what the operator named; it must answer with a success.
///
/// # Errors
/// Never; the trouble is what is looked for.
pub async fn probe_named(app: &Arc<App>) -> Result<(), Fault> {
    for component in &app.settings.components {
        let Some(url) = component.probe_url.as_deref().and_then(|url| url::Url::parse(url).ok()) else {
            continue;
        };
        let well = matches!(app.own_hosts.send("GET", &url, &[], Vec::new()).await, Ok(200..=399));
        let now = app.now();
        app.monitor.with(|state| state.detector(&component.id, now).probed(well));
    }
    Ok(())
}

/// Whether the database takes writes.
async fn try_write(app: &App) -> bool {
    let (id, keys, now) = (app.server_id, app.keys.fingerprint(), app.now());
    let wrote =
        app.store.write_forgettable(move |conn| async move { store::server::beat(conn, id, &keys, now).await }.boxed());
    tokio::time::timeout(PATIENCE * 2, wrote).await.is_ok_and(|wrote| wrote.is_ok())
}

/// What the queue of mails shows.
enum Queue {
    Empty,
    Waiting,
    Stuck,
}

async fn mail_queue(app: &App) -> Option<Queue> {
    let mut conn = app.store.reader().await.ok()?;
    let (ours, untried) = store::outbox::oldest(&mut conn).await.ok()?;
    if untried.is_some_and(|at| app.now().since(at).0 > MAIL_STUCK.0) {
        return Some(Queue::Stuck);
    }
    // What waits for its receiver's server says nothing of ours.
    Some(if ours.is_none() { Queue::Empty } else { Queue::Waiting })
}

/// 0 to 167: the hour of the week in the service's zone.
fn hour_of_week(app: &App, now: Timestamp) -> i64 {
    let Ok(at) = jiff::Timestamp::from_millisecond(now.0) else {
        return 0;
    };
    let zoned = at.to_zoned(app.settings.time_zone.clone());
    i64::from(zoned.weekday().to_monday_zero_offset()) * 24 + i64::from(zoned.hour())
}

/// The day in the service's zone, counted from 1970.
pub fn day_of(app: &App, at: Timestamp) -> i64 {
    let offset = jiff::Timestamp::from_millisecond(at.0)
        .map_or(0, |at| i64::from(app.settings.time_zone.to_offset(at).seconds()));
    at.0.div_euclid(1_000).saturating_add(offset).div_euclid(86_400)
}

/// At the turn of an hour, what was learned in it joins what is usual.
async fn learn(app: &App, hour: i64) -> Result<(), Fault> {
    if !app.monitor.with(|state| state.loaded) {
        let rows = store::component::usual(&mut app.store.reader().await?).await?;
        app.monitor.with(|state| {
            state.loaded = true;
            for row in rows {
                let usual = Usual { tries: row.tries, good: row.good, slow_us: row.slow_us };
                state.usual.insert((row.component, row.hour), usual);
            }
        });
    }
    let rows = app.monitor.with(|state| {
        let before = state.hour.replace(hour);
        let Some(before) = before.filter(|before| *before != hour) else {
            return Vec::new();
        };
        let learned = std::mem::take(&mut state.learned);
        let mut rows = Vec::new();
        for (component, tick) in learned.into_iter().filter(|(_, tick)| tick.served > 0) {
            let usual = state.usual.entry((component.clone(), before)).or_default();
            // Half of what was before: four weeks ago hardly counts.
            usual.tries = usual.tries / 2 + i64::from(tick.known);
            usual.good = usual.good / 2 + i64::from(tick.known_good);
            usual.slow_us = if usual.slow_us == 0 { tick.slow_us() } else { (usual.slow_us + tick.slow_us()) / 2 };
            let Usual { tries, good, slow_us } = *usual;
            rows.push(store::component::Usual { component, hour: before, tries, good, slow_us });
        }
        rows
    });
    if rows.is_empty() {
        return Ok(());
    }
    app.store
        .write(move |conn| {
            async move {
                for row in &rows {
                    store::component::set_usual(conn, row).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await?;
    Ok(())
}

/// Tells the other servers what this one sees, when it changed or is getting old.
async fn tell(app: &App, own: &[Component], now: Timestamp) -> Result<(), Fault> {
    let due = app.monitor.with(|state| {
        let changed = own.iter().any(|component| state.written.get(&component.id) != Some(&component.level));
        let old = state.written_at.is_none_or(|at| now.since(at).0 >= WRITE_EVERY.0 || now < at);
        if changed || old {
            state.written_at = Some(now);
            state.written = own.iter().map(|component| (component.id.clone(), component.level)).collect();
        }
        changed || old
    });
    if !due {
        return Ok(());
    }
    let (server, own) = (app.server_id, own.to_vec());
    app.store
        .write_forgettable(move |conn| {
            async move {
                for component in &own {
                    store::component::observe(conn, server, &component.id, component.level, component.since, now)
                        .await?;
                }
                store::component::forget_servers(conn, now.minus(Span::hours(1))).await
            }
            .boxed()
        })
        .await?;
    Ok(())
}

/// Time between two counts beyond this was not watched.
const LONGEST_STEP: Span = Span::minutes(2);
/// What lasted less than this gives a day no colour.
const NOTABLE_MS: i64 = 60_000;

/// Reads the days that the status page tells.
async fn remember_days(app: &App, now: Timestamp) -> Result<(), Fault> {
    let rows = store::component::days(&mut app.store.reader().await?, day_of(app, now) - 89).await?;
    let mut days: BTreeMap<String, Vec<Day>> = BTreeMap::new();
    for (component, day, level, ms) in rows {
        let level = Level::parse(&level).unwrap_or_default();
        let of_component = days.entry(component).or_default();
        if of_component.last().is_none_or(|last| last.day != day) {
            of_component.push(Day { day, worst: Level::Operational, ms: 0, out_ms: 0 });
        }
        if let Some(last) = of_component.last_mut() {
            last.ms += ms;
            last.out_ms += if level.is_out() { ms } else { 0 };
            if ms >= NOTABLE_MS {
                last.worst = last.worst.max(level);
            }
        }
    }
    app.board.set_days(days);
    Ok(())
}

/// Adds the time since the last count to each component's day. One of the servers does it.
async fn count_days(app: &App, whole: &[Component], now: Timestamp) -> Result<(), Fault> {
    let since = app.monitor.with(|state| {
        let since = state.counted_at.get_or_insert(now).to_owned();
        if now.since(since).0 >= WRITE_EVERY.0 {
            state.counted_at = Some(now);
            return Some(since);
        }
        if now < since {
            state.counted_at = Some(now);
        }
        None
    });
    let Some(since) = since else {
        return Ok(());
    };
    remember_days(app, now).await?;
    let first = store::server::first(&mut app.store.reader().await?, now.minus(FRESH)).await?;
    if first.is_some_and(|first| first != app.server_id) {
        return Ok(());
    }
    // A clock that jumped, or a machine that slept, was not watched meanwhile.
    let (day, ms) = (day_of(app, now), now.since(since).0.min(LONGEST_STEP.0));
    let board = app.board.get();
    let rows: Vec<(String, Level)> =
        whole.iter().map(|component| (component.id.clone(), board.level(&component.id, now))).collect();
    app.store
        .write_forgettable(move |conn| {
            async move {
                for (component, level) in &rows {
                    store::component::add_day(conn, component, day, *level, ms).await?;
                }
                store::component::forget_days(conn, day - 100).await
            }
            .boxed()
        })
        .await?;
    Ok(())
}
