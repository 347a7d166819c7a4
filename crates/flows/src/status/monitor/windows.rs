//! What notices do by themselves: planned work begins, ends, and is extended when it overruns.

use kagiya_domain::{
    Span,
    audit::{Actor, Event},
    component::{DATABASE, PASSWORD},
    notice::{Kind, Stage},
};

use crate::{App, Fault, status::notices};

/// Work that overruns is told to last so much longer.
const LONGER: Span = Span::minutes(15);

/// Reads the board anew and moves what time moves.
///
/// # Errors
/// When the database fails.
pub(super) async fn run(app: &App) -> Result<(), Fault> {
    notices::refresh(app).await?;
    let now = app.now();
    let board = app.board.get();
    for notice in board.notices.iter().filter(|notice| notice.kind == Kind::Maintenance && !notice.stage.is_over()) {
        let Some(ends) = notice.ends_at else {
            continue;
        };
        let mut next = notice.clone();
        if ends <= now {
            // Over, unless what was worked on does not work yet.
            let broken = [PASSWORD, DATABASE]
                .iter()
                .any(|id| board.measured(id).is_some_and(|component| component.level.is_out()));
            if broken {
                next.ends_at = Some(now.plus(LONGER));
            } else {
                (next.stage, next.ended_at) = (Stage::Completed, Some(now));
            }
        } else if notice.stage != notice.stage_at(now) {
            next.stage = notice.stage_at(now);
        } else {
            continue;
        }
        let longer = next.ends_at != notice.ends_at;
        let told = longer.then(|| {
            let say = |lang| app.words.get(lang, "notice-overrun");
            (say(kagiya_text::Lang::Ja), say(kagiya_text::Lang::En))
        });
        // Of several servers, one gets to do it.
        notices::keep(app, next, told, &Actor::System, if longer { Event::NoticeExtended } else { Event::NoticeMoved })
            .await?;
    }
    Ok(())
}
