//! Steps of scenarios on the platform's side: incidents, maintenance, slices.

use std::time::Duration;

use kagiya_domain::{
    Span,
    notice::{Door, Impact, Kind, Notice, Stage, Wrong},
};
use kagiya_flows::{
    Fault,
    staff::agent::Agent,
    status::notices::{self, Change, Report, Text, Window},
};

use super::drive::Run;
use crate::{Failure, bench::load::once};

impl Run<'_> {
    /// Does one step on the platform's side; `false` when it is none.
    pub(super) async fn platform_step(&mut self, what: &str, rest: &[String]) -> Result<bool, Failure> {
        let word = |n: usize| rest.get(n).map(String::as_str).unwrap_or_default();
        let app = &self.stage.app;
        let report = |impact, stage, components: Vec<String>| Report {
            text: Text { message: "a fault for practice".into(), ..Text::default() },
            impact,
            stage,
            components,
            since: None,
            next_update: None,
        };
        let components = || word(1).split_whitespace().map(str::to_owned).collect();
        let act = match what {
            "incident" => {
                let impact = Impact::parse(word(0)).ok_or_else(|| Failure::Usage(format!("impact {rest:?}")))?;
                notices::open(app, report(impact, Stage::Investigating, components()), "", &Agent::command_line()).await
            }
            "slice" => {
                let report = report(Impact::Minor, Stage::Investigating, Vec::new());
                notices::open(app, report, word(0), &Agent::command_line()).await
            }
            "proposal" => {
                let report = report(Impact::Major, Stage::Proposed, vec![word(0).to_owned()]);
                notices::open(app, report, "", &Agent::command_line()).await
            }
            "maintenance" => {
                let door = Door::parse(word(0)).ok_or_else(|| Failure::Usage(format!("door {rest:?}")))?;
                let text = Text { message: "work for practice".into(), ..Text::default() };
                let (begins, ends) = (app.now(), app.now().plus(Span::hours(1)));
                notices::plan(app, Window { text, begins, ends, door, components: Vec::new() }, &Agent::command_line())
                    .await
            }
            "resolve" => {
                self.take_down().await?;
                return Ok(true);
            }
            _ => return Ok(false),
        };
        let notice = kept(act)?;
        if notice.stage.is_public() {
            self.told(&notice.id, true).await?;
        }
        self.notices.push(notice);
        Ok(true)
    }

    /// Ends every notice of this scenario, so that none makes another's weather.
    pub(super) async fn take_down(&mut self) -> Result<(), Failure> {
        for notice in std::mem::take(&mut self.notices) {
            let stage = match (notice.kind, notice.stage) {
                (Kind::Maintenance, _) => Stage::Completed,
                (Kind::Incident, Stage::Proposed) => Stage::Dismissed,
                (Kind::Incident, _) => Stage::Resolved,
            };
            let (id, public) = (notice.id.clone(), notice.stage.is_public());
            let change = Change { stage: Some(stage), ..Change::default() };
            kept(notices::change(&self.stage.app, notice, change, &Agent::command_line()).await)?;
            if public {
                self.told(&id, false).await?;
            }
        }
        Ok(())
    }

    /// Waits until the server tells, or no longer tells, of a notice.
    async fn told(&self, id: &str, wanted: bool) -> Result<(), Failure> {
        for _ in 0..100 {
            let body = once(self.stage.address, b"GET /api/v2/summary.json HTTP/1.1\r\nHost: bench\r\n\r\n").await?;
            if String::from_utf8_lossy(&body).contains(id) == wanted {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(Failure::Failed(format!("the board did not change for {id}")))
    }
}

fn kept(act: Result<Result<Notice, Wrong>, Fault>) -> Result<Notice, Failure> {
    act?.map_err(|wrong| Failure::Failed(format!("{wrong:?}")))
}
