//! The answer while nobody can be let in: by planned work, or because the database does not answer.

use kagiya_domain::act::Act;
use kagiya_flows::{
    Refusal,
    attempt::{self, Draft},
    status::platform::board::Operation,
};

use crate::{Web, request::context::Context};

/// The refusal while the door is shut, by us or by the database: 503 with the time to come back.
pub(crate) fn refusal(context: &Context, act: Act) -> Refusal {
    let app = &context.web.app;
    let mut evidence = Vec::new();
    if app.store.is_down() {
        evidence.push(kagiya_domain::Evidence::StoreFailed);
    }
    let draft = Draft::new(act, 503, &context.visitor, evidence);
    let (refusal, row) = attempt::prepare(app, &context.visitor, draft, context.now);
    if !app.store.is_down() {
        attempt::keep_later(app, row);
    }
    refusal
}

/// The refusal of a change of one's account while planned work lets nothing be changed.
pub(crate) fn changes(context: &Context) -> Option<Refusal> {
    let shut = context.web.app.board.get().shut(Operation::Change, context.now).is_some();
    shut.then(|| refusal(context, Act::Account))
}

/// Whether nobody can sign in with a password now, whoever they are.
pub(crate) fn is_shut(context: &Context) -> bool {
    let board = context.web.app.board.get();
    board.shut(Operation::SignIn, context.now).is_some() || is_shut_by_database(&context.web)
}

/// Whether the database does not answer, or takes no writes.
pub(crate) fn is_shut_by_database(web: &Web) -> bool {
    use kagiya_domain::component::{DATABASE, Level};
    let measured = web.app.board.get();
    web.app.store.is_down()
        || measured.measured(DATABASE).is_some_and(|component| component.level == Level::MajorOutage)
}
