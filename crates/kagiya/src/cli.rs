//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{
    Args, Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use ipnet::IpNet;
use kagiya_domain::role::Role;

use crate::{
    notice_args::{Incident, Maintenance},
    values::{Hidden, parse_net},
};

const EXAMPLES: &str = "Examples:
  kagiya serve                                    then open http://127.0.0.1:8080
  kagiya account grant hana                       make a member staff
  kagiya why K7Q4-9XMD --reason \"case 4711\"      why somebody could not get in
  kagiya maintenance start --ends 2026-12-01T03:00:00+09:00 --message \"Upgrade\"
  kagiya doctor                                   what is wrong with the set-up

`kagiya COMMAND -h` is short; `--help` also lists the settings.";

/// Kagiya (鍵屋): an account and sign-in server that finds out why a person cannot get in.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) settings: Flags,
    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads the command line; says what it cannot understand without repeating a value, which may be a secret.
    pub(crate) fn read() -> Self {
        Self::try_parse().unwrap_or_else(|mut error| {
            for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
                let Some(ContextValue::String(text)) = error.get(kind) else { continue };
                // Names of flags and commands are words; what stands in URLs, keys and passwords is not.
                let word = |c: char| c.is_ascii_lowercase() || matches!(c, '-' | '<' | '>' | '_' | ' ' | ',');
                let plain = text.len() <= 64 && text.chars().all(|c| word(c) || c.is_ascii_uppercase());
                if kind == ContextKind::InvalidValue || !plain {
                    error.insert(kind, ContextValue::String("[hidden]".into()));
                }
            }
            error.exit()
        })
    }
}

/// Settings that every command takes. Flags beat environment beat the file.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Settings of every command (here, in the environment or in the file)")]
pub(crate) struct Flags {
    /// The settings file [default: kagiya.toml, when there is one]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "KAGIYA_CONFIG",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) config: Option<PathBuf>,
    /// Where data, keys and, by default, mails lie [default: ./kagiya-data]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "KAGIYA_DATA",
        hide_env_values = true,
        value_name = "DIR"
    )]
    pub(crate) data: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "KAGIYA_LISTEN",
        hide_env_values = true,
        value_name = "ADDR"
    )]
    pub(crate) listen: Option<SocketAddr>,
    /// Where people reach the service, such as https://login.example.jp
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "KAGIYA_PUBLIC_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) public_url: Option<Hidden>,
    /// sqlite:PATH or postgres://USER@HOST/DATABASE [default: sqlite:DATA/kagiya.db]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "KAGIYA_DATABASE",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) database: Option<Hidden>,
    /// file:DIR, smtp://user:pass@host:port or smtps://… [default: file:DATA/mail]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "KAGIYA_MAIL",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub(crate) mail: Option<Hidden>,
    /// A proxy whose X-Forwarded-For is believed; may be given several times
    #[arg(long, global = true, hide_short_help = true, env = "KAGIYA_TRUSTED_PROXY", hide_env_values = true, value_name = "CIDR", value_delimiter = ',', value_parser = parse_net)]
    pub(crate) trusted_proxy: Vec<IpNet>,
    /// The keys file; servers of one database need the same [default: DATA/keys]
    #[arg(
        long,
        global = true,
        hide_short_help = true,
        env = "KAGIYA_KEYS",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub(crate) keys: Option<PathBuf>,
    /// The demo lives in a folder of its own
    #[arg(skip)]
    pub(crate) practice: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve everything; makes the data folder, the database and the keys when they are missing
    Serve,
    #[cfg(feature = "lab")]
    /// Serve with practice members, simulated providers and a fault panel, to break things and read why
    Demo {
        /// Where the simulated providers and the fault panel listen [default: 127.0.0.1:8090, or a free port]
        #[arg(long, value_name = "ADDR")]
        town: Option<SocketAddr>,
    },
    /// Bring the database to this version
    Migrate,
    /// Accounts and staff roles
    Account {
        #[command(subcommand)]
        order: Order,
    },
    /// Links to external accounts
    Link {
        #[command(subcommand)]
        order: LinkOrder,
    },
    /// The verdict of an attempt with all its evidence, by the reference a member reads out
    Why {
        /// Such as K7Q4-9XMD
        reference: String,
        /// Why you look, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Planned work: announced, begun, extended, ended
    Maintenance {
        #[command(subcommand)]
        order: Maintenance,
    },
    /// Incidents: told to everybody on the sign-in page and at /status
    Incident {
        #[command(subcommand)]
        order: Incident,
    },
    /// The status page
    Status {
        #[command(subcommand)]
        order: StatusOrder,
    },
    #[cfg(feature = "bench")]
    /// Measure speed and memory, each figure beside its limit in the same run
    #[command(args_conflicts_with_subcommands = true)]
    Bench {
        #[command(subcommand)]
        what: Option<Measure>,
        /// Sizes of the database to measure at
        #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000])]
        accounts: Vec<u64>,
        /// Seconds for each measurement
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    #[cfg(feature = "bench")]
    /// The bare server that the bench compares with
    #[command(hide = true)]
    BenchHello,
    /// Check the configuration the way it usually goes wrong
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// What to do with links.
#[derive(Debug, Subcommand)]
pub(crate) enum LinkOrder {
    /// Before your app moves to another Apple developer team: keep each member's transfer identifier
    ///
    /// Apple calls everybody by another name after the move. With the identifiers, members come back as
    /// themselves within 60 days of it. Run this while the app is still with the old team, with its key
    /// in the settings; it may be run again, and asks for what is missing for that team only.
    Transfer {
        /// The provider's name in the settings, such as apple
        provider: String,
        /// The team that takes the app: ten characters, such as 9ABCDE1234
        #[arg(long, value_name = "TEAM")]
        team: String,
    },
    /// Ask the provider now whether members' permissions still hold
    ///
    /// The server does this once a day for each link, where the provider's entry has `keep_refresh_token = true`.
    /// A link whose permission ended says so on its owner's page and in verdicts; coming back by it mends it.
    Check {
        /// The provider's name in the settings, such as google
        provider: String,
    },
}

/// What to do with the status page.
#[derive(Debug, Subcommand)]
pub(crate) enum StatusOrder {
    /// Write it as files that can live on another host
    Export {
        /// The folder; made when it is missing
        #[arg(value_name = "DIR")]
        dir: PathBuf,
    },
}

#[cfg(feature = "bench")]
/// What else can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Measure {
    /// What a way back from an external provider costs
    External {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// What strangers try to stop, and what members get beside it
    Hostile {
        /// Seconds for each flood
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Overload, the page without its database, a simulated week before the detector of outages
    Platform {
        /// Seconds for each measurement
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// An empty database for the page without its database: postgres://USER@HOST:PORT/NAME
        #[arg(long, value_name = "URL")]
        postgres: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Session checks while sessions end, on two servers
    Sessions {
        /// Seconds for each measurement
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// An empty database for two servers: postgres://USER@HOST:PORT/NAME
        #[arg(long, value_name = "URL")]
        postgres: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// How often the diagnosis is right, on scenarios that are driven against a running server
    Verdicts {
        /// A folder of scenarios; may be given more than once. bench/scenarios, when nothing else is asked for
        #[arg(long, value_name = "DIR")]
        scenarios: Vec<PathBuf>,
        /// So many worlds, put together by chance; somebody follows the page's steps in each
        #[arg(long, value_name = "N")]
        generate: Option<usize>,
        /// The seed of the worlds: the same gives the same. Without it a fresh one
        #[arg(long, value_name = "S", requires = "generate")]
        seed: Option<u64>,
        /// Only scenarios whose names hold this
        #[arg(long, value_name = "WORDS")]
        only: Option<String>,
        /// Say what the weights would be if these stories had set them, and whether that is better on stories that were
        /// left out
        #[arg(long, conflicts_with = "json")]
        fit: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// A role of staff, as it is typed.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum RoleWord {
    /// Look at members' cases, end pauses after wrong passwords
    Support,
    /// Tell of incidents and maintenance, look after providers
    Operator,
    /// Everything, accounts and roles among it
    Admin,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Support => Self::Support,
            RoleWord::Operator => Self::Operator,
            RoleWord::Admin => Self::Admin,
        }
    }
}

/// An account and the way to print it.
#[derive(Args, Debug)]
pub(crate) struct Named {
    /// The login ID
    pub(crate) login_id: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do with an account.
#[derive(Debug, Subcommand)]
pub(crate) enum Order {
    /// Create an account whose address you vouch for
    Create {
        #[command(flatten)]
        named: Named,
        /// The member's e-mail address
        #[arg(long)]
        email: String,
        /// Read the password from standard input; without it the member sets one by "forgot password"
        #[arg(long)]
        password_stdin: bool,
    },
    /// Show an account
    Show {
        #[command(flatten)]
        named: Named,
        /// Why you look, for the audit trail
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        reason: String,
    },
    /// List accounts in order of their IDs
    List {
        /// Begin after this login ID
        #[arg(long, default_value = "", hide_default_value = true)]
        after: String,
        /// At most so many
        #[arg(long)]
        limit: Option<usize>,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
    /// Give an account a role of staff
    Grant {
        #[command(flatten)]
        named: Named,
        /// What it may do; an account may have several roles
        #[arg(long, value_enum, default_value_t = RoleWord::Admin)]
        role: RoleWord,
        /// The way of before there were roles: the same as --role admin
        #[arg(hide = true, value_parser = ["staff"], conflicts_with = "role")]
        staff: Option<String>,
    },
    /// Take a role of staff away, or all of them
    Revoke {
        #[command(flatten)]
        named: Named,
        /// The role; without it all roles are taken
        #[arg(long, value_enum)]
        role: Option<RoleWord>,
        /// The way of before there were roles
        #[arg(hide = true, value_parser = ["staff"], conflicts_with = "role")]
        staff: Option<String>,
    },
    /// Lock an account; its sessions end at once
    Lock(Named),
    /// Make a locked, suspended, dormant or closed account active; ends pauses after wrong passwords too
    Unlock(Named),
    /// Suspend an account for breaking the rules; its sessions end at once
    Suspend(Named),
    /// Put an account to sleep; a mailed code wakes it
    Sleep(Named),
    /// Close an account; its owner can come back for 30 days
    Close {
        #[command(flatten)]
        named: Named,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}
