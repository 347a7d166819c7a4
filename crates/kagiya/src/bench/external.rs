//! `kagiya bench external`: what a way back from a provider costs here, beside what the
//! provider's own part costs in the same run. The provider is the practice town's Apple, in a
//! process together with the server, so the two share the cores.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use kagiya_flows::staff::{agent::Agent, operator};
use kagiya_lab::{CLIENT_ID, CLIENT_SECRET};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{
    child::Child,
    load::{Load, time_once},
    progress,
    report::Report,
    seed::Folder,
};
use crate::{Failure, cli::Flags, config::Config, demo, open, output::say};

/// Ways back for the flood, and for each of the two medians.
const FLOOD: usize = 6_000;
const ONE_BY_ONE: usize = 300;
const AT_ONCE: usize = 16;
/// Each with a browser of their own.
const MEMBERS: usize = 400;
const SHOP: &str = "apple";

struct Answer {
    text: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.text.split("\r\n\r\n").next().unwrap_or_default().lines();
        lines
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, v)| v)
    }

    fn cookies(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.text.split("\r\n\r\n").next().unwrap_or_default().lines();
        lines
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            .filter_map(|(_, value)| value.split(';').next()?.split_once('='))
    }

    /// The value behind `name="…" value="`.
    fn field(&self, name: &str) -> Option<String> {
        let rest = self.text.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
        Some(rest.split('"').next()?.to_owned())
    }
}

async fn ask(address: SocketAddr, request: &[u8]) -> Result<Answer, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(request).await?;
    let mut raw = Vec::new();
    stream.read_to_end(&mut raw).await?;
    Ok(Answer { text: String::from_utf8_lossy(&raw).into_owned() })
}

/// The cookies that a request's answer sets, each as `name=value`.
pub(super) async fn cookies_of(address: SocketAddr, raw: &[u8]) -> Result<Vec<String>, Failure> {
    let text = String::from_utf8_lossy(raw).replacen("Host: bench\r\n", "Host: bench\r\nConnection: close\r\n", 1);
    let answer = ask(address, text.as_bytes()).await?;
    Ok(answer.cookies().map(|(name, value)| format!("{name}={value}")).collect())
}

fn request(method: &str, path: &str, cookies: &str, form: Option<&[(&str, &str)]>, close: bool) -> Vec<u8> {
    let close = if close { "Connection: close\r\n" } else { "" };
    let cookies = if cookies.is_empty() { String::new() } else { format!("Cookie: {cookies}\r\n") };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\nSec-Fetch-Site: same-origin\r\n{close}{cookies}");
    match form {
        None => format!("{head}\r\n").into_bytes(),
        Some(form) => {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
            let kind = "Content-Type: application/x-www-form-urlencoded";
            format!("{head}{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
        }
    }
}

/// A member's own browser, which the account knows, before the practice Apple.
struct Visitor {
    person: String,
    server: SocketAddr,
    town: SocketAddr,
    jar: BTreeMap<String, String>,
    token: String,
}

impl Visitor {
    fn cookies(&self) -> String {
        let kept = self.jar.iter().filter(|(name, _)| !name.contains("session"));
        kept.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    async fn open(server: SocketAddr, town: SocketAddr, person: String) -> Result<Self, Failure> {
        let page = ask(server, &request("GET", "/sign-in", "", None, true)).await?;
        let token = page.field("form").ok_or_else(|| Failure::Failed("no form on the sign-in page".into()))?;
        let jar = page.cookies().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let mut visitor = Self { person, server, town, jar, token };
        // Known from now on: no mail goes out for each sign-in.
        let back = visitor.callback(true).await?;
        let done = ask(server, &back).await?;
        visitor.jar.extend(done.cookies().map(|(name, value)| (name.to_owned(), value.to_owned())));
        Ok(visitor)
    }

    /// To the provider and up to the door: `(state, code)`.
    async fn set_out(&self) -> Result<(String, String), Failure> {
        let lost = |what: &str| Failure::Failed(format!("the way to the provider has no {what}"));
        let form = [("form", self.token.as_str()), ("asked", "1")];
        let begun = request("POST", &format!("/sign-in/{SHOP}"), &self.cookies(), Some(&form), true);
        let begun = ask(self.server, &begun).await?;
        let away = begun.header("location").and_then(|url| url.split_once('?')).ok_or_else(|| lost("address"))?.1;
        let mut fields: Vec<(String, String)> = form_urlencoded::parse(away.as_bytes()).into_owned().collect();
        fields.push(("person".into(), self.person.clone()));
        let pairs: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let decided = ask(self.town, &request("POST", &format!("/{SHOP}/decide"), "", Some(&pairs), true)).await?;
        Ok((decided.field("state").ok_or_else(|| lost("state"))?, decided.field("code").ok_or_else(|| lost("ticket"))?))
    }

    async fn callback(&self, close: bool) -> Result<Vec<u8>, Failure> {
        let (state, code) = self.set_out().await?;
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs([("state", &state), ("code", &code)]).finish();
        Ok(request("GET", &format!("/sign-in/{SHOP}/callback?{query}"), &self.cookies(), None, close))
    }

    /// The same ticket, taken to the token endpoint as the server would.
    async fn exchange(&self) -> Result<Vec<u8>, Failure> {
        let (_, code) = self.set_out().await?;
        let redirect = format!("http://{}/sign-in/{SHOP}/callback", self.server);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &redirect),
            ("client_id", CLIENT_ID),
            ("client_secret", CLIENT_SECRET),
        ];
        Ok(request("POST", &format!("/{SHOP}/token"), "", Some(&form), false))
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Runs it and prints the figures.
pub(crate) async fn run(json: bool) -> Result<(), Failure> {
    let folder = Folder::new()?;
    let town = TcpListener::bind("127.0.0.1:0").await?.local_addr()?;
    let server = Child::serve_with(folder.path(), &["demo", "--town", &town.to_string()]).await?;
    // The members are made and the town opens after the first line.
    tokio::time::sleep(Duration::from_secs(1)).await;
    progress(&format!("{MEMBERS} members link their accounts"));
    let flags = Flags { data: Some(folder.path().to_path_buf()), ..Flags::default() };
    let app = open::beside(&Config::read(&flags)?).await?;
    let mut visitors = Vec::with_capacity(MEMBERS);
    for n in 0..MEMBERS {
        // Letters only, and none that look alike.
        let letter = |n: usize| char::from(b"abcdefghjkmnpqrstuvw".get(n % 20).copied().unwrap_or(b'a'));
        let person = format!("bench{}{}{}", letter(n / 400), letter(n / 20), letter(n));
        let made = operator::create(&app, &person, &format!("{person}@example.jp"), None, &Agent::command_line()).await;
        let account = made.map_err(|error| Failure::Failed(error.to_string()))?;
        demo::link(&app, account.id, &format!("http://{town}"), SHOP, &person).await?;
        visitors.push(Visitor::open(server.address, town, person).await?);
    }
    app.hashing.stop();
    app.store.close().await;
    let visitor = |n: usize| &visitors[n % MEMBERS];
    progress("ways back one by one, beside the provider's own part");
    let (mut whole, mut theirs) = (Vec::new(), Vec::new());
    for n in 0..ONE_BY_ONE {
        let (back, exchange) = (visitor(n).callback(false).await?, visitor(n).exchange().await?);
        whole.push(time_once(server.address, &back).await?);
        theirs.push(time_once(town, &exchange).await?);
    }
    let (whole, theirs) = (median(whole), median(theirs));
    progress(&format!("{FLOOD} people set out"));
    let mut backs = Vec::with_capacity(FLOOD);
    for n in 0..FLOOD {
        backs.push(visitor(n).callback(false).await?);
    }
    progress(&format!("they come back, {AT_ONCE} at once"));
    let flood = Load::new(server.address, AT_ONCE, backs).run(Duration::from_secs(4)).await?;
    let mut report = Report::default();
    report.add_plain("external_callback_p50_ms", whole);
    report.add_plain("external_token_call_p50_ms", theirs);
    report.add_at_most("external_own_share_p50_ms", whole - theirs, 5.0);
    report.add("external_callbacks_per_second", flood.per_second(), Some(500.0), "the goal, at least");
    report.want("external_callbacks_per_second", 1.0);
    report.add_plain("external_callbacks_refused", flood.others());
    report.add_plain("external_callback_p99_in_flood_ms", flood.percentile(0.99));
    server.stop().await;
    if json {
        say(&report.json().to_string());
    } else {
        report.print();
    }
    Ok(())
}
