//! How many wrong passwords are looked at, and for how long none are after that.

use crate::time::{Span, Timestamp};

/// How tries are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// One account from one browser it knows: strangers cannot use this up.
    KnownDevice,
    /// One account from all browsers it does not know, together.
    Strangers,
    /// One network, generously: many people share one mobile address.
    Network,
    /// One login as typed, so that the answer to strangers depends on nothing else.
    TypedLogin,
}

impl Scope {
    /// The name that keys of this scope begin with.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::KnownDevice => "device",
            Self::Strangers => "strangers",
            Self::Network => "network",
            Self::TypedLogin => "typed",
        }
    }
}

/// The budgets of the scopes.
#[derive(Clone, Copy, Debug)]
pub struct Budgets {
    /// Distinct wrong passwords before a known device waits.
    pub device: i64,
    /// Distinct wrong passwords of all strangers together before they wait.
    pub strangers: i64,
    /// Distinct wrong passwords of one network before it waits.
    pub network: i64,
    /// The first wait; each further one is twice as long, up to a day.
    pub first_wait: Span,
}

impl Default for Budgets {
    fn default() -> Self {
        Self { device: 10, strangers: 10, network: 300, first_wait: Span::minutes(5) }
    }
}

/// Failures older than this are forgotten.
pub const MEMORY: Span = Span::hours(24);
/// Waits begin anew only after this much quiet, so that a patient guesser gains nothing.
pub const LOCK_MEMORY: Span = Span::days(7);
/// A reservation that was never settled (a crash) frees itself after this.
pub const RESERVATION_LIFE: Span = Span::seconds(30);
/// Digests of wrong values are kept this long at most.
pub const DIGEST_LIFE: Span = Span::hours(24);

impl Budgets {
    /// How many distinct failures the scope allows.
    pub const fn of(&self, scope: Scope) -> i64 {
        match scope {
            Scope::KnownDevice => self.device,
            // The typed login's own counter answers strangers; equal budgets make a known
            // and an unknown login wait alike.
            Scope::Strangers | Scope::TypedLogin => self.strangers,
            Scope::Network => self.network,
        }
    }

    /// The wait after the `nth` lock in a row, counted from 0: doubles up to a day.
    pub fn wait(&self, nth: i64) -> Span {
        let doublings = u32::try_from(nth.clamp(0, 20)).unwrap_or(20);
        Span(self.first_wait.0.saturating_mul(1_i64 << doublings).min(Span::days(1).0))
    }
}

/// One counter, as it is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counter {
    /// Distinct verified failures since the last success or lock.
    pub failures: i64,
    /// Tries being hashed right now.
    pub pending: i64,
    /// When the newest of them frees itself.
    pub pending_until: Timestamp,
    /// No try is looked at before this.
    pub locked_until: Timestamp,
    /// Locks in a row.
    pub locks: i64,
    /// Last change.
    pub updated_at: Timestamp,
}

/// The answer to "may one more password be looked at?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Yes: one try is now reserved.
    Reserved,
    /// The budget may be used up by tries in flight; ask again shortly.
    Busy,
    /// No, not before this time.
    Locked(Timestamp),
}

impl Counter {
    /// The counter with what is too old forgotten.
    pub fn at(mut self, now: Timestamp) -> Self {
        if now >= self.pending_until {
            self.pending = 0;
        }
        let quiet = now.since(self.updated_at.max(self.locked_until));
        if quiet >= MEMORY {
            self.failures = 0;
        }
        if quiet >= LOCK_MEMORY {
            self.locks = 0;
        }
        self
    }

    /// Begins a new window of counts when the last one is over. For counters that hold nothing in reserve.
    pub fn renew(&mut self, window: Span, now: Timestamp) {
        if now >= self.pending_until {
            self.failures = 0;
            self.pending_until = now.plus(window);
        }
    }

    /// Asks for one try.
    pub fn reserve(&mut self, budget: i64, now: Timestamp) -> Admission {
        *self = self.at(now);
        if now < self.locked_until {
            return Admission::Locked(self.locked_until);
        }
        if self.failures + self.pending >= budget {
            return Admission::Busy;
        }
        self.pending += 1;
        self.pending_until = now.plus(RESERVATION_LIFE);
        self.updated_at = now;
        Admission::Reserved
    }

    /// Gives a reserved try back: the password was right, or the fault was ours.
    pub fn release(&mut self, now: Timestamp) {
        self.pending = (self.pending - 1).max(0);
        self.updated_at = now;
    }

    /// Settles a reserved try as a verified mismatch. Returns the end of the lock it caused.
    pub fn fail(&mut self, is_repeat: bool, scope: Scope, budgets: &Budgets, now: Timestamp) -> Option<Timestamp> {
        self.release(now);
        if is_repeat {
            return None;
        }
        self.failures += 1;
        if self.failures < budgets.of(scope) {
            return None;
        }
        let until = now.plus(budgets.wait(self.locks));
        self.locks += 1;
        self.failures = 0;
        self.locked_until = until;
        Some(until)
    }

    /// Settles a reserved try as a success: the row of failures is over.
    pub fn succeed(&mut self, now: Timestamp) {
        self.release(now);
        self.failures = 0;
        self.locks = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn a_budget_is_exact_under_parallel_tries() {
        let budgets = Budgets { strangers: 3, ..Budgets::default() };
        let mut counter = Counter::default();
        assert!((0..3).all(|_| counter.reserve(3, NOW) == Admission::Reserved));
        assert_eq!(counter.reserve(3, NOW), Admission::Busy);
        let locks: Vec<_> = (0..3).map(|_| counter.fail(false, Scope::Strangers, &budgets, NOW)).collect();
        assert_eq!(locks, [None, None, Some(NOW.plus(Span::minutes(5)))]);
        assert!(matches!(counter.reserve(3, NOW), Admission::Locked(_)));
    }

    #[test]
    fn parallel_right_tries_all_pass() {
        let mut counter = Counter::default();
        for _ in 0..3 {
            assert_eq!(counter.reserve(3, NOW), Admission::Reserved);
        }
        counter.succeed(NOW);
        assert_eq!(counter.reserve(3, NOW), Admission::Reserved);
    }

    #[test]
    fn locks_double_up_to_a_day_and_repeats_do_not_count() {
        let budgets = Budgets { device: 1, ..Budgets::default() };
        let mut counter = Counter::default();
        let mut now = NOW;
        let mut waits = Vec::new();
        for _ in 0..12 {
            assert_eq!(counter.reserve(1, now), Admission::Reserved);
            assert_eq!(counter.fail(true, Scope::KnownDevice, &budgets, now), None);
            assert_eq!(counter.reserve(1, now), Admission::Reserved);
            let until = counter.fail(false, Scope::KnownDevice, &budgets, now).unwrap();
            waits.push(until.since(now).as_minutes_up());
            now = until;
        }
        assert_eq!(waits[..5], [5, 10, 20, 40, 80]);
        assert_eq!(waits[11], 24 * 60);
    }

    #[test]
    fn a_crash_in_the_middle_frees_itself() {
        let mut counter = Counter::default();
        assert_eq!(counter.reserve(1, NOW), Admission::Reserved);
        assert_eq!(counter.reserve(1, NOW), Admission::Busy);
        assert_eq!(counter.reserve(1, NOW.plus(RESERVATION_LIFE)), Admission::Reserved);
    }
}
