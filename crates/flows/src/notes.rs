//! A budget for what is written down when a page is merely opened: robots open many.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use kagiya_domain::Timestamp;

/// Notes of one network in a minute.
const PER_MINUTE: u32 = 120;
/// Networks that are remembered at once.
const NETWORKS: usize = 10_000;

/// Notes of this minute, by network.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<(i64, HashMap<String, u32>)>);

impl Notes {
    /// Takes one from the network's budget; `false` when it is used up.
    pub(crate) fn take(&self, network: &str, now: Timestamp) -> bool {
        self.take_of(network, PER_MINUTE, now)
    }

    /// Takes one of `most` a minute from the budget of that name.
    pub(crate) fn take_of(&self, name: &str, most: u32, now: Timestamp) -> bool {
        let minute = now.0 / 60_000;
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.0 != minute || notes.1.len() >= NETWORKS {
            *notes = (minute, HashMap::new());
        }
        let count = notes.1.entry(name.to_owned()).or_default();
        *count += 1;
        *count <= most
    }

    /// Whether the budget of that name is used up.
    pub(crate) fn is_spent(&self, name: &str, most: u32, now: Timestamp) -> bool {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.0 == now.0 / 60_000 && notes.1.get(name).is_some_and(|count| *count >= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_has_a_budget_of_its_own_every_minute() {
        let notes = Notes::default();
        let now = Timestamp(600_000);
        assert!(!notes.is_spent("a", PER_MINUTE, now));
        let taken = (0..PER_MINUTE + 5).filter(|_| notes.take("a", now)).count();
        assert!(notes.is_spent("a", PER_MINUTE, now) && !notes.is_spent("b", PER_MINUTE, now));
        assert_eq!(taken, PER_MINUTE as usize);
        assert!(notes.take("b", now));
        assert!(notes.take("a", Timestamp(660_000)));
    }
}
