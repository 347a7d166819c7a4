//! The status page in its forms: for people, for readers of Statuspage's JSON, as a feed.
//! All of it from memory: it is there when the database is not.

pub(crate) mod banner;
pub(crate) mod export;
mod feed;
mod json;
mod page;
pub(crate) mod subscribe;

use kagiya_domain::{
    component::Level,
    notice::{Impact, Notice},
};
use kagiya_flows::status::platform::Snapshot;

pub(crate) use self::{
    feed::feed,
    json::{active, components, incidents, maintenances, overview, summary, unresolved, upcoming},
    page::{NoticeView, show},
};
use crate::page::View;

/// How everything fares in one word of Statuspage's: `none`, `minor`, `major`, `critical`, `maintenance`.
fn indicator(view: &View<'_>, board: &Snapshot) -> &'static str {
    let now = view.context.now;
    let told =
        board.active(now).iter().map(|notice| notice.impact).filter(|impact| *impact != Impact::Maintenance).max();
    let app = &view.context.web.app;
    let ids = app.component_names();
    let levels: Vec<Level> = ids.iter().map(|id| board.level(id, now)).collect();
    let out = levels.iter().filter(|level| level.is_out()).count();
    let worst = levels.into_iter().max().unwrap_or_default();
    let password = board.level(kagiya_domain::component::PASSWORD, now);
    if app.store.is_down()
        || told == Some(Impact::Critical)
        || (out > 0 && out == ids.len())
        || password == Level::MajorOutage
    {
        return "critical";
    }
    match (told, worst) {
        (Some(Impact::Major), _) | (_, Level::MajorOutage | Level::PartialOutage) => "major",
        (Some(Impact::Minor), _) | (_, Level::DegradedPerformance) => "minor",
        (_, Level::UnderMaintenance) => "maintenance",
        _ => "none",
    }
}

/// `indicator` in words.
fn description(view: &View<'_>, indicator: &str) -> String {
    let key = if indicator == "none" { "all-well" } else { indicator };
    view.tk("status", key).into_owned()
}

/// The components that a notice names, or all.
fn concerned<'a>(view: &View<'_>, notice: &'a Notice) -> Vec<std::borrow::Cow<'a, str>> {
    if notice.components.is_empty() {
        return view.context.web.app.component_names().into_iter().map(Into::into).collect();
    }
    notice.components.iter().map(|id| id.as_str().into()).collect()
}
