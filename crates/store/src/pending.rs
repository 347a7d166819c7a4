//! Sign-ins that are not complete: what was proven in them, until their next step is taken.

use kagiya_domain::{Timestamp, sign_in::Method};
use uuid::Uuid;

use crate::db::{Conn, Result, all, execute, optional, row};

row! {
    /// What a sign-in is completed with; its flow says whose it is.
    #[derive(Clone, Copy, Debug)]
    pub struct Pending {
        /// The flow.
        pub flow_id: Uuid,
        /// The account's credentials when they were proven: those of another version prove nothing.
        pub credential_version: i64,
        /// 1: "keep me signed in".
        pub remember: i64,
        /// The link by which it was proven.
        pub link_id: Option<Uuid>,
    }
}

/// Keeps one, beside its flow, with what was proven when.
pub async fn insert(conn: &mut Conn, pending: &Pending, proven: &[(Method, Timestamp)]) -> Result<()> {
    execute!(
        conn,
        "INSERT INTO pending_sign_in (flow_id, credential_version, remember, link_id) VALUES ($1, $2, $3, $4)",
        pending.flow_id,
        pending.credential_version,
        pending.remember,
        pending.link_id
    )?;
    for (method, at) in proven {
        execute!(
            conn,
            "INSERT INTO pending_method (flow_id, method, at) VALUES ($1, $2, $3)",
            pending.flow_id,
            method.as_str(),
            at.0
        )?;
    }
    Ok(())
}

/// That of a flow.
pub async fn find(conn: &mut Conn, flow: Uuid) -> Result<Option<Pending>> {
    optional!(conn, Pending, "SELECT * FROM pending_sign_in WHERE flow_id = $1", flow)
}

/// What was proven in it, and when. What a newer release wrote is left out.
pub async fn methods(conn: &mut Conn, flow: Uuid) -> Result<Vec<(Method, Timestamp)>> {
    let rows: Vec<(String, i64)> = all!(
        conn,
        (String, i64),
        "SELECT method, at FROM pending_method WHERE flow_id = $1 ORDER BY at, method",
        flow
    )?;
    Ok(rows.into_iter().filter_map(|(method, at)| Some((Method::parse(&method)?, Timestamp(at)))).collect())
}
