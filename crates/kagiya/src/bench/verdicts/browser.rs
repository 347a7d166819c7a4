//! A browser as far as the scenarios need one: cookies, forms, headers. No script, but what the
//! page's script would have said can be sent.

use std::{collections::BTreeMap, net::SocketAddr};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::Said;
use crate::Failure;

/// An answer, read to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) text: String,
    cookies: Vec<String>,
}

impl Answer {
    pub(super) fn parse(raw: &[u8]) -> Self {
        let text = String::from_utf8_lossy(raw);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut answer = Self {
            status: head.get(9..12).and_then(|digits| digits.parse().ok()).unwrap_or(0),
            text: body.to_owned(),
            ..Self::default()
        };
        for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
            match name.to_ascii_lowercase().as_str() {
                "location" => answer.location = Some(value.to_owned()),
                "set-cookie" => answer.cookies.push(value.to_owned()),
                _ => {}
            }
        }
        answer
    }

    /// The value of the first such attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        let rest = self.text.split(&format!("{name}=\"")).nth(1)?;
        rest.split('"').next().map(unescape)
    }

    /// The reference of the verdict, from a page or from JSON.
    pub(super) fn reference(&self) -> Option<String> {
        self.attribute("data-reference").or_else(|| {
            let value: serde_json::Value = serde_json::from_str(&self.text).ok()?;
            value["reference"].as_str().map(str::to_owned)
        })
    }

    /// What the page's verdict says.
    pub(super) fn said(&self) -> Said {
        let all = |name: &str| -> Vec<String> {
            let mark = format!("{name}=\"");
            let values = self.text.split(&mark).skip(1);
            values.filter_map(|rest| rest.split('"').next()).map(unescape).collect()
        };
        let sure = all("data-confidence").into_iter().map(|text| text.parse().unwrap_or(0.0));
        Said {
            evidence: Vec::new(),
            cause: self.attribute("data-cause").unwrap_or_default(),
            candidates: all("data-candidate").into_iter().zip(sure).collect(),
            steps: all("data-step"),
        }
    }

    /// The first form's action that begins and ends so.
    pub(super) fn action_like(&self, start: &str, end: &str) -> Option<String> {
        let actions = self.text.split(" action=\"").skip(1).filter_map(|rest| rest.split('"').next());
        actions.map(str::to_owned).find(|action| action.starts_with(start) && action.ends_with(end))
    }

    /// The hidden inputs of the first form.
    pub(super) fn hidden(&self) -> BTreeMap<String, String> {
        let form = self.text.split("<form").nth(1).unwrap_or_default();
        hidden_of(form)
    }

    /// The hidden inputs of the first form that posts to `action`.
    pub(super) fn form(&self, action: &str) -> Option<BTreeMap<String, String>> {
        let mark = format!("action=\"{action}");
        let form = self.text.split("<form").skip(1).find(|form| {
            form.split_once(&mark).is_some_and(|(before, rest)| !before.contains('>') && rest.starts_with(['"', '?']))
        })?;
        Some(hidden_of(form))
    }
}

fn hidden_of(form: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    for input in form.split("</form>").next().unwrap_or_default().split("<input").skip(1) {
        let tag = input.split('>').next().unwrap_or_default();
        let value = |name: &str| tag.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next());
        if let (Some("hidden"), Some(name)) = (value("type"), value("name")) {
            fields.insert(name.to_owned(), unescape(value("value").unwrap_or_default()));
        }
    }
    fields
}

/// Numeric character references, as the templates write them.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        out.push_str(before);
        let (number, tail) = after.split_once(';').unwrap_or((after, ""));
        let code = match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        };
        out.extend(code.and_then(char::from_u32));
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// What the page's script would send with a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Script {
    /// It ran and saw this.
    Ran(BTreeMap<String, String>),
    /// It was stopped.
    Blocked,
    /// Scripts are off.
    Off,
}

/// One browser of a scenario.
#[derive(Clone, Debug)]
pub(super) struct Browser {
    server: SocketAddr,
    cookies: BTreeMap<String, String>,
    /// Sent beside the jar, as it stands.
    pub(super) extra_cookies: String,
    pub(super) keeps_cookies: bool,
    /// Whether cookies that come with a redirect are kept.
    pub(super) keeps_redirects_cookies: bool,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) script: Script,
    /// The page that is open.
    pub(super) page: Answer,
    /// The last form that was sent: where, and with what.
    pub(super) sent: (String, BTreeMap<String, String>),
    /// Whether the open page was asked for, and is no answer to a form.
    pub(super) opened: bool,
    /// Pages opened so far.
    pub(super) loads: u32,
}

impl Browser {
    pub(super) fn new(server: SocketAddr, user_agent: &str, address: &str) -> Self {
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        headers.insert("User-Agent".into(), user_agent.into());
        headers.insert("Accept-Language".into(), "en".into());
        headers.insert("X-Forwarded-For".into(), address.into());
        Self {
            server,
            cookies: BTreeMap::new(),
            extra_cookies: String::new(),
            keeps_cookies: true,
            keeps_redirects_cookies: true,
            headers,
            script: Script::Ran(BTreeMap::new()),
            page: Answer::default(),
            sent: Default::default(),
            opened: false,
            loads: 0,
        }
    }

    pub(super) fn forget_cookies(&mut self) {
        self.cookies.clear();
    }

    pub(super) fn drop_cookie(&mut self, name: &str) {
        self.cookies.remove(name);
    }

    fn cookie_header(&self) -> String {
        let mut pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !self.extra_cookies.is_empty() {
            pairs.push(self.extra_cookies.clone());
        }
        pairs.join("; ")
    }

    /// One exchange; `cut`: the body breaks off before its end.
    async fn exchange(&mut self, method: &str, path: &str, body: Option<&str>, cut: bool) -> Result<Answer, Failure> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.server);
        for (name, value) in &self.headers {
            // A browser says where a form comes from; it says so with forms only.
            if body.is_some() || !name.eq_ignore_ascii_case("origin") {
                head.push_str(&format!(
                    "{name}: {}\r\n",
                    value.replace("{origin}", &format!("http://{}", self.server))
                ));
            }
        }
        let cookies = self.cookie_header();
        if !cookies.is_empty() {
            head.push_str(&format!("Cookie: {cookies}\r\n"));
        }
        if let Some(body) = body {
            let length = body.len() + if cut { 100 } else { 0 };
            let kind = if body.starts_with('{') { "application/json" } else { "application/x-www-form-urlencoded" };
            head.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n"));
        }
        head.push_str("\r\n");
        head.push_str(body.unwrap_or_default());
        let mut stream = TcpStream::connect(self.server).await?;
        // A server that answers early may hang up before everything is sent.
        let _ = stream.write_all(head.as_bytes()).await;
        if cut {
            let _ = stream.shutdown().await;
        }
        let mut raw = Vec::new();
        let _ = stream.read_to_end(&mut raw).await;
        let answer = Answer::parse(&raw);
        if self.keeps_cookies && (self.keeps_redirects_cookies || answer.status != 303) {
            for line in &answer.cookies {
                let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
                let own_scope = !attributes.contains("Domain=")
                    && attributes.split(';').all(|a| !a.trim().starts_with("Path=") || a.trim() == "Path=/");
                let Some((name, value)) = pair.split_once('=').filter(|_| own_scope) else {
                    continue;
                };
                if attributes.contains("Max-Age=0") {
                    self.cookies.remove(name);
                } else {
                    self.cookies.insert(name.to_owned(), value.to_owned());
                }
            }
        }
        Ok(answer)
    }

    /// Opens a page, by way of every redirect.
    pub(super) async fn get(&mut self, path: &str) -> Result<(), Failure> {
        self.opened = true;
        self.page = self.exchange("GET", path, None, false).await?;
        self.settle().await
    }

    /// Opens an address and goes nowhere from there.
    pub(super) async fn visit(&mut self, path: &str) -> Result<(), Failure> {
        let answer = self.exchange("GET", path, None, false).await?;
        if answer.status != 303 {
            self.page = answer;
        }
        Ok(())
    }

    /// The key of the act whose page is open.
    pub(super) fn flow(&self) -> Option<String> {
        let rest = self.page.text.split("name=\"flow\" value=\"").nth(1)?;
        rest.split('"').next().map(str::to_owned)
    }

    async fn settle(&mut self) -> Result<(), Failure> {
        for _ in 0..8 {
            // Another host is not ours to follow.
            let on = |to: &String| self.page.status == 303 && to.starts_with('/');
            let Some(to) = self.page.location.clone().filter(on) else {
                break;
            };
            self.page = self.exchange("GET", &to, None, false).await?;
        }
        self.loads += 1;
        Ok(())
    }

    /// Sends the open page's form with these fields besides its hidden ones.
    pub(super) async fn submit(&mut self, action: &str, typed: &[(String, String)]) -> Result<(), Failure> {
        let mut fields = self
            .page
            .form(action)
            .ok_or_else(|| Failure::Failed(format!("no form {action} on the page (status {})", self.page.status)))?;
        self.fill(&mut fields);
        fields.extend(typed.iter().cloned());
        self.send(action, fields, false).await
    }

    fn fill(&self, fields: &mut BTreeMap<String, String>) {
        if !fields.contains_key("facts") {
            return;
        }
        let facts = match &self.script {
            Script::Off => return,
            Script::Blocked => String::new(),
            Script::Ran(seen) => {
                let mut seen = seen.clone();
                let name = self.page.text.split("/assets/app-").find(|rest| rest.contains(".js\""));
                let name = name.and_then(|rest| rest.split('"').next()).filter(|name| name.ends_with(".js"));
                seen.entry("js".into()).or_insert_with(|| name.map(|name| format!("app-{name}")).unwrap_or_default());
                seen.entry("st".into()).or_insert_with(|| "1".into());
                let ahead: i64 = seen.get("t").and_then(|text| text.parse().ok()).unwrap_or(0);
                seen.insert("t".into(), (super::now_ms() + ahead * 1_000).to_string());
                form_urlencoded::Serializer::new(String::new()).extend_pairs(seen).finish()
            }
        };
        fields.remove("noscript");
        fields.insert("facts".into(), facts);
    }

    /// Sends fields as they are.
    pub(super) async fn send(
        &mut self,
        action: &str,
        fields: BTreeMap<String, String>,
        cut: bool,
    ) -> Result<(), Failure> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        self.sent = (action.to_owned(), fields);
        self.opened = false;
        self.page = self.exchange("POST", action, Some(&body), cut).await?;
        self.settle().await
    }

    /// Sends fields and tells where that leads, without going there.
    pub(super) async fn send_once(
        &mut self,
        action: &str,
        fields: BTreeMap<String, String>,
    ) -> Result<Option<String>, Failure> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        Ok(self.exchange("POST", action, Some(&body), false).await?.location)
    }

    /// Sends JSON.
    pub(super) async fn json(&mut self, path: &str, body: &str) -> Result<(), Failure> {
        self.page = self.exchange("POST", path, Some(body), false).await?;
        Ok(())
    }

    /// Whether My Page opens.
    pub(super) async fn is_in(&mut self) -> Result<bool, Failure> {
        Ok(self.exchange("GET", "/account", None, false).await?.status == 200)
    }
}
