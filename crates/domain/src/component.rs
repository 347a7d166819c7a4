//! Components: what the status page is made of, and how each fares.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// Signing in with a password.
pub const PASSWORD: &str = "password";
/// Mail that leaves.
pub const MAIL: &str = "mail";
/// Checks of running sessions.
pub const SESSIONS: &str = "sessions";
/// Our database.
pub const DATABASE: &str = "database";
/// Those that every service has.
pub const OWN: [&str; 4] = [PASSWORD, MAIL, SESSIONS, DATABASE];

/// How a component fares, in the words of Statuspage's public API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It works.
    #[default]
    Operational,
    /// It is being worked on.
    UnderMaintenance,
    /// It is slow, or fails at times.
    DegradedPerformance,
    /// It fails for some.
    PartialOutage,
    /// It fails for all.
    MajorOutage,
}

impl Level {
    /// All, the best first.
    pub const ALL: [Self; 5] =
        [Self::Operational, Self::UnderMaintenance, Self::DegradedPerformance, Self::PartialOutage, Self::MajorOutage];

    /// Its word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operational => "operational",
            Self::UnderMaintenance => "under_maintenance",
            Self::DegradedPerformance => "degraded_performance",
            Self::PartialOutage => "partial_outage",
            Self::MajorOutage => "major_outage",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }

    /// Whether it fails, for some or for all.
    pub const fn is_out(self) -> bool {
        matches!(self, Self::PartialOutage | Self::MajorOutage)
    }

    /// The whole from the parts that several servers see.
    pub fn joined(seen: &[Self]) -> Self {
        let worst = seen.iter().copied().max().unwrap_or_default();
        if worst == Self::MajorOutage && seen.iter().any(|level| !level.is_out()) { Self::PartialOutage } else { worst }
    }
}

/// A component as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Component {
    /// Its name in URLs and settings.
    pub id: String,
    /// How it fares.
    pub level: Level,
    /// Since when.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::Level::{self, *};

    #[test]
    fn one_server_of_two_is_a_partial_outage() {
        for (seen, whole) in [
            (vec![], Operational),
            (vec![MajorOutage], MajorOutage),
            (vec![MajorOutage, Operational], PartialOutage),
            (vec![MajorOutage, MajorOutage], MajorOutage),
            (vec![DegradedPerformance, Operational], DegradedPerformance),
        ] {
            assert_eq!(Level::joined(&seen), whole, "{seen:?}");
        }
    }
}
