//! The operator's mistakes that real requests showed.

use kagiya_domain::{Timestamp, setup::SetupFault};

use crate::db::{Conn, Result, all, execute, row};

row! {
    /// One mistake.
    #[derive(Clone, Debug)]
    pub struct Finding {
        /// Its name, see [`SetupFault::name`].
        pub fault: String,
        /// What was seen.
        pub detail: String,
        /// When it was seen first.
        pub first_at: i64,
        /// When it was seen last.
        pub last_at: i64,
    }
}

/// Notes that a mistake was seen; `true` when it was not seen since `fresh`.
pub async fn note(conn: &mut Conn, fault: SetupFault, detail: &str, fresh: Timestamp, now: Timestamp) -> Result<bool> {
    execute!(conn, "DELETE FROM finding WHERE fault = $1 AND last_at < $2", fault.name(), fresh.0)?;
    let rows = execute!(
        conn,
        "INSERT INTO finding (fault, detail, first_at, last_at) VALUES ($1, $2, $3, $3) ON CONFLICT (fault) DO NOTHING",
        fault.name(),
        detail,
        now.0
    )?;
    execute!(conn, "UPDATE finding SET detail = $2, last_at = $3 WHERE fault = $1", fault.name(), detail, now.0)?;
    Ok(rows == 1)
}

/// What was seen since then, the latest first.
pub async fn since(conn: &mut Conn, since: Timestamp) -> Result<Vec<Finding>> {
    all!(conn, Finding, "SELECT * FROM finding WHERE last_at > $1 ORDER BY last_at DESC", since.0)
}
