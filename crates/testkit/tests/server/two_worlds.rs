//! Two worlds that differ in one account are walked through the same acts at every door that a stranger may knock at:
//! every answer is the same (ASVS 6.3.8).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(clippy::too_many_lines)]

use std::collections::BTreeMap;

use kagiya_domain::Span;
use kagiya_testkit::{Answer, Browser, TestServer};
use serde_json::json;

const LOGINS: [&str; 4] = ["hana", "hana@example.jp", "ＨＡＮＡ", "https://blog.example.jp/hana"];
const BROWSERS: usize = 3;
const ACTS: usize = 90;

/// Chance that falls the same way in both worlds.
struct Chance(u64);

impl Chance {
    fn of(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// A form in which a code is typed.
#[derive(Clone)]
struct Form {
    browser: usize,
    action: String,
    fields: BTreeMap<String, String>,
}

struct World {
    server: TestServer,
    browsers: Vec<Browser>,
    forms: Vec<Form>,
    /// The last refusal of each browser.
    references: Vec<Option<String>>,
}

/// A page without what is drawn anew each time: tokens, keys of flows, references.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_alphanumeric() || c == '_' || c == '-' {
            word.push(c);
            continue;
        }
        let reference = word.len() == 9 && word.as_bytes()[4] == b'-' && word.to_ascii_uppercase() == word;
        out.push_str(if word.len() >= 20 || reference { "#" } else { &word });
        word.clear();
        out.push(c);
    }
    out
}

/// All headers in the same way.
fn heads(answer: &Answer) -> Vec<(String, String)> {
    answer.headers.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

impl World {
    async fn with(server: TestServer, member: bool) -> Self {
        if member {
            server.member("hana", "correct horse battery").await;
        }
        let browsers = (0..BROWSERS).map(|_| server.browser()).collect();
        Self { server, browsers, forms: Vec::new(), references: vec![None; BROWSERS] }
    }

    fn keep(&mut self, browser: usize, action: &str, page: &Answer) {
        if page.text.contains(&format!("action=\"{action}\"")) {
            self.forms.push(Form { browser, action: action.to_owned(), fields: page.hidden(action) });
        }
    }

    /// One act; what it is told.
    #[expect(clippy::too_many_arguments, reason = "one for each world")]
    async fn act(&mut self, kind: usize, who: usize, login: &str, which: usize, number: usize) -> Vec<Answer> {
        let form = (!self.forms.is_empty()).then(|| self.forms[which % self.forms.len()].clone());
        let browser = &mut self.browsers[who];
        match (kind, form) {
            (0 | 1, _) => vec![browser.sign_in(login, &format!("wrong {}", number % 5)).await],
            (2 | 3, _) => {
                let (path, field) = if kind == 2 { ("/recover", "email") } else { ("/unlock", "login") };
                let begun = browser.submit(path, &[(field, login)]).await;
                let Some(location) = begun.location.clone() else {
                    return vec![begun];
                };
                let page = browser.get(&location).await;
                self.keep(who, &format!("{path}/code"), &page);
                vec![begun, page]
            }
            (4..=6, Some(form)) => {
                let mut fields = form.fields.clone();
                fields.insert("code".into(), format!("{:06}", number * 7 % 1_000_000));
                vec![self.browsers[form.browser].post(&form.action, &fields).await]
            }
            (7 | 8, Some(form)) => {
                let mut fields = form.fields.clone();
                fields.insert(if kind == 7 { "resend" } else { "lost" }.into(), "1".into());
                vec![self.browsers[form.browser].post(&form.action, &fields).await]
            }
            (9, _) => {
                let page = browser.get("/recover/code").await;
                let typed = [("email", login), ("code", "123456")];
                let answer = browser.fill(&page, "/recover/code", &typed).await;
                vec![page, answer]
            }
            (10, _) => match self.references[who].clone() {
                Some(reference) => {
                    let why = browser.get(&format!("/why/{reference}")).await;
                    let action = format!("/why/{reference}/confirm");
                    if !why.text.contains(&format!("action=\"{action}\"")) {
                        return vec![why];
                    }
                    let begun = browser.fill(&why, &action, &[]).await;
                    let Some(location) = begun.location.clone() else {
                        return vec![why, begun];
                    };
                    let page = browser.get(&location).await;
                    self.keep(who, &action, &page);
                    vec![why, begun, page]
                }
                None => Vec::new(),
            },
            (11, _) => {
                let id = format!("newcomer{number}");
                let typed =
                    [("login_id", id.as_str()), ("email", "hana@example.jp"), ("password", "an odd passphrase")];
                let begun = browser.submit("/sign-up", &typed).await;
                let Some(location) = begun.location.clone() else {
                    return vec![begun];
                };
                let page = browser.get(&location).await;
                self.keep(who, "/sign-up/verify", &page);
                vec![begun, page]
            }
            (12, _) => {
                let page = browser.get("/status").await;
                vec![browser.fill(&page, "/status/subscribe", &[("email", "hana@example.jp")]).await]
            }
            (13 | 14, _) => {
                self.server.deliver().await;
                Vec::new()
            }
            (15, _) => {
                self.server.advance(Span::seconds(i64::try_from(which % 400).unwrap()));
                Vec::new()
            }
            (16, _) => {
                let page = browser.get("/unlock/code").await;
                vec![browser.fill(&page, "/unlock/code", &[("login", login), ("code", "654321")]).await]
            }
            (17, _) => vec![browser.json("/api/v1/sign-in", &json!({ "login": login, "password": "not this" })).await],
            (18, _) => {
                let begun = browser.json("/api/v1/recover", &json!({ "email": login })).await;
                let code = json!({ "email": login, "code": format!("{:06}", number * 11) });
                vec![begun, browser.json("/api/v1/recover/code", &code).await]
            }
            (19, _) => {
                let fields = json!({ "login_id": format!("other{number}"), "email": "hana@example.jp",
                    "password": "another odd passphrase" });
                vec![browser.json("/api/v1/sign-up", &fields).await]
            }
            (20, _) => {
                // What was gathered since about the last refusal.
                let Some(reference) = self.references[who].clone() else {
                    return Vec::new();
                };
                vec![browser.get(&format!("/api/v1/attempts/{reference}")).await]
            }
            _ => vec![browser.get("/sign-in").await],
        }
    }
}

async fn walk(seed: u64, servers: [TestServer; 2]) {
    let mut chance = Chance(seed);
    let [one, other] = servers;
    let (mut known, mut unknown) = (World::with(one, true).await, World::with(other, false).await);
    for number in 0..ACTS {
        // No two acts are of one moment: what is newest is the same in both worlds.
        known.server.advance(Span(7));
        unknown.server.advance(Span(7));
        let (kind, who) = (chance.of(22), chance.of(BROWSERS));
        let (login, which) = (LOGINS[chance.of(LOGINS.len())], chance.of(10_000));
        let here = known.act(kind, who, login, which, number).await;
        let there = unknown.act(kind, who, login, which, number).await;
        assert_eq!(here.len(), there.len(), "seed {seed}, act {number} of kind {kind}");
        for (a, b) in here.iter().zip(&there) {
            let about = format!("seed {seed}, act {number} of kind {kind} by {who} with {login}");
            assert_eq!((a.status, a.retry_after), (b.status, b.retry_after), "{about}: {} {}", a.cause(), b.cause());
            assert_eq!(a.location.as_deref().map(plain), b.location.as_deref().map(plain), "{about}");
            assert_eq!(plain(&a.text), plain(&b.text), "{about}");
            assert_eq!(heads(a), heads(b), "{about}");
        }
        for (world, answers) in [(&mut known, &here), (&mut unknown, &there)] {
            if let Some(reference) = answers.last().map(Answer::reference).filter(|text| !text.is_empty()) {
                world.references[who] = Some(reference);
            }
        }
        assert_eq!(known.forms.len(), unknown.forms.len());
    }
    known.server.end().await;
    unknown.server.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_tells_whether_there_is_an_account() {
    for seed in 1..=12 {
        walk(seed, [TestServer::start().await, TestServer::start().await]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_tells_whether_there_is_an_account_on_postgres() {
    for seed in 21..=23 {
        let servers = (TestServer::start_on_postgres().await, TestServer::start_on_postgres().await);
        match servers {
            (Some(one), Some(other)) => walk(seed, [one, other]).await,
            _ => panic!("KAGIYA_TEST_POSTGRES names no server: ./test starts one"),
        }
    }
}
