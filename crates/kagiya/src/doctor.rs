//! `kagiya doctor`: the mistakes that operators make, found before members do.

use kagiya_domain::{Timestamp, setup::SetupFault};
use kagiya_flows::time::rfc3339;
use kagiya_flows::{
    Clock,
    check::setup::{self, SKEW},
    external::provider_monitor::SECRET_ENDS_SOON,
};
use kagiya_store::{Location, Store};
use serde_json::json;

use crate::{
    Failure,
    config::Config,
    keys_file,
    mail::{MailSetting, PostOffice},
    open,
    output::say,
    outside::{self, DIRECTLY, SystemClock},
};

/// 2026-01-01, in milliseconds since 1970.
const BUILT_AFTER: i64 = 1_767_225_600_000;

struct Check {
    name: &'static str,
    ok: bool,
    /// It is as it should be while somebody tries this on their own machine.
    normal_here: bool,
    detail: String,
    advice: &'static str,
}

impl Check {
    fn new(name: &'static str, problem: Option<String>, fine: &str, advice: &'static str) -> Self {
        Self {
            name,
            ok: problem.is_none(),
            normal_here: false,
            detail: problem.unwrap_or_else(|| fine.to_owned()),
            advice,
        }
    }
}

impl Check {
    const fn level(&self) -> &'static str {
        match (self.ok, self.normal_here) {
            (true, _) => "ok",
            (false, true) => "warning",
            (false, false) => "failure",
        }
    }
}

pub(crate) async fn run(config: &Config, json: bool) -> Result<(), Failure> {
    let mut checks = vec![public_url(config), proxies(config), data(config), disk(config), files(config), keys(config)];
    checks.push(descriptors(config));
    checks.push(way_out());
    checks.extend(database(config).await);
    checks.push(mail(config).await);
    checks.extend(providers(config).await);
    let failed = checks.iter().filter(|check| !check.ok && !check.normal_here).count();
    if json {
        let list: Vec<_> = checks
            .iter()
            .map(|c| {
                let advice = (!c.ok).then_some(c.advice);
                json!({ "check": c.name, "ok": c.ok, "level": c.level(), "detail": c.detail, "advice": advice })
            })
            .collect();
        say(&json!({ "ok": failed == 0, "checks": list }).to_string());
    } else {
        for c in &checks {
            let level = match c.level() {
                "failure" => "FAIL",
                "warning" => "warn",
                _ => "ok  ",
            };
            say(&format!("{level} {:<12} {}", c.name, c.detail));
            if !c.ok {
                say(&format!("                  → {}", c.advice));
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(Failure::Failed(format!("{failed} of {} checks failed", checks.len()))) }
}

fn public_url(config: &Config) -> Check {
    let problem = config.public_url.is_none().then(|| "not set: only this machine can sign in".to_owned());
    let fine = config.public_url.as_ref().map(|url| url.origin.clone()).unwrap_or_default();
    let advice =
        "before others use it, write public_url = \"https://login.example.jp\" with the address that members type";
    let check = Check::new("public_url", problem, &fine, advice);
    // Nothing says yet that others are to come.
    let alone = config.listen.ip().is_loopback() && config.trusted_proxies.is_empty();
    let lonely = config.providers().is_ok_and(|providers| providers.is_empty());
    Check { normal_here: alone && lonely && matches!(config.mail, MailSetting::File(_)), ..check }
}

fn proxies(config: &Config) -> Check {
    let secure = config.public_url.as_ref().is_some_and(|url| url.secure);
    let problem = (secure && config.trusted_proxies.is_empty())
        .then(|| "https is served by a proxy, but no proxy is trusted: all members share one address".to_owned());
    Check::new(
        "proxy",
        problem,
        "consistent",
        "set trusted_proxy to the proxy's address, and let it send X-Forwarded-For",
    )
}

/// Providers, webhooks and probes are asked directly: a proxy that the environment names is not.
fn way_out() -> Check {
    let problem = outside::ignored_proxy().map(|name| format!("{name} is set, and ignored: {DIRECTLY}"));
    Check::new("way_out", problem, "direct", "let this host reach the providers by itself, or unset the variable")
}

fn data(config: &Config) -> Check {
    let written = outside::try_writing(&config.data);
    let problem = written.err().map(|error| format!("{}: {error}", config.data.display()));
    Check::new(
        "data",
        problem,
        &config.data.display().to_string(),
        "create the folder and give it to the server's user",
    )
}

/// How much room there is where the data lies.
fn disk(config: &Config) -> Check {
    const ADVICE: &str = "make room, or move the data: without it nobody can sign in or up";
    match kagiya_flows::status::disk::free(&config.data) {
        None => Check::new("disk", None, "how much room there is cannot be told", ADVICE),
        Some(disk) => {
            let words = format!("{} MiB free of {}", disk.free / 1_048_576, disk.size / 1_048_576);
            Check::new("disk", disk.is_short().then(|| words.clone()), &words, ADVICE)
        }
    }
}

/// Whether anything that holds members' data can be read by others on this machine.
fn files(config: &Config) -> Check {
    use std::os::unix::fs::PermissionsExt;
    let mut paths = vec![config.data.clone(), config.data.join("board.json"), config.data.join("waiting")];
    if let Location::Sqlite(path) = &config.database {
        let beside = |end: &str| std::path::PathBuf::from(format!("{}{end}", path.display()));
        paths.extend([path.clone(), beside("-wal"), beside("-shm")]);
    }
    if let MailSetting::File(folder) = &config.mail {
        paths.push(folder.clone());
        let letters = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        paths.extend(letters.take(10_000));
    }
    paths.extend(config.export_folder());
    paths.extend(config.secret_files());
    let open =
        |path: &std::path::PathBuf| std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0);
    let exposed: Vec<String> = paths.iter().filter(|path| open(path)).map(|path| path.display().to_string()).collect();
    let problem = exposed.first().map(|first| match exposed.len() {
        1 => format!("{first}: others on this machine may read it"),
        n => format!("{first} and {} more: others on this machine may read them", n - 1),
    });
    Check::new(
        "files",
        problem,
        "readable by their owner alone",
        "chmod -R go= on what is named, the data folder first",
    )
}

/// Whether the system gives as many descriptors as the settings want connections.
fn descriptors(config: &Config) -> Check {
    let room = crate::serve::raise_descriptors();
    let wanted = u64::try_from(config.limits.connections).unwrap_or(u64::MAX);
    let problem = (room < wanted + crate::serve::OTHER_DESCRIPTORS).then(|| {
        format!("{room} descriptors for {wanted} connections: {} will be served at once", room.saturating_sub(128))
    });
    Check::new(
        "connections",
        problem,
        &format!("{wanted} at once, {room} descriptors"),
        "raise the hard limit of open files (LimitNOFILE= of systemd, ulimit -Hn), or lower connections.most",
    )
}

/// Whether the database has room for every server's connections.
async fn pool(config: &Config, store: &Store) -> Option<Check> {
    let room = store.room().await.ok().flatten()?;
    let fine = format!("{} × {} of {}", room.1.max(1), config.pool.0, room.0);
    let problem = open::too_small(config, room);
    Some(Check::new("pool", problem, &fine, "lower database_connections, or raise max_connections or the role's limit"))
}

fn keys(config: &Config) -> Check {
    let missing = !config.keys.exists();
    let problem = if missing {
        Some(format!("{}: missing", config.keys.display()))
    } else if keys_file::is_exposed(&config.keys) {
        Some(format!("{}: others can read it", config.keys.display()))
    } else {
        keys_file::open(&config.keys).err().map(|failure| match failure {
            Failure::Usage(words) | Failure::Failed(words) => words,
        })
    };
    let advice = if missing {
        "start `kagiya serve` once, which makes it, or copy the one that the other servers have"
    } else {
        "chmod 600 the keys file, and keep one for all servers"
    };
    Check::new("keys", problem, "readable by the owner alone", advice)
}

async fn database(config: &Config) -> Vec<Check> {
    const ADVICE: &str = "check --database, that the server runs, and `kagiya migrate`";
    if let Location::Sqlite(path) = &config.database
        && !path.exists()
    {
        let problem = format!("{}: not there yet; `kagiya serve` makes it", path.display());
        return vec![Check::new("database", Some(problem), "", ADVICE)];
    }
    match open::store(config).await {
        Ok(store) => {
            let problem = store.probe_write(SystemClock::new().now()).await.err().map(|error| error.to_string());
            let mut checks = vec![Check::new("database", problem, &format!("{}: takes writes", store.kind()), ADVICE)];
            checks.extend(pool(config, &store).await);
            checks.push(clock(&store).await);
            checks.push(cookie_scope(config));
            checks.extend(findings(&store).await);
            store.close().await;
            checks
        }
        Err(Failure::Usage(words) | Failure::Failed(words)) => vec![Check::new("database", Some(words), "", ADVICE)],
    }
}

/// The system's clock against the database server's.
async fn clock(store: &Store) -> Check {
    let now = SystemClock::new().now();
    let other = match store.reader().await {
        Ok(mut conn) => kagiya_store::server::clock(&mut conn).await.ok().flatten(),
        Err(_) => None,
    };
    let off = other.map_or(0, |other| other.since(now).0 / 1_000);
    // Older than this program: nobody set the clock since the machine was made.
    let problem = if now.0 < BUILT_AFTER {
        Some("the system's clock stands before this program was made".to_owned())
    } else {
        (off.abs() > SKEW).then(|| format!("the database's clock is {off} s ahead of this machine's"))
    };
    Check::new("clock", problem, "plausible", "let the system keep its clock by NTP")
}

/// Which hosts the session's cookie reaches.
fn cookie_scope(config: &Config) -> Check {
    let url = config.public_url(config.listen);
    let host = url.origin.split("://").nth(1).unwrap_or_default();
    let fine = format!("sessions are cookies of {host} alone; apps elsewhere ask /auth/check through their proxy");
    let problem = (!url.secure && config.public_url.is_some() && !config.listen.ip().is_loopback())
        .then(|| format!("{} is for this machine alone, but the server listens beyond it", url.origin));
    Check::new("cookie_scope", problem, &fine, "set public_url to the https URL that members type")
}

/// What running servers saw of the operator's own mistakes within a day.
async fn findings(store: &Store) -> Vec<Check> {
    match setup::lately(store, SystemClock::new().now()).await {
        Ok(found) if found.is_empty() => vec![Check::new("requests", None, "nothing strange was seen in a day", "")],
        Ok(found) => found
            .into_iter()
            .map(|finding| {
                let fault = SetupFault::parse(&finding.fault);
                let what = fault.map_or("an unknown fault", SetupFault::what);
                let at = rfc3339(Timestamp(finding.last_at));
                let words = format!("{}: {what} Seen last at {at}: {}.", finding.fault, finding.detail);
                Check::new("requests", Some(words), "", fault.map_or("see the logs", SetupFault::advice))
            })
            .collect(),
        Err(error) => vec![Check::new("requests", Some(error.to_string()), "", "see the database's logs")],
    }
}

/// Whether each provider can be read, and knows our client and its secret.
async fn providers(config: &Config) -> Vec<Check> {
    const ADVICE: &str = "compare client_id, secret and the redirect URL with what the provider has on record";
    let Ok(providers) = config.providers() else {
        return Vec::new();
    };
    let now = SystemClock::new().now().0 / 1_000;
    let origin = config.public_url(config.listen).origin;
    let each = providers.iter().map(|entry| {
        let origin = origin.clone();
        async move {
            let provider = &entry.provider;
            let redirect = format!("{origin}/sign-in/{}/callback", provider.id());
            let mut problem = provider.refresh(now).await.err().map(|failure| failure.to_string());
            if problem.is_none() {
                problem = provider.probe(&redirect, now).await.map(|failure| failure.to_string());
            }
            if let (None, Some(ends)) = (&problem, provider.secret_expires())
                && ends < now + SECRET_ENDS_SOON
            {
                let days = (ends - now).div_euclid(24 * 3_600);
                problem = Some(format!("the client secret runs out in {days} days"));
            }
            let problem = problem.map(|words| format!("{}: {words}", provider.id()));
            Check::new("provider", problem, &format!("{}: knows this client at {redirect}", provider.id()), ADVICE)
        }
    });
    futures_util::future::join_all(each).await
}

async fn mail(config: &Config) -> Check {
    const ADVICE: &str = "check --mail: host, port, password; and that the network lets it out";
    let from = config.settings(config.listen).mail_from;
    let problem = match PostOffice::open(&config.mail, &from, "Kagiya", config.mail_in_the_clear) {
        Ok(office) => office.test().await.err(),
        Err(error) => Some(error),
    };
    Check::new("mail", problem, &config.mail.to_string(), ADVICE)
}
