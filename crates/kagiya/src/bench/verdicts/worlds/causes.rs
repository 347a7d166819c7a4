//! What stops the person of a world, and how it comes about.

use super::{Chance, Person, Steps, step};
use crate::bench::verdicts::scenario::ServerKind;

/// How a password is mistyped, from the right one.
fn mistyped(chance: &mut Chance, right: &str) -> String {
    let swap = |c: char| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
    let mut rest = right.chars();
    let first_large: String = rest.next().map(swap).into_iter().chain(rest).collect();
    match chance.below(10) {
        0 => right.chars().map(swap).collect(),
        1 => first_large,
        2 => format!("{right} "),
        3 => format!("\u{3000}{right}"),
        4 => format!("{right}{}", chance.word(&["x", "1", ".", "l"])),
        5 => format!("\u{300c}{right}\u{300d}"),
        6 => format!("{right}{right}"),
        7 => format!("{first_large} "),
        8 => format!("パスワード：{right}"),
        _ => format!("\u{201c}{right}\u{201d}"),
    }
}

/// What a cause makes of a world.
pub(super) struct Made {
    pub(super) truth: Vec<&'static str>,
    pub(super) server: ServerKind,
    pub(super) steps: Steps,
    /// The person knows their password now, and types it rightly when they look.
    pub(super) remembers: bool,
    /// By the steps alone they can get in.
    pub(super) can_get_in: bool,
}

impl Made {
    fn new(truth: &'static str, steps: Steps, person: &Person) -> Self {
        Self { truth: vec![truth], server: ServerKind::Plain, steps, remembers: person.remembers, can_get_in: true }
    }
}

/// What stops them, typed at the door.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each cause")]
pub(super) fn credential(chance: &mut Chance, person: &Person) -> Made {
    let sign_in = |password: &str| step(&["sign_in", person.login, password]);
    let right = person.password.as_str();
    match chance.below(14) {
        0 | 1 => {
            let wrong =
                chance.word(&["hunter2 of another site", "natsu-no-umi 1998", "watashi no inu 3", "qwertyuiop-77"]);
            let mut steps = vec![sign_in(wrong)];
            if chance.one_in(2) {
                steps.push(sign_in(if chance.one_in(2) { wrong } else { "and yet another 42" }));
            }
            Made { remembers: false, ..Made::new("credential.password", steps, person) }
        }
        2..=4 => {
            let made = Made::new("credential.input_form", vec![sign_in(&mistyped(chance, right))], person);
            Made { remembers: true, ..made }
        }
        5 => {
            let steps = vec![step(&["password", "a newer one 2026 aki"]), sign_in(right)];
            Made { remembers: false, ..Made::new("credential.old_password", steps, person) }
        }
        6 => {
            let wrong = chance.word(&["nobody-{id}", "{id}xyz", "{id}@exampel.jp"]);
            let made = Made::new("credential.id_unknown", vec![step(&["sign_in", wrong, right])], person);
            Made { remembers: true, ..made }
        }
        7 => {
            let many = chance.word(&["10", "11", "13"]);
            let mut steps = vec![step(&["guess", "{id}", many])];
            steps.push(sign_in(right));
            Made::new("credential.locked", steps, person)
        }
        8 => {
            let steps = vec![
                step(&["browser", "thief", "firefox"]),
                step(&["header", "X-Forwarded-For", "198.51.100.77"]),
                step(&["guess", "{id}", chance.word(&["10", "12"])]),
                step(&["browser", "b", person.browser]),
                step(&["get", "/sign-in"]),
                sign_in(right),
            ];
            Made::new("credential.locked_by_others", steps, person)
        }
        9 => {
            let state = chance.word(&["suspended", "locked", "dormant"]);
            let made = Made::new("credential.account_state", vec![step(&["state", state]), sign_in(right)], person);
            Made { can_get_in: state == "dormant", remembers: true, ..made }
        }
        10 => {
            let mut steps = vec![
                step(&["get", "/recover"]),
                step(&["submit", "/recover", "email={id}@example.jp"]),
                step(&["code", "{id}@example.jp"]),
            ];
            if chance.one_in(3) {
                steps.push(step(&["age", "12m"]));
                steps.push(step(&["submit", "/recover/code", "code={code1}"]));
            } else {
                steps.push(step(&["submit", "/recover/code", &format!("code={:06}", chance.below(1_000_000))]));
            }
            Made::new("credential.code_wrong", steps, person)
        }
        11 => {
            let server = if chance.one_in(2) { ServerKind::Refusing } else { ServerKind::Full };
            let last = if chance.one_in(2) { "resend=1" } else { "code=123456" };
            let steps = vec![
                step(&["get", "/recover"]),
                step(&["submit", "/recover", "email={id}@example.jp"]),
                step(&["wait", "900"]),
                step(&["submit", "/recover/code", last]),
            ];
            let made = Made::new("credential.code_undelivered", steps, person);
            Made { server, can_get_in: false, ..made }
        }
        12 => {
            let steps = vec![
                step(&["get", "/recover"]),
                step(&["submit", "/recover", "email={id}@exampel.jp"]),
                step(&["submit", "/recover/code", chance.word(&["resend=1", "code=482913"])]),
            ];
            Made::new("credential.id_unknown", steps, person)
        }
        _ => {
            let steps = vec![
                step(&["get", "/recover"]),
                step(&["submit", "/recover", "email={id}@example.jp"]),
                step(&["code", "{id}@example.jp"]),
                step(&["submit", "/recover/code", "lost=1"]),
            ];
            Made { can_get_in: false, ..Made::new("credential.contact_lost", steps, person) }
        }
    }
}

/// The same, of kinds that are easily taken for others.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each kind")]
pub(super) fn twisted(chance: &mut Chance, person: &Person) -> Made {
    const KANA: [(&str, &str); 4] = [
        ("sakura-no-hana7", "さくらーのーはな7"),
        ("tamago9yaki-3", "たまご9やきー3"),
        ("kitsune.udon-3", "きつね。うどんー３"),
        ("HANAKO-san2016", "はなこーさん2016"),
    ];
    const LAYOUT: [(&str, &str); 3] = [
        ("hana@shop_2016", "hana\"shop=2016"),
        ("neko=inu[tori]8", "neko_inu]tori\\8"),
        ("yama:kawa'umi+9", "yama+kawa:umi~9"),
    ];
    const LOOKS: [(&str, &str); 3] =
        [("Olive-l0l0-1lO9", "Olive-lOl0-1lO9"), ("hello0world-1I", "hello0wor1d-1I"), ("l1l1-oOo0-7", "l1l1-oOoO-7")];
    let sign_in = |password: &str| step(&["sign_in", person.login, password]);
    let typed = |(right, typed): (&str, &str)| vec![step(&["password", right]), sign_in(typed)];
    let right = person.password.as_str();
    let (truth, steps) = match chance.below(13) {
        0 => ("credential.input_form", typed(chance.pick(&KANA[..3]).unwrap_or_default())),
        1 => ("credential.input_form", typed(chance.pick(&LAYOUT).unwrap_or_default())),
        2 => ("credential.input_form", typed(chance.pick(&LOOKS).unwrap_or_default())),
        3 => {
            // Another key in the middle: nothing that can be seen.
            let at = 2 + chance.below(4);
            let other: String = right
                .chars()
                .enumerate()
                .map(|(n, c)| if n == at { if c == 'q' { 'w' } else { 'q' } } else { c })
                .collect();
            ("credential.password", vec![sign_in(&other)])
        }
        4 => ("credential.id_unknown", vec![step(&["guess", "{id}ko", "11"]), step(&["sign_in", "{id}ko", right])]),
        5 => {
            let steps =
                vec![step(&["state", "closed"]), step(&["age", "40d"]), step(&["guess", "{id}", "10"]), sign_in(right)];
            ("credential.account_state", steps)
        }
        6 => {
            let says = chance.word(&["symptom=same_error", "symptom=same_error", "echo=鍵 + & = % < ' \" ~ ﾃｽﾄ"]);
            let steps = vec![
                sign_in("first wrong 1"),
                sign_in("second wrong 2"),
                step(&["get", "/check"]),
                step(&["submit", "/check", says]),
            ];
            ("credential.password", steps)
        }
        7 => (
            "credential.password",
            vec![sign_in("the same one 3"), sign_in("the same one 3"), sign_in("the same one 3")],
        ),
        8 => ("browser.network", vec![step(&["cut", "/sign-in", &format!("login={}", person.login), "password=x"])]),
        9 => {
            let changed = chance.word(&["echo=? + & = % < ' \" ~ ???", "echo=", "echo=鍵   &amp; = % < ' \" ~ ﾃｽﾄ"]);
            ("browser.interference", vec![step(&["get", "/check"]), step(&["submit", "/check", changed])])
        }
        10 => {
            let send = step(&["submit", "/sign-in", &format!("login={}", person.login), &format!("password={right}")]);
            let left = vec![step(&["header", "Origin", ""]), step(&["get", "/sign-in"]), step(&["age", "14h"])];
            ("browser.flow_expired", [left, vec![send]].concat())
        }
        11 => {
            // What a phone made of it, at a closed account.
            let steps = vec![step(&["state", "suspended"]), sign_in(&format!("{right} "))];
            ("credential.account_state", steps)
        }
        _ => {
            let made = vec![step(&["password", "a newer one 2026 aki"]), sign_in(right), sign_in(right)];
            ("credential.old_password", made)
        }
    };
    let forgot = matches!(truth, "credential.old_password") || steps.len() == 3 && truth == "credential.password";
    let shut = truth == "credential.account_state" || steps.iter().any(|step| step.contains(&"suspended".to_owned()));
    Made { remembers: !forgot, can_get_in: !shut, ..Made::new(truth, steps, person) }
}

/// What stops them in their browser.
#[expect(clippy::too_many_lines, reason = "a table: one arm for each cause")]
pub(super) fn browser(chance: &mut Chance, person: &Person) -> Made {
    const ECHO: &str = "echo=鍵 + & = % < ' \" ~ ﾃｽﾄ";
    let sign_in = || step(&["sign_in", person.login, &person.password]);
    let check = |more: Steps| [vec![step(&["get", "/check"])], more, vec![step(&["submit", "/check", ECHO])]].concat();
    let (truth, steps) = match chance.below(10) {
        0 => {
            let steps = vec![step(&["clear_cookies"]), step(&["no_cookies"]), step(&["get", "/sign-in"]), sign_in()];
            ("browser.cookie_blocked", steps)
        }
        1 => {
            let steps = vec![step(&["redirects_lose_cookies"]), sign_in(), step(&["get", "/sign-in"])];
            ("browser.cookie_blocked", steps)
        }
        2 => {
            let stale = chance.word(&[
                "kagiya_session=broken",
                "kagiya_session=x; kagiya_session=y",
                "kagiya_session=AAAAAAAA",
            ]);
            ("browser.session_stale", vec![step(&["cookie", stale]), step(&["get", "/account/security"])])
        }
        3 => {
            let many = chance.word(&["3", "5", "9"]);
            ("browser.cookie_overflow", vec![step(&["heavy_cookies", many]), step(&["get", "/check"])])
        }
        4 => ("browser.cache", check(vec![step(&["script", "js=app-000000000000.js"])])),
        5 => {
            let clock = chance.word(&["t=3600", "t=-7200", "t=90000"]);
            ("browser.clock", check(vec![step(&["script", clock])]))
        }
        6 => {
            let kind = chance.word(&["line", "instagram", "facebook", "x", "yahoo"]);
            ("browser.in_app", vec![step(&["browser", "app", kind]), step(&["get", "/check"])])
        }
        7 => {
            let kind = chance.word(&["ie", "old_chrome", "old_safari", "old_webview"]);
            let mut steps = vec![step(&["browser", "old", kind]), step(&["get", "/sign-in"]), step(&["get", "/check"])];
            if chance.one_in(2) {
                steps.push(step(&["script_blocked"]));
                steps.push(step(&["submit", "/check", chance.word(&["symptom=button_dead", "symptom=blank"])]));
            }
            ("browser.unsupported", steps)
        }
        8 => {
            let steps = vec![
                step(&["browser", "proxy", "chrome"]),
                step(&["get", "/sign-in"]),
                step(&["age", chance.word(&["2h", "9h", "30h"])]),
                step(&["browser", "c", person.browser]),
                step(&["header", "Via", "1.1 cache.example.jp"]),
                step(&["handed", "proxy"]),
                step(&[
                    "submit",
                    "/sign-in",
                    &format!("login={}", person.login),
                    &format!("password={}", person.password),
                ]),
            ];
            ("browser.cache", steps)
        }
        _ => {
            let steps = vec![
                step(&["header", "Origin", ""]),
                step(&["get", "/sign-in"]),
                step(&[
                    "submit",
                    "/sign-in",
                    "form=AAAA",
                    &format!("login={}", person.login),
                    &format!("password={}", person.password),
                ]),
            ];
            ("browser.flow_expired", steps)
        }
    };
    Made { remembers: true, ..Made::new(truth, steps, person) }
}

/// What stops them at a provider.
pub(super) fn external(chance: &mut Chance, person: &Person) -> Made {
    let shop = chance.word(&["google", "line", "yahoo_japan", "town", "club"]);
    let fault = |fault: &str| vec![step(&["link", shop]), step(&["fault", shop, fault]), step(&["go", shop])];
    let saw = |screen: &str| {
        let away =
            vec![step(&["link", shop]), step(&["leave", shop]), step(&["age", "11m"]), step(&["get", "/sign-in"])];
        [away, vec![step(&["saw", shop, screen])]].concat()
    };
    let signed = !matches!(shop, "club");
    let (truth, steps) = match chance.below(12) {
        0 => ("external.cancelled", vec![step(&["link", shop]), step(&["go", shop, "deny"])]),
        1 => ("external.outage", fault(chance.word(&["says_trouble", "token_down", "babble"]))),
        2 => ("external.config", fault(chance.word(&["secret_expired", "says_our_fault"]))),
        3 => ("external.handshake", fault("expired_code")),
        4 if signed && shop != "line" => ("external.outage", fault(chance.word(&["keys_gone", "bad_signature"]))),
        4 => ("external.handshake", fault("bad_code")),
        5 if signed => ("external.config", fault(chance.word(&["wrong_audience", "issuer_slash"]))),
        5 => ("external.handshake", fault("bad_code")),
        6 => ("external.policy", fault("says_admin_consent")),
        7 => ("external.reauth", fault("says_login")),
        8 => ("external.wrong_provider", vec![step(&["go", shop])]),
        9 => ("external.frozen", saw("frozen")),
        10 => (
            "external.no_return",
            vec![step(&["link", shop]), step(&["leave", shop]), step(&["age", "11m"]), step(&["get", "/sign-in"])],
        ),
        _ => ("external.policy", saw("admin_blocked")),
    };
    Made { server: ServerKind::Town, remembers: true, ..Made::new(truth, steps, person) }
}

/// What stands beside a wrong password and does not stop anybody by itself.
pub(super) fn mixture(chance: &mut Chance, person: &Person) -> Made {
    let wrong = step(&["sign_in", person.login, "not the right one 5"]);
    let (second, before) = match chance.below(5) {
        0 => ("browser.unsupported", vec![step(&["browser", "old", "old_chrome"]), step(&["get", "/sign-in"])]),
        1 => ("browser.in_app", vec![step(&["browser", "app", "line"]), step(&["get", "/sign-in"])]),
        2 => ("browser.session_stale", vec![step(&["cookie", "kagiya_session=broken"]), step(&["get", "/sign-in"])]),
        3 => ("browser.clock", vec![step(&["get", "/sign-in"]), step(&["script", "t=5400"])]),
        _ => ("browser.interference", vec![step(&["get", "/sign-in"]), step(&["script_blocked"])]),
    };
    if chance.one_in(3) {
        let steps =
            [before, vec![step(&["state", "suspended"]), step(&["sign_in", person.login, &person.password])]].concat();
        return Made {
            truth: vec!["credential.account_state", second],
            can_get_in: false,
            ..Made::new("credential.account_state", steps, person)
        };
    }
    let steps = [before, vec![wrong]].concat();
    Made {
        truth: vec!["credential.password", second],
        remembers: false,
        ..Made::new("credential.password", steps, person)
    }
}
