//! What anybody may ask for, by what one of it costs: the ten dearest are printed.

use super::{child::Child, load, post_json, report::Report, seed};
use crate::Failure;

/// Each is asked so often; the middle one counts.
const TIMES: usize = 21;
const SHOWN: usize = 10;

fn get(path: &str, more: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{more}\r\n").into_bytes()
}

fn form(path: &str, body: &str) -> Vec<u8> {
    let head = "Content-Type: application/x-www-form-urlencoded";
    format!("POST {path} HTTP/1.1\r\nHost: bench\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// The dearest that each door can be made to do, within what a request may carry.
fn kinds() -> Vec<(&'static str, Vec<u8>)> {
    let long = "あ亜ア🗝 aA1!".repeat(24).chars().take(256).collect::<String>();
    let text = "e\u{301}".repeat(10_000);
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let fields = (0..64).map(|n| format!("f{n}={}", "%E3%81%82".repeat(100))).collect::<Vec<_>>().join("&");
    let sign_in = |login: &str, password: &str| {
        post_json("/api/v1/sign-in", &serde_json::json!({ "login": login, "password": password }))
    };
    let recover = |typed: &str| post_json("/api/v1/recover", &serde_json::json!({ "email": typed }));
    let sign_up = |password: &str| {
        let body = serde_json::json!({ "login_id": "fresh", "email": "fresh@example.jp", "password": password });
        post_json("/api/v1/sign-up", &body)
    };
    let code = serde_json::json!({ "email": "nobody@example.jp", "code": "000000" });
    let cookies =
        format!("Cookie: {}\r\n", (0..900).map(|n| format!("c{n}={}", "x".repeat(50))).collect::<Vec<_>>().join("; "));
    vec![
        ("sign_in_page", get("/sign-in", "")),
        ("sign_in_page_with_46_kib_of_cookies", get("/sign-in", &cookies)),
        ("sign_up_page", get("/sign-up", "")),
        ("check_page", get("/check?probe=1", "Cookie: kagiya_flow=AAAAAAAAAAAAAAAAAAAAAA\r\n")),
        ("status_page", get("/status", "")),
        ("status_json", get("/api/v2/summary.json", "")),
        ("status_feed", get("/status/feed.atom", "")),
        ("help_index", get("/help", "")),
        ("help_page", get("/help/browser.cookies_blocked", "")),
        ("openapi", get("/api/v1/openapi.json", "")),
        (
            "auth_check_with_a_long_place",
            get("/auth/check", &format!("X-Forwarded-Uri: /{}\r\n", "%2e%2f".repeat(2_000))),
        ),
        (
            "auth_check_with_foreign_sessions",
            get(
                "/auth/check",
                &format!("Cookie: {}\r\n", "kagiya_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA; ".repeat(16)),
            ),
        ),
        ("wrong_password", sign_in("nobody", "a wrong password")),
        ("wrong_password_of_256", sign_in("nobody", &long)),
        ("login_of_30_kb", sign_in(&text, "a wrong password")),
        ("sign_up_with_a_good_password", sign_up("an odd passphrase 47")),
        ("sign_up_with_a_password_of_256", sign_up(&long)),
        ("sign_up_with_a_weak_one", sign_up(&"password1234 qwerty letmein ".repeat(9))),
        ("recover", recover("nobody@example.jp")),
        ("recover_with_30_kb", recover(&text)),
        ("recover_with_nothing", recover("")),
        ("code_elsewhere", post_json("/api/v1/recover/code", &code)),
        ("json_100_deep", post_json("/api/v1/sign-in", &serde_json::from_str(&deep).unwrap_or_default())),
        ("form_with_64_fields", form("/sign-in", &fields)),
        ("form_of_64_kb", form("/sign-in", &format!("login={}", "%F0%9F%97%9D".repeat(5_000)))),
        ("subscribe", form("/status/subscribe", "email=nobody%40example.jp")),
        ("language", form("/language", "lang=en&from=%2Fsign-in")),
        ("external_start", form("/sign-in/google", "asked=1")),
        ("no_such_page", get("/no-such-page", "")),
    ]
}

/// Prints the ten dearest, in milliseconds from the request to the end of its answer.
pub(super) async fn ten(report: &mut Report, seeded: &seed::Seeded) -> Result<(), Failure> {
    let settings = seeded.folder().join("dearest.toml");
    std::fs::write(&settings, "[throttle]\nnetwork_starts = 1000000\nnetwork_tries = 1000000\n")?;
    let server = Child::serve_with(seeded.folder(), &["--config", &settings.display().to_string()]).await?;
    let mut costs = Vec::new();
    for (name, request) in kinds() {
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            times.push(load::time_once(server.address, &request).await?);
        }
        times.sort_by(f64::total_cmp);
        costs.push((times.get(TIMES / 2).copied().unwrap_or_default(), name));
    }
    server.stop().await;
    costs.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (place, (ms, name)) in costs.iter().take(SHOWN).enumerate() {
        report.add_plain(&format!("dearest_{:02}_{name}_ms", place + 1), *ms);
    }
    Ok(())
}
