//! Noticing that somebody tries stolen passwords on many accounts.
//!
//! It only notices: no lock depends on it, for an attacker could then stop everyone.

use std::sync::atomic::{AtomicI64, Ordering};

use kagiya_domain::{Span, Timestamp};

/// What is counted together.
const WINDOW: Span = Span::minutes(1);
/// Fewer failures than this in a window are everyday life.
const MANY: i64 = 60;
/// So many failures for each success are not.
const LOPSIDED: i64 = 5;

/// Failures and successes of the current minute, over all accounts and networks.
#[derive(Default)]
pub struct Stuffing {
    since: AtomicI64,
    failures: AtomicI64,
    successes: AtomicI64,
}

impl Stuffing {
    /// Counts one checked password.
    pub fn note(&self, succeeded: bool, now: Timestamp) {
        let since = Timestamp(self.since.load(Ordering::Relaxed));
        if now.since(since) >= WINDOW
            && self.since.compare_exchange(since.0, now.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            let failures = self.failures.swap(0, Ordering::Relaxed);
            let successes = self.successes.swap(0, Ordering::Relaxed);
            let suspected = is_lopsided(failures, successes);
            metrics::gauge!("kagiya_stuffing_suspected").set(if suspected { 1.0 } else { 0.0 });
            if suspected {
                tracing::warn!(
                    failures,
                    successes,
                    "far more wrong passwords than right ones: somebody may be trying stolen ones"
                );
            }
        }
        let counter = if succeeded { &self.successes } else { &self.failures };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

fn is_lopsided(failures: i64, successes: i64) -> bool {
    failures >= MANY && failures > successes * LOPSIDED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everyday_failures_are_not_suspected() {
        for (failures, successes, expected) in [(10, 0, false), (100, 200, false), (100, 10, true), (59, 0, false)] {
            assert_eq!(is_lopsided(failures, successes), expected, "{failures} {successes}");
        }
    }
}
