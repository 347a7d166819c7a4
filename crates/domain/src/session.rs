//! How long a session lives and why it ended.

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// Lives of sessions (NIST SP 800-63B-4 2.1.3, ASVS 7.3).
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    /// Without use, when not remembered.
    pub idle: Span,
    /// In all, when not remembered.
    pub absolute: Span,
    /// In all and without use, when "keep me signed in" was ticked.
    pub remembered: Span,
}

impl Default for Lives {
    fn default() -> Self {
        Self { idle: Span::hours(2), absolute: Span::hours(24), remembered: Span::days(30) }
    }
}

impl Lives {
    /// When a session begun at `now` ends at the latest.
    pub fn ends_at(&self, remember: bool, now: Timestamp) -> Timestamp {
        now.plus(if remember { self.remembered } else { self.absolute })
    }

    /// How long a session may lie unused.
    pub fn idle_for(&self, remember: bool) -> Span {
        if remember { self.remembered } else { self.idle }
    }
}

/// Whether a session has run out at `now`.
pub fn has_expired(last_seen: Timestamp, expires: Timestamp, idle: Span, now: Timestamp) -> bool {
    now >= expires || now.since(last_seen) >= idle
}

/// So long what was proven counts as proven a moment ago.
pub const RECENT: Span = Span::minutes(15);

/// Whether something proven at `at` was proven a moment ago. What lies ahead was not: a clock was set back.
pub fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    let ago = now.since(at);
    ago >= Span(0) && ago < RECENT
}

/// Why a session ended; told on the next visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// The person signed out in this browser.
    SignedOut,
    /// Ended from the list of sessions.
    SignedOutElsewhere,
    /// The password was changed or reset.
    PasswordChanged,
    /// A newer sign-in in this browser took its place.
    Replaced,
    /// Its time ran out.
    Expired,
    /// The account was locked, suspended or closed.
    AccountState,
    /// The external service by which it was begun ended it.
    ProviderEnded,
}

impl EndReason {
    /// The name in the database and of the message `ended-…`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignedOut => "signed_out",
            Self::SignedOutElsewhere => "signed_out_elsewhere",
            Self::PasswordChanged => "password_changed",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
            Self::AccountState => "account_state",
            Self::ProviderEnded => "provider_ended",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [
            Self::SignedOut,
            Self::SignedOutElsewhere,
            Self::PasswordChanged,
            Self::Replaced,
            Self::Expired,
            Self::AccountState,
            Self::ProviderEnded,
        ]
        .into_iter()
        .find(|reason| reason.as_str() == name)
    }
}
