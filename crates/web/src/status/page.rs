//! `/status` for people.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::{
    component::Level,
    notice::{Kind, Notice},
};
use kagiya_flows::status::{monitor, platform::Snapshot};
use kagiya_text::Arg;

use super::{concerned, description, indicator};
use crate::{
    Web,
    page::{View, page as render},
    request::context::Context,
    status::banner::{Piece, component_name, english, is_japanese_only},
};

pub(crate) struct UpdateView {
    pub(crate) time: String,
    pub(crate) stage: String,
    pub(crate) body: Vec<Piece>,
    pub(crate) japanese: bool,
}

pub(crate) struct NoticeView {
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    pub(crate) stage: &'static str,
    pub(crate) title: String,
    /// On an English page, a title that is there in Japanese only.
    pub(crate) japanese: bool,
    pub(crate) when: String,
    pub(crate) next: Option<String>,
    pub(crate) parts: String,
    pub(crate) updates: Vec<UpdateView>,
    pub(crate) slice: String,
}

impl NoticeView {
    pub(crate) fn new(view: &View<'_>, notice: &Notice) -> Self {
        let english = english(view);
        let stage = notice.stage_at(view.context.now);
        let begins = view.time(&notice.begins_at.0);
        let when = match notice.ends_at.or(notice.ended_at) {
            Some(ends) => {
                let args = [("from", Arg::from(begins)), ("to", Arg::from(view.time(&ends.0)))];
                view.f("status-from-to", &args)
            }
            None => view.f1("status-since", "time", begins),
        };
        let parts: Vec<String> = if notice.components.is_empty() {
            Vec::new()
        } else {
            concerned(view, notice).iter().map(|id| component_name(view, id)).collect()
        };
        let stage_words = |stage: &str| view.tk("stage", &stage.replace('_', "-")).into_owned();
        Self {
            id: notice.id.clone(),
            kind: notice.kind.as_str(),
            stage: stage.as_str(),
            title: notice.title_in(english).to_owned(),
            japanese: is_japanese_only(view, notice.title_in(english)),
            when,
            next: notice.next_update_at.map(|at| view.f1("status-next-update", "time", view.time(&at.0))),
            parts: parts.join(" / "),
            slice: view.slice(&notice.slice),
            updates: notice
                .updates
                .iter()
                .rev()
                .map(|update| UpdateView {
                    time: view.time(&update.at.0),
                    stage: stage_words(update.stage.as_str()),
                    body: Piece::all(update.body_in(english)),
                    japanese: is_japanese_only(view, update.body_in(english)),
                })
                .collect(),
        }
    }
}

struct DayView {
    level: &'static str,
    words: String,
}

struct ComponentView {
    id: String,
    name: String,
    level: &'static str,
    level_words: String,
    history: String,
    uptime: Option<String>,
    days: Vec<DayView>,
}

#[derive(Template)]
#[template(path = "status.html")]
struct StatusPage<'a> {
    v: &'a View<'a>,
    /// As files on another host: without forms.
    fixed: bool,
    indicator: &'static str,
    description: String,
    read_at: String,
    database_down: bool,
    now: Vec<NoticeView>,
    planned: Vec<NoticeView>,
    past: Vec<NoticeView>,
    components: Vec<ComponentView>,
    news: Vec<(String, String)>,
}

fn level_words(view: &View<'_>, level: Level) -> String {
    view.tk("level", &level.as_str().replace('_', "-")).into_owned()
}

fn component(view: &View<'_>, board: &Snapshot, id: &str) -> ComponentView {
    let app = &view.context.web.app;
    let today = monitor::day_of(app, view.context.now);
    let known = board.days.get(id).map(Vec::as_slice).unwrap_or_default();
    let name = component_name(view, id);
    let days = (today - 89..=today)
        .map(|day| {
            let date = jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(day)).to_string();
            match known.iter().find(|known| known.day == day) {
                Some(known) => {
                    let args = [("day", Arg::from(date)), ("level", Arg::from(level_words(view, known.worst)))];
                    DayView { level: known.worst.as_str(), words: view.f("status-day", &args) }
                }
                None => DayView { level: "unknown", words: view.f1("status-day-unknown", "day", date) },
            }
        })
        .collect();
    let (all, out) = known.iter().fold((0_i64, 0_i64), |sum, day| (sum.0 + day.ms, sum.1 + day.out_ms));
    // Rounded down: a minute of outage is never "100 %".
    // And a day of watching is the least that says anything.
    let uptime = (all >= 86_400_000).then(|| (i128::from(all - out) * 10_000 / i128::from(all)).to_string());
    let uptime = uptime.map(|n| format!("{n:0>3}")).map(|n| format!("{}.{}", &n[..n.len() - 2], &n[n.len() - 2..]));
    let level = board.level(id, view.context.now);
    ComponentView {
        id: id.to_owned(),
        level: level.as_str(),
        level_words: level_words(view, level),
        history: view.f1("status-history", "name", name.clone()),
        uptime: uptime.map(|percent| view.f1("status-uptime", "percent", percent)),
        name,
        days,
    }
}

fn content<'a>(view: &'a View<'a>, fixed: bool) -> StatusPage<'a> {
    let (web, now) = (&view.context.web, view.context.now);
    let board = web.app.board.get();
    let indicator = indicator(view, &board);
    let notices = |list: Vec<&Notice>| list.into_iter().map(|notice| NoticeView::new(view, notice)).collect();
    let public = |notice: &&Notice| notice.stage.is_public() && notice.stage.is_over();
    StatusPage {
        v: view,
        fixed,
        indicator,
        description: description(view, indicator),
        read_at: view.f1("status-read-at", "time", view.time(&now.0)),
        database_down: web.app.store.is_down(),
        now: notices(board.active(now)),
        planned: notices(board.upcoming(now).into_iter().filter(|n| n.kind == Kind::Maintenance).collect()),
        past: notices(board.notices.iter().filter(public).collect()),
        components: web.app.component_names().iter().map(|id| component(view, &board, id)).collect(),
        news: web.app.settings.news.iter().map(|(name, url)| (name.get(view.lang).to_owned(), url.clone())).collect(),
    }
}

pub(crate) async fn show(State(_): State<Arc<Web>>, context: Context) -> Response {
    let view = View::new(&context);
    let title = view.t("status-title").into_owned();
    render(&view, StatusCode::OK, &title, &content(&view, false))
}

#[derive(Template)]
#[template(path = "status_static.html")]
struct StaticPage<'a> {
    v: &'a View<'a>,
    origin: &'a str,
    body: String,
}

/// The page as a file that stands by itself.
pub(super) fn fixed(context: &Context) -> String {
    let view = View::new(context);
    let body = content(&view, true).render().unwrap_or_default();
    let origin = &context.web.app.settings.public_url.origin;
    (StaticPage { v: &view, origin, body }).render().unwrap_or_default()
}
