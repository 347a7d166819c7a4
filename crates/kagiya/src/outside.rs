//! The real clock and the real dice: the only place where either is read.
#![allow(clippy::disallowed_methods, reason = "this is where time and chance come in")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use kagiya_domain::Timestamp;
use kagiya_flows::{Clock, Dice};

/// The system's clock.
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn monotonic_us(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

/// The system's cryptographic generator.
pub(crate) struct SystemDice;

impl Dice for SystemDice {
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            // Without chance there are no secrets: going on would be worse than stopping.
            std::process::abort();
        }
    }
}
