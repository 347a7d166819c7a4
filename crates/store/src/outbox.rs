//! Mail that must be sent: rows written in the transaction that causes them, taken by lease.

use kagiya_domain::{Span, Timestamp, mail::MailKind};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, one, row};

row! {
    /// A mail that waits.
    #[derive(Clone, Debug)]
    pub struct Mail {
        /// Its key.
        pub id: Uuid,
        /// Which mail it is; composed only when it is sent, so that no code lies here.
        pub kind: MailKind as "String",
        /// The account it is about.
        pub account_id: Option<Uuid>,
        /// The flow it belongs to.
        pub flow_id: Option<Uuid>,
        /// Where it goes; `None`: to every address of the account.
        pub address: Option<String>,
        /// What the words need, as JSON.
        pub data: String,
        /// `ja` or `en`.
        pub lang: String,
        /// When it was asked for, in milliseconds.
        pub created_at: i64,
        /// When it is given up.
        pub deadline_at: i64,
        /// How often it was tried.
        pub tries: i64,
        /// Keyed digest of the network that caused it.
        pub network: Option<Vec<u8>>,
    }
}

/// A mail about to be kept.
#[derive(Clone, Debug)]
pub struct NewMail {
    /// Its key.
    pub id: Uuid,
    /// Which mail it is.
    pub kind: MailKind,
    /// The account it is about.
    pub account_id: Option<Uuid>,
    /// The flow it belongs to.
    pub flow_id: Option<Uuid>,
    /// Where it goes.
    pub address: Option<String>,
    /// What the words need, as JSON.
    pub data: String,
    /// `ja` or `en`.
    pub lang: String,
    /// How long it is tried.
    pub patience: Span,
    /// Keyed digest of the network that caused it.
    pub network: Option<[u8; 16]>,
    /// How far behind those that are asked for at the same time it stands.
    pub behind: Span,
    /// How long it waits at least.
    pub wait: Span,
}

/// Keeps a mail.
pub async fn enqueue(conn: &mut Conn, mail: &NewMail, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO outbox (id, kind, account_id, flow_id, address, data, lang, created_at, due_at, deadline_at, tries,
         network, place) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12)",
        mail.id,
        mail.kind.as_str(),
        mail.account_id,
        mail.flow_id,
        mail.address.as_deref(),
        mail.data.as_str(),
        mail.lang.as_str(),
        now.0,
        now.plus(mail.wait).0,
        now.plus(mail.patience).0,
        mail.network.as_ref().map(|key| &key[..]),
        now.plus(mail.behind).0
    )
    .map(drop)
}

/// Takes up to `limit` due mails in the order of their places; nobody else gets them before `until`. What only another
/// release can write stays for it, and keeps no other mail waiting.
pub async fn lease(conn: &mut Conn, limit: i64, until: Timestamp, now: Timestamp) -> Result<Vec<Mail>> {
    // The outer condition is checked again on the row itself, so that of two servers one wins.
    let mut mails = all!(
        conn,
        Mail,
        "UPDATE outbox SET due_at = $3, tries = tries + 1
         WHERE done_at IS NULL AND due_at <= $1
         AND id IN (SELECT id FROM outbox WHERE done_at IS NULL AND due_at <= $1 ORDER BY place LIMIT $2)
         RETURNING id, kind, account_id, flow_id, address, data, lang, created_at, deadline_at, tries, network",
        now.0,
        limit,
        until.0
    )?;
    mails.retain(|mail| mail.kind != MailKind::Unknown);
    Ok(mails)
}

/// Marks a mail as sent, or given up.
pub async fn done(conn: &mut Conn, id: Uuid, failed: bool, now: Timestamp) -> Result<()> {
    execute!(
        conn,
        "UPDATE outbox SET done_at = $2, failed_at = $3, data = '{}', address = NULL WHERE id = $1",
        id,
        now.0,
        failed.then_some(now.0)
    )
    .map(drop)
}

/// Puts a mail off; `status`: what the server answered, 0 when it said nothing.
pub async fn retry_at(conn: &mut Conn, id: Uuid, at: Timestamp, status: i64) -> Result<()> {
    // Behind what comes meanwhile: whoever does not answer holds nobody else up.
    let place = at.plus(Span::seconds(30)).0;
    execute!(conn, "UPDATE outbox SET due_at = $2, put_off = $3, place = $4 WHERE id = $1", id, at.0, status, place)
        .map(drop)
}

/// Of the mails that somebody waits for with a page open (what an account causes by itself would tell of it): when the oldest was asked for that waits for us rather than for its
/// receiver's server, and the oldest that has not been tried.
pub async fn oldest(conn: &mut Conn) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
    let (ours, untried): (Option<i64>, Option<i64>) = one!(
        conn,
        (Option<i64>, Option<i64>),
        "SELECT MIN(CASE WHEN put_off = 0 THEN created_at END), MIN(CASE WHEN tries = 0 THEN created_at END)
         FROM outbox WHERE done_at IS NULL AND flow_id IS NOT NULL"
    )?;
    Ok((ours.map(Timestamp), untried.map(Timestamp)))
}

/// When the oldest mail that waits was asked for, and how many wait.
pub async fn waiting(conn: &mut Conn) -> Result<(Option<Timestamp>, i64)> {
    let (oldest, count): (Option<i64>, i64) =
        one!(conn, (Option<i64>, i64), "SELECT MIN(created_at), COUNT(*) FROM outbox WHERE done_at IS NULL")?;
    Ok((oldest.map(Timestamp), count))
}

/// When the next mail is due.
pub async fn next_due(conn: &mut Conn) -> Result<Option<Timestamp>> {
    let (due,): (Option<i64>,) = one!(conn, (Option<i64>,), "SELECT MIN(due_at) FROM outbox WHERE done_at IS NULL")?;
    Ok(due.map(Timestamp))
}

/// Deletes mails that were done before `before`.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM outbox WHERE done_at < $1", before.0)
}
