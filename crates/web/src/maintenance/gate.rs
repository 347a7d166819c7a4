//! Planned work shuts the doors: whoever comes is told until when, and nothing is begun.

use std::sync::Arc;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};

use crate::{
    Web, api,
    maintenance::closed,
    page::{fault::refused_page, nowhere},
    request::{context::Context, door::Doors},
};

/// What the gate knows.
#[derive(Clone)]
pub(crate) struct Gate {
    /// The whole.
    pub(crate) web: Arc<Web>,
    /// What each path is.
    pub(crate) doors: Arc<Doors>,
}

/// Refuses what planned work does not allow now, and paths that nothing can have.
pub(crate) async fn guard(State(Gate { web, doors }): State<Gate>, mut request: Request, next: Next) -> Response {
    // Nothing is called so, and no database takes it.
    if request.uri().path().contains("%00") {
        let (parts, _) = request.into_parts();
        return nowhere::nothing(&Context::open(web, &parts));
    }
    // What is no door at all says so, and old addresses lead on.
    let Some(door) = request.extensions().get::<MatchedPath>().and_then(|path| doors.find(path.as_str())) else {
        return next.run(request).await;
    };
    request.extensions_mut().insert(door);
    let Some(operation) = door.operation(request.method()) else {
        return next.run(request).await;
    };
    if web.app.board.get().shut(operation, web.app.now()).is_none() {
        return next.run(request).await;
    }
    let (parts, _) = request.into_parts();
    let context = Context::open(web, &parts);
    let refusal = closed::refusal(&context, door.act);
    if context.path.starts_with("/api/") {
        return api::problem(&context, &refusal);
    }
    refused_page(&context, &refusal, "/sign-in")
}
