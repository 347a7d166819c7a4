//! `kagiya bench`: the figures, each beside its limit measured in the same run.

mod child;
mod dearest;
mod external;
mod hello;
mod hostile;
mod load;
mod platform;
mod raw;
mod report;
mod seed;
mod sessions;
mod timing;
mod verdicts;
mod week;

use std::{net::SocketAddr, time::Duration};

use serde_json::Value;

pub(crate) use hello::run as run_hello;

use self::{child::Child, load::Load, report::Report};
use crate::{Failure, cli::Measure, output::say};

/// What to measure.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) accounts: Vec<u64>,
    pub(crate) seconds: u64,
    pub(crate) json: bool,
}

const CHECKERS: usize = 32;
const FLOOD: usize = 64;
/// Turns that a figure and its limit take, one after the other: many short ones, for the machine drifts within seconds.
const ROUNDS: u32 = 6;

/// Measures what was asked for; without a word for it, speed and memory.
pub(crate) async fn measure(what: Option<Measure>, plan: Plan) -> Result<(), Failure> {
    match what {
        Some(Measure::Verdicts { scenarios, generate, seed, only, fit, json }) => {
            let generate = generate.map(|count| (count, seed.unwrap_or_else(verdicts::fresh_seed)));
            verdicts::run(verdicts::Plan { scenarios, generate, json, only, fit }).await
        }
        Some(Measure::Hostile { seconds, json }) => hostile::run(seconds, json).await,
        Some(Measure::External { json }) => external::run(json).await,
        Some(Measure::Platform { seconds, postgres, json }) => platform::run(seconds, postgres, json).await,
        Some(Measure::Sessions { seconds, postgres, json }) => sessions::run(seconds, postgres, json).await,
        None => run(plan).await,
    }
}

/// Measures everything, in one run on one machine.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each kind of bench")]
async fn run(plan: Plan) -> Result<(), Failure> {
    let time = Duration::from_secs(plan.seconds);
    let turn = time.mul_f64(1.5) / ROUNDS;
    let mut report = Report::default();
    let threads = std::thread::available_parallelism().map_or(2, usize::from);

    progress("verdicts on one core");
    let verdicts = raw::verdicts(time.min(Duration::from_secs(2)));
    report.add("verdicts_per_second", verdicts, Some(200_000.0), "a floor, not measured");

    progress("cold start");
    let (first, again) = child::cold_starts().await?;
    report.add_at_most("ready_first_start_ms", first, 150.0);
    report.add_at_most("ready_later_start_ms", again, 150.0);

    let hello = Child::hello().await?;
    let get = |path: &str, extra: &str| format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{extra}\r\n").into_bytes();

    let mut by_size = Vec::new();
    for accounts in &plan.accounts {
        progress(&format!("{accounts} accounts: making them"));
        let seeded = seed::make(*accounts).await?;
        report.add_at_most(&format!("bytes_per_account_at_{accounts}"), seeded.bytes_per_account(), 1_024.0);
        let server = Child::serve(seeded.folder()).await?;
        // The server has tried itself, and given the arenas back.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let idle = server.memory_mib();
        if by_size.is_empty() {
            report.add_at_most("memory_idle_mib", idle, 40.0);
        }
        let cookie = format!("Cookie: kagiya_session={}\r\n", sign_in_once(server.address, &seeded.login(0)).await?);

        progress(&format!("{accounts} accounts: session checks and pages beside a bare hyper server"));
        // The machine drifts: each figure and its limit are taken in turn.
        let (check, page) = (vec![get("/auth/check", &cookie)], vec![get("/sign-in", "")]);
        let (mut limit, mut checks, mut pages) = (Mean::default(), Mean::default(), Mean::default());
        let mut alone = Vec::new();
        for _ in 0..ROUNDS {
            limit.add(Load::new(hello.address, CHECKERS, vec![get("/", "")]).run(turn).await?.per_second());
            let outcome = Load::new(server.address, CHECKERS, check.clone()).run(turn).await?;
            checks.add(outcome.per_second());
            alone.push(outcome);
            pages.add(Load::new(server.address, CHECKERS, page.clone()).run(turn).await?.per_second());
        }
        let (limit, page) = (limit.value(), pages.value());

        progress(&format!("{accounts} accounts: raw hashes and sign-ins"));
        let (mut hashes, mut sign_ins, mut refused) = (Mean::default(), Mean::default(), 0.0);
        for round in 0..u64::from(ROUNDS) {
            // Half of the limit before and half after: a machine that grows faster or slower favours neither.
            hashes.add(raw::hashes(threads, turn / 2));
            let share = 6_000 / u64::from(ROUNDS);
            let signing: Vec<Vec<u8>> =
                (round * share..(round + 1) * share).map(|n| sign_in_request(&seeded.login(n))).collect();
            let outcome = Load::new(server.address, FLOOD, signing).run(turn).await?;
            sign_ins.add(outcome.per_second());
            refused += outcome.others();
            hashes.add(raw::hashes(threads, turn / 2));
        }
        let (hashes, sign_ins) = (hashes.value(), sign_ins.value());

        progress(&format!("{accounts} accounts: checks during a flood of {FLOOD} sign-ins"));
        // Other accounts: a second sign-in from an unknown device would mail its owner.
        let flooding: Vec<Vec<u8>> = (6_000..9_600).map(|n| sign_in_request(&seeded.login(n))).collect();
        let flood = Load::new(server.address, FLOOD, flooding);
        let calm = Load::new(server.address, 2, check).paced(Duration::from_millis(2));
        let (flooded, calm) = tokio::join!(flood.run(time), calm.run(time));
        let (flooded, calm) = (flooded?, calm?);
        let peak = server.peak_mib();

        if by_size.is_empty() {
            report.add("session_checks_per_second", checks.value(), Some(limit), "a bare hyper server's");
            report.want("session_checks_per_second", 0.80);
            report.add("sign_in_pages_per_second", page, Some(limit), "a bare hyper server's");
            report.want("sign_in_pages_per_second", 0.50);
            report.add(
                "sign_ins_per_second",
                sign_ins,
                Some(hashes),
                "raw Argon2id hashes, same parameters and threads",
            );
            report.want("sign_ins_per_second", 0.92);
            report.add_plain("sign_ins_refused", refused);
            for (name, share) in [("check_p50_alone_ms", 0.50), ("check_p99_alone_ms", 0.99)] {
                let mean: Mean = alone.iter().map(|outcome| outcome.percentile(share)).collect();
                report.add_plain(name, mean.value());
            }
            report.add_plain("check_p50_in_flood_ms", calm.percentile(0.50));
            report.add_at_most("check_p99_in_flood_ms", calm.percentile(0.99), 10.0);
            report.add_plain("flood_sign_ins_per_second", flooded.per_second());
            let arenas = 19.0 * f64::from(u32::try_from(threads).unwrap_or(2));
            report.add_at_most("memory_flood_above_arenas_mib", peak - arenas, 60.0);
            progress("timing of known against unknown logins");
            let (gap, known, unknown) = timing::wrong_passwords(server.address, &seeded).await?;
            report.add_plain("timing_known_p50_ms", known);
            report.add_plain("timing_unknown_p50_ms", unknown);
            report.add_at_most("timing_ks_distance", gap, 0.136);
        }
        by_size.push((*accounts, sign_ins / hashes, checks.value() / limit));
        server.stop().await;
    }
    if let ([first, .., last], true) = (by_size.as_slice(), by_size.len() > 1) {
        report.add(&format!("sign_in_share_at_{}", last.0), last.1, Some(first.1), "the share at the smaller size");
        report.want(&format!("sign_in_share_at_{}", last.0), 0.95);
        report.add(&format!("check_share_at_{}", last.0), last.2, Some(first.2), "the share at the smaller size");
        report.want(&format!("check_share_at_{}", last.0), 0.95);
    }
    if plan.json {
        say(&report.json().to_string())
    } else {
        report.print()
    }
    Ok(())
}

/// The mean of some rounds.
#[derive(Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, value: f64) {
        self.sum += value;
        self.count += 1.0;
    }

    fn value(&self) -> f64 {
        self.sum / self.count.max(1.0)
    }
}

impl FromIterator<f64> for Mean {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut mean = Self::default();
        values.into_iter().for_each(|value| mean.add(value));
        mean
    }
}

fn progress(what: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr().lock(), "bench: {what}");
}

fn sign_in_request(login: &str) -> Vec<u8> {
    request(login, seed::PASSWORD)
}

fn request(login: &str, password: &str) -> Vec<u8> {
    post_json("/api/v1/sign-in", &serde_json::json!({ "login": login, "password": password }))
}

async fn sign_in_once(address: SocketAddr, login: &str) -> Result<String, Failure> {
    let body = serde_json::json!({ "login": login, "password": seed::PASSWORD, "token": true });
    let answer = load::once(address, &post_json("/api/v1/sign-in", &body)).await?;
    let value: Value = serde_json::from_slice(&answer)?;
    value["session"]["token"]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| Failure::Failed(format!("the sign-in of the bench was refused: {value}")))
}

/// A request with JSON.
fn post_json(path: &str, body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
