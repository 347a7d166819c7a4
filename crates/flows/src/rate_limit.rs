//! Budgets in memory, by name: how often something was done of late. However many names there are, none forgets
//! another's.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use kagiya_domain::{Span, Timestamp, network};

/// Names that are counted one by one.
const NAMES: usize = 20_000;
/// Beyond these, names share so many counts.
const SHARED: usize = 8_192;
/// A network of networks may do so many times as much as one: IPv4 /24 and IPv6 /48, then /16 and /32.
const WIDER: [u32; 2] = [8, 64];

/// What was done in the current window, by name.
#[derive(Debug)]
pub(crate) struct Ledger {
    window: Span,
    hasher: RandomState,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    window: i64,
    named: HashMap<u64, u32>,
    shared: Vec<u32>,
}

impl Counts {
    fn count(&mut self, name: u64) -> &mut u32 {
        if self.named.len() < NAMES || self.named.contains_key(&name) {
            return self.named.entry(name).or_default();
        }
        if self.shared.is_empty() {
            self.shared = vec![0; SHARED];
        }
        let place = usize::try_from(name % SHARED as u64).unwrap_or(0);
        &mut self.shared[place]
    }

    fn read(&self, name: u64) -> u32 {
        let place = usize::try_from(name % SHARED as u64).unwrap_or(0);
        let shared = || if self.named.len() < NAMES { None } else { self.shared.get(place) };
        self.named.get(&name).or_else(shared).copied().unwrap_or(0)
    }
}

impl Ledger {
    /// A ledger whose counts begin anew with each window.
    pub(crate) fn new(window: Span) -> Self {
        Self { window, hasher: RandomState::new(), counts: Mutex::default() }
    }

    fn counts(&self, now: Timestamp) -> std::sync::MutexGuard<'_, Counts> {
        let window = now.0.div_euclid(self.window.0);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.window != window {
            *counts = Counts { window, ..Counts::default() };
        }
        counts
    }

    /// When the counts begin anew.
    pub(crate) fn renewed_at(&self, now: Timestamp) -> Timestamp {
        Timestamp((now.0.div_euclid(self.window.0) + 1) * self.window.0)
    }

    /// Takes one of `most` from the budget of that name; `false` when it is used up.
    pub(crate) fn take_of(&self, name: &str, most: u32, now: Timestamp) -> bool {
        let name = self.hasher.hash_one(name);
        let mut counts = self.counts(now);
        let count = counts.count(name);
        *count = count.saturating_add(1);
        *count <= most
    }

    /// Takes one of `most` from a network's budget, and from those of the networks around it. Returns how many were
    /// taken before by the one that took most for its size; `None` when a budget is used up.
    pub(crate) fn take_network(&self, what: &str, address: Option<IpAddr>, most: u32, now: Timestamp) -> Option<u32> {
        let Some(address) = address else {
            return self.take_of(what, most, now).then_some(0);
        };
        let wider = network::wider(address);
        let mut names = vec![(self.hasher.hash_one((what, network::counter_key(address))), 1)];
        names.extend(wider.iter().zip(WIDER).map(|(net, times)| (self.hasher.hash_one((what, net)), times)));
        let mut counts = self.counts(now);
        // The widest first: whoever has no budget there is not remembered as one more name.
        if names.iter().rev().any(|(name, times)| counts.read(*name) >= most.saturating_mul(*times)) {
            return None;
        }
        let mut before = 0;
        for (name, times) in names {
            let count = counts.count(name);
            before = before.max(*count / times);
            *count = count.saturating_add(1);
        }
        Some(before)
    }
}

impl Ledger {
    /// Whether a network, or one around it, has used its budget up.
    pub(crate) fn is_network_spent(&self, what: &str, address: Option<IpAddr>, most: u32, now: Timestamp) -> bool {
        let own = self.hasher.hash_one((what, address.map(network::counter_key).unwrap_or_default()));
        let spent = address.is_some() && self.counts(now).read(own) >= most;
        spent || self.is_wider_spent(what, address, most, now)
    }

    /// Whether a network around this one has used its budget up.
    pub(crate) fn is_wider_spent(&self, what: &str, address: Option<IpAddr>, most: u32, now: Timestamp) -> bool {
        let Some(address) = address else {
            return false;
        };
        let counts = self.counts(now);
        network::wider(address)
            .iter()
            .zip(WIDER)
            .any(|(net, times)| counts.read(self.hasher.hash_one((what, net))) >= most.saturating_mul(times))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(600_000);

    fn minute() -> Ledger {
        Ledger::new(Span::minutes(1))
    }

    #[test]
    fn a_name_has_a_budget_of_its_own_every_window() {
        let ledger = minute();
        let taken = (0..15).filter(|_| ledger.take_of("a", 10, NOW)).count();
        assert_eq!(taken, 10);
        assert!(!ledger.take_of("a", 10, NOW));
        assert!(ledger.take_of("b", 10, NOW));
        assert!(ledger.take_of("a", 10, ledger.renewed_at(NOW)));
    }

    #[test]
    fn no_flood_of_names_gives_a_spent_budget_back() {
        let ledger = minute();
        (0..10).for_each(|_| assert!(ledger.take_of("a", 10, NOW)));
        (0..3 * NAMES).for_each(|n| {
            ledger.take_of(&format!("flood {n}"), 10, NOW);
        });
        assert!(!ledger.take_of("a", 10, NOW));
        assert!(ledger.counts(NOW).named.len() <= NAMES);
    }

    #[test]
    fn networks_are_counted_with_those_around_them() {
        let ledger = minute();
        let at =
            |n: u32| Some(IpAddr::from(std::net::Ipv6Addr::new(0x2001, 0xdb8, 1, (n & 0xffff) as u16, 0, 0, 0, 1)));
        let taken = (0..10_000).filter(|n| ledger.take_network("start", at(*n), 10, NOW).is_some()).count();
        assert_eq!(taken, 80, "one /48 may do eight times as much as one /64");
        assert!(ledger.take_network("start", "192.0.2.1".parse().ok(), 10, NOW) == Some(0));
        assert!(ledger.counts(NOW).named.len() < 100);
    }
}
