//! An account's states and which of them may sign in.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// Days in which the owner of a closed account can come back.
pub const GRACE: Span = Span::days(30);

/// The state of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Signed up, the mailed code not yet typed.
    Unverified,
    /// May sign in.
    Active,
    /// Locked by staff.
    Locked,
    /// Suspended for breaking the service's rules.
    Suspended,
    /// Asleep after long disuse; a mailed code wakes it.
    Dormant,
    /// Closed by its owner or staff; see [`GRACE`].
    Closed,
}

impl AccountState {
    /// The name in the database, in JSON and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Active => "active",
            Self::Locked => "locked",
            Self::Suspended => "suspended",
            Self::Dormant => "dormant",
            Self::Closed => "closed",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Unverified, Self::Active, Self::Locked, Self::Suspended, Self::Dormant, Self::Closed]
            .into_iter()
            .find(|state| state.as_str() == name)
    }
}

/// Whether a closed account can still be taken back by its owner.
pub fn can_come_back(closed_at: Timestamp, now: Timestamp) -> bool {
    now < closed_at.plus(GRACE)
}
