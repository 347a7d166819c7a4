//! Accounts.

use kagiya_domain::{Timestamp, account::AccountState, role::Roles};
use uuid::Uuid;

use crate::db::{Conn, Error, Result, all, execute, one, optional, row};

/// The login ID of the account with which the server tries itself; it is in no list.
pub const HIDDEN: &str = "kagiya-self-check";

/// An account, as it is kept.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its key.
    pub id: Uuid,
    /// The public login ID.
    pub login_id: String,
    /// Its state.
    pub state: AccountState,
    /// Since when it is in this state.
    pub state_since: Timestamp,
    /// Counts up with every change of a credential.
    pub credential_version: i64,
    /// When it was created.
    pub created_at: Timestamp,
    /// What it may do as a member of staff.
    pub roles: Roles,
    /// Since when it has just these roles.
    pub staff_since: Option<Timestamp>,
    /// The last sign-in.
    pub last_sign_in_at: Option<Timestamp>,
    /// `ja` or `en`.
    pub lang: String,
}

/// An account with its password, as sign-in needs it.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The account.
    pub account: Account,
    /// The password's PHC string, when one is set.
    pub phc: Option<String>,
    /// When it was set.
    pub set_at: Option<Timestamp>,
}

row! {
    struct Row {
        id: Uuid,
        login_id: String,
        state: String,
        state_since: i64,
        credential_version: i64,
        created_at: i64,
        roles: String,
        staff_since: Option<i64>,
        last_sign_in_at: Option<i64>,
        lang: String,
    }
}

#[derive(sqlx::FromRow)]
struct CredentialRow {
    #[sqlx(flatten)]
    account: Row,
    phc: Option<String>,
    set_at: Option<i64>,
}

impl TryFrom<&rusqlite::Row<'_>> for CredentialRow {
    type Error = rusqlite::Error;

    fn try_from(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { account: row.try_into()?, phc: row.get("phc")?, set_at: row.get("set_at")? })
    }
}

impl Row {
    fn read(self) -> Result<Account> {
        Ok(Account {
            id: self.id,
            state: AccountState::parse(&self.state).ok_or(Error::Unreadable("account state"))?,
            login_id: self.login_id,
            state_since: Timestamp(self.state_since),
            credential_version: self.credential_version,
            created_at: Timestamp(self.created_at),
            roles: Roles::parse(&self.roles),
            staff_since: self.staff_since.map(Timestamp),
            last_sign_in_at: self.last_sign_in_at.map(Timestamp),
            lang: self.lang,
        })
    }
}

impl CredentialRow {
    fn read(self) -> Result<Credential> {
        Ok(Credential { account: self.account.read()?, phc: self.phc, set_at: self.set_at.map(Timestamp) })
    }
}

/// Inserts an active account; `false` when a look-alike ID exists or once existed.
#[expect(clippy::too_many_arguments, reason = "one for each column")]
pub async fn insert(
    conn: &mut Conn,
    id: Uuid,
    login_id: &str,
    skeleton: &str,
    lang: &str,
    now: Timestamp,
) -> Result<bool> {
    let rows = execute!(
        conn,
        "INSERT INTO account (id, login_id, skeleton, state, credential_version, created_at, state_since, lang)
         VALUES ($1, $2, $3, 'active', 1, $4, $4, $5) ON CONFLICT (skeleton) DO NOTHING",
        id,
        login_id,
        skeleton,
        now.0,
        lang
    )?;
    Ok(rows == 1)
}

/// The account of that key.
pub async fn find(conn: &mut Conn, id: Uuid) -> Result<Option<Account>> {
    optional!(conn, Row, "SELECT * FROM account WHERE id = $1", id)?.map(Row::read).transpose()
}

/// The account whose ID looks like this.
pub async fn find_by_skeleton(conn: &mut Conn, skeleton: &str) -> Result<Option<Account>> {
    optional!(conn, Row, "SELECT * FROM account WHERE skeleton = $1", skeleton)?.map(Row::read).transpose()
}

/// The account that has this verified address.
pub async fn find_by_email(conn: &mut Conn, address_key: &str) -> Result<Option<Account>> {
    optional!(
        conn,
        Row,
        "SELECT account.* FROM email JOIN account ON account.id = email.account_id WHERE email.address_key = $1",
        address_key
    )?
    .map(Row::read)
    .transpose()
}

/// As [`find_by_skeleton`], with the password.
pub async fn credential_by_skeleton(conn: &mut Conn, skeleton: &str) -> Result<Option<Credential>> {
    optional!(
        conn,
        CredentialRow,
        "SELECT account.*, password.phc, password.set_at FROM account
         LEFT JOIN password ON password.account_id = account.id WHERE account.skeleton = $1",
        skeleton
    )?
    .map(CredentialRow::read)
    .transpose()
}

/// As [`find_by_email`], with the password.
pub async fn credential_by_email(conn: &mut Conn, address_key: &str) -> Result<Option<Credential>> {
    optional!(
        conn,
        CredentialRow,
        "SELECT account.*, password.phc, password.set_at FROM email
         JOIN account ON account.id = email.account_id
         LEFT JOIN password ON password.account_id = account.id WHERE email.address_key = $1",
        address_key
    )?
    .map(CredentialRow::read)
    .transpose()
}

/// Up to `limit` accounts after `after` in order of their IDs.
pub async fn list(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<Account>> {
    all!(
        conn,
        Row,
        "SELECT * FROM account WHERE login_id > $1 AND login_id <> $3 ORDER BY login_id LIMIT $2",
        after,
        limit,
        HIDDEN
    )?
    .into_iter()
    .map(Row::read)
    .collect()
}

/// Moves an account to a state; `false` when there is none of that key.
pub async fn set_state(conn: &mut Conn, id: Uuid, state: AccountState, now: Timestamp) -> Result<bool> {
    let rows =
        execute!(conn, "UPDATE account SET state = $2, state_since = $3 WHERE id = $1", id, state.as_str(), now.0)?;
    Ok(rows == 1)
}

/// Moves an account from one state to another; `false` when it was not in the first.
pub async fn move_state(
    conn: &mut Conn,
    id: Uuid,
    from: AccountState,
    to: AccountState,
    now: Timestamp,
) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE account SET state = $3, state_since = $4 WHERE id = $1 AND state = $2",
        id,
        from.as_str(),
        to.as_str(),
        now.0
    )?;
    Ok(rows == 1)
}

/// Gives an account other roles than it had; `false` when it has other ones by now.
pub async fn set_roles(conn: &mut Conn, id: Uuid, had: &Roles, roles: &Roles, now: Timestamp) -> Result<bool> {
    let since = (!roles.is_empty()).then_some(now.0);
    let (words, had) = (roles.to_words(), had.to_words());
    let rows = execute!(
        conn,
        "UPDATE account SET roles = $2, staff_since = $3 WHERE id = $1 AND roles = $4",
        id,
        words.as_str(),
        since,
        had.as_str()
    )?;
    Ok(rows == 1)
}

/// Notes a sign-in, provided that the credential that was checked is still the one in force.
pub async fn note_sign_in(conn: &mut Conn, id: Uuid, credential_version: i64, now: Timestamp) -> Result<bool> {
    let rows = execute!(
        conn,
        "UPDATE account SET last_sign_in_at = $3 WHERE id = $1 AND credential_version = $2 AND state = 'active'",
        id,
        credential_version,
        now.0
    )?;
    Ok(rows == 1)
}

/// Counts the credential version up, which ends whatever was begun with the old one.
pub async fn bump_version(conn: &mut Conn, id: Uuid) -> Result<()> {
    execute!(conn, "UPDATE account SET credential_version = credential_version + 1 WHERE id = $1", id).map(drop)
}

/// Remembers the language of the member's mails.
pub async fn set_lang(conn: &mut Conn, id: Uuid, lang: &str) -> Result<()> {
    execute!(conn, "UPDATE account SET lang = $2 WHERE id = $1", id, lang).map(drop)
}

/// Closed accounts whose grace ended before `before` and that still hold personal data.
pub async fn closed_before(conn: &mut Conn, before: Timestamp, limit: i64) -> Result<Vec<Uuid>> {
    let rows: Vec<(Uuid,)> = all!(
        conn,
        (Uuid,),
        "SELECT id FROM account WHERE state = 'closed' AND state_since < $1
         AND EXISTS (SELECT 1 FROM email WHERE email.account_id = account.id) LIMIT $2",
        before.0,
        limit
    )?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Deletes what is personal of a closed account. The row itself stays: its ID is never used again.
pub async fn forget(conn: &mut Conn, id: Uuid) -> Result<()> {
    execute!(conn, "DELETE FROM email WHERE account_id = $1", id)?;
    execute!(conn, "DELETE FROM password WHERE account_id = $1", id)?;
    execute!(conn, "DELETE FROM old_password WHERE account_id = $1", id)?;
    execute!(conn, "DELETE FROM session WHERE account_id = $1", id)?;
    crate::link::forget(conn, id).await?;
    execute!(conn, "DELETE FROM device WHERE account_id = $1", id).map(drop)
}

/// Active accounts that have not signed in since `before`.
pub async fn put_to_sleep(conn: &mut Conn, before: Timestamp, now: Timestamp) -> Result<u64> {
    execute!(
        conn,
        "UPDATE account SET state = 'dormant', state_since = $2
         WHERE state = 'active' AND COALESCE(last_sign_in_at, created_at) < $1",
        before.0,
        now.0
    )
}

/// The accounts of staff.
pub async fn staff(conn: &mut Conn) -> Result<Vec<Account>> {
    all!(
        conn,
        Row,
        "SELECT * FROM account WHERE staff_since IS NOT NULL AND state = 'active' ORDER BY login_id LIMIT 1000"
    )?
    .into_iter()
    .map(Row::read)
    .collect()
}

/// How many accounts there are.
pub async fn count(conn: &mut Conn) -> Result<i64> {
    let (count,): (i64,) = one!(conn, (i64,), "SELECT COUNT(*) FROM account WHERE login_id <> $1", HIDDEN)?;
    Ok(count)
}
