//! Somebody who has not come back: the provider's page is described by the person, and the
//! description is evidence.

use futures_util::FutureExt;
use kagiya_domain::{
    Evidence, Timestamp,
    act::Act,
    screen::{self, Screen},
};
use kagiya_store::{self as store, authorization_session::AuthorizationSession};

use super::facts;
use crate::{
    App, Fault, Outcome, Visitor,
    attempt::{self, Draft, Refusal},
};

/// What the person can choose from.
pub fn screens(app: &App, provider: &str) -> &'static [Screen] {
    let kind = app.providers.find(provider).map_or("oidc", |entry| entry.provider.kind().as_str());
    screen::of_kind(kind)
}

async fn draft(
    app: &App,
    visitor: &Visitor,
    authorization: &AuthorizationSession,
    status: u16,
) -> Result<Draft, Fault> {
    let now = app.now();
    let entry = app.providers.find(&authorization.provider);
    let minutes = now.since(Timestamp(authorization.started_at)).as_minutes_up();
    let mut evidence = vec![Evidence::NotReturned { minutes }];
    if let Some(entry) = entry {
        evidence.extend(facts::health(entry, now));
    }
    evidence.extend(facts::in_app(visitor, entry.map(|entry| &**entry)));
    let mut draft = Draft::new(Act::External, status, visitor, evidence);
    facts::known_links(app, visitor, &authorization.provider, &mut draft).await?;
    Ok(draft)
}

/// A second start without a return: refused once, with the question.
///
/// # Errors
/// When the database fails.
pub async fn ask(app: &App, visitor: &Visitor, authorization: &AuthorizationSession) -> Result<Box<Refusal>, Fault> {
    let mut draft = draft(app, visitor, authorization, 409).await?;
    draft.evidence.push(Evidence::StartedAgain);
    Ok(attempt::refuse(app, visitor, draft).await)
}

/// A start without a return, told with a page that opens.
///
/// # Errors
/// When the database fails.
pub async fn remind(app: &App, visitor: &Visitor, authorization: &AuthorizationSession) -> Result<Box<Refusal>, Fault> {
    let draft = draft(app, visitor, authorization, 200).await?;
    Ok(attempt::refuse(app, visitor, draft).await)
}

/// What the person saw there. The verdict that comes of it, with the words taken down.
///
/// # Errors
/// When the database fails.
pub async fn say(app: &App, visitor: &Visitor, provider: &str, saw: &str) -> Outcome<Box<Refusal>> {
    // A second answer takes the place of the first.
    let open = super::start::lost_way(app, visitor, provider).await?;
    let Some(screen) = Screen::parse(saw) else {
        let fields = vec![crate::FieldError { field: "saw", key: "error-saw-empty" }];
        return Ok(Err(attempt::refuse(app, visitor, Draft::invalid(Act::External, visitor, fields)).await));
    };
    let mut draft = match &open {
        Some(authorization) => draft(app, visitor, authorization, 200).await?,
        None => Draft::new(Act::External, 200, visitor, Vec::new()),
    };
    draft.evidence.push(Evidence::SawThere { screen });
    if let Some(authorization) = open {
        let (id, saw) = (authorization.id, screen.id());
        app.store
            .write(move |conn| async move { store::authorization_session::note_saw(conn, id, saw).await }.boxed())
            .await?;
    }
    Ok(Ok(attempt::refuse(app, visitor, draft).await))
}
