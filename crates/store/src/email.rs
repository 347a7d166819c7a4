//! Verified e-mail addresses of accounts.

use kagiya_domain::{Timestamp, email::EmailAddress};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, row};

row! {
    /// An address of an account.
    #[derive(Clone, Debug)]
    pub struct Email {
        /// Lower-case.
        pub address_key: String,
        /// As mail is sent to it.
        pub address: String,
        /// When a code sent to it was typed, in milliseconds.
        pub verified_at: i64,
        /// Since when it is the first one written to.
        pub primary_since: Option<i64>,
        /// Since when it proves nothing: the mailbox is somebody else's, its provider says.
        pub closed_since: Option<i64>,
    }
}

/// Adds a verified address; `false` when some account has it.
pub async fn insert(
    conn: &mut Conn,
    account: Uuid,
    address: &EmailAddress,
    primary: bool,
    now: Timestamp,
) -> Result<bool> {
    let rows = execute!(
        conn,
        "INSERT INTO email (address_key, address, account_id, verified_at, primary_since)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (address_key) DO NOTHING",
        address.key(),
        address.as_string(),
        account,
        now.0,
        primary.then_some(now.0)
    )?;
    Ok(rows == 1)
}

/// The addresses of an account, the primary one first.
pub async fn of_account(conn: &mut Conn, account: Uuid) -> Result<Vec<Email>> {
    all!(
        conn,
        Email,
        "SELECT address_key, address, verified_at, primary_since, closed_since FROM email WHERE account_id = $1
         ORDER BY CASE WHEN primary_since IS NULL THEN 1 ELSE 0 END, verified_at",
        account
    )
}

/// Makes one address the primary one; `false` when the account has it not.
pub async fn make_primary(conn: &mut Conn, account: Uuid, address_key: &str, now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE email SET primary_since = $3 WHERE account_id = $1 AND address_key = $2",
        account,
        address_key,
        now.0
    )?;
    if rows == 1 {
        execute!(
            conn,
            "UPDATE email SET primary_since = NULL WHERE account_id = $1 AND address_key <> $2",
            account,
            address_key
        )?;
    }
    Ok(rows == 1)
}

/// Closes an address of an account to recovery, or opens it again.
pub async fn set_closed(conn: &mut Conn, account: Uuid, address_key: &str, since: Option<Timestamp>) -> Result<()> {
    execute!(
        conn,
        "UPDATE email SET closed_since = $3 WHERE account_id = $1 AND address_key = $2",
        account,
        address_key,
        since.map(|at| at.0)
    )
    .map(drop)
}

/// Opens one address of an account again: its owner came in by it.
pub async fn open_one(conn: &mut Conn, account: Uuid, address_key: &str) -> Result<()> {
    execute!(
        conn,
        "UPDATE email SET closed_since = NULL
         WHERE address_key = $2 AND account_id = $1 AND closed_since IS NOT NULL",
        account,
        address_key
    )
    .map(drop)
}

/// Opens every address of an account again: its owner has given another proof.
pub async fn open_all(conn: &mut Conn, account: Uuid) -> Result<()> {
    execute!(conn, "UPDATE email SET closed_since = NULL WHERE account_id = $1 AND closed_since IS NOT NULL", account)
        .map(drop)
}

/// Removes an address that is not the primary one; `false` when nothing was removed.
pub async fn remove(conn: &mut Conn, account: Uuid, address_key: &str) -> Result<bool> {
    let rows = execute!(
        conn,
        "DELETE FROM email WHERE account_id = $1 AND address_key = $2 AND primary_since IS NULL",
        account,
        address_key
    )?;
    Ok(rows == 1)
}
