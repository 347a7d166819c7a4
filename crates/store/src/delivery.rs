//! What mail servers answered, per address and domain.

use kagiya_domain::Timestamp;
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, optional, row};

row! {
    /// One answer.
    #[derive(Clone, Debug)]
    pub struct Delivery {
        /// When, in milliseconds.
        pub at: i64,
        /// Which mail.
        pub kind: String,
        /// `delivered`, `deferred` or `refused`.
        pub outcome: String,
        /// The SMTP status; 0 when the server could not be reached.
        pub status: i64,
        /// Its words, shortened.
        pub answer: String,
    }
}

/// Keeps an answer.
pub async fn insert(conn: &mut Conn, id: Uuid, address_key: &str, domain: &str, d: &Delivery) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO delivery (id, at, address_key, domain, kind, outcome, status, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        d.at,
        address_key,
        domain,
        d.kind.as_str(),
        d.outcome.as_str(),
        d.status,
        d.answer.as_str()
    )
    .map(drop)
}

/// The newest answer for an address.
pub async fn last_of(conn: &mut Conn, address_key: &str) -> Result<Option<Delivery>> {
    optional!(
        conn,
        Delivery,
        "SELECT at, kind, outcome, status, answer FROM delivery WHERE address_key = $1 ORDER BY at DESC, id DESC LIMIT 1",
        address_key
    )
}

/// The last answers for an address, the newest first.
pub async fn of_address(conn: &mut Conn, address_key: &str, limit: i64) -> Result<Vec<Delivery>> {
    all!(
        conn,
        Delivery,
        "SELECT at, kind, outcome, status, answer FROM delivery WHERE address_key = $1 ORDER BY at DESC, id DESC LIMIT $2",
        address_key,
        limit
    )
}

/// Deletes answers of before `before`.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<u64> {
    execute!(conn, "DELETE FROM delivery WHERE at < $1", before.0)
}

/// What servers answered since then, by domain and outcome.
pub async fn by_domain(conn: &mut Conn, since: Timestamp) -> Result<Vec<(String, String, i64)>> {
    all!(
        conn,
        (String, String, i64),
        "SELECT domain, outcome, COUNT(*) FROM delivery WHERE at > $1 GROUP BY domain, outcome ORDER BY domain, outcome
         LIMIT 300",
        since.0
    )
}
