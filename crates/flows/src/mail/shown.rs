//! The last mails as a person reads them, for whoever tries this on their own machine. Kept in memory, and only where
//! [`crate::settings::Settings::mail_page`] says so: codes stand in them.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use kagiya_domain::Timestamp;

use crate::mail::compose::Letter;

/// As many as are kept.
const LAST: usize = 50;

/// The last mails, the newest first.
#[derive(Default)]
pub struct Shown(Mutex<VecDeque<(Timestamp, Letter)>>);

impl Shown {
    /// Keeps one that has left.
    pub(crate) fn keep(&self, at: Timestamp, letter: &Letter) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.push_front((at, letter.clone()));
        last.truncate(LAST);
    }

    /// All of them.
    pub fn all(&self) -> Vec<(Timestamp, Letter)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
