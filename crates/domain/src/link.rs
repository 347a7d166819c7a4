//! Links to external accounts: their states, and what moves them from one to another.

use serde::{Deserialize, Serialize};

/// The state of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It works.
    Ok,
    /// The provider wants its owner to sign in there anew; it works again after that.
    ReauthNeeded,
    /// The account there is suspended.
    SuspendedThere,
    /// The permission was taken back, or the account there is gone.
    Gone,
}

impl LinkState {
    /// The name in the database and in message keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::ReauthNeeded => "reauth_needed",
            Self::SuspendedThere => "suspended_there",
            Self::Gone => "gone",
        }
    }

    /// The state of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Ok, Self::ReauthNeeded, Self::SuspendedThere, Self::Gone].into_iter().find(|s| s.as_str() == name)
    }

    /// Whether its owner can still get in by it, with a sign-in there at most.
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::Ok | Self::ReauthNeeded)
    }
}

/// How a state is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkSource {
    /// The provider told us.
    Push,
    /// The owner came back from there.
    Callback,
    /// We asked whether our permission still holds.
    Check,
}

impl LinkSource {
    /// The name in the database and in message keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Callback => "callback",
            Self::Check => "check",
        }
    }
}

/// What happened to the account there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkEvent {
    /// Its owner came back signed in.
    Worked,
    /// Its sessions ended there, or its owner should prove themselves anew.
    Reauth,
    /// It is suspended.
    Disabled,
    /// It was taken over by somebody else, and is suspended.
    Hijacked,
    /// It is open again.
    Enabled,
    /// Our permission was taken back.
    ConsentRevoked,
    /// Our permission holds no longer: it was taken back, or it ran out.
    Lapsed,
    /// It was deleted.
    Purged,
}

impl LinkEvent {
    /// The name in the database and in message keys.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worked => "worked",
            Self::Reauth => "reauth",
            Self::Disabled => "disabled",
            Self::Hijacked => "hijacked",
            Self::Enabled => "enabled",
            Self::ConsentRevoked => "consent_revoked",
            Self::Lapsed => "lapsed",
            Self::Purged => "purged",
        }
    }

    /// Whether the mailbox of the account there proves nothing until another proof.
    pub const fn closes_mailbox(self) -> bool {
        matches!(self, Self::Disabled | Self::Hijacked)
    }

    /// Whether sessions here end with it.
    pub const fn ends_sessions(self) -> bool {
        matches!(self, Self::Reauth | Self::Hijacked)
    }
}

/// The state after an event; `None` when it changes nothing. A deleted account is not opened
/// again by a late word that it was enabled.
pub fn next(state: LinkState, why: &str, event: LinkEvent) -> Option<LinkState> {
    let purged = state == LinkState::Gone && why == LinkEvent::Purged.as_str();
    let to = match event {
        LinkEvent::Worked => LinkState::Ok,
        LinkEvent::Enabled if state == LinkState::SuspendedThere => LinkState::Ok,
        LinkEvent::Enabled => return None,
        LinkEvent::Reauth if state == LinkState::Ok => LinkState::ReauthNeeded,
        LinkEvent::Reauth => return None,
        LinkEvent::Disabled | LinkEvent::Hijacked if purged => return None,
        LinkEvent::Disabled | LinkEvent::Hijacked => LinkState::SuspendedThere,
        LinkEvent::ConsentRevoked if purged || state == LinkState::SuspendedThere => return None,
        LinkEvent::Lapsed if matches!(state, LinkState::Gone | LinkState::SuspendedThere) => return None,
        LinkEvent::ConsentRevoked | LinkEvent::Lapsed | LinkEvent::Purged => LinkState::Gone,
    };
    (to != state || why != event.as_str()).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_follow_events() {
        use LinkEvent::*;
        use LinkState::{Gone, Ok, ReauthNeeded, SuspendedThere};
        for (state, why, event, expected) in [
            (Ok, "worked", Worked, None),
            (Ok, "worked", Reauth, Some(ReauthNeeded)),
            (ReauthNeeded, "reauth", Worked, Some(Ok)),
            (Ok, "worked", Hijacked, Some(SuspendedThere)),
            (SuspendedThere, "disabled", Reauth, None),
            (SuspendedThere, "disabled", Enabled, Some(Ok)),
            (Gone, "purged", Enabled, None),
            (Gone, "purged", Disabled, None),
            (Gone, "purged", ConsentRevoked, None),
            (Gone, "consent_revoked", Worked, Some(Ok)),
            (Ok, "worked", Lapsed, Some(Gone)),
            (SuspendedThere, "disabled", Lapsed, None),
            (Gone, "consent_revoked", Lapsed, None),
            (Gone, "lapsed", ConsentRevoked, Some(Gone)),
            (Gone, "lapsed", Worked, Some(Ok)),
            (Gone, "consent_revoked", Purged, Some(Gone)),
        ] {
            assert_eq!(next(state, why, event), expected, "{state:?} {event:?}");
        }
    }
}
