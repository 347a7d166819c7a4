//! Which mails there are.

use crate::{act::FlowKind, named::named};

named! {
    /// Which mail it is. It is composed when it is sent.
    pub enum MailKind or Unknown {
        /// The code of a sign-up, or that the address has an account.
        SignUp = "sign_up",
        /// The code of a recovery, or that there is no account.
        Recover = "recover",
        /// The code that ends a lock.
        Unlock = "unlock",
        /// The code that proves whose attempt it was.
        Confirm = "confirm",
        /// The code that proves an added address.
        AddEmail = "add_email",
        /// The code that proves an account at the choice.
        Prove = "prove",
        /// An account was made.
        Welcome = "welcome",
        /// A sign-in from a browser that the account did not know.
        NewDevice = "new_device",
        /// Sign-in by password pauses.
        Locked = "locked",
        /// A pause that came of our own fault was ended.
        UnlockedByUs = "unlocked_by_us",
        /// The password was changed.
        PasswordChanged = "password_changed",
        /// An address was added.
        EmailAdded = "email_added",
        /// An address became the first.
        EmailPrimary = "email_primary",
        /// An address was removed.
        EmailRemoved = "email_removed",
        /// The account was closed.
        Closed = "closed",
        /// An external account was linked.
        LinkAdded = "link_added",
        /// One was linked in the place of another.
        LinkReplaced = "link_replaced",
        /// One was removed.
        LinkRemoved = "link_removed",
        /// A provider told that one changed.
        LinkChanged = "link_changed",
        /// To staff: a provider is down.
        ProviderDown = "provider_down",
        /// To staff: a provider refuses us.
        ProviderRefuses = "provider_refuses",
        /// A wish to hear of notices waits for its confirmation.
        Subscribe = "subscribe",
        /// A notice, to who asked for it.
        Notice = "notice",
        /// What somebody waited for works again.
        WorksAgain = "works_again",
        /// One of another release, which sends it.
        Unknown = "unknown",
    }
}

impl From<FlowKind> for MailKind {
    fn from(kind: FlowKind) -> Self {
        match kind {
            FlowKind::SignUp => Self::SignUp,
            FlowKind::Recover | FlowKind::SignIn => Self::Recover,
            FlowKind::Unlock => Self::Unlock,
            FlowKind::Confirm => Self::Confirm,
            FlowKind::AddEmail => Self::AddEmail,
            FlowKind::Prove => Self::Prove,
        }
    }
}

impl MailKind {
    /// Whether one mail to the first address is enough: it concerns the person. Changes go to every address.
    pub const fn goes_to_one(self) -> bool {
        match self {
            Self::NewDevice
            | Self::Welcome
            | Self::Locked
            | Self::UnlockedByUs
            | Self::ProviderDown
            | Self::ProviderRefuses => true,
            Self::SignUp
            | Self::Recover
            | Self::Unlock
            | Self::Confirm
            | Self::AddEmail
            | Self::Prove
            | Self::PasswordChanged
            | Self::EmailAdded
            | Self::EmailPrimary
            | Self::EmailRemoved
            | Self::Closed
            | Self::LinkAdded
            | Self::LinkReplaced
            | Self::LinkRemoved
            | Self::LinkChanged
            | Self::Subscribe
            | Self::Notice
            | Self::WorksAgain
            | Self::Unknown => false,
        }
    }
}
