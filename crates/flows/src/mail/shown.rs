//! The last mails as a person reads them, for whoever tries this on their own machine. Kept in memory, and only where
//! [`crate::settings::Settings::mail_page`] says so: codes stand in them.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use kagiya_domain::Timestamp;

use crate::mail::compose::Letter;

/// As many as are kept.
const LAST: usize = 50;

/// The last mails, the newest first.
#[derive(Default)]
pub struct Shown {
    last: Mutex<VecDeque<(Timestamp, Letter)>>,
    /// Somebody came from elsewhere: then this is nobody's own machine alone, until the next start.
    closed: AtomicBool,
}

impl Shown {
    /// Keeps one that has left.
    pub(crate) fn keep(&self, at: Timestamp, letter: &Letter) {
        if self.is_closed() {
            return;
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.push_front((at, letter.clone()));
        last.truncate(LAST);
    }

    /// All of them.
    pub fn all(&self) -> Vec<(Timestamp, Letter)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Whether it is over with showing them.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Ends it for good, and forgets what was kept.
    pub fn close(&self) {
        if !self.closed.swap(true, Ordering::Relaxed) {
            tracing::warn!("a request came through a proxy or by another name: /mail is closed until the next start");
            self.last.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }
}
