//! One person's check on two devices: what the second shows becomes evidence of the first.

use kagiya_domain::{Cause, Evidence, Span, Timestamp, act::Act, cause::Family, reference::Reference};
use kagiya_store::{self as store, attempt::Attempt};

use crate::{App, Fault, Visitor, attempt};

/// For so long another device may join.
const OPEN: Span = Span::hours(1);

async fn open_case(app: &App, reference: &Reference) -> Result<Option<Attempt>, Fault> {
    let row = store::attempt::find(&mut app.store.reader().await?, reference.as_str()).await?;
    Ok(row.filter(|row| row.kind == Act::Check && Timestamp(row.created_at).plus(OPEN) > app.now()))
}

/// The key under which the checks of other devices are kept with a case.
pub fn key(app: &App, reference: &Reference) -> [u8; 16] {
    app.keys.digest16("case", &[reference.as_str().as_bytes()])
}

/// Whether the case is this browser's own.
///
/// # Errors
/// When the database fails.
pub async fn is_own(app: &App, visitor: &Visitor, reference: &Reference) -> Result<bool, Fault> {
    let row = open_case(app, reference).await?;
    let kept = row.and_then(|row| row.browser_key);
    Ok(visitor.cookie_came && kept.as_deref().zip(visitor.browser_key).is_some_and(|(kept, asking)| kept == asking))
}

/// Adds what another device showed to a case, once. A reference that opens no case is no error:
/// nobody learns which exist.
///
/// # Errors
/// When the database fails.
pub async fn add(app: &App, reference: &Reference, fact: Evidence) -> Result<(), Fault> {
    let Some(row) = open_case(app, reference).await? else {
        return Ok(());
    };
    if attempt::read_evidence(&row)?.contains(&fact) {
        return Ok(());
    }
    attempt::add_evidence(app, row.id, vec![fact]).await
}

/// Compares the cause that another device's check found with the case's own.
///
/// # Errors
/// When the database fails.
pub async fn compare(app: &App, reference: &Reference, there: Cause) -> Result<(), Fault> {
    let Some(row) = open_case(app, reference).await? else {
        return Ok(());
    };
    let Some(here) = Cause::parse(&row.cause).filter(|cause| cause.family() == Family::Browser) else {
        return Ok(());
    };
    add(app, reference, if here == there { Evidence::FailsElsewhere } else { Evidence::WorksElsewhere }).await
}
