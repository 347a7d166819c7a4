//! How others fare, as far as it may be told.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use kagiya_domain::{Cause, Evidence, Timestamp};

/// Figures of now.
#[derive(Debug, Default)]
pub struct Crowd(Mutex<Figures>);

#[derive(Clone, Debug, Default)]
struct Figures {
    /// The kinds of browsers with which people sign in well now, as slices.
    fine: BTreeSet<String>,
    /// Causes that many browsers were told, and since when.
    many: BTreeMap<String, Timestamp>,
}

impl Crowd {
    pub(crate) fn set(&self, fine: BTreeSet<String>, many: BTreeMap<String, Timestamp>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Figures { fine, many };
    }

    /// What may be said of others beside a verdict with that leading cause: that they are fine only where those with the
    /// same kind of browser are.
    pub(crate) fn evidence(&self, told: Cause, slices: &str) -> Option<Evidence> {
        let figures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = figures.many.get(told.slug()) {
            return Some(Evidence::ManyHaveThis { since: *since });
        }
        let alike = slices.split(' ').find(|slice| slice.starts_with("browser:"));
        alike.is_some_and(|slice| figures.fine.contains(slice)).then_some(Evidence::OthersFine)
    }
}
