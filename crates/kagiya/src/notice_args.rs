//! The arguments of `kagiya maintenance …` and `kagiya incident …`.

use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use kagiya_domain::{
    Timestamp,
    notice::{Door, Impact, Stage},
};
use kagiya_flows::status::notices::Text;

/// A time of RFC 3339, with its zone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.trim().parse::<jiff::Timestamp>().map(|at| Self(Timestamp(at.as_millisecond()))).map_err(|_| {
            if text.trim().parse::<jiff::civil::DateTime>().is_ok() {
                format!("{text:?} has no zone; add one, such as {}+09:00 or {}Z", text.trim(), text.trim())
            } else {
                "expected a time of RFC 3339 with a zone, such as 2026-12-01T02:00:00+09:00".to_owned()
            }
        })
    }
}

/// What people can do during planned work.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Mode {
    /// Nobody signs in anew; whoever is signed in stays so
    #[default]
    Closed,
    /// People sign in, but change nothing
    ReadOnly,
    /// Everything goes on; it is told only
    Open,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum HowBad {
    /// Nobody notices
    None,
    /// Slow, or fails at times
    Minor,
    /// Something does not work
    Major,
    /// Nothing works
    Critical,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum HowFar {
    Investigating,
    Identified,
    Monitoring,
}

impl From<Mode> for Door {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Closed => Self::Closed,
            Mode::ReadOnly => Self::ReadOnly,
            Mode::Open => Self::Open,
        }
    }
}

impl From<HowBad> for Impact {
    fn from(how: HowBad) -> Self {
        match how {
            HowBad::None => Self::None,
            HowBad::Minor => Self::Minor,
            HowBad::Major => Self::Major,
            HowBad::Critical => Self::Critical,
        }
    }
}

impl From<HowFar> for Stage {
    fn from(how: HowFar) -> Self {
        match how {
            HowFar::Investigating => Self::Investigating,
            HowFar::Identified => Self::Identified,
            HowFar::Monitoring => Self::Monitoring,
        }
    }
}

/// The words of a notice. Plain text; addresses in it become links.
#[derive(Args, Debug)]
pub(crate) struct Words {
    /// What is told, in plain text
    #[arg(long, value_name = "TEXT")]
    message: String,
    /// The same in English
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    message_en: String,
    /// One line for lists [default: the first sentence of the message]
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    title: String,
    /// The same in English
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    title_en: String,
}

impl From<Words> for Text {
    fn from(words: Words) -> Self {
        Self { title: words.title, title_en: words.title_en, message: words.message, message_en: words.message_en }
    }
}

/// What is told of a change.
#[derive(Args, Debug)]
pub(crate) struct Told {
    /// What is told
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) message: String,
    /// The same in English
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) message_en: String,
}

/// Planned maintenance.
#[derive(Debug, Subcommand)]
pub(crate) enum Maintenance {
    /// Announce planned work, or begin it now
    Start {
        /// When it is expected to end: RFC 3339 with a zone
        #[arg(long, value_name = "TIME")]
        ends: Moment,
        /// When it begins [default: now]
        #[arg(long, value_name = "TIME")]
        begins: Option<Moment>,
        #[command(flatten)]
        words: Words,
        /// What people can do meanwhile
        #[arg(long, value_enum, default_value_t)]
        mode: Mode,
        /// A component concerned; may be given several times [default: all]
        #[arg(long = "component", value_name = "ID")]
        components: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell a later end
    Extend {
        /// Which; may be left out when there is one
        #[arg(default_value = "", hide_default_value = true)]
        id: String,
        /// When it is expected to end
        #[arg(long, value_name = "TIME")]
        ends: Moment,
        #[command(flatten)]
        told: Told,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End it now, or call off what is planned
    End {
        /// Which; may be left out when there is one
        #[arg(default_value = "", hide_default_value = true)]
        id: String,
        #[command(flatten)]
        told: Told,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List what goes on and what is planned
    List {
        /// Those that are over, too
        #[arg(long)]
        all: bool,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
}

/// Incidents.
#[derive(Debug, Subcommand)]
pub(crate) enum Incident {
    /// Tell everybody that something does not work
    Open {
        #[command(flatten)]
        words: Words,
        /// How bad it is
        #[arg(long, value_enum, default_value = "major")]
        impact: HowBad,
        /// How far it has come
        #[arg(long, value_enum, default_value = "investigating")]
        status: HowFar,
        /// A component concerned; may be given several times [default: all]
        #[arg(long = "component", value_name = "ID")]
        components: Vec<String>,
        /// When it began [default: now]
        #[arg(long, value_name = "TIME")]
        since: Option<Moment>,
        /// When more will be told
        #[arg(long, value_name = "TIME")]
        next_update: Option<Moment>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell how it goes on; publishes one that the server proposed
    Update {
        /// Which; may be left out when there is one
        #[arg(default_value = "", hide_default_value = true)]
        id: String,
        /// What is told, in plain text
        #[arg(long, value_name = "TEXT")]
        message: String,
        /// The same in English
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        message_en: String,
        /// How far it has come
        #[arg(long, value_enum)]
        status: Option<HowFar>,
        /// How bad it is now
        #[arg(long, value_enum)]
        impact: Option<HowBad>,
        /// The components concerned now; may be given several times
        #[arg(long = "component", value_name = "ID")]
        components: Vec<String>,
        /// When more will be told
        #[arg(long, value_name = "TIME")]
        next_update: Option<Moment>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell that it is over
    Resolve {
        /// Which; may be left out when there is one
        #[arg(default_value = "", hide_default_value = true)]
        id: String,
        #[command(flatten)]
        told: Told,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Publish one that the server proposed
    Publish {
        /// Which
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Drop one that the server proposed
    Dismiss {
        /// Which
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Tell one under another
    Merge {
        /// Which
        id: String,
        /// The one that stays
        into: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List what is open, with what the server proposes
    List {
        /// Those that are over, too
        #[arg(long)]
        all: bool,
        /// Print a JSON array
        #[arg(long)]
        json: bool,
    },
}
