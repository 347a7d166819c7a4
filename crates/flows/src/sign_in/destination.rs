//! Where a person goes on: what is too long for a query is kept here until they are in.

use futures_util::FutureExt;
use kagiya_domain::{Span, destination::Destination, return_to::ReturnTo};
use kagiya_store as store;
use uuid::Uuid;

use crate::{App, Fault, Visitor};

/// As long as anything that somebody is asked on the way.
const LIFE: Span = Span::hours(2);
/// Of one network in a minute.
const PER_MINUTE: u32 = 60;

/// Keeps a destination that is longer than a query may carry, for whatever endpoint accepts one: what stands in a query is
/// dropped beyond [`kagiya_domain::return_to::CARRIED`]. [`Destination::Home`] when it is none of ours, or too many were
/// kept for this network.
///
/// # Errors
/// When the database fails.
pub async fn keep(app: &App, visitor: &Visitor, typed: &str) -> Result<Destination, Fault> {
    let Some(target) = ReturnTo::parse_long(typed) else {
        return Ok(Destination::Home);
    };
    let now = app.now();
    if app.notes.take_network("stored request", visitor.address, PER_MINUTE, now).is_none() {
        return Ok(Destination::Home);
    }
    let id = app.new_id();
    let keep = app.store.write(move |conn| {
        async move { store::stored_request::insert(conn, id, target.as_str(), now.plus(LIFE)).await }.boxed()
    });
    keep.await?;
    Ok(Destination::Request(id))
}

/// Where a kept one leads.
///
/// # Errors
/// When the database fails.
pub async fn open(app: &App, id: Uuid) -> Result<Option<ReturnTo>, Fault> {
    let found = store::stored_request::find(&mut app.store.reader().await?, id, app.now()).await?;
    Ok(found.as_deref().and_then(ReturnTo::parse_long))
}
