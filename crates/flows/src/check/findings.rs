//! The operator's mistakes that this process has seen lately.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use kagiya_domain::{Span, Timestamp, setup::SetupFault};

/// A mistake that was not seen for this long is mended.
pub const FRESH: Span = Span::hours(1);
/// Clocks that are compared before ours is doubted.
pub(crate) const CLOCKS: usize = 12;
/// So many of them must agree.
pub(crate) const ENOUGH: usize = 8;
/// A clock that is off by less is fine, in seconds (`causes.md` 23).
pub const SKEW: i64 = 90;

/// What this process has seen.
#[derive(Debug, Default)]
pub struct Findings {
    pub(crate) seen: Mutex<BTreeMap<SetupFault, Timestamp>>,
    pub(crate) clocks: Mutex<Vec<(String, i64)>>,
}

impl Findings {
    /// Whether the mistake was seen lately.
    pub fn holds(&self, fault: SetupFault, now: Timestamp) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&fault).is_some_and(|at| now.since(*at) < FRESH)
    }
}
