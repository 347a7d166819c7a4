//! What somebody was doing when something was kept of it, and the acts of several steps.

use crate::named::named;

named! {
    /// What an attempt was made at. Kept with it, told to staff, and a label of figures. One that another release kept
    /// reads as any other form: a word must not keep a whole list from being read.
    pub enum Act or Form {
        /// Signing in by password.
        SignIn = "sign_in",
        /// Signing in, or linking, by an external account.
        External = "external",
        /// Signing up.
        SignUp = "sign_up",
        /// Recovering an account.
        Recover = "recover",
        /// Ending a lock by a mailed code.
        Unlock = "unlock",
        /// Proving by a mailed code whose attempt it was.
        Confirm = "confirm",
        /// Adding an address.
        AddEmail = "add_email",
        /// Proving an account at the choice for an unknown external identity.
        Prove = "prove",
        /// Typing a mailed code.
        Code = "code",
        /// Using a session.
        Session = "session",
        /// What is done on My Page.
        Account = "account",
        /// The self-check.
        Check = "check",
        /// Repairing a browser.
        Repair = "repair",
        /// Subscribing to notices.
        Subscribe = "subscribe",
        /// Asking to hear when something works again.
        Notify = "notify",
        /// Saying that one has the same.
        MeToo = "me_too",
        /// Signing out.
        SignOut = "sign_out",
        /// Going on after a sign-in.
        AfterSignIn = "after_sign_in",
        /// What is done on the pages for staff.
        Staff = "staff",
        /// Any other form.
        Form = "form",
        /// A request that never became one of the above.
        Edge = "edge",
        /// A page that failed by a fault of ours.
        Fault = "fault",
        /// A page that is not there, or may not be asked so.
        Page = "page",
    }
}

named! {
    /// An act of several steps that is kept on the server: it survives tabs, languages and another server.
    pub enum FlowKind {
        /// Signing up, until the address is proven.
        SignUp = "sign_up",
        /// Recovering an account, until its new password stands.
        Recover = "recover",
        /// Ending a lock.
        Unlock = "unlock",
        /// Proving whose attempt it was.
        Confirm = "confirm",
        /// Adding an address.
        AddEmail = "add_email",
        /// Proving an account at the choice.
        Prove = "prove",
        /// A sign-in that is not complete: what was proven waits for its next step.
        SignIn = "sign_in",
    }
}

impl FlowKind {
    /// What a refusal in it is a refusal of.
    pub const fn act(self) -> Act {
        match self {
            Self::SignUp => Act::SignUp,
            Self::Recover => Act::Recover,
            Self::Unlock => Act::Unlock,
            Self::Confirm => Act::Confirm,
            Self::AddEmail => Act::AddEmail,
            Self::Prove => Act::Prove,
            Self::SignIn => Act::SignIn,
        }
    }

    /// Whether its code proves the address that was typed, rather than an account.
    pub const fn proves_address(self) -> bool {
        match self {
            Self::SignUp | Self::AddEmail => true,
            Self::Recover | Self::Unlock | Self::Confirm | Self::Prove | Self::SignIn => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_release_kept_can_be_read() {
        assert_eq!(Act::from("sign_in".to_owned()), Act::SignIn);
        assert_eq!(Act::from("a door of tomorrow".to_owned()), Act::Form);
        assert!(FlowKind::try_from("a flow of tomorrow".to_owned()).is_err());
        assert!(FlowKind::ALL.iter().all(|kind| kind.act().as_str() == kind.as_str()));
    }
}
