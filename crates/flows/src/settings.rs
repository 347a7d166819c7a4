//! What an operator can set that flows and pages need.

use std::path::PathBuf;

use kagiya_domain::{Span, password::Policy, session::Lives, throttle::Budgets};
use kagiya_text::{Arg, Lang};

/// The settings of a running server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people reach it.
    pub public_url: PublicUrl,
    /// Whether browsers hold every host below this one to https, too.
    pub hsts_subdomains: bool,
    /// The service's name in each language.
    pub service_name: ByLang,
    /// The word for "login ID" in each language.
    pub login_id_word: ByLang,
    /// The start of a member's page; the login ID and a slash follow.
    pub member_url: Option<String>,
    /// The accent colour, `#rrggbb`.
    pub accent: String,
    /// A picture shown beside the name, by URL path or https URL.
    pub logo_url: Option<String>,
    /// Where members reach a human being.
    pub support: Option<String>,
    /// From whom mail comes.
    pub mail_from: String,
    /// The zone in which times are told, an IANA name.
    pub time_zone: jiff::tz::TimeZone,
    /// What new passwords must satisfy.
    pub policy: Policy,
    /// How many wrong passwords are looked at.
    pub budgets: Budgets,
    /// Mails that one network may ask for in an hour.
    pub network_starts: u32,
    /// A mail that anybody may ask for leaves after a drawn time, no longer than this: what its making costs must not
    /// be felt by whoever asked.
    pub mail_wait: Span,
    /// How long sessions live.
    pub lives: Lives,
    /// How passwords are hashed.
    pub argon2: Argon2Parameters,
    /// Days for which attempts are kept.
    pub keep_attempts: Span,
    /// Attempts of nobody's account that are kept at most; the oldest go first.
    pub keep_anonymous: i64,
    /// After how long without sign-in an account falls asleep; `None`: never.
    pub dormant_after: Option<Span>,
    /// Names of cookies that earlier versions of the service set on this host.
    pub legacy_cookies: Vec<String>,
    /// Hosts that share the registrable domain with this one.
    pub siblings: Vec<String>,
    /// Parts of the service that the status page tells of besides ours.
    pub components: Vec<NamedComponent>,
    /// Regions that the operator tells apart, by their networks; the first that fits counts.
    pub regions: Vec<(String, Vec<ipnet::IpNet>)>,
    /// Where the board is kept for when the database cannot be asked.
    pub board_file: Option<PathBuf>,
    /// Whether `/mail` shows the last mails: on this machine alone, with mail that lies in a folder.
    pub mail_page: bool,
    /// Whether incidents that the server finds are published without staff.
    pub publish_by_itself: bool,
    /// Where else the operator tells how things are: name and address.
    pub news: Vec<(ByLang, String)>,
    /// Where data, mails and keys are, in words for the operator's own page.
    pub mail_note: String,
}

impl Settings {
    /// The values that stand in every message.
    pub fn in_every_message(&self, lang: Lang) -> [(&'static str, Arg<'_>); 2] {
        [("service", Arg::from(self.service_name.get(lang))), ("word", Arg::from(self.login_id_word.get(lang)))]
    }
}

/// A part of the service that the operator names.
#[derive(Clone, Debug)]
pub struct NamedComponent {
    /// Its name in URLs and commands.
    pub id: String,
    /// Its name for people.
    pub name: ByLang,
    /// What answers with a success while it works.
    pub probe_url: Option<String>,
}

/// A text in Japanese and English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByLang {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl ByLang {
    /// The text in that language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::Ja => &self.ja,
            Lang::En => &self.en,
        }
    }
}

/// The origin under which the server is reached: `https://login.example.jp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    /// Scheme, host and port, without a slash at the end.
    pub origin: String,
    /// Whether it is https: cookies are then `__Host-` and `Secure`.
    pub secure: bool,
}

/// Argon2id's cost (RFC 9106 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Parameters {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for Argon2Parameters {
    fn default() -> Self {
        // OWASP Password Storage Cheat Sheet: m=19 MiB, t=2, p=1.
        Self { memory_kib: 19 * 1_024, passes: 2, lanes: 1 }
    }
}
