//! The audit trail: who did what.

use std::borrow::Cow;

use crate::{account::AccountState, named::named};

/// Who acted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The owner of the account.
    Owner,
    /// A provider of external accounts.
    Provider,
    /// Somebody at the command line.
    CommandLine,
    /// The server by itself.
    System,
    /// A member of staff, by login ID.
    Staff(String),
}

impl Actor {
    /// Which kind they are of: `owner`, `provider`, `cli`, `system` or `staff`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Provider => "provider",
            Self::CommandLine => "cli",
            Self::System => "system",
            Self::Staff(_) => "staff",
        }
    }

    /// The login ID of a member of staff.
    pub fn login_id(&self) -> Option<&str> {
        match self {
            Self::Staff(login_id) => Some(login_id),
            Self::Owner | Self::Provider | Self::CommandLine | Self::System => None,
        }
    }

    /// As it is kept: the kind, and `staff:LOGIN_ID`.
    pub fn name(&self) -> Cow<'static, str> {
        match self.login_id() {
            Some(login_id) => format!("{}:{login_id}", self.kind()).into(),
            None => self.kind().into(),
        }
    }

    /// From what is kept.
    pub fn parse(name: &str) -> Option<Self> {
        match name.split_once(':') {
            Some(("staff", login_id)) => Some(Self::Staff(login_id.to_owned())),
            Some(_) => None,
            None => [Self::Owner, Self::Provider, Self::CommandLine, Self::System]
                .into_iter()
                .find(|actor| actor.name() == name),
        }
    }
}

named! {
    /// What was done.
    pub enum Event {
        /// An account was made at the command line.
        Created = "created",
        /// An account was made by its owner.
        SignedUp = "signed_up",
        /// The owner changed the password.
        PasswordChanged = "password_changed",
        /// A proven recovery set a new password.
        PasswordReset = "password_reset",
        /// A proven recovery let its owner in once, without a new password.
        EnteredOnce = "entered_once",
        /// An address was added.
        EmailAdded = "email_added",
        /// An address became the first.
        EmailPrimary = "email_primary",
        /// An address was removed.
        EmailRemoved = "email_removed",
        /// An external account was linked.
        Linked = "linked",
        /// One was linked in place of another.
        Relinked = "relinked",
        /// One was removed.
        Unlinked = "unlinked",
        /// A provider was asked whether a link still holds.
        LinkChecked = "link_checked",
        /// A provider moved its accounts to other subjects.
        LinkTransferred = "link_transferred",
        /// A provider told what became of an account.
        Pushed = "pushed",
        /// The account waits for its address to be confirmed.
        Unverified = "unverified",
        /// The account was made active.
        Active = "active",
        /// It was locked.
        Locked = "locked",
        /// It was suspended.
        Suspended = "suspended",
        /// It was put to sleep.
        Dormant = "dormant",
        /// It was closed.
        Closed = "closed",
        /// Pauses after wrong passwords were ended.
        LocksEnded = "locks_ended",
        /// A role was given.
        RoleGranted = "role_granted",
        /// A role was taken.
        RoleRevoked = "role_revoked",
        /// A member's data was looked at.
        ViewedMember = "viewed_member",
        /// An attempt was looked at.
        ViewedAttempt = "viewed_attempt",
        /// Maintenance was planned.
        NoticePlanned = "planned",
        /// An incident was opened.
        NoticeOpened = "opened",
        /// A notice was changed.
        NoticeChanged = "changed",
        /// A notice was joined to another.
        NoticeMerged = "merged",
        /// Maintenance that was not over was extended.
        NoticeExtended = "extended",
        /// Maintenance went on to its next stage.
        NoticeMoved = "moved",
    }
}

impl From<AccountState> for Event {
    fn from(state: AccountState) -> Self {
        match state {
            AccountState::Unverified => Self::Unverified,
            AccountState::Active => Self::Active,
            AccountState::Locked => Self::Locked,
            AccountState::Suspended => Self::Suspended,
            AccountState::Dormant => Self::Dormant,
            AccountState::Closed => Self::Closed,
        }
    }
}

/// A line of the trail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: crate::Timestamp,
    /// Who.
    pub actor: Actor,
    /// What.
    pub event: Event,
    /// With what.
    pub detail: String,
}

impl Line {
    /// A line without more.
    pub const fn new(actor: Actor, event: Event, at: crate::Timestamp) -> Self {
        Self { at, actor, event, detail: String::new() }
    }

    /// The same with what it was about.
    pub fn about(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_can_be_read() {
        for actor in [Actor::Owner, Actor::Provider, Actor::CommandLine, Actor::System, Actor::Staff("ha:na".into())] {
            assert_eq!(Actor::parse(&actor.name()), Some(actor));
        }
        assert_eq!([Actor::parse("nobody"), Actor::parse("owner:hana"), Actor::parse("")], [None, None, None]);
        for event in Event::ALL {
            assert_eq!(Event::parse(event.as_str()), Some(*event));
        }
    }
}
