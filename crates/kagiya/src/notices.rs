//! `kagiya maintenance …` and `kagiya incident …`.

use kagiya_domain::notice::{Impact, Kind, Notice, Stage, Wrong};
use kagiya_flows::time::rfc3339;
use kagiya_flows::{
    App,
    staff::agent::Agent,
    status::notices::{self as acts, Change, Report, Window},
};
use kagiya_text::{Arg, Lang};
use serde_json::Value;

use crate::{
    Failure,
    config::Config,
    notice_args::{Incident, Maintenance, Told},
    open,
    output::say,
};

pub(crate) async fn maintenance(config: &Config, order: Maintenance) -> Result<(), Failure> {
    let app = open::beside(config).await?;
    let (act, json) = match order {
        Maintenance::Start { ends, begins, words, mode, components, json } => {
            let begins = begins.map_or_else(|| app.now(), |at| at.0);
            let window = Window { text: words.into(), begins, ends: ends.0, door: mode.into(), components };
            (acts::plan(&app, window, &Agent::command_line()).await?, json)
        }
        Maintenance::Extend { id, ends, told, json } => {
            let change = Change { ends: Some(ends.0), ..telling(told) };
            (change_one(&app, Kind::Maintenance, &id, change).await?, json)
        }
        Maintenance::End { id, told, json } => {
            let change = Change { stage: Some(Stage::Completed), ..telling(told) };
            (change_one(&app, Kind::Maintenance, &id, change).await?, json)
        }
        Maintenance::List { all, json } => return list(&app, Kind::Maintenance, all, json).await,
    };
    show(&app, act, json)
}

pub(crate) async fn incident(config: &Config, order: Incident) -> Result<(), Failure> {
    let app = open::beside(config).await?;
    let (act, json) = match order {
        Incident::Open { words, impact, status, components, since, next_update, json } => {
            let report = Report {
                text: words.into(),
                impact: impact.into(),
                stage: status.into(),
                components,
                since: since.map(|at| at.0),
                next_update: next_update.map(|at| at.0),
            };
            (acts::open(&app, report, "", &Agent::command_line()).await?, json)
        }
        Incident::Update { id, message, message_en, status, impact, components, next_update, json } => {
            let found = acts::find(&app, Kind::Incident, &id).await?;
            let proposed = found.as_ref().is_ok_and(|notice| notice.stage == Stage::Proposed);
            let change = Change {
                stage: status.map(Stage::from).or(proposed.then_some(Stage::Investigating)),
                impact: impact.map(Impact::from),
                components: (!components.is_empty()).then_some(components),
                ends: None,
                next_update: next_update.map(|at| at.0),
                message,
                message_en,
            };
            (change_one(&app, Kind::Incident, &id, change).await?, json)
        }
        Incident::Resolve { id, told, json } => {
            let change = Change { stage: Some(Stage::Resolved), ..telling(told) };
            (change_one(&app, Kind::Incident, &id, change).await?, json)
        }
        Incident::Publish { id, json } => {
            let change = Change { stage: Some(Stage::Investigating), ..Change::default() };
            (change_one(&app, Kind::Incident, &id, change).await?, json)
        }
        Incident::Dismiss { id, json } => {
            let change = Change { stage: Some(Stage::Dismissed), ..Change::default() };
            (change_one(&app, Kind::Incident, &id, change).await?, json)
        }
        Incident::Merge { id, into, json } => {
            let one = acts::find(&app, Kind::Incident, &id).await?;
            let into = acts::find(&app, Kind::Incident, &into).await?;
            let act = match (one, into) {
                (Ok(one), Ok(into)) => acts::merge(&app, one, &into, &Agent::command_line()).await?,
                (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
            };
            (act, json)
        }
        Incident::List { all, json } => return list(&app, Kind::Incident, all, json).await,
    };
    show(&app, act, json)
}

/// A change that says this much.
fn telling(told: Told) -> Change {
    Change { message: told.message, message_en: told.message_en, ..Change::default() }
}

async fn change_one(app: &App, kind: Kind, id: &str, change: Change) -> Result<Result<Notice, Wrong>, Failure> {
    Ok(match acts::find(app, kind, id).await? {
        Ok(notice) => acts::change(app, notice, change, &Agent::command_line()).await?,
        Err(wrong) => Err(wrong),
    })
}

fn show(app: &App, act: Result<Notice, Wrong>, json: bool) -> Result<(), Failure> {
    match act {
        Ok(notice) if json => say(&acts::to_json(&notice, app.now()).to_string()),
        Ok(notice) => say(&line(app, &notice)),
        Err(wrong) => {
            let why = app.words.format(Lang::En, wrong.key, &[("value", Arg::from(wrong.value.as_str()))]);
            let flag = if wrong.field == "components" { "component".to_owned() } else { wrong.field.replace('_', "-") };
            let words = if wrong.field == "id" { why } else { format!("--{flag}: {why}") };
            return Err(Failure::Usage(words));
        }
    }
    Ok(())
}

async fn list(app: &App, kind: Kind, all: bool, json: bool) -> Result<(), Failure> {
    let notices = acts::list(app).await?;
    let wanted = notices.iter().filter(|notice| notice.kind == kind && (all || !notice.stage.is_over()));
    if json {
        say(&Value::from(wanted.map(|notice| acts::to_json(notice, app.now())).collect::<Vec<_>>()).to_string());
        return Ok(());
    }
    for notice in wanted {
        say(&line(app, notice));
    }
    Ok(())
}

fn line(app: &App, notice: &Notice) -> String {
    let until = notice.ends_at.map(|at| format!(" to {}", rfc3339(at))).unwrap_or_default();
    let stage = notice.stage_at(app.now()).as_str();
    let slice = if notice.slice.is_empty() { String::new() } else { format!("  [{}]", notice.slice) };
    format!("{}  {stage:<13} {}{until}  {}{slice}", notice.id, rfc3339(notice.begins_at), notice.title)
}
