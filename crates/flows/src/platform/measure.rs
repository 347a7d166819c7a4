//! What real traffic shows of each component, counted as it happens.

use std::sync::{Mutex, PoisonError};

use kagiya_domain::health::Tick;

/// Counts of the tick that runs, for each component of ours.
#[derive(Debug)]
pub struct Measure(Vec<(&'static str, Mutex<Tick>)>);

impl Default for Measure {
    fn default() -> Self {
        Self(kagiya_domain::component::OWN.iter().map(|name| (*name, Mutex::default())).collect())
    }
}

impl Measure {
    fn with(&self, component: &str, change: impl FnOnce(&mut Tick)) {
        if let Some((_, tick)) = self.0.iter().find(|(name, _)| *name == component) {
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

    /// Takes what was counted.
    pub(crate) fn take(&self, component: &str) -> Tick {
        let mut taken = Tick::default();
        self.with(component, |tick| std::mem::swap(tick, &mut taken));
        taken
    }
}
