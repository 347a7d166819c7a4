//! What real traffic shows of each component, counted as it happens.

use std::sync::{Mutex, PoisonError};

use std::collections::HashMap;

use kagiya_domain::{Span, Timestamp, component::MAIL, health::Tick};

/// Counts of the tick that runs, for each component of ours.
#[derive(Debug)]
pub struct Measure {
    ticks: Vec<(&'static str, Mutex<Tick>)>,
    /// When mail to a domain was put off last.
    put_off: Mutex<HashMap<String, Timestamp>>,
}

/// A domain that puts mail off counts once in this time: one that is dead says nothing of us.
const ONCE: Span = Span::seconds(60);
/// Domains that are remembered.
const DOMAINS: usize = 1_000;

impl Default for Measure {
    fn default() -> Self {
        let ticks = kagiya_domain::component::OWN.iter().map(|name| (*name, Mutex::default())).collect();
        Self { ticks, put_off: Mutex::default() }
    }
}

impl Measure {
    fn with(&self, component: &str, change: impl FnOnce(&mut Tick)) {
        if let Some((_, tick)) = self.ticks.iter().find(|(name, _)| *name == component) {
            change(&mut tick.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// A try that we did our part of. `known`: it came from a browser that the account knows, and
    /// succeeded or not.
    pub fn served(&self, component: &str, known: Option<bool>, us: i64) {
        self.with(component, |tick| {
            tick.served = tick.served.saturating_add(1);
            if let Some(good) = known {
                tick.known = tick.known.saturating_add(1);
                tick.known_good = tick.known_good.saturating_add(u32::from(good));
            }
            tick.took(us);
        });
    }

    /// A try that failed by our fault.
    pub fn failed(&self, component: &str) {
        self.with(component, |tick| tick.failed = tick.failed.saturating_add(1));
    }

    /// A mail server put mail to a domain off. Several domains at once are the relay's doing.
    pub fn put_off(&self, domain: &str, now: Timestamp) {
        let mut seen = self.put_off.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, at| (0..ONCE.0).contains(&now.since(*at).0));
        if !seen.contains_key(domain) && seen.len() < DOMAINS {
            seen.insert(domain.to_owned(), now);
            self.failed(MAIL);
        }
    }

    /// Takes what was counted.
    pub(crate) fn take(&self, component: &str) -> Tick {
        let mut taken = Tick::default();
        self.with(component, |tick| std::mem::swap(tick, &mut taken));
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_domain_counts_once_a_minute() {
        let measure = Measure::default();
        for second in 0..59 {
            measure.put_off("dead.example", Timestamp(second * 1_000));
        }
        assert_eq!(measure.take(MAIL).failed, 1);
        measure.put_off("other.example", Timestamp(59_000));
        measure.put_off("dead.example", Timestamp(61_000));
        assert_eq!(measure.take(MAIL).failed, 2);
    }
}
