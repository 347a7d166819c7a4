//! How this server follows what ends, here and on others.
//!
//! Every ending is a line of the log [`kagiya_store::ending`]. A check is answered from memory only while the log was
//! read within the lease, and whoever ends a session is answered when other servers' leases have run out: a check
//! that begins after the answer finds either a younger reading, which has the line, or no lease.

use std::{sync::atomic::Ordering, time::Duration};

use futures_util::FutureExt;
use kagiya_domain::{Span, Timestamp};
use kagiya_store::{self as store, ending::Line};

use crate::{
    App, Fault,
    session::cache::{Log, Newest},
};

/// How often the log is read while sessions are checked.
const RENEWAL: Duration = Duration::from_millis(12);
/// How often it is read while none is.
const IDLE: Duration = Duration::from_secs(1);
/// Readings without a check after which a server is idle.
const IDLE_AFTER: u32 = 150;
/// For how long lines are kept.
pub(crate) const KEPT: Span = Span::hours(3);
/// Who has not read the log for so long begins anew: lines may be gone.
const LOST_AFTER: Span = Span::minutes(5);
/// For how long a number that was given but not seen is asked for. A transaction that idles is ended by the database
/// after half a minute; one that waits for a lock may take longer.
const GAP_LIFE: i64 = 900_000;
/// Who begins anew looks for such numbers among so many of the newest.
const GAPS: i64 = 1_000;
/// So many are asked for at most; what is beyond is read again as a whole.
const MOST_GAPS: usize = 2_000;
/// Numbers that lie so close together are asked for in one look.
const NEAR: i64 = 64;
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

/// Reads the log for a check that found no lease. Of many that wait one reads: a reading that began after a check came
/// is good for that check, however long it took.
///
/// # Errors
/// When the database fails.
pub(crate) async fn renew_lease(app: &App) -> Result<(), Fault> {
    let came = app.clock.monotonic_ms();
    app.sessions.bell.notify_one();
    let mut log = app.sessions.log.lock().await;
    if app.sessions.has_lease(app.clock.monotonic_ms()) || app.sessions.read_at.load(Ordering::Acquire) > came {
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
    if app.now().since(log.read_at).max(Span(app.sessions.age_ms(begun))) >= LOST_AFTER {
        if !app.sessions.is_empty() {
            // It is about to be forgotten.
            app.sessions.touched.store(true, Ordering::Relaxed);
            write_uses(app).await?;
        }
        log.newest = None;
    }
    let done = tokio::time::timeout(READING, read_on(app, log, begun)).await;
    let done = done.unwrap_or_else(|_| Err(store::Error::Down.into()));
    match &done {
        Ok(()) => app.sessions.read_at.store(begun, Ordering::Release),
        Err(_) => log.failed_at = app.clock.monotonic_ms(),
    }
    done
}

async fn read_on(app: &App, log: &mut Log, begun: i64) -> Result<(), Fault> {
    let now = app.now();
    let mut conn = app.store.reader().await?;
    let Some(newest) = log.newest else {
        return begin(app, log, conn, begun).await;
    };
    // What was missing and has come.
    let mut gaps: Vec<(i64, i64)> = log.gaps.iter().copied().filter(|(_, since)| begun - since < GAP_LIFE).collect();
    let mut come = Vec::new();
    for near in gaps.chunk_by(|(one, _), (next, _)| next - one <= NEAR) {
        if let (Some((first, _)), Some((last, _))) = (near.first(), near.last()) {
            come.extend(store::ending::between(&mut conn, *first, *last).await?);
        }
    }
    gaps.retain(|(id, _)| come.binary_search_by_key(id, |line| line.id).is_err());
    // The line that was the newest must still be there: a database that went back gives its numbers anew.
    let mut new = store::ending::after(&mut conn, newest.id - 1).await?;
    if let Some(token) = newest.token {
        if new.first() != Some(&Line { id: newest.id, token }) {
            return begin(app, log, conn, begun).await;
        }
        new.remove(0);
    }
    drop(conn);
    // What would be too much to remember is read again next time.
    let mut read = newest;
    for line in &new {
        let between = read.id + 1..line.id;
        if gaps.len() + usize::try_from(between.end - between.start).unwrap_or(usize::MAX) > MOST_GAPS {
            break;
        }
        gaps.extend(between.map(|id| (id, begun)));
        read = Newest { id: line.id, token: Some(line.token) };
    }
    for line in come.iter().chain(&new) {
        app.sessions.end(&line.token);
    }
    (log.newest, log.gaps, log.read_at) = (Some(read), gaps, now);
    Ok(())
}

/// Begins at the end of the log. What is in the middle of being written has a number near the newest.
async fn begin(app: &App, log: &mut Log, mut conn: store::Conn, begun: i64) -> Result<(), Fault> {
    log.newest = None;
    let newest = store::ending::newest(&mut conn).await?;
    let lines = store::ending::after(&mut conn, newest - GAPS).await?;
    drop(conn);
    // What is remembered may have ended unseen.
    app.sessions.forget();
    let last =
        lines.last().map_or(Newest { id: newest, token: None }, |line| Newest { id: line.id, token: Some(line.token) });
    log.gaps = missing((newest - GAPS).max(0), &lines).map(|id| (id, begun)).collect();
    (log.newest, log.read_at) = (Some(last), app.now());
    Ok(())
}

/// The numbers after `newest` that are not among `lines`, which stand in order.
fn missing(newest: i64, lines: &[Line]) -> impl Iterator<Item = i64> {
    let before = std::iter::once(newest).chain(lines.iter().map(|line| line.id));
    before.zip(lines).flat_map(|(before, line)| before + 1..line.id)
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
