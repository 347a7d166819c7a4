//! Drives one scenario against the running server.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use futures_util::FutureExt;
use kagiya_domain::{Span, account::AccountState, password::Password};
use kagiya_flows::{
    App,
    password::hashing::Lane,
    staff::{agent::Agent, operator},
};
use kagiya_store as store;

use super::browser::{Browser, Script};
use crate::{Failure, bench::seed::PASSWORD};

/// A server that scenarios run against.
pub(super) struct Stage {
    pub(super) address: SocketAddr,
    /// The same database, from beside.
    pub(super) app: Arc<App>,
    pub(super) mail: PathBuf,
    /// Where the practice town is, when there is one.
    pub(super) town: SocketAddr,
}

/// One run of a scenario.
pub(super) struct Run<'s> {
    pub(super) stage: &'s Stage,
    number: usize,
    browsers: BTreeMap<String, Browser>,
    pub(super) current: String,
    pub(super) codes: Vec<String>,
    /// The provider that they went to last.
    pub(super) shop: Option<String>,
    /// The password that they have given themselves since.
    pub(super) new_password: Option<String>,
    /// Shops that were broken.
    pub(super) broken: Vec<String>,
    /// The address to come back to.
    pub(super) held: Option<String>,
    /// Notices that this scenario put up.
    pub(super) notices: Vec<kagiya_domain::notice::Notice>,
}

fn user_agent(name: &str) -> &'static str {
    match name {
        "safari" => {
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
        }
        "firefox" => "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "line" => {
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari Line/15.1.0"
        }
        "instagram" => {
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Instagram 350.0"
        }
        "facebook" => {
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/480.0]"
        }
        "x" => {
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Twitter for iPhone/10.0"
        }
        "yahoo" => {
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 jp.co.yahoo.ipn.appli/4.0"
        }
        "webview" => {
            "Mozilla/5.0 (Linux; Android 15; Pixel 9; wv) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36"
        }
        // An engine of 2013 in an app, without the mark that later ones have.
        "old_webview" => {
            "Mozilla/5.0 (Linux; U; Android 4.4.2; ja-jp; SH-01F Build/S4040) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/30.0.0.0 Mobile Safari/537.36"
        }
        "ie" => "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "old_chrome" => {
            "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/49.0.2623.112 Safari/537.36"
        }
        "old_safari" => {
            "Mozilla/5.0 (iPhone; CPU iPhone OS 10_3 like Mac OS X) AppleWebKit/603 (KHTML, like Gecko) Version/10.0 Mobile/14E277 Safari/602.1"
        }
        _ => {
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
        }
    }
}

/// Makes the forms of an open page older: their hidden part says when it was made, first of all.
fn age_forms(app: &App, page: &str, by: Span) -> String {
    const MARK: &str = "name=\"form\" value=\"";
    let mut parts = page.split(MARK);
    let mut aged = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (token, rest) = part.split_once('"').unwrap_or((part, ""));
        aged.push_str(MARK);
        aged.push_str(&age_form(app, token, by).unwrap_or_else(|| token.to_owned()));
        aged.push('"');
        aged.push_str(rest);
    }
    aged
}

fn age_form(app: &App, token: &str, by: Span) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (body, _) = bytes.split_at_checked(bytes.len().checked_sub(16)?)?;
    let (made, rest) = body.split_at_checked(8)?;
    let made = i64::from_be_bytes(made.try_into().ok()?) - by.0;
    let mut body = made.to_be_bytes().to_vec();
    body.extend(rest);
    let tag = app.keys.digest16("form", &[&body]);
    body.extend(tag);
    Some(URL_SAFE_NO_PAD.encode(body))
}

fn pairs(words: &[String]) -> Vec<(String, String)> {
    words.iter().filter_map(|word| word.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

impl<'s> Run<'s> {
    pub(super) async fn begin(stage: &'s Stage, number: usize) -> Result<Self, Failure> {
        let mut run = Self {
            stage,
            number,
            browsers: BTreeMap::new(),
            current: String::new(),
            codes: Vec::new(),
            shop: None,
            new_password: None,
            broken: Vec::new(),
            held: None,
            notices: Vec::new(),
        };
        let id = run.id();
        operator::create(&stage.app, &id, &format!("{id}@example.jp"), Some(PASSWORD), &Agent::command_line())
            .await
            .map_err(|error| Failure::Failed(format!("{id}: {error}")))?;
        run.use_browser("a", "chrome");
        Ok(run)
    }

    pub(super) fn id(&self) -> String {
        // Letters only, and none that look alike: IDs are compared by their looks.
        let letter = |n: usize| char::from(b"abcdefghjkmnpqrstuvw".get(n % 20).copied().unwrap_or(b'a'));
        format!("taro{}{}{}", letter(self.number / 400), letter(self.number / 20), letter(self.number))
    }

    fn address(&self, nth: usize) -> String {
        format!("10.{}.{}.{}", nth, self.number / 250, self.number % 250 + 1)
    }

    pub(super) fn use_browser(&mut self, name: &str, kind: &str) {
        let address = self.address(self.browsers.len() + 1);
        let server = self.stage.address;
        self.browsers.entry(name.to_owned()).or_insert_with(|| Browser::new(server, user_agent(kind), &address));
        self.current = name.to_owned();
        // What a browser of our time sends with every form.
        if !matches!(kind, "ie" | "old_chrome" | "old_safari" | "old_webview") {
            self.browser().headers.insert("Origin".into(), "{origin}".into());
        }
    }

    pub(super) fn browser(&mut self) -> &mut Browser {
        let (server, current) = (self.stage.address, self.current.clone());
        self.browsers.entry(current).or_insert_with(|| Browser::new(server, user_agent("chrome"), "10.0.0.1"))
    }

    fn expand(&self, text: &str) -> String {
        let mut text = text.replace("{id}", &self.id()).replace("{password}", PASSWORD);
        for (n, code) in self.codes.iter().enumerate() {
            text = text.replace(&format!("{{code{}}}", n + 1), code);
        }
        text
    }

    /// Does one step.
    #[expect(clippy::too_many_lines, reason = "a table: one arm for each step of a scenario")]
    pub(super) async fn step(&mut self, words: &[String]) -> Result<(), Failure> {
        let words: Vec<String> = words.iter().map(|word| self.expand(word)).collect();
        let Some((what, rest)) = words.split_first() else {
            return Ok(());
        };
        let word = |n: usize| rest.get(n).map(String::as_str).unwrap_or_default();
        match what.as_str() {
            "browser" => self.use_browser(word(0), word(1)),
            "header" if word(1).is_empty() => drop(self.browser().headers.remove(word(0))),
            "header" => drop(self.browser().headers.insert(word(0).into(), word(1).into())),
            "script_off" => self.browser().script = Script::Off,
            "script_blocked" => self.browser().script = Script::Blocked,
            "script" => self.browser().script = Script::Ran(pairs(rest).into_iter().collect()),
            "redirects_lose_cookies" => self.browser().keeps_redirects_cookies = false,
            "handed" => {
                let other = self.browsers.get(word(0)).map(|browser| browser.page.clone());
                self.browser().page = other.ok_or_else(|| Failure::Usage(format!("no browser {:?}", word(0))))?;
            }
            "password" => self.set_password(word(0)).await?,
            "no_cookies" => self.browser().keeps_cookies = false,
            "clear_cookies" => self.browser().forget_cookies(),
            "drop_cookie" => self.browser().drop_cookie(word(0)),
            "cookie" => {
                // Beside a jar of others' cookies.
                let jar = std::mem::take(&mut self.browser().extra_cookies);
                let heavy = Some(jar).filter(|jar| jar.starts_with("shop_0="));
                let all: Vec<String> = heavy.into_iter().chain([word(0).to_owned()]).collect();
                self.browser().extra_cookies = all.join("; ");
            }
            "heavy_cookies" => {
                let count: usize = word(0).parse().unwrap_or(1);
                let jar: Vec<String> = (0..count).map(|n| format!("shop_{n}={}", "x".repeat(4_000))).collect();
                self.browser().extra_cookies = jar.join("; ");
            }
            "get" => self.browser().get(word(0)).await?,
            // The first form whose address begins and ends so.
            "submit_like" => {
                let action = self.browser().page.action_like(word(0), word(1)).unwrap_or_default();
                self.browser().submit(&action, &pairs(rest)).await?;
            }
            "submit" => self.browser().submit(word(0), &pairs(rest)).await?,
            "cut" => {
                let mut fields = self.browser().page.form(word(0)).unwrap_or_default();
                fields.extend(pairs(rest));
                self.browser().send(word(0), fields, true).await?;
            }
            "again" => {
                let (action, mut fields) = self.browser().sent.clone();
                fields.extend(pairs(rest));
                self.browser().send(&action, fields, false).await?;
            }
            "bare" => {
                let fields = pairs(rest).into_iter().collect();
                self.browser().send(word(0), fields, false).await?;
            }
            // The page of the other browser's act, by its address.
            "flow_elsewhere" => {
                let flows: Vec<String> = self.browsers.values().filter_map(Browser::flow).collect();
                let flow = flows.first().cloned().unwrap_or_default();
                self.browser().get(&format!("{}?flow={flow}", word(0))).await?;
            }
            "loop" => {
                for _ in 0..6 {
                    self.browser().visit(word(0)).await?;
                }
            }
            "json" => self.browser().json(word(0), word(1)).await?,
            "sign_in" => {
                let typed = pairs(&[format!("login={}", word(0)), format!("password={}", word(1))]);
                if self.browser().page.form("/sign-in").is_none() {
                    self.browser().get("/sign-in").await?;
                }
                self.browser().submit("/sign-in", &typed).await?;
            }
            "guess" => {
                for n in 0..word(1).parse().unwrap_or(1) {
                    let typed = pairs(&[format!("login={}", word(0)), format!("password=guess number {n} xyz")]);
                    self.browser().get("/sign-in").await?;
                    self.browser().submit("/sign-in", &typed).await?;
                }
            }
            "state" => self.set_state(word(0)).await?,
            "code" => {
                let code = self.newest_code(word(0)).await?;
                self.codes.push(code);
            }
            "wait" => tokio::time::sleep(Duration::from_millis(word(0).parse().unwrap_or(100))).await,
            "age" => self.age(word(0)).await?,
            other if self.platform_step(other, rest).await? => {}
            other => return self.town_step(other, rest).await,
        }
        Ok(())
    }

    async fn set_password(&self, raw: &str) -> Result<(), Failure> {
        let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
        let account = operator::find(&self.stage.app, &self.id()).await.map_err(|error| failed(&error))?.id;
        let password = Password::typed(raw).ok_or_else(|| failed(&"no password"))?;
        let app = &self.stage.app;
        let hashed = app.hashing.hash(password, app.random(), Lane::Known).await.map_err(|error| failed(&error))?;
        let phc = hashed.map_err(|_| failed(&"busy"))?;
        let now = app.now();
        app.store
            .write(move |conn| async move { store::password::set(conn, account, &phc, now).await }.boxed())
            .await
            .map_err(|error| failed(&error))
    }

    async fn set_state(&self, name: &str) -> Result<(), Failure> {
        let state = AccountState::parse(name).ok_or_else(|| Failure::Usage(format!("no state {name:?}")))?;
        let done = operator::set_state(&self.stage.app, &self.id(), state, &Agent::command_line()).await;
        done.map(drop).map_err(|error| Failure::Failed(error.to_string()))
    }

    /// Lets time pass: everything that runs out is that much older.
    async fn age(&mut self, text: &str) -> Result<(), Failure> {
        let wrong = || Failure::Usage(format!("age {text:?}: a number and m, h or d"));
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
        let minutes = match unit {
            "m" => 1,
            "h" => 60,
            "d" => 24 * 60,
            _ => return Err(wrong()),
        };
        let by = Span::minutes(minutes * number.parse::<i64>().map_err(|_| wrong())?);
        self.stage.app.store.write(move |conn| async move { store::ageing::shift(conn, by).await }.boxed()).await?;
        for browser in self.browsers.values_mut() {
            browser.page.text = age_forms(&self.stage.app, &browser.page.text, by);
        }
        // A server trusts its memory of sessions for a moment.
        tokio::time::sleep(Duration::from_millis(80)).await;
        Ok(())
    }

    /// The code of the newest mail to an address. English mails are plain ASCII.
    async fn newest_code(&self, address: &str) -> Result<String, Failure> {
        for _ in 0..200 {
            let mut mails: Vec<PathBuf> = std::fs::read_dir(&self.stage.mail)
                .map(|list| list.filter_map(|entry| Some(entry.ok()?.path())).collect())
                .unwrap_or_default();
            mails.sort();
            for path in mails.iter().rev() {
                let text = std::fs::read_to_string(path).unwrap_or_default();
                if !text.contains(&format!("To: {address}")) {
                    continue;
                }
                let code = text
                    .lines()
                    .map(str::trim)
                    .find(|line| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit()));
                match code {
                    Some(code) if self.codes.last().is_none_or(|last| last != code) => return Ok(code.to_owned()),
                    Some(_) => break,
                    // A notice; the code may have left before it.
                    None => {}
                }
            }
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Err(Failure::Failed(format!("no code for {address}")))
    }
}
