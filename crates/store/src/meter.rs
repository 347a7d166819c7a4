//! What real writes show of the database.

use std::sync::{Mutex, PoisonError};

use kagiya_domain::health::Tick;

use crate::db::{Error, Result};

/// Counts writes and how long they took.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<Tick>);

impl Meter {
    /// Takes the outcome of one write, and the microseconds it took.
    pub(crate) fn count<T>(&self, outcome: &Result<T>, us: u128) {
        let mut tick = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Err(error) if is_its_fault(error) => tick.failed = tick.failed.saturating_add(1),
            _ => {
                tick.served = tick.served.saturating_add(1);
                tick.took(i64::try_from(us).unwrap_or(i64::MAX));
            }
        }
    }

    pub(crate) fn take(&self) -> Tick {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether the database failed, rather than that it was asked for what cannot be.
fn is_its_fault(error: &Error) -> bool {
    match error {
        Error::Database(sqlx::Error::Database(said)) => {
            !(said.is_unique_violation() || said.is_foreign_key_violation() || said.is_check_violation())
        }
        Error::Sqlite(rusqlite::Error::SqliteFailure(said, _)) => said.code != rusqlite::ErrorCode::ConstraintViolation,
        Error::Database(sqlx::Error::RowNotFound) | Error::Sqlite(rusqlite::Error::QueryReturnedNoRows) => false,
        Error::Database(_) | Error::Sqlite(_) | Error::Busy | Error::NotBegun => true,
        Error::NewerSchema(_)
        | Error::OlderSchema(_)
        | Error::Migration(_)
        | Error::Rights(_)
        | Error::Encoding(_)
        | Error::Unreadable(_)
        | Error::Undone
        | Error::Down
        | Error::Closing => false,
    }
}
