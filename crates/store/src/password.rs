//! Password hashes, the current one and the last three.

use kagiya_domain::Timestamp;
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, row};

row! {
    /// A former password.
    #[derive(Clone, Debug)]
    pub struct Old {
        /// When another took its place, in milliseconds.
        pub replaced_at: i64,
        /// Its PHC string.
        pub phc: String,
    }
}

/// Gives a new account its first password.
pub async fn insert(conn: &mut Conn, account: Uuid, phc: &str, now: Timestamp) -> Result<()> {
    execute!(conn, "INSERT INTO password (account_id, phc, set_at) VALUES ($1, $2, $3)", account, phc, now.0).map(drop)
}

/// Sets a password; the one before becomes an old one, of which three are kept.
pub async fn set(conn: &mut Conn, account: Uuid, phc: &str, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO old_password (account_id, replaced_at, phc)
         SELECT account_id, $2, phc FROM password WHERE account_id = $1
         ON CONFLICT (account_id, replaced_at) DO UPDATE SET phc = excluded.phc",
        account,
        now.0
    )?;
    execute!(
        conn,
        "INSERT INTO password (account_id, phc, set_at) VALUES ($1, $2, $3)
         ON CONFLICT (account_id) DO UPDATE SET phc = excluded.phc, set_at = excluded.set_at",
        account,
        phc,
        now.0
    )?;
    execute!(
        conn,
        "DELETE FROM old_password WHERE account_id = $1 AND replaced_at NOT IN
         (SELECT replaced_at FROM old_password WHERE account_id = $1 ORDER BY replaced_at DESC LIMIT 3)",
        account
    )
    .map(drop)
}

/// Replaces the hash of the same password by one with today's parameters.
pub async fn upgrade(conn: &mut Conn, account: Uuid, from_phc: &str, to_phc: &str) -> Result<()> {
    execute!(conn, "UPDATE password SET phc = $3 WHERE account_id = $1 AND phc = $2", account, from_phc, to_phc)
        .map(drop)
}

/// The former passwords, the newest first.
pub async fn old(conn: &mut Conn, account: Uuid) -> Result<Vec<Old>> {
    all!(
        conn,
        Old,
        "SELECT replaced_at, phc FROM old_password WHERE account_id = $1 ORDER BY replaced_at DESC LIMIT 3",
        account
    )
}
