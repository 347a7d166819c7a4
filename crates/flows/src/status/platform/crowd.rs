//! How others fare, as far as it may be told.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use kagiya_domain::{Cause, Evidence, Timestamp};

/// Figures of now.
#[derive(Debug, Default)]
pub struct Crowd(Mutex<Figures>);

#[derive(Clone, Debug, Default)]
struct Figures {
    fine: bool,
    /// Causes that many browsers were told, and since when.
    many: BTreeMap<String, Timestamp>,
}

impl Crowd {
    pub(crate) fn set(&self, fine: bool, many: BTreeMap<String, Timestamp>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Figures { fine, many };
    }

    /// What may be said of others beside a verdict with that leading cause.
    pub(crate) fn evidence(&self, told: Cause) -> Option<Evidence> {
        let figures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(since) = figures.many.get(told.slug()) {
            return Some(Evidence::ManyHaveThis { since: *since });
        }
        figures.fine.then_some(Evidence::OthersFine)
    }
}
