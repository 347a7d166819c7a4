//! The last day at a glance.

use std::{collections::BTreeMap, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use kagiya_domain::{Cause, role::Permission};
use kagiya_flows::{
    check::setup,
    external::health::State as Health,
    staff::{self, Overview},
    status::disk,
};

use super::{
    chart::{COLOURS, Series, stacked},
    not_permitted, require,
};
use crate::{
    Web,
    page::{View, fault::fault_page, page as render, verdict::cause_title},
    request::context::Context,
    status::{NoticeView, banner::component_name},
};

const HOURS: usize = 24;

struct Row {
    name: String,
    cells: Vec<String>,
}

struct Legend {
    colour: String,
    /// The cause; nothing for the rest.
    cause: String,
    name: String,
    count: i64,
}

#[derive(Template)]
#[template(path = "staff.html")]
struct StaffPage<'a> {
    v: &'a View<'a>,
    login_id: String,
    /// Whether links to what needs more than this page are shown.
    may_announce: bool,
    may_look: bool,
    chart: String,
    legend: Vec<Legend>,
    most: String,
    from: String,
    middle: String,
    people: Vec<Row>,
    codes: Vec<Row>,
    ways: Vec<Row>,
    advice: Vec<Row>,
    mail: Vec<Row>,
    waiting: String,
    bursts: Vec<Row>,
    me_too: Vec<Row>,
    components: Vec<Row>,
    /// How much room there is where the data lies, in words, and whether it is little.
    disk: Option<(String, bool)>,
    /// What is wrong with the set-up.
    findings: Vec<Row>,
    proposed: Vec<NoticeView>,
    open: Vec<NoticeView>,
}

#[expect(clippy::too_many_lines, reason = "one page, put together from its parts")]
pub(crate) async fn show(State(web): State<Arc<Web>>, context: Context) -> Response {
    let staff = match require(&context).await {
        Ok(staff) => staff,
        Err(response) => return response,
    };
    let seen = match staff::overview(&web.app, &staff.agent).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(_)) => return not_permitted(&context),
        Err(fault) => return fault_page(&context, &fault),
    };
    let findings = match setup::lately(&web.app.store, context.now).await {
        Ok(findings) => findings,
        Err(fault) => return fault_page(&context, &fault),
    };
    let view = View::new(&context);
    let board = web.app.board.get();
    let (chart, most, legend) = failures(&view, &seen);
    let ago = |hours: i64| view.time(&(context.now.0 / 3_600_000 * 3_600_000 - hours * 3_600_000));
    let waiting = match seen.waiting {
        (count, Some(at)) => format!("{count} ({})", view.time(&at.0)),
        (count, None) => count.to_string(),
    };
    let proposed = board.notices.iter().filter(|n| n.stage == kagiya_domain::notice::Stage::Proposed);
    let content = StaffPage {
        v: &view,
        may_announce: staff.agent.may(Permission::Announce),
        may_look: staff.agent.may(Permission::LookUp),
        login_id: staff.login_id,
        chart,
        legend,
        most: view.f1("staff-most", "count", most),
        from: ago(23),
        middle: ago(11),
        people: named(&view, &seen.people, |(at_once, later, not)| {
            let all = at_once + later + not;
            vec![all.to_string(), share(*at_once, all), share(*later, all), share(*not, all)]
        }),
        codes: named(&view, &seen.codes, |(all, right, done)| {
            vec![all.to_string(), share(*right, *all), share(*done, *all)]
        }),
        ways: rows(&seen.ways, |(all, back, good)| vec![all.to_string(), share(*back, *all), share(*good, *all)]),
        advice: advice(&view, &seen),
        mail: rows(&seen.mail, |(taken, off, refused)| vec![taken.to_string(), off.to_string(), refused.to_string()]),
        waiting,
        bursts: seen
            .bursts
            .iter()
            .map(|burst| Row {
                name: view.slice(&burst.slice),
                cells: vec![title(&view, &burst.cause), burst.browsers.to_string(), view.time(&burst.since.0)],
            })
            .collect(),
        me_too: seen
            .me_too
            .iter()
            .map(|(cause, browsers)| Row { name: title(&view, cause), cells: vec![browsers.to_string()] })
            .collect(),
        components: components(&view),
        disk: disk::of(&web.app).map(|disk| (room(&view, disk), disk.is_short())),
        findings: findings
            .iter()
            .map(|finding| Row {
                name: view.word("because-setup", &finding.fault),
                cells: vec![finding.detail.clone(), view.time(&finding.last_at)],
            })
            .collect(),
        proposed: proposed.map(|notice| NoticeView::new(&view, notice)).collect(),
        open: board
            .active(context.now)
            .into_iter()
            .chain(board.upcoming(context.now))
            .map(|notice| NoticeView::new(&view, notice))
            .collect(),
    };
    let title = view.t("staff-title").into_owned();
    render(&view, StatusCode::OK, &title, &content)
}

fn room(view: &View<'_>, disk: disk::Disk) -> String {
    let mib = |bytes: u64| i64::try_from(bytes / 1_048_576).unwrap_or(i64::MAX);
    view.f("staff-disk", &[("free", mib(disk.free).into()), ("size", mib(disk.size).into())])
}

fn rows<T>(from: &BTreeMap<String, T>, cells: impl Fn(&T) -> Vec<String>) -> Vec<Row> {
    from.iter().map(|(name, value)| Row { name: name.clone(), cells: cells(value) }).collect()
}

/// As [`rows`], with the kinds of acts in words.
fn named<T>(view: &View<'_>, from: &BTreeMap<String, T>, cells: impl Fn(&T) -> Vec<String>) -> Vec<Row> {
    from.iter().map(|(kind, value)| Row { name: view.word("act", kind), cells: cells(value) }).collect()
}

/// A part with its share of the whole.
fn share(part: i64, whole: i64) -> String {
    format!("{part} ({}%)", part * 100 / whole.max(1))
}

/// What was advised, the most frequent first.
fn advice(view: &View<'_>, seen: &Overview) -> Vec<Row> {
    let mut all: Vec<(&String, &(i64, i64))> = seen.advice.iter().collect();
    all.sort_by_key(|(_, (given, _))| std::cmp::Reverse(*given));
    let row = |(id, (given, worked)): (&String, &(i64, i64))| Row {
        name: view.word("step", id),
        cells: vec![given.to_string(), share(*worked, *given)],
    };
    all.into_iter().map(row).collect()
}

fn title(view: &View<'_>, slug: &str) -> String {
    Cause::parse(slug).map_or_else(|| slug.to_owned(), |cause| cause_title(view, cause))
}

fn components(view: &View<'_>) -> Vec<Row> {
    let app = &view.context.web.app;
    let (board, now) = (app.board.get(), view.context.now);
    let row = |id: &String| {
        let level = board.level(id, now).as_str();
        let mut cells = vec![view.tk("level", &level.replace('_', "-")).into_owned()];
        // Nothing was ever the matter with it.
        let measured = board.measured(id).filter(|component| component.since.0 > 0);
        let since = measured.map(|component| view.time(&component.since.0));
        cells.push(since.unwrap_or_default());
        let ours = app.providers.find(id).map(|entry| entry.health.read(now));
        cells.push(match ours {
            Some(reading) if reading.ours && reading.state != Health::Ok => view.t("staff-ours").into_owned(),
            _ => String::new(),
        });
        Row { name: component_name(view, id), cells }
    };
    app.component_names().iter().map(row).collect()
}

/// The five commonest causes of the last day as bars, the rest as a sixth.
fn failures(view: &View<'_>, seen: &Overview) -> (String, i64, Vec<Legend>) {
    let last = view.context.now.0 / 3_600_000;
    let first = last - i64::try_from(HOURS).unwrap_or(24) + 1;
    let mut totals: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, cause, count) in &seen.by_hour {
        *totals.entry(cause).or_default() += count;
    }
    let mut ranked: Vec<(&str, i64)> = totals.into_iter().collect();
    ranked.sort_by_key(|(cause, count)| (std::cmp::Reverse(*count), *cause));
    let named: Vec<&str> = ranked.iter().take(COLOURS.len() - 1).map(|(cause, _)| *cause).collect();
    let mut series: Vec<Series> = (0..=named.len()).map(|_| Series { values: vec![0; HOURS] }).collect();
    for (hour, cause, count) in &seen.by_hour {
        let place = named.iter().position(|name| name == cause).unwrap_or(named.len());
        if let Some(value) = usize::try_from(hour - first).ok().and_then(|at| series[place].values.get_mut(at)) {
            *value += count;
        }
    }
    let rest: i64 = ranked.iter().skip(named.len()).map(|(_, count)| count).sum();
    let mut legend: Vec<Legend> = named
        .iter()
        .enumerate()
        .map(|(place, cause)| Legend {
            colour: format!("c{place}"),
            cause: (*cause).to_owned(),
            name: title(view, cause),
            count: ranked[place].1,
        })
        .collect();
    if rest > 0 {
        legend.push(Legend {
            colour: format!("c{}", named.len()),
            cause: String::new(),
            name: view.t("staff-rest").into_owned(),
            count: rest,
        });
    }
    let most = (0..HOURS).map(|hour| series.iter().map(|one| one.values[hour]).sum()).max().unwrap_or(0);
    (stacked(&series, HOURS), most, legend)
}
