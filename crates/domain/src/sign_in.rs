//! The decision of one password sign-in, from facts that were gathered before.

use crate::{
    account::{self, AccountState},
    time::Timestamp,
};

/// What is known when a password sign-in is decided.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The account's state and the time of its closing; `None` when there is no account.
    pub account: Option<AccountFacts>,
    /// What the hash check said.
    pub password: PasswordCheck,
}

/// The account's part of [`Facts`].
#[derive(Clone, Copy, Debug)]
pub struct AccountFacts {
    /// Its state.
    pub state: AccountState,
    /// When it was closed, if it was.
    pub closed_at: Option<Timestamp>,
}

/// The outcome of the hash check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// The password is right.
    Match,
    /// The password is wrong.
    Mismatch,
    /// The account has none; a dummy was hashed.
    NotSet,
    /// There is no account; a dummy was hashed.
    NoAccount,
}

/// What becomes of the try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// In.
    SignIn,
    /// The password is right, the account is closed and can come back.
    OfferReopen,
    /// Refused because of the credentials: the same for everyone.
    RefuseCredentials,
    /// The password is right, the account's state forbids.
    RefuseState(AccountState),
}

/// Decides. The state is only ever told to who gave the right password.
pub fn decide(facts: &Facts, now: Timestamp) -> Decision {
    let (PasswordCheck::Match, Some(account)) = (facts.password, facts.account) else {
        return Decision::RefuseCredentials;
    };
    match account.state {
        AccountState::Active => Decision::SignIn,
        AccountState::Closed => match account.closed_at {
            Some(at) if account::can_come_back(at, now) => Decision::OfferReopen,
            Some(_) | None => Decision::RefuseCredentials,
        },
        state @ (AccountState::Unverified | AccountState::Locked | AccountState::Suspended | AccountState::Dormant) => {
            Decision::RefuseState(state)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_decision() {
        let now = Timestamp(100 * 24 * 3_600_000);
        let facts = |state, closed_at, password| Facts { account: Some(AccountFacts { state, closed_at }), password };
        for (facts, expected) in [
            (facts(AccountState::Active, None, PasswordCheck::Match), Decision::SignIn),
            (facts(AccountState::Active, None, PasswordCheck::Mismatch), Decision::RefuseCredentials),
            (facts(AccountState::Active, None, PasswordCheck::NotSet), Decision::RefuseCredentials),
            (facts(AccountState::Locked, None, PasswordCheck::Match), Decision::RefuseState(AccountState::Locked)),
            (facts(AccountState::Locked, None, PasswordCheck::Mismatch), Decision::RefuseCredentials),
            (facts(AccountState::Closed, Some(now), PasswordCheck::Match), Decision::OfferReopen),
            (facts(AccountState::Closed, Some(Timestamp(0)), PasswordCheck::Match), Decision::RefuseCredentials),
            (Facts { account: None, password: PasswordCheck::NoAccount }, Decision::RefuseCredentials),
        ] {
            assert_eq!(decide(&facts, now), expected, "{facts:?}");
        }
    }
}
