//! Whether a database is of this program's version.

use crate::error::{Error, Result};

/// `true` when nothing is left to do.
pub(crate) fn check_version(known: &sqlx::migrate::Migrator, applied: Vec<i64>, migrate: bool) -> Result<bool> {
    if let Some(newer) = applied.iter().find(|version| !known.version_exists(**version)) {
        return Err(Error::NewerSchema(*newer));
    }
    let missing = known.iter().filter(|m| !applied.contains(&m.version)).count();
    match (missing, migrate) {
        (0, _) => Ok(true),
        (_, true) => Ok(false),
        (missing, false) => Err(Error::OlderSchema(missing)),
    }
}
