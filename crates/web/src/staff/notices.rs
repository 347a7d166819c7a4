//! Notices, made and moved by staff.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use http::StatusCode;
use kagiya_domain::{
    Timestamp,
    notice::{Door, Impact, Kind, Notice, Stage, Wrong},
    role::Permission,
};
use kagiya_flows::{
    Fault,
    staff::agent::Agent,
    status::notices::{self, Change, Report, Text, Window},
};

use super::{OfStaff, not_permitted, require};
use crate::{
    Web,
    page::{
        View,
        fault::{fault_page, not_found_page},
        page as render, see_other,
    },
    request::{context::Context, form::Fields},
    status::{NoticeView, banner::component_name},
};

#[derive(Template)]
#[template(path = "staff_notices.html")]
struct NoticesPage<'a> {
    v: &'a View<'a>,
    wrong: Option<(String, String)>,
    /// Which notice was to be changed; empty: a new one was to be made.
    at: &'a str,
    fields: Option<&'a Fields>,
    zone: String,
    components: Vec<(String, String)>,
    open: Vec<NoticeView>,
    /// How many incidents are open.
    incidents: usize,
    over: Vec<NoticeView>,
}

impl NoticesPage<'_> {
    /// What was typed into a field of the form for a new notice.
    fn typed(&self, name: &str) -> &str {
        self.typed_at("", name)
    }

    /// What was chosen in the form for a new notice, or what stands there at first.
    fn chosen<'s>(&'s self, name: &str, first: &'s str) -> &'s str {
        let typed = self.typed(name);
        if typed.is_empty() { first } else { typed }
    }

    /// Whether a component was ticked in the form for a new notice.
    fn ticked(&self, id: &str) -> bool {
        self.at.is_empty() && self.fields.is_some_and(|fields| fields.all("component").any(|ticked| ticked == id))
    }

    /// What was typed into a field of the form of a notice.
    fn typed_at(&self, id: &str, name: &str) -> &str {
        self.fields.filter(|_| self.at == id).map_or("", |fields| fields.get(name))
    }
}

fn list_page(context: &Context, at: &str, fields: Option<&Fields>, wrong: Option<&Wrong>) -> Response {
    let view = View::new(context);
    let app = &context.web.app;
    let board = app.board.get();
    let zone = jiff::Timestamp::from_millisecond(context.now.0)
        .map(|at| app.settings.time_zone.to_offset(at).to_string())
        .unwrap_or_default();
    let (over, open): (Vec<&Notice>, Vec<&Notice>) = board.notices.iter().partition(|notice| notice.stage.is_over());
    let content = NoticesPage {
        v: &view,
        wrong: wrong.map(|wrong| (wrong.field.to_owned(), words(&view, wrong))),
        at,
        fields,
        zone,
        components: app.component_names().into_iter().map(|id| (id.clone(), component_name(&view, &id))).collect(),
        incidents: open.iter().filter(|notice| notice.kind == Kind::Incident).count(),
        open: open.into_iter().map(|notice| NoticeView::new(&view, notice)).collect(),
        over: over.into_iter().take(30).map(|notice| NoticeView::new(&view, notice)).collect(),
    };
    let title = view.t("staff-notices-title").into_owned();
    let status = if wrong.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    render(&view, status, &title, &content)
}

/// Which field is wrong, and why.
pub(super) fn words(view: &View<'_>, wrong: &Wrong) -> String {
    let field = view.tk("field-in-notice", &wrong.field.replace('_', "-"));
    format!("{field}: {}", view.f1(wrong.key, "value", wrong.value.clone()))
}

pub(crate) async fn page(State(_): State<Arc<Web>>, context: Context) -> Response {
    match require(&context).await {
        Ok(staff) if !staff.agent.may(Permission::Announce) => not_permitted(&context),
        Ok(_) => list_page(&context, "", None, None),
        Err(response) => response,
    }
}

/// A time: RFC 3339 with its zone, or what a browser's field for times gives, in the service's zone.
fn time(context: &Context, field: &'static str, text: &str) -> Result<Option<Timestamp>, Wrong> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Ok(Some(Timestamp(at.as_millisecond())));
    }
    // A field of the page says which zone it means.
    let local = text.parse::<jiff::civil::DateTime>().ok();
    let zoned = local.and_then(|local| local.to_zoned(context.web.app.settings.time_zone.clone()).ok());
    match zoned {
        Some(zoned) => Ok(Some(Timestamp(zoned.timestamp().as_millisecond()))),
        None => Err(Wrong::new(field, "notice-wrong-time", text)),
    }
}

fn components(fields: &Fields) -> Vec<String> {
    fields.all("component").filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

fn text(fields: &Fields) -> Text {
    let own = |name| fields.get(name).to_owned();
    Text { title: own("title"), title_en: own("title_en"), message: own("message"), message_en: own("message_en") }
}

/// An optional choice among words.
fn choice<T>(fields: &Fields, field: &'static str, parse: fn(&str) -> Option<T>) -> Result<Option<T>, Wrong> {
    match fields.get(field) {
        "" => Ok(None),
        word => parse(word).map(Some).ok_or_else(|| Wrong::new(field, "notice-wrong-choice", word)),
    }
}

async fn make(context: &Context, fields: &Fields, by: &Agent) -> Result<Result<Notice, Wrong>, Fault> {
    let app = &context.web.app;
    let read = || -> Result<_, Wrong> {
        Ok((
            choice(fields, "impact", Impact::parse)?.unwrap_or(Impact::Major),
            choice(fields, "mode", Door::parse)?.unwrap_or(Door::Closed),
            time(context, "begins", fields.get("begins"))?,
            time(context, "ends", fields.get("ends"))?,
            time(context, "next_update", fields.get("next_update"))?,
        ))
    };
    let (impact, door, begins, ends, next_update) = match read() {
        Ok(read) => read,
        Err(wrong) => return Ok(Err(wrong)),
    };
    if fields.get("kind") == "maintenance" {
        let Some(ends) = ends else {
            return Ok(Err(Wrong::new("ends", "notice-wrong-empty", "")));
        };
        let begins = begins.unwrap_or(context.now);
        let window = Window { text: text(fields), begins, ends, door, components: components(fields) };
        return notices::plan(app, window, by).await;
    }
    let report = Report {
        text: text(fields),
        impact,
        stage: Stage::Investigating,
        components: components(fields),
        since: begins,
        next_update,
    };
    notices::open(app, report, "", by).await
}

fn done(context: &Context, at: &str, fields: &Fields, done: Result<Result<Notice, Wrong>, Fault>) -> Response {
    match done {
        Ok(Ok(notice)) => see_other(context, &format!("/staff/notices#{}", notice.id)),
        Ok(Err(wrong)) if wrong.key == "notice-wrong-none" => not_found_page(context),
        Ok(Err(wrong)) if wrong.key == notices::NOT_PERMITTED => not_permitted(context),
        Ok(Err(wrong)) => list_page(context, at, Some(fields), Some(&wrong)),
        Err(fault) => fault_page(context, &fault),
    }
}

pub(crate) async fn create(State(_): State<Arc<Web>>, OfStaff(context, staff, fields): OfStaff) -> Response {
    if !staff.agent.may(Permission::Announce) {
        return not_permitted(&context);
    }
    done(&context, "", &fields, make(&context, &fields, &staff.agent).await)
}

pub(crate) async fn update(
    State(_): State<Arc<Web>>,
    Path(id): Path<String>,
    OfStaff(context, staff, fields): OfStaff,
) -> Response {
    if !staff.agent.may(Permission::Announce) {
        return not_permitted(&context);
    }
    done(&context, &id, &fields, change(&context, &fields, &id, &staff.agent).await)
}

async fn change(context: &Context, fields: &Fields, id: &str, by: &Agent) -> Result<Result<Notice, Wrong>, Fault> {
    let app = &context.web.app;
    let all = notices::list(app).await?;
    let Some(notice) = all.iter().find(|notice| notice.id == id).cloned() else {
        return Ok(Err(Wrong::new("id", "notice-wrong-none", id)));
    };
    if !fields.get("into").is_empty() {
        return match all.iter().find(|other| other.id == fields.get("into")) {
            Some(into) => notices::merge(app, notice, into, by).await,
            None => Ok(Err(Wrong::new("into", "notice-wrong-none", ""))),
        };
    }
    let read = || -> Result<_, Wrong> {
        Ok((
            choice(fields, "status", Stage::parse)?,
            time(context, "ends", fields.get("ends"))?,
            time(context, "next_update", fields.get("next_update"))?,
        ))
    };
    let (stage, ends, next_update) = match read() {
        Ok(read) => read,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let change = Change {
        stage,
        ends,
        next_update,
        message: fields.get("message").to_owned(),
        message_en: fields.get("message_en").to_owned(),
        ..Change::default()
    };
    notices::change(app, notice, change, by).await
}
