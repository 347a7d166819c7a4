//! Who wants to be told once when a component works again.

use kagiya_domain::Timestamp;
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, row};

row! {
    /// Somebody who waits.
    #[derive(Clone, Debug)]
    pub struct Waiting {
        /// Its key.
        pub id: Uuid,
        /// For what.
        pub component: String,
        /// Where to tell.
        pub address: String,
        /// `ja` or `en`.
        pub lang: String,
        /// Since when.
        pub created_at: i64,
    }
}

/// Keeps a wish; a second one changes nothing.
pub async fn insert(conn: &mut Conn, new: &Waiting, person_key: &[u8]) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO waiting (id, person_key, component, address, lang, created_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (component, person_key) DO NOTHING",
        new.id,
        person_key,
        new.component.as_str(),
        new.address.as_str(),
        new.lang.as_str(),
        new.created_at
    )
    .map(drop)
}

/// For what people wait.
pub async fn components(conn: &mut Conn) -> Result<Vec<String>> {
    let rows: Vec<(String,)> = all!(conn, (String,), "SELECT DISTINCT component FROM waiting")?;
    Ok(rows.into_iter().map(|row| row.0).collect())
}

/// Takes up to `limit` who wait for a component since before `before`.
pub async fn take(conn: &mut Conn, component: &str, before: Timestamp, limit: i64) -> Result<Vec<Waiting>> {
    all!(
        conn,
        Waiting,
        "DELETE FROM waiting WHERE id IN
         (SELECT id FROM waiting WHERE component = $1 AND created_at < $2 ORDER BY created_at LIMIT $3)
         RETURNING id, component, address, lang, created_at",
        component,
        before.0,
        limit
    )
}

/// Forgets wishes of long ago.
pub async fn sweep(conn: &mut Conn, before: Timestamp) -> Result<()> {
    execute!(conn, "DELETE FROM waiting WHERE created_at < $1", before.0).map(drop)
}
