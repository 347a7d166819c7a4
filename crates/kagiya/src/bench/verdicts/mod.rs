//! `kagiya bench verdicts`: how often the diagnosis is right, on scenarios that are driven
//! against a running server.

mod browser;
mod drive;
mod fit;
mod notice;
mod person;
mod report;
mod scenario;
mod town;
mod worlds;

use std::path::PathBuf;

use futures_util::{StreamExt, stream};
use kagiya_domain::{Evidence, Timestamp, diagnosis::Verdict, reference::Reference};
use kagiya_flows::check::why;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

use self::{
    drive::{Run, Stage},
    person::Journey,
    report::{Outcome, report},
    scenario::{Scenario, ServerKind},
};
use super::{child::Child, progress, seed::Folder};
use crate::{
    Failure,
    cli::Flags,
    config::Config,
    open,
    outside::{SystemClock, SystemDice},
};

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Folders of scenarios.
    pub(crate) scenarios: Vec<PathBuf>,
    /// So many worlds that are put together by chance, from this seed.
    pub(crate) generate: Option<(usize, u64)>,
    pub(crate) json: bool,
    /// Only scenarios whose names hold this.
    pub(crate) only: Option<String>,
    /// Whether to fit the weights.
    pub(crate) fit: bool,
}

impl Plan {
    /// What is driven, and whether it is made up.
    fn sets(&self) -> Result<Vec<(bool, Vec<Scenario>)>, Failure> {
        let mut sets = Vec::new();
        let mut folders = self.scenarios.clone();
        if folders.is_empty() && self.generate.is_none() {
            folders.push("bench/scenarios".into());
        }
        for folder in folders {
            sets.push((false, scenario::read(&folder)?));
        }
        if let Some((count, seed)) = self.generate {
            progress(&format!("{count} worlds of seed {seed}"));
            sets.push((true, worlds::generate(seed, count)));
        }
        if let Some(only) = &self.only {
            for (_, scenarios) in &mut sets {
                scenarios.retain(|scenario| scenario.name.contains(only.as_str()));
            }
            sets.retain(|(_, scenarios)| !scenarios.is_empty());
            if sets.is_empty() {
                return Err(Failure::Usage(format!("--only {only}: no scenario's name has this in it")));
            }
        }
        Ok(sets)
    }
}

fn now_ms() -> i64 {
    use kagiya_flows::Clock;
    let Timestamp(now) = SystemClock::new().now();
    now
}

/// A seed that nobody has tuned on.
pub(crate) fn fresh_seed() -> u64 {
    use kagiya_flows::Dice;
    let mut bytes = [0; 4];
    SystemDice.fill(&mut bytes);
    u64::from(u32::from_le_bytes(bytes))
}

/// So many made-up worlds share a server,
const CROWD: usize = 12;
/// and so many servers run at once.
const AT_ONCE: usize = 64;

/// So many tenths of a second at most are waited for what is found out after the answer.
const WAITS: usize = 80;

/// Runs every scenario and prints what came of it.
pub(crate) async fn run(plan: Plan) -> Result<(), Failure> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for (made_up, scenarios) in plan.sets()? {
        outcomes.extend(drive_all(scenarios, made_up).await?);
    }
    report(&outcomes, plan.json);
    if plan.fit {
        fit::propose(&outcomes);
    }
    let broken = outcomes.iter().filter(|outcome| outcome.trouble.is_some()).count();
    if broken > 0 { Err(Failure::Failed(format!("{broken} scenarios could not be driven"))) } else { Ok(()) }
}

async fn drive_all(mut scenarios: Vec<Scenario>, made_up: bool) -> Result<Vec<Outcome>, Failure> {
    // Worlds that are made up are many at once: what one crowd of them fails by must not be another's weather.
    let mut crowds: Vec<(ServerKind, &[Scenario])> = Vec::new();
    scenarios.sort_by_key(|scenario| scenario.server);
    for own in scenarios.chunk_by(|one, next| one.server == next.server) {
        let kind = own.first().map(|scenario| scenario.server).unwrap_or_default();
        crowds.extend(own.chunks(if made_up { CROWD } else { own.len() }).map(|some| (kind, some)));
    }
    let all = crowds.len();
    let each = crowds.into_iter().enumerate().map(|(nth, (kind, some))| async move {
        progress(&format!("{} of {all}: {} scenarios on the {kind:?} server", nth + 1, some.len()));
        on_one_server(kind, some, made_up).await
    });
    // They wait for mails and clocks more than they work.
    let done: Vec<_> = stream::iter(each).buffered(AT_ONCE).collect().await;
    Ok(done.into_iter().collect::<Result<Vec<_>, Failure>>()?.into_iter().flatten().collect())
}

async fn on_one_server(kind: ServerKind, scenarios: &[Scenario], made_up: bool) -> Result<Vec<Outcome>, Failure> {
    let folder = Folder::new()?;
    let (server, stage) = stage(&folder, kind, made_up).await?;
    let mut outcomes = Vec::new();
    for (number, scenario) in scenarios.iter().enumerate() {
        outcomes.push(drive(&stage, number, scenario).await);
    }
    stage.app.hashing.stop();
    stage.app.store.close().await;
    server.stop().await;
    Ok(outcomes)
}

async fn stage(folder: &Folder, kind: ServerKind, cheap: bool) -> Result<(Child, Stage), Failure> {
    let data = folder.path();
    let mail = match kind {
        ServerKind::Plain | ServerKind::Town => format!("file:{}", data.join("mail").display()),
        ServerKind::Refusing => format!("smtp://{}", refusing_mail_server(b"550 5.1.1 no such mailbox\r\n").await?),
        ServerKind::Full => format!("smtp://{}", refusing_mail_server(b"452 4.2.2 the mailbox is full\r\n").await?),
        ServerKind::Slow => {
            // A port that nobody listens on.
            let free = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
            format!("smtp://{free}")
        }
    };
    // A port that nobody listens on.
    let town = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let at = town.to_string();
    let settings = data.join("kagiya.toml");
    // A hash that costs nothing tells the same passwords apart.
    let text = if cheap { "[password]\nargon2_memory_kib = 64\nargon2_passes = 1\n" } else { "" };
    std::fs::write(&settings, text)?;
    let named = settings.display().to_string();
    let mut words = vec!["--config", &named, "--mail", &mail, "--trusted-proxy", "127.0.0.1"];
    if kind == ServerKind::Town {
        words.extend(["demo", "--town", &at]);
    }
    let server = Child::serve_with(data, &words).await?;
    let flags = Flags { data: Some(data.to_path_buf()), config: Some(settings), ..Flags::default() };
    let app = open::beside(&Config::read(&flags)?).await?;
    let stage = Stage { address: server.address, app, mail: data.join("mail"), town };
    Ok((server, stage))
}

/// A mail server that takes no mail for anybody (RFC 5321 3.3): all that is needed of one here.
async fn refusing_mail_server(refusal: &'static [u8]) -> Result<std::net::SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (read, mut write) = stream.split();
                let mut lines = BufReader::new(read).lines();
                let _ = write.write_all(b"220 bench\r\n").await;
                while let Ok(Some(line)) = lines.next_line().await {
                    let answer: &[u8] = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
                        "RCPT" => refusal,
                        "QUIT" => b"221 bye\r\n",
                        _ => b"250 ok\r\n",
                    };
                    if write.write_all(answer).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    Ok(address)
}

async fn drive(stage: &Stage, number: usize, scenario: &Scenario) -> Outcome {
    let mut outcome = Outcome {
        name: scenario.name.clone(),
        truth: scenario.truth.clone(),
        or: scenario.or.clone(),
        author: scenario.author.clone(),
        advice: None,
        can_get_in: scenario.knows.as_ref().is_some_and(|knows| knows.can_get_in),
        journey: None,
        steps: scenario.steps.iter().map(|step| step.join(" ")).collect(),
        cause: String::new(),
        candidates: Vec::new(),
        evidence: Vec::new(),
        loads: None,
        trouble: None,
    };
    match try_drive(stage, number, scenario).await {
        Ok((said, loads, journey)) => {
            outcome.advice = judge(scenario, &said);
            outcome.cause = said.cause;
            outcome.candidates = said.candidates;
            outcome.evidence = said.evidence;
            outcome.loads = loads;
            outcome.journey = journey;
        }
        Err(Failure::Usage(words) | Failure::Failed(words)) => outcome.trouble = Some(words),
    }
    outcome
}

/// A verdict, by the words of the wire.
struct Said {
    cause: String,
    candidates: Vec<(String, f32)>,
    steps: Vec<String>,
    /// What it was said of, where that is known.
    evidence: Vec<Evidence>,
}

impl Said {
    fn of(verdict: &Verdict, evidence: Vec<Evidence>) -> Self {
        Self {
            evidence,
            cause: verdict.cause.slug().to_owned(),
            candidates: verdict.candidates.iter().map(|c| (c.cause.slug().to_owned(), c.confidence)).collect(),
            steps: verdict.steps.iter().map(|step| step.id().to_owned()).collect(),
        }
    }
}

async fn try_drive(
    stage: &Stage,
    number: usize,
    scenario: &Scenario,
) -> Result<(Said, Option<u32>, Option<Journey>), Failure> {
    let mut run = Run::begin(stage, number).await?;
    let mut driven = Ok(());
    for step in &scenario.steps {
        driven = run.step(step).await;
        if driven.is_err() {
            break;
        }
    }
    run.mend().await?;
    run.take_down().await?;
    driven?;
    let page = &run.browser().page;
    let reference = page
        .reference()
        .as_deref()
        .and_then(Reference::parse)
        .ok_or_else(|| Failure::Failed(format!("the last page has no reference (status {})", page.status)))?;
    let mut report = why::report(&stage.app, &reference).await?;
    if report.is_none() {
        // What the edge refuses is kept after its answer.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        report = why::report(&stage.app, &reference).await?;
    }
    // What is found out after the answer is part of it.
    for _ in 0..WAITS {
        if !report.as_ref().is_some_and(|report| report.pending) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        report = why::report(&stage.app, &reference).await?;
    }
    let said = match report {
        Some(report) => Said::of(&report.verdict, report.evidence),
        // Nothing is kept of who only opens a page: what it says there is all there is.
        None if run.browser().opened => run.browser().page.said(),
        None => return Err(Failure::Failed(format!("{reference} is not known"))),
    };
    if let Some(knows) = &scenario.knows {
        let journey = person::follow(&mut run, knows).await?;
        return Ok((said, None, Some(journey)));
    }
    if scenario.cure.is_empty() {
        return Ok((said, None, None));
    }
    let before = run.browser().loads;
    for step in &scenario.cure {
        run.step(step).await?;
    }
    let loads = run.browser().loads - before;
    if !run.browser().is_in().await? {
        return Err(Failure::Failed("the cure did not lead to My Page".into()));
    }
    Ok((said, Some(loads), None))
}

/// Whether what staff sees advised is good, where the story says what is.
fn judge(scenario: &Scenario, said: &Said) -> Option<Result<(), String>> {
    if scenario.first.is_empty() && scenario.never.is_empty() {
        return None;
    }
    let steps = &said.steps;
    if let Some(harm) = steps.iter().find(|step| scenario.never.contains(step)) {
        return Some(Err(format!("advises {harm}")));
    }
    let fine = scenario.first.is_empty() || steps.first().is_some_and(|first| scenario.first.contains(first));
    Some(if fine { Ok(()) } else { Err(format!("advises {} first", steps.first().map_or("nothing", String::as_str))) })
}
