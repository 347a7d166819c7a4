//! `kagiya bench sessions`: what session checks are worth while sessions end, on two servers.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use kagiya_domain::{Span, Timestamp, session::EndReason};
use kagiya_flows::{Clock, Dice, keys::sha256};
use kagiya_store::{self as store, Location, PoolSize, Store, session::NewSession};
use uuid::Uuid;

use super::{Mean, child::Child, load, load::Load, progress, report::Report, seed};
use crate::{
    Failure,
    output::say,
    outside::{SystemClock, SystemDice},
};

/// Sessions that are checked, and go on.
const KEPT: usize = 1_000;
/// Connections to each server that check them.
const CHECKERS: usize = 16;
/// Sign-outs a second.
const SIGN_OUTS: u32 = 40;
/// Sessions of an account that is locked; as many accounts are a second as there are sign-outs.
const SESSIONS: usize = 25;
/// The machine drifts: what is compared is taken in turn.
const ROUNDS: u32 = 3;

/// Measures SQLite with one server, and PostgreSQL with two when there is a database.
pub(crate) async fn run(seconds: u64, postgres: Option<String>, json: bool) -> Result<(), Failure> {
    let time = Duration::from_secs(seconds);
    let mut report = Report::default();
    progress("SQLite, one server");
    let folder = seed::Folder::new()?;
    let location = Location::Sqlite(folder.path().join("kagiya.db"));
    measure(&mut report, "sqlite", folder.path(), &location, &[&[]], time).await?;
    match postgres {
        Some(url) => {
            progress("PostgreSQL, two servers");
            let folder = seed::Folder::new()?;
            let location: Location = url.parse().map_err(|why| Failure::Usage(format!("--postgres: {why}")))?;
            let flags = ["--database", url.as_str()];
            measure(&mut report, "postgres", folder.path(), &location, &[&flags, &flags], time).await?;
        }
        None => progress("not measured: two servers want --postgres URL of an empty database"),
    }
    if json {
        say(&report.json().to_string())
    } else {
        report.print()
    }
    Ok(())
}

/// Something that is done at a rate until it is told to stop.
fn at_a_rate<F>(stop: &Arc<AtomicBool>, mut work: impl FnMut() -> Option<F>) -> impl Future<Output = Vec<f64>>
where
    F: Future<Output = Result<f64, Failure>> + Send + 'static,
{
    let stop = Arc::clone(stop);
    async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / SIGN_OUTS);
        let mut begun = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            ticks.tick().await;
            begun.extend(work().map(tokio::spawn));
        }
        let mut times = Vec::new();
        for task in begun {
            if let Ok(Ok(time)) = task.await {
                times.push(time);
            }
        }
        times.sort_by(f64::total_cmp);
        times
    }
}

#[expect(clippy::too_many_arguments, reason = "one measurement")]
async fn measure(
    report: &mut Report,
    name: &str,
    folder: &Path,
    location: &Location,
    servers: &[&[&str]],
    time: Duration,
) -> Result<(), Failure> {
    let store = Store::open(location, true, PoolSize::default()).await?;
    let turns = ROUNDS * u32::try_from(time.as_secs() + 2).unwrap_or(u32::MAX) * SIGN_OUTS;
    let seeded = Sessions::make(&store, turns).await?;
    let mut children = Vec::new();
    for flags in servers {
        children.push(Child::serve_with(folder, flags).await?);
    }
    let addresses: Vec<SocketAddr> = children.iter().map(|child| child.address).collect();
    // Each has seen the others, and tried itself.
    tokio::time::sleep(Duration::from_secs(9)).await;
    let (mut signing_out, mut locking) = (seeded.leaving.iter(), seeded.accounts.iter());
    let (mut quiet, mut beside, mut flooded) = (Mean::default(), Mean::default(), Mean::default());
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        quiet.add(check(&addresses, &seeded.kept, time).await?);
        let stop = Arc::new(AtomicBool::new(false));
        let mut turn = 0;
        let sign_outs = at_a_rate(&stop, || {
            turn += 1;
            Some(sign_out(addresses[turn % addresses.len()], signing_out.next()?.clone()))
        });
        let (checks, times) = tokio::join!(until(&stop, check(&addresses, &seeded.kept, time)), sign_outs);
        beside.add(checks?);
        took.extend(times);
        let stop = Arc::new(AtomicBool::new(false));
        let locks = at_a_rate(&stop, || Some(end_all(store.clone(), *locking.next()?)));
        let (checks, _) = tokio::join!(until(&stop, check(&addresses, &seeded.kept, time)), locks);
        flooded.add(checks?);
    }
    took.sort_by(f64::total_cmp);
    let quiet = quiet.value();
    report.add_plain(&format!("{name}_checks_per_second"), quiet);
    let figure = format!("{name}_checks_beside_{SIGN_OUTS}_sign_outs");
    report.add(&figure, beside.value(), Some(quiet), "the same in quiet");
    report.want(&figure, 0.8);
    let figure = format!("{name}_checks_beside_1000_endings");
    report.add(&figure, flooded.value(), Some(quiet), "the same in quiet; ended by the account, 25 at a time");
    report.want(&figure, 0.8);
    report.add_at_most(&format!("{name}_sign_out_median_ms"), load::share_of(&took, 0.5), 100.0);
    report.add_at_most(&format!("{name}_sign_out_p99_ms"), load::share_of(&took, 0.99), 100.0);
    report.add_plain(&format!("{name}_sign_outs"), f64::from(u32::try_from(took.len()).unwrap_or(0)));
    for child in children {
        child.stop().await;
    }
    store.close().await;
    Ok(())
}

async fn until<T>(stop: &AtomicBool, work: impl Future<Output = T>) -> T {
    let done = work.await;
    stop.store(true, Ordering::Relaxed);
    done
}

/// Good answers a second of all servers together; any other answer is a failure.
async fn check(addresses: &[SocketAddr], tokens: &[String], time: Duration) -> Result<f64, Failure> {
    let checks: Vec<Vec<u8>> = tokens.iter().map(|token| request("GET", "/auth/check", token)).collect();
    let loads = addresses.iter().map(|address| Load::new(*address, CHECKERS, checks.clone()).run(time));
    let mut sum = 0.0;
    for outcome in futures_util::future::join_all(loads).await {
        let outcome = outcome?;
        if outcome.others() > 0.0 {
            return Err(Failure::Failed(format!("{} checks of running sessions were refused", outcome.others())));
        }
        sum += outcome.per_second();
    }
    Ok(sum)
}

fn request(method: &str, path: &str, token: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n").into_bytes()
}

/// Signs out; how long it took, in milliseconds.
#[allow(clippy::disallowed_methods, reason = "the bench measures real time")]
async fn sign_out(address: SocketAddr, token: String) -> Result<f64, Failure> {
    let begun = Instant::now();
    load::once(address, &request("DELETE", "/api/v1/session", &token)).await?;
    Ok(begun.elapsed().as_secs_f64() * 1_000.0)
}

/// Ends all sessions of an account, as locking it does.
#[allow(clippy::disallowed_methods, reason = "the bench measures real time")]
async fn end_all(store: Store, account: Uuid) -> Result<f64, Failure> {
    let (begun, now) = (Instant::now(), SystemClock::new().now());
    let end = store.write(move |conn| {
        async move { store::session::end_all(conn, account, None, EndReason::AccountState, now).await }.boxed()
    });
    let _ = end.await?;
    Ok(begun.elapsed().as_secs_f64() * 1_000.0)
}

/// What is checked, signed out and ended.
struct Sessions {
    kept: Vec<String>,
    leaving: Vec<String>,
    accounts: Vec<Uuid>,
}

impl Sessions {
    /// `turns` to sign out, as many accounts to end.
    async fn make(store: &Store, turns: u32) -> Result<Self, Failure> {
        let mut made = Self { kept: Vec::new(), leaving: Vec::new(), accounts: Vec::new() };
        let turns = usize::try_from(turns).unwrap_or(0);
        let member = account(store, 0).await?;
        made.kept = begin(store, member, KEPT).await?;
        made.leaving = begin(store, member, turns).await?;
        for number in 1..=turns {
            let id = account(store, number).await?;
            begin(store, id, SESSIONS).await?;
            made.accounts.push(id);
        }
        Ok(made)
    }
}

fn new_id() -> Uuid {
    let mut chance = [0; 16];
    SystemDice.fill(&mut chance);
    uuid::Builder::from_random_bytes(chance).into_uuid()
}

async fn account(store: &Store, number: usize) -> Result<Uuid, Failure> {
    let (id, now) = (new_id(), SystemClock::new().now());
    let name = format!("bench-{number}-{}", id.simple());
    store
        .write_forgettable(move |conn| {
            let name = name.clone();
            async move {
                let skeleton = kagiya_domain::login_id::Skeleton::of(&name);
                store::account::insert(conn, id, &name, skeleton.as_str(), "ja", now).await
            }
            .boxed()
        })
        .await?;
    Ok(id)
}

/// Sessions of an account; their tokens.
async fn begin(store: &Store, account: Uuid, count: usize) -> Result<Vec<String>, Failure> {
    let now: Timestamp = SystemClock::new().now();
    let mut tokens = Vec::new();
    let mut rows = Vec::new();
    for _ in 0..count {
        let mut token = [0; 32];
        SystemDice.fill(&mut token);
        rows.push(NewSession {
            id: new_id(),
            token_hash: sha256(&token),
            account_id: account,
            expires_at: now.plus(Span::days(30)),
            idle_ms: Span::days(30).0,
            browser: String::new(),
            system: String::new(),
            network: String::new(),
            link_id: None,
        });
        tokens.push(URL_SAFE_NO_PAD.encode(token));
    }
    store
        .write_forgettable(move |conn| {
            let rows = rows.clone();
            async move {
                for row in &rows {
                    store::session::insert(conn, row, now).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await?;
    Ok(tokens)
}
