//! The one decision of every sign-in: what was proven, and what the account allows.

use crate::{
    account::{self, AccountState},
    time::Timestamp,
};

/// What is known when a sign-in is decided.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The account that is meant; `None` when there is none.
    pub account: Option<AccountFacts>,
    /// What was proven of it.
    pub proofs: Proofs,
}

/// The account's part of [`Facts`].
#[derive(Clone, Copy, Debug)]
pub struct AccountFacts {
    /// Its state.
    pub state: AccountState,
    /// Since when it is in that state.
    pub since: Timestamp,
}

/// What somebody has proven, each by its own check. One is enough today.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proofs {
    /// What the hash check said, where a password was typed.
    pub password: Option<PasswordCheck>,
    /// An external account that is linked to this one.
    pub provider_identity: bool,
    /// A code from a mailbox of the account.
    pub mailed_code: bool,
}

impl Proofs {
    /// A password was typed.
    pub const fn password(check: PasswordCheck) -> Self {
        Self { password: Some(check), provider_identity: false, mailed_code: false }
    }

    /// The person came back from a provider.
    pub const fn provider_identity() -> Self {
        Self { password: None, provider_identity: true, mailed_code: false }
    }

    /// A mailed code was typed.
    pub const fn mailed_code() -> Self {
        Self { password: None, provider_identity: false, mailed_code: true }
    }

    /// What stands as proven, each once.
    pub fn methods(self) -> impl Iterator<Item = Method> {
        let proven = [
            (matches!(self.password, Some(PasswordCheck::Match)), Method::Password),
            (self.provider_identity, Method::Provider),
            (self.mailed_code, Method::MailedCode),
        ];
        proven.into_iter().filter_map(|(is, method)| is.then_some(method))
    }

    /// What was proven before, and kept by the names of the methods.
    pub fn of(methods: impl IntoIterator<Item = Method>) -> Self {
        let mut proofs = Self::default();
        for method in methods {
            match method {
                Method::Password => proofs.password = Some(PasswordCheck::Match),
                Method::Provider => proofs.provider_identity = true,
                Method::MailedCode => proofs.mailed_code = true,
            }
        }
        proofs
    }

    /// Whether they say who this is.
    fn identify(self) -> bool {
        self.methods().next().is_some()
    }
}

/// How somebody proved who they are. A session keeps each with the time when it was proven last (OpenID Connect Core
/// 1.0, 2: `amr` and `auth_time`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// A password.
    Password,
    /// An account at another service.
    Provider,
    /// A code from a mailbox of the account.
    MailedCode,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Password, Self::Provider, Self::MailedCode];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Provider => "provider",
            Self::MailedCode => "mailed_code",
        }
    }

    /// Reads a stable name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
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
    /// Not yet: this is asked first. What was proven waits on the server.
    NextStep(Step),
    /// Proven; the account is closed and can come back.
    OfferReopen,
    /// Out.
    Refuse(Why),
}

/// What is still asked of somebody who has proven something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Whose the identity is that a provider vouches for: nobody here has it yet.
    ChooseAccount,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing was proven: the same for everyone.
    Credentials,
    /// Proven; the account's state forbids. Only ever told to whoever proved it.
    State(AccountState),
    /// Proven; the account was closed too long ago to come back.
    Gone,
}

/// Decides.
pub fn decide(facts: &Facts, now: Timestamp) -> Decision {
    let account = match (facts.proofs.identify(), facts.account) {
        (true, Some(account)) => account,
        (true, None) if facts.proofs.provider_identity => return Decision::NextStep(Step::ChooseAccount),
        (true | false, _) => return Decision::Refuse(Why::Credentials),
    };
    match account.state {
        AccountState::Active => Decision::SignIn,
        AccountState::Closed if account::can_come_back(account.since, now) => Decision::OfferReopen,
        AccountState::Closed => Decision::Refuse(Why::Gone),
        state @ (AccountState::Unverified | AccountState::Locked | AccountState::Suspended | AccountState::Dormant) => {
            Decision::Refuse(Why::State(state))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_its_decision_whatever_was_proven() {
        let now = Timestamp(100 * 24 * 3_600_000);
        let proven = [
            Proofs::password(PasswordCheck::Match),
            Proofs::provider_identity(),
            Proofs::mailed_code(),
            Proofs { mailed_code: true, ..Proofs::password(PasswordCheck::Mismatch) },
        ];
        let unproven = [PasswordCheck::Mismatch, PasswordCheck::NotSet, PasswordCheck::NoAccount].map(Proofs::password);
        for (state, since, expected) in [
            (AccountState::Active, now, Decision::SignIn),
            (AccountState::Unverified, now, Decision::Refuse(Why::State(AccountState::Unverified))),
            (AccountState::Locked, now, Decision::Refuse(Why::State(AccountState::Locked))),
            (AccountState::Suspended, now, Decision::Refuse(Why::State(AccountState::Suspended))),
            (AccountState::Dormant, now, Decision::Refuse(Why::State(AccountState::Dormant))),
            (AccountState::Closed, now, Decision::OfferReopen),
            (AccountState::Closed, Timestamp(0), Decision::Refuse(Why::Gone)),
        ] {
            let account = Some(AccountFacts { state, since });
            for proofs in proven {
                assert_eq!(decide(&Facts { account, proofs }, now), expected, "{state:?} {proofs:?}");
                let of_nobody = match proofs.provider_identity {
                    true => Decision::NextStep(Step::ChooseAccount),
                    false => Decision::Refuse(Why::Credentials),
                };
                assert_eq!(decide(&Facts { account: None, proofs }, now), of_nobody, "{proofs:?}");
                // What waits for a next step is what was proven.
                let kept = Proofs::of(proofs.methods());
                assert_eq!(decide(&Facts { account, proofs: kept }, now), expected, "{state:?} {kept:?}");
            }
            for proofs in unproven.into_iter().chain([Proofs::default()]) {
                assert_eq!(decide(&Facts { account, proofs }, now), Decision::Refuse(Why::Credentials), "{proofs:?}");
            }
        }
    }
}
