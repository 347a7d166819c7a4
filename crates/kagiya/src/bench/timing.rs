//! Whether the time of an answer, or of what follows it, tells a known login from an unknown one: pairs in turn, and the
//! distance of the two distributions (Kolmogorov–Smirnov).

use std::{future::Future, net::SocketAddr, time::Duration};

use futures_util::FutureExt;
use kagiya_domain::Timestamp;
use kagiya_flows::{Dice, status::subscription::place_key};
use kagiya_store::{self as store, Location, PoolSize, Store, subscriber::Subscriber};

use super::{child::Child, external, load, post_json, report::Report, request, seed};
use crate::{Failure, outside::SystemDice};

const PAIRS: u64 = 200;
/// The limit at 1 % for 200 against 200: of many doors one would pass 5 % by chance.
const LIMIT: f64 = 0.163;
/// What is gathered after an answer must not be measured with the next.
const PAUSE: Duration = Duration::from_millis(30);

struct Pairs {
    gap: f64,
    known_ms: f64,
    unknown_ms: f64,
}

/// Measures pairs in turn; `ask` is told whether a known one is meant, and which.
async fn pairs<F>(ask: impl Fn(bool, u64) -> F) -> Result<Pairs, Failure>
where
    F: Future<Output = Result<f64, Failure>>,
{
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..PAIRS {
        known.push(ask(true, n).await?);
        tokio::time::sleep(PAUSE).await;
        unknown.push(ask(false, n).await?);
        tokio::time::sleep(PAUSE).await;
    }
    known.sort_by(f64::total_cmp);
    unknown.sort_by(f64::total_cmp);
    #[allow(clippy::cast_precision_loss, reason = "places in lists of two hundred")]
    let share = |list: &[f64], at: f64| list.partition_point(|x| *x <= at) as f64 / list.len() as f64;
    let gap =
        known.iter().chain(&unknown).map(|at| (share(&known, *at) - share(&unknown, *at)).abs()).fold(0.0, f64::max);
    let middle = |list: &[f64]| list.get(list.len() / 2).copied().unwrap_or_default();
    Ok(Pairs { gap, known_ms: middle(&known), unknown_ms: middle(&unknown) })
}

/// Wrong passwords: the distance, and the medians for known and unknown logins.
pub(super) async fn wrong_passwords(address: SocketAddr, seeded: &seed::Seeded) -> Result<(f64, f64, f64), Failure> {
    let ask = |known: bool, n: u64| {
        let login = if known { seeded.login(9_600 + n) } else { format!("nobody-{n}") };
        async move { load::time_once(address, &request(&login, "a wrong password")).await }
    };
    let found = pairs(ask).await?;
    Ok((found.gap, found.known_ms, found.unknown_ms))
}

/// Every door that takes a login or an address, and what three writes of one's own cost after it.
#[expect(clippy::too_many_lines, reason = "one measurement from its set-up to its figure")]
pub(super) async fn doors(report: &mut Report, seeded: &seed::Seeded) -> Result<(), Failure> {
    let settings = seeded.folder().join("timing.toml");
    std::fs::write(&settings, "[throttle]\nnetwork_starts = 1000000\nnetwork_tries = 1000000\n")?;
    let server = Child::serve_with(seeded.folder(), &["--config", &settings.display().to_string()]).await?;
    let address = server.address;
    let login = |known: bool, n: u64| if known { seeded.login(200 + n) } else { format!("nobody-{n}") };
    let mailbox = |known: bool, n: u64| format!("{}@example.jp", login(known, n));
    let recover = |typed: &str| post_json("/api/v1/recover", &serde_json::json!({ "email": typed }));
    let code = |known: bool, n: u64| {
        post_json("/api/v1/recover/code", &serde_json::json!({ "email": login(known, n), "code": "000000" }))
    };
    let sign_up = |known: bool, n: u64| {
        let id = format!("fresh{}{n}", if known { "a" } else { "b" });
        let form =
            serde_json::json!({ "login_id": id, "email": mailbox(known, n), "password": "an odd passphrase 47" });
        post_json("/api/v1/sign-up", &form)
    };
    let one = |bytes: Vec<u8>| async move { load::time_once(address, &bytes).await };
    let after = |bytes: Vec<u8>, own: Vec<u8>| async move {
        load::time_once(address, &bytes).await?;
        let mut whole = 0.0;
        for _ in 0..3 {
            whole += load::time_once(address, &own).await?;
        }
        Ok::<f64, Failure>(whole)
    };
    // A write of one's own, which tells nothing of anybody.
    let own = recover("");
    confirm_subscribers(seeded).await?;
    let (status, unlock, notify, why) = (
        Page::open(address, "/status").await?,
        Page::open(address, "/unlock").await?,
        Page::open(address, "/notify").await?,
        Page::open(address, "/unlock").await?,
    );
    let subscribe = |known: bool, n: u64| status.form("/status/subscribe", &[("email", &mailbox(known, n))]);
    let unlock = |known: bool, n: u64| unlock.form("/unlock", &[("login", &login(known, n))]);
    let notify = |known: bool, n: u64| notify.form("/notify", &[("email", &mailbox(known, n))]);
    let why = &why;
    let confirm = |known: bool, n: u64| async move {
        let form = serde_json::json!({ "login": login(known, n), "password": "a third one" });
        let told = load::once(address, &why.json("/api/v1/sign-in", &form)).await?;
        let told: serde_json::Value = serde_json::from_slice(&told).unwrap_or_default();
        let path = format!("/why/{}/confirm", told["reference"].as_str().unwrap_or_default());
        tokio::time::sleep(PAUSE).await;
        load::time_once(address, &why.form(&path, &[])).await
    };
    let found = [
        ("sign_in", pairs(|known, n| one(request(&login(known, n), "a wrong password"))).await?),
        ("recover_by_id", pairs(|known, n| one(recover(&login(known, n)))).await?),
        ("recover_by_address", pairs(|known, n| one(recover(&mailbox(known, n)))).await?),
        ("sign_up", pairs(|known, n| one(sign_up(known, n))).await?),
        ("after_recover", pairs(|known, n| after(recover(&mailbox(known, n)), own.clone())).await?),
        // After the recoveries above: where there is somebody, there are codes.
        ("code_elsewhere", pairs(|known, n| one(code(known, n))).await?),
        ("after_code", pairs(|known, n| after(code(known, n), own.clone())).await?),
        ("unlock", pairs(|known, n| one(unlock(known, n))).await?),
        ("after_unlock", pairs(|known, n| after(unlock(known, n), own.clone())).await?),
        // Known: who hears of notices already.
        ("subscribe", pairs(|known, n| one(subscribe(known, n))).await?),
        ("after_subscribe", pairs(|known, n| after(subscribe(known, n), own.clone())).await?),
        ("notify", pairs(|known, n| one(notify(known, n))).await?),
        ("why_confirm", pairs(confirm).await?),
        ("after_sign_in", pairs(|known, n| after(request(&login(known, n), "another one"), own.clone())).await?),
    ];
    for (name, pairs) in found {
        report.add_plain(&format!("timing_{name}_known_p50_ms"), pairs.known_ms);
        report.add_plain(&format!("timing_{name}_unknown_p50_ms"), pairs.unknown_ms);
        report.add_at_most(&format!("timing_{name}_ks_distance"), pairs.gap, LIMIT);
    }
    server.stop().await;
    Ok(())
}

/// A page with a form, and the cookie that belongs to it: sent again and again.
struct Page {
    cookies: String,
    token: String,
}

impl Page {
    async fn open(address: SocketAddr, path: &str) -> Result<Self, Failure> {
        let asked =
            |cookies: &str| format!("GET {path} HTTP/1.1\r\nHost: bench\r\nCookie: {cookies}\r\n\r\n").into_bytes();
        let cookies = external::cookies_of(address, &asked("a=b")).await?.join("; ");
        let page = String::from_utf8_lossy(&load::once(address, &asked(&cookies)).await?).into_owned();
        let token = page.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let token = token.ok_or_else(|| Failure::Failed(format!("{path}: no form")))?.to_owned();
        Ok(Self { cookies, token })
    }

    fn form(&self, path: &str, fields: &[(&str, &str)]) -> Vec<u8> {
        let fields = fields.iter().copied().chain([("form", self.token.as_str())]);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.post(path, "application/x-www-form-urlencoded", &body)
    }

    fn json(&self, path: &str, body: &serde_json::Value) -> Vec<u8> {
        self.post(path, "application/json", &body.to_string())
    }

    fn post(&self, path: &str, kind: &str, body: &str) -> Vec<u8> {
        format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\nSec-Fetch-Site: same-origin\r\nCookie: {}\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.cookies,
            body.len()
        )
        .into_bytes()
    }
}

/// Members who hear of notices already.
async fn confirm_subscribers(seeded: &seed::Seeded) -> Result<(), Failure> {
    let keys = crate::keys_file::open(&seeded.folder().join("keys"))?;
    let store = Store::open(&Location::Sqlite(seeded.folder().join("kagiya.db")), false, PoolSize::default()).await?;
    for n in 0..PAIRS {
        let address = format!("{}@example.jp", seeded.login(200 + n));
        let place = place_key(&keys, "mail", &address);
        let mut id = [0; 16];
        SystemDice.fill(&mut id);
        let one = Subscriber {
            id: uuid::Uuid::from_bytes(id),
            way: "mail".into(),
            target: address,
            lang: "ja".into(),
            secret: None,
            confirmed_at: None,
            failures: 0,
        };
        let now = Timestamp(1_700_000_000_000);
        store
            .write(move |conn| {
                async move {
                    store::subscriber::insert(conn, &one, &place, now).await?;
                    store::subscriber::confirm(conn, one.id, now).await.map(drop)
                }
                .boxed()
            })
            .await?;
    }
    store.close().await;
    Ok(())
}
