//! Settings: flags beat environment beat `kagiya.toml`. What cannot be understood stops the start.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use ipnet::IpNet;
use kagiya_domain::{Span, password::Policy, session::Lives, throttle::Budgets};
use kagiya_flows::external::Providers;
use kagiya_flows::settings::{Argon2Parameters, ByLang, PublicUrl, Settings};
use kagiya_store::{Location, PoolSize};
use kagiya_web::Limits;
use serde::{Deserialize, Deserializer};

use crate::{
    Failure,
    cli::Flags,
    mail::MailSetting,
    providers::{self, ProviderSetting},
    settings_file::understand,
    status::{Remote, StatusSetting},
    values::{Accent, LogFormat, PublicUrlSetting, Zone, maybe_networks, networks},
};

/// The settings file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    data: Option<PathBuf>,
    listen: Option<SocketAddr>,
    #[serde(deserialize_with = "by_text")]
    public_url: Option<PublicUrlSetting>,
    #[serde(deserialize_with = "by_text")]
    database: Option<Location>,
    database_connections: Option<u16>,
    #[serde(deserialize_with = "by_text")]
    mail: Option<MailSetting>,
    mail_from: Option<String>,
    mail_in_the_clear: bool,
    #[serde(deserialize_with = "networks")]
    trusted_proxy: Vec<IpNet>,
    #[serde(deserialize_with = "maybe_networks")]
    metrics_from: Option<Vec<IpNet>>,
    hsts_include_subdomains: bool,
    drain_seconds: Option<u16>,
    keys: Option<PathBuf>,
    #[serde(deserialize_with = "by_text")]
    time_zone: Option<Zone>,
    #[serde(deserialize_with = "by_text")]
    log: Option<LogFormat>,
    service: Service,
    password: Password,
    throttle: Throttle,
    connections: Connections,
    session: Session,
    keep: Keep,
    browser: Browser,
    status: StatusSetting,
    providers: Vec<ProviderSetting>,
}

/// How many connections people may have open.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Connections {
    most: Option<u32>,
    per_network: Option<u32>,
}

/// What stands on this host and beside it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Browser {
    legacy_cookies: Vec<String>,
    siblings: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Service {
    name: Option<String>,
    name_en: Option<String>,
    login_id_word: Option<String>,
    login_id_word_en: Option<String>,
    #[serde(deserialize_with = "by_text")]
    accent: Option<Accent>,
    logo_url: Option<String>,
    support: Option<String>,
    member_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Password {
    min_length: Option<u16>,
    argon2_memory_kib: Option<u32>,
    argon2_passes: Option<u32>,
    argon2_lanes: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Throttle {
    device_tries: Option<u16>,
    stranger_tries: Option<u16>,
    network_tries: Option<u32>,
    first_wait_seconds: Option<u32>,
    network_starts: Option<u32>,
}

/// Mails that one network may ask for in an hour, unless the settings say otherwise: as many as wrong passwords.
const NETWORK_STARTS: u32 = 300;
/// Attempts of nobody's account: at 0.8 KiB each, 200 MiB.
const ANONYMOUS: i64 = 250_000;
/// See [`Settings::mail_wait`].
const MAIL_WAIT: Span = Span(700);

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Session {
    idle_minutes: Option<u32>,
    absolute_hours: Option<u32>,
    remember_days: Option<u16>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Keep {
    attempts_days: Option<u16>,
    anonymous_attempts: Option<u32>,
    dormant_after_days: Option<u16>,
}

fn by_text<'de, D: Deserializer<'de>, T: FromStr<Err = String>>(from: D) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

/// Everything that was set, understood.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) public_url: Option<PublicUrl>,
    pub(crate) database: Location,
    pub(crate) mail: MailSetting,
    pub(crate) mail_from: Option<String>,
    pub(crate) mail_in_the_clear: bool,
    pub(crate) pool: PoolSize,
    pub(crate) limits: Limits,
    /// How long `/readyz` says no before the listener closes.
    pub(crate) drain: std::time::Duration,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) metrics_from: Vec<IpNet>,
    pub(crate) keys: PathBuf,
    pub(crate) log_json: bool,
    hsts_subdomains: bool,
    time_zone: jiff::tz::TimeZone,
    service: Service,
    password: Password,
    throttle: Throttle,
    session: Session,
    keep: Keep,
    browser: Browser,
    status: StatusSetting,
    providers: Vec<ProviderSetting>,
    /// Where relative paths of the file begin.
    folder: PathBuf,
    /// The settings file, when there is one, and whether a password stands in it.
    file: Option<PathBuf>,
    password_in_file: bool,
}

impl Config {
    /// Reads flags, environment and file.
    #[expect(clippy::too_many_lines, reason = "a table: one line for each setting")]
    pub(crate) fn read(flags: &Flags) -> Result<Self, Failure> {
        let (path, file) = read_file(flags.config.as_deref())?;
        let password_in_file = file.database.as_ref().is_some_and(Location::has_password)
            || file.mail.as_ref().is_some_and(MailSetting::has_password);
        let usual = if flags.practice { "kagiya-demo" } else { "kagiya-data" };
        let data = flags.data.clone().or(file.data).unwrap_or_else(|| usual.into());
        let trusted = if flags.trusted_proxy.is_empty() { file.trusted_proxy } else { flags.trusted_proxy.clone() };
        let zone = match file.time_zone {
            Some(zone) => zone.0,
            None => jiff::tz::TimeZone::get("Asia/Tokyo").unwrap_or(jiff::tz::TimeZone::UTC),
        };
        let public_url = match &flags.public_url {
            Some(text) => Some(text.read::<PublicUrlSetting>("--public-url", "KAGIYA_PUBLIC_URL")?.0),
            None => file.public_url.map(|url| url.0),
        };
        let database = match &flags.database {
            Some(text) => Some(text.read("--database", "KAGIYA_DATABASE")?),
            None => file.database,
        };
        let mail = match &flags.mail {
            Some(text) => Some(text.read("--mail", "KAGIYA_MAIL")?),
            None => file.mail,
        };
        // Where people come by https, a proxy on this machine may pass everything on without a mark.
        let here_only = public_url.as_ref().is_none_or(|url: &PublicUrl| !url.secure);
        let usual_limits = Limits::default();
        let whole = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
        let config = Self {
            listen: flags.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8_080))),
            public_url,
            database: database.unwrap_or_else(|| Location::Sqlite(data.join("kagiya.db"))),
            mail: mail.unwrap_or_else(|| MailSetting::File(data.join("mail"))),
            mail_from: file.mail_from,
            mail_in_the_clear: file.mail_in_the_clear,
            pool: file.database_connections.map_or_else(PoolSize::default, |n| PoolSize(u32::from(n))),
            limits: Limits {
                connections: file.connections.most.map_or(usual_limits.connections, whole),
                per_network: file.connections.per_network.map_or(usual_limits.per_network, whole),
            },
            drain: std::time::Duration::from_secs(u64::from(file.drain_seconds.unwrap_or(0))),
            trusted_proxies: trusted,
            metrics_from: file.metrics_from.unwrap_or_else(|| if here_only { loopback() } else { Vec::new() }),
            hsts_subdomains: file.hsts_include_subdomains,
            keys: flags.keys.clone().or(file.keys).unwrap_or_else(|| data.join("keys")),
            log_json: file.log == Some(LogFormat::Json),
            data,
            time_zone: zone,
            service: file.service,
            password: file.password,
            throttle: file.throttle,
            session: file.session,
            keep: file.keep,
            browser: file.browser,
            status: file.status,
            providers: file.providers,
            folder: flags.config.as_deref().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default(),
            file: path,
            password_in_file,
        };
        config.check()?;
        config.status.export_bucket(&config.folder)?;
        config.status.check(&config.providers()?)?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Failure> {
        let wrong = |key: &str, expected: &str| Err(Failure::Usage(format!("{key}: expected {expected}")));
        if !self.listen.ip().is_loopback() && self.public_url.is_none() {
            return wrong(
                "public_url",
                "the https URL under which people reach this address, since it listens beyond this machine",
            );
        }
        if let Some(from) = &self.mail_from
            && from.parse::<lettre::Address>().is_err()
        {
            return wrong("mail_from", "an address such as no-reply@example.jp");
        }
        if let Err(expected) = self.mail.check(self.mail_in_the_clear) {
            return Err(Failure::Usage(format!("mail: {expected}")));
        }
        if !(1..=500).contains(&self.pool.0) {
            return wrong("database_connections", "1 to 500");
        }
        if self.limits.connections < 16 || self.limits.per_network < 4 {
            return wrong("connections", "most of at least 16 and per_network of at least 4");
        }
        if self.drain.as_secs() > 600 {
            return wrong("drain_seconds", "0 to 600");
        }
        if self.password.min_length.is_some_and(|n| !(8..=64).contains(&n)) {
            return wrong("password.min_length", "8 to 64 (NIST SP 800-63B-4 and OWASP ASVS allow no less than 8)");
        }
        if self.throttle.device_tries.is_some_and(|n| !(1..=100).contains(&n)) {
            return wrong("throttle.device_tries", "1 to 100 (NIST SP 800-63B-4 3.2.2)");
        }
        if self.throttle.stranger_tries.is_some_and(|n| !(1..=100).contains(&n)) {
            return wrong("throttle.stranger_tries", "1 to 100 (NIST SP 800-63B-4 3.2.2)");
        }
        if self.throttle.network_starts == Some(0) {
            return wrong("throttle.network_starts", "mails that one network may ask for in an hour, above 0");
        }
        if self.throttle.network_tries == Some(0) || self.throttle.first_wait_seconds == Some(0) {
            return wrong("throttle", "numbers above 0");
        }
        let cookie_name = |name: &String| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
        };
        if self.browser.legacy_cookies.len() > 8 || !self.browser.legacy_cookies.iter().all(cookie_name) {
            return wrong(
                "browser.legacy_cookies",
                "up to eight names of cookies (RFC 6265 4.1.1), such as \"OLDSESSION\"",
            );
        }
        if self.browser.siblings.iter().any(|host| !host.contains('.') || host.contains(['/', ':', ' '])) {
            return wrong("browser.siblings", "host names, such as \"blog.example.jp\"");
        }
        if !kagiya_flows::password::hashing::acceptable(self.argon2()) {
            return wrong(
                "password.argon2_*",
                "parameters that Argon2 accepts: memory of at least 8 KiB a lane, passes and lanes of at least 1",
            );
        }
        Ok(())
    }

    fn argon2(&self) -> Argon2Parameters {
        let usual = Argon2Parameters::default();
        Argon2Parameters {
            memory_kib: self.password.argon2_memory_kib.unwrap_or(usual.memory_kib),
            passes: self.password.argon2_passes.unwrap_or(usual.passes),
            lanes: self.password.argon2_lanes.unwrap_or(usual.lanes),
        }
    }

    #[cfg(feature = "lab")]
    /// Other external accounts than the settings', whose files lie in `folder`.
    pub(crate) fn practise(&mut self, providers: Vec<ProviderSetting>, folder: PathBuf) {
        (self.providers, self.folder) = (providers, folder);
    }

    /// The external accounts of the settings, with their secrets read.
    pub(crate) fn providers(&self) -> Result<Providers, Failure> {
        providers::read(&self.providers, &self.folder)
    }

    /// The files that hold secrets: those that settings name, and the settings themselves when a password stands in them.
    pub(crate) fn secret_files(&self) -> Vec<PathBuf> {
        let named = self.providers.iter().filter_map(ProviderSetting::secret_file).chain(self.status.secret_file());
        let mut files: Vec<PathBuf> = named.map(|path| self.folder.join(path)).collect();
        if let Some(file) = self.file.as_ref().filter(|_| self.password_in_file) {
            files.push(file.clone());
        }
        files
    }

    /// The folder for copies of the status page.
    pub(crate) fn export_folder(&self) -> Option<PathBuf> {
        self.status.export_folder(&self.folder)
    }

    /// The bucket for copies of the status page.
    pub(crate) fn export_bucket(&self) -> Result<Option<Remote>, Failure> {
        self.status.export_bucket(&self.folder)
    }

    /// Hosts inside to which webhooks may lead.
    pub(crate) fn webhook_hosts(&self) -> Vec<url::Url> {
        self.status.webhook_hosts()
    }

    /// Hosts that the settings themselves call.
    pub(crate) fn own_hosts(&self) -> Vec<url::Url> {
        self.status.own_hosts()
    }

    /// The public URL, or the loopback address that is listened on.
    pub(crate) fn public_url(&self, listening: SocketAddr) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl { origin: format!("http://{listening}"), secure: false })
    }

    /// The settings of flows and pages.
    pub(crate) fn settings(&self, listening: SocketAddr) -> Settings {
        let public_url = self.public_url(listening);
        let name = self.service.name.clone().unwrap_or_else(|| "Kagiya".into());
        let word = self.service.login_id_word.clone().unwrap_or_else(|| "ログインID".into());
        let usual = (Budgets::default(), Lives::default());
        let host = public_url.origin.split("://").nth(1).unwrap_or_default().split(':').next().unwrap_or_default();
        let mail_host = if host.parse::<std::net::IpAddr>().is_ok() || !host.contains('.') {
            "localhost.localdomain"
        } else {
            host
        };
        Settings {
            hsts_subdomains: self.hsts_subdomains,
            service_name: ByLang { en: self.service.name_en.clone().unwrap_or_else(|| name.clone()), ja: name },
            login_id_word: ByLang {
                ja: word,
                en: self.service.login_id_word_en.clone().unwrap_or_else(|| "login ID".into()),
            },
            member_url: self.service.member_url.clone(),
            accent: self.service.accent.as_ref().map_or_else(|| "#0f766e".to_owned(), |accent| accent.0.clone()),
            logo_url: self.service.logo_url.clone(),
            support: self.service.support.clone(),
            mail_from: self.mail_from.clone().unwrap_or_else(|| format!("no-reply@{mail_host}")),
            time_zone: self.time_zone.clone(),
            policy: Policy { min_characters: self.password.min_length.map_or(8, usize::from), ..Policy::default() },
            budgets: Budgets {
                device: self.throttle.device_tries.map_or(usual.0.device, i64::from),
                strangers: self.throttle.stranger_tries.map_or(usual.0.strangers, i64::from),
                network: self.throttle.network_tries.map_or(usual.0.network, i64::from),
                first_wait: self
                    .throttle
                    .first_wait_seconds
                    .map_or(usual.0.first_wait, |n| Span::seconds(i64::from(n))),
            },
            network_starts: self.throttle.network_starts.unwrap_or(NETWORK_STARTS),
            mail_wait: MAIL_WAIT,
            lives: Lives {
                idle: self.session.idle_minutes.map_or(usual.1.idle, |n| Span::minutes(i64::from(n))),
                absolute: self.session.absolute_hours.map_or(usual.1.absolute, |n| Span::hours(i64::from(n))),
                remembered: self.session.remember_days.map_or(usual.1.remembered, |n| Span::days(i64::from(n))),
            },
            argon2: self.argon2(),
            keep_attempts: Span::days(self.keep.attempts_days.map_or(90, i64::from)),
            keep_anonymous: self.keep.anonymous_attempts.map_or(ANONYMOUS, i64::from),
            dormant_after: self.keep.dormant_after_days.map(|n| Span::days(i64::from(n))),
            legacy_cookies: self.browser.legacy_cookies.clone(),
            siblings: self.browser.siblings.clone(),
            components: self.status.components(),
            regions: self.status.regions(),
            board_file: Some(self.data.join("board.json")),
            mail_page: self.listen.ip().is_loopback()
                && !public_url.secure
                && matches!(self.mail, MailSetting::File(_)),
            publish_by_itself: self.status.publish_by_itself,
            news: self.status.news(),
            mail_note: self.mail.to_string(),
            public_url,
        }
    }
}

fn loopback() -> Vec<IpNet> {
    ["127.0.0.0/8", "::1/128"].iter().filter_map(|net| net.parse().ok()).collect()
}

fn read_file(named: Option<&Path>) -> Result<(Option<PathBuf>, File), Failure> {
    let path = named.unwrap_or(Path::new("kagiya.toml"));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => zeroize::Zeroizing::new(text),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            return Ok((None, File::default()));
        }
        Err(error) => return Err(Failure::Usage(format!("{}: {error}", path.display()))),
    };
    let file = understand(&text).map_err(|words| Failure::Usage(format!("{}: {words}", path.display())))?;
    Ok((Some(path.to_path_buf()), file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_files_are_refused_by_name_and_line() {
        for (text, words) in [
            ("listen = \"127.0.0.1:1\"\ncolour = 1\n", ["line 2", "colour"]),
            ("public_url = \"http://login.example.jp\"\n", ["line 1", "loopback"]),
            ("[service]\naccent = \"#ffff00\"\n", ["line 2", "contrast"]),
            ("[throttle]\ndevice_tries = \"many\"\n", ["line 2", "u16"]),
            ("database = \"mysql://x\"\n", ["line 1", "sqlite:PATH"]),
        ] {
            let error = understand::<File>(text).unwrap_err();
            for word in words {
                assert!(error.contains(word), "{error}");
            }
        }
    }

    #[test]
    fn nothing_that_is_understood_shows_a_secret() {
        let text = "database = \"postgres://u:s3cr3t@h/d\"\nmail = \"smtp://u:s3cr3t@127.0.0.1:25\"\n";
        let file = understand::<File>(text).unwrap();
        assert!(!format!("{file:?}").contains("s3cr3t"), "{file:?}");
        assert!(file.database.is_some_and(|at| at.has_password()) && file.mail.is_some_and(|to| to.has_password()));
    }
}
