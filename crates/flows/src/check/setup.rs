//! The operator's own mistakes, as real requests show them: noted for staff, logged once.

use std::sync::{Arc, PoisonError};

use futures_util::FutureExt;
use kagiya_domain::{Evidence, Span, Timestamp, setup::SetupFault};
use kagiya_store as store;

pub use crate::check::findings::SKEW;
use crate::{
    App,
    check::findings::{CLOCKS, ENOUGH, FRESH},
};

/// Notes a mistake; returns the facts that a refusal which comes of it has.
pub fn note(app: &Arc<App>, fault: SetupFault, detail: &str) -> Vec<Evidence> {
    let now = app.now();
    let known = {
        let mut seen = app.findings.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let known = seen.get(&fault).is_some_and(|at| now.since(*at) < Span::minutes(5));
        if !known {
            seen.insert(fault, now);
        }
        known
    };
    if !known {
        let (of, app, detail): (_, _, String) = (app, Arc::clone(app), detail.chars().take(200).collect());
        of.jobs.soon(async move {
            let kept = detail.clone();
            let write = app.store.write_forgettable(move |conn| {
                async move { store::finding::note(conn, fault, &kept, now.minus(FRESH), now).await }.boxed()
            });
            match write.await {
                Ok(true) => {
                    tracing::error!(fault = fault.name(), detail, "{} What to do: {}.", fault.what(), fault.advice())
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, fault = fault.name(), "a finding could not be kept"),
            }
        });
    }
    vec![Evidence::OursAtFault, Evidence::Setup { fault }]
}

/// Takes note of how far a browser's clock is ahead of ours, in seconds. When most browsers
/// of different networks agree that it is off, it is ours that is off.
pub fn note_clock(app: &Arc<App>, network: &str, ahead: i64) -> Vec<Evidence> {
    let ours = {
        let mut clocks = app.findings.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        clocks.retain(|(from, _)| from != network);
        clocks.push((network.to_owned(), ahead));
        if clocks.len() > CLOCKS {
            clocks.remove(0);
        }
        let off = |sign: i64| clocks.iter().filter(|(_, seconds)| seconds * sign > SKEW).count();
        let most = off(1).max(off(-1));
        most >= ENOUGH && most * 4 >= clocks.len() * 3
    };
    if ours && ahead.abs() > SKEW {
        return note(app, SetupFault::ClockOff, &format!("most browsers are about {ahead} s ahead"));
    }
    if ahead.abs() > SKEW {
        return vec![Evidence::ClockSkew { minutes: minutes(ahead) }];
    }
    Vec::new()
}

/// By how many seconds most browsers' clocks are ahead of ours: the middle one of those that were seen last, when they
/// are enough.
pub(crate) fn browsers_ahead(app: &App) -> Option<i64> {
    let clocks = app.findings.clocks.lock().unwrap_or_else(PoisonError::into_inner);
    let mut ahead: Vec<i64> = clocks.iter().map(|(_, seconds)| *seconds).collect();
    ahead.sort_unstable();
    ahead.get(ahead.len() / 2).copied().filter(|_| ahead.len() >= ENOUGH)
}

/// Seconds as the nearest whole minutes.
pub const fn minutes(seconds: i64) -> i64 {
    (seconds.abs() + 30) / 60 * seconds.signum()
}

/// What was seen lately, by any server of the database.
///
/// # Errors
/// When the database fails.
pub async fn lately(store: &store::Store, now: Timestamp) -> Result<Vec<store::finding::Finding>, crate::Fault> {
    Ok(store::finding::since(&mut store.reader().await?, now.minus(Span::hours(24))).await?)
}
