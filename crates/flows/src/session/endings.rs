//! How this server follows what ends, here and on others.
//!
//! Every ending is a line of the log [`kagiya_store::ending`]. A check is answered from memory only while the log was
//! read within the lease, and whoever ends a session is answered when other servers' leases have run out: a check
//! that begins after the answer finds either a younger reading, which has the line, or no lease.

use std::{sync::atomic::Ordering, time::Duration};

use futures_util::FutureExt;
use kagiya_domain::{Span, Timestamp};
use kagiya_store::{self as store, ending::Line};

use crate::{App, Fault, session::cache::Log};

/// How often the log is read while sessions are checked.
const RENEWAL: Duration = Duration::from_millis(12);
/// How often it is read while none is.
const IDLE: Duration = Duration::from_secs(1);
/// Readings without a check after which a server is idle.
const IDLE_AFTER: u32 = 150;
/// For how long lines are kept.
pub(crate) const KEPT: Span = Span::minutes(30);
/// Who has not read the log for so long begins anew: lines may be gone.
const LOST_AFTER: Span = Span::minutes(5);
/// For how long a number that was given but not seen is asked for. A transaction that idles is ended by the database
/// after half a minute.
const GAP_LIFE: i64 = 300_000;
/// Who begins anew looks for such numbers among so many of the newest, and so many before the first of these.
const GAPS: i64 = 1_000;
const BEFORE: i64 = 8;
/// So many are asked for at most.
const MOST_GAPS: usize = 1_000;
/// A reading that takes longer has failed.
const READING: Duration = Duration::from_secs(2);

/// Uses are written down at most this often.
pub(crate) const WRITE_EVERY: Span = Span::minutes(1);

/// Writes down when sessions were last used.
///
/// # Errors
/// When the database fails.
pub async fn write_uses(app: &App) -> Result<(), Fault> {
    if !app.sessions.touched.swap(false, Ordering::Relaxed) {
        return Ok(());
    }
    let mut due = Vec::new();
    app.sessions.for_each(|hash, live| {
        let seen = live.last_seen.load(Ordering::Relaxed);
        if seen - live.written.load(Ordering::Relaxed) >= WRITE_EVERY.0 {
            live.written.store(seen, Ordering::Relaxed);
            due.push((*hash, Timestamp(seen)));
        }
    });
    for chunk in due.chunks(500) {
        let chunk = chunk.to_vec();
        app.store
            .write(move |conn| {
                async move {
                    for (hash, seen) in &chunk {
                        store::session::touch(conn, hash, *seen).await?;
                    }
                    Ok(())
                }
                .boxed()
            })
            .await?;
    }
    Ok(())
}

/// Reads the log until the server stops: often while sessions are checked.
///
/// # Errors
/// When the database fails; memory then stops vouching by itself.
pub(crate) async fn follow(app: &App) -> Result<(), Fault> {
    let cache = &app.sessions;
    let mut quiet = 0;
    while !app.jobs.is_stopping() {
        let mut log = cache.log.lock().await;
        read(app, &mut log).await?;
        drop(log);
        quiet = if cache.checked.swap(false, Ordering::Relaxed) { 0 } else { quiet + 1 };
        if quiet < IDLE_AFTER {
            app.jobs.pause(RENEWAL).await;
        } else {
            tokio::select! {
                () = cache.bell.notified() => quiet = 0,
                _ = app.jobs.pause(IDLE) => {}
            }
        }
    }
    Ok(())
}

/// Gets a lease for a check that found none. Of many that wait one reads.
///
/// # Errors
/// When the database fails.
pub(crate) async fn renew_lease(app: &App) -> Result<(), Fault> {
    let came = app.clock.monotonic_ms();
    app.sessions.bell.notify_one();
    let mut log = app.sessions.log.lock().await;
    if app.sessions.has_lease(app.clock.monotonic_ms()) {
        return Ok(());
    }
    if log.failed_at > came {
        return Err(store::Error::Down.into());
    }
    read(app, &mut log).await
}

/// Reads what was written to the log, forgets what ended, and vouches from the moment at which the reading began.
async fn read(app: &App, log: &mut Log) -> Result<(), Fault> {
    let begun = app.clock.monotonic_ms();
    let done = tokio::time::timeout(READING, read_on(app, log, begun)).await;
    let done = done.unwrap_or_else(|_| Err(store::Error::Down.into()));
    match &done {
        Ok(()) => app.sessions.read_at.store(begun, Ordering::Release),
        Err(_) => log.failed_at = app.clock.monotonic_ms(),
    }
    done
}

async fn read_on(app: &App, log: &mut Log, begun: i64) -> Result<(), Fault> {
    let cache = &app.sessions;
    let mut conn = app.store.reader().await?;
    let now = app.now();
    let away = now.since(log.read_at).max(Span(cache.age_ms(begun)));
    let Some(newest) = log.newest.filter(|_| away < LOST_AFTER) else {
        // What is in the middle of being written has a number near the newest.
        let newest = store::ending::newest(&mut conn).await?;
        let lines = store::ending::after(&mut conn, newest - GAPS).await?;
        drop(conn);
        restart(app).await?;
        let from = lines.first().map_or(newest, |line| line.id - BEFORE).max(0);
        (log.newest, log.read_at) = (Some(newest.max(lines.last().map_or(0, |line| line.id))), now);
        log.gaps = missing(from, &lines).map(|id| (id, begun)).collect();
        return Ok(());
    };
    let mut lines = Vec::new();
    let mut still = Vec::new();
    for &(id, since) in &log.gaps {
        match store::ending::find(&mut conn, id).await? {
            Some(line) => lines.push(line),
            None if begun - since < GAP_LIFE => still.push((id, since)),
            None => {}
        }
    }
    let new = store::ending::after(&mut conn, newest).await?;
    drop(conn);
    let last = new.last().map_or(newest, |line| line.id);
    still.extend(missing(newest, &new).take(MOST_GAPS).map(|id| (id, begun)));
    for line in lines.iter().chain(&new) {
        cache.end(&line.token);
    }
    *log = Log { newest: Some(last), gaps: still, read_at: now, ..*log };
    Ok(())
}

/// The numbers after `newest` that are not among `lines`, which stand in order.
fn missing(newest: i64, lines: &[Line]) -> impl Iterator<Item = i64> {
    let before = std::iter::once(newest).chain(lines.iter().map(|line| line.id));
    before.zip(lines).flat_map(|(before, line)| before + 1..line.id)
}

/// Forgets everything: what is remembered may have ended unseen.
async fn restart(app: &App) -> Result<(), Fault> {
    if !app.sessions.is_empty() {
        app.sessions.touched.store(true, Ordering::Relaxed);
        write_uses(app).await?;
    }
    app.sessions.forget();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: i64) -> Line {
        Line { id, token: [0; 32] }
    }

    #[test]
    fn numbers_that_were_given_and_not_seen_are_missed() {
        let gaps = |newest, ids: &[i64]| {
            let lines: Vec<Line> = ids.iter().map(|id| line(*id)).collect();
            missing(newest, &lines).collect::<Vec<_>>()
        };
        assert!(gaps(4, &[]).is_empty());
        assert!(gaps(4, &[5, 6]).is_empty());
        assert_eq!(gaps(4, &[6, 9]), [5, 7, 8]);
    }
}
