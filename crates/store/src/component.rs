//! Components: what each server sees of them, their days, and how they usually fare.

use kagiya_domain::{Timestamp, component::Level};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, row};

row! {
    /// What one server sees of one component.
    #[derive(Clone, Debug)]
    pub struct Observation {
        /// The component.
        pub component: String,
        /// As [`Level::as_str`].
        pub level: String,
        /// Since when, in milliseconds.
        pub since: i64,
    }
}

/// Notes what a server sees.
#[expect(clippy::too_many_arguments, reason = "one for each column")]
pub async fn observe(
    conn: &mut Conn,
    server: Uuid,
    component: &str,
    level: Level,
    since: Timestamp,
    now: Timestamp,
) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO observation (server_id, component, level, since, seen_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (server_id, component) DO UPDATE SET level = excluded.level, since = excluded.since,
         seen_at = excluded.seen_at",
        server,
        component,
        level.as_str(),
        since.0,
        now.0
    )
    .map(drop)
}

/// What servers other than this one saw since then.
pub async fn others(conn: &mut Conn, server: Uuid, since: Timestamp) -> Result<Vec<Observation>> {
    all!(
        conn,
        Observation,
        "SELECT component, level, since FROM observation WHERE server_id <> $1 AND seen_at > $2",
        server,
        since.0
    )
}

/// Forgets what a server saw that is gone.
pub async fn forget_servers(conn: &mut Conn, before: Timestamp) -> Result<()> {
    execute!(conn, "DELETE FROM observation WHERE seen_at < $1", before.0).map(drop)
}

/// Adds time that a component spent at a level on a day, counted from 1970.
pub async fn add_day(conn: &mut Conn, component: &str, day: i64, level: Level, ms: i64) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO component_day (component, day, level, ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (component, day, level) DO UPDATE SET ms = component_day.ms + excluded.ms",
        component,
        day,
        level.as_str(),
        ms
    )
    .map(drop)
}

/// Days since then: component, day, level, milliseconds.
pub async fn days(conn: &mut Conn, since: i64) -> Result<Vec<(String, i64, String, i64)>> {
    all!(
        conn,
        (String, i64, String, i64),
        "SELECT component, day, level, ms FROM component_day WHERE day >= $1 ORDER BY component, day",
        since
    )
}

/// Forgets days before that one.
pub async fn forget_days(conn: &mut Conn, before: i64) -> Result<()> {
    execute!(conn, "DELETE FROM component_day WHERE day < $1", before).map(drop)
}

row! {
    /// How a component fared in an hour of the week.
    #[derive(Clone, Debug)]
    pub struct Usual {
        /// The component.
        pub component: String,
        /// 0 to 167.
        pub hour: i64,
        /// Tries.
        pub tries: i64,
        /// Those that succeeded.
        pub good: i64,
        /// How long the slower ones took, in microseconds.
        pub slow_us: i64,
    }
}

/// How all components usually fare.
pub async fn usual(conn: &mut Conn) -> Result<Vec<Usual>> {
    all!(conn, Usual, "SELECT * FROM usual")
}

/// Keeps how a component fares in an hour.
pub async fn set_usual(conn: &mut Conn, usual: &Usual) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO usual (component, hour, tries, good, slow_us) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (component, hour) DO UPDATE SET tries = excluded.tries, good = excluded.good,
         slow_us = excluded.slow_us",
        usual.component.as_str(),
        usual.hour,
        usual.tries,
        usual.good,
        usual.slow_us
    )
    .map(drop)
}
