//! Ways in: what each can do alone, beside another, and for whoever lost the others (NIST SP 800-63B-4 3.1, 4.2).

/// A way in that an account has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// A password.
    Password,
    /// An account at another service. It works while that service is one of ours and the account there is open to us.
    Provider {
        /// Whether it works.
        usable: bool,
    },
    /// A passkey: its device, unlocked by its owner, is two factors at once.
    Passkey,
    /// Codes of an app, by time.
    Totp,
    /// Codes on paper.
    BackupCodes {
        /// How many are left.
        left: u16,
    },
    /// Codes to a mailbox.
    MailedCode {
        /// Whether the mailbox is its owner's, as far as we know.
        trusted: bool,
    },
}

impl Credential {
    /// Whether it lets its owner in by itself.
    pub const fn signs_in(self) -> bool {
        match self {
            Self::Password | Self::Passkey => true,
            Self::Provider { usable } => usable,
            Self::Totp | Self::BackupCodes { .. } | Self::MailedCode { .. } => false,
        }
    }

    /// Whether it is good beside another that signs in, as the second step.
    pub const fn is_second(self) -> bool {
        match self {
            Self::Passkey | Self::Totp => true,
            Self::BackupCodes { left } => left > 0,
            Self::Password | Self::Provider { .. } | Self::MailedCode { .. } => false,
        }
    }

    /// Whether its owner can get the others back by it.
    pub const fn recovers(self) -> bool {
        match self {
            Self::MailedCode { trusted } => trusted,
            Self::Password | Self::Provider { .. } | Self::Passkey | Self::Totp | Self::BackupCodes { .. } => false,
        }
    }
}

/// Whether an account that keeps these alone can still be entered: whoever takes one away asks with what is left. A
/// mailbox is none: codes give back what was lost, and nothing is lost on purpose.
pub fn may_remove(left: impl IntoIterator<Item = Credential>) -> bool {
    left.into_iter().any(Credential::signs_in)
}

#[cfg(test)]
mod tests {
    use super::Credential::*;
    use super::*;

    #[test]
    fn the_last_usable_way_in_stays() {
        for (left, may) in [
            (vec![], false),
            (vec![Password], true),
            (vec![Passkey], true),
            (vec![Provider { usable: true }], true),
            // Its provider is gone, or its grant lapsed: nobody gets in by it.
            (vec![Provider { usable: false }], false),
            (vec![Provider { usable: false }, MailedCode { trusted: true }], false),
            (vec![Totp, BackupCodes { left: 8 }], false),
            (vec![Totp, Password], true),
        ] {
            assert_eq!(may_remove(left.iter().copied()), may, "{left:?}");
        }
    }

    #[test]
    fn each_does_what_it_can() {
        for credential in [
            Password,
            Provider { usable: true },
            Provider { usable: false },
            Passkey,
            Totp,
            BackupCodes { left: 1 },
            BackupCodes { left: 0 },
            MailedCode { trusted: true },
            MailedCode { trusted: false },
        ] {
            let can = (credential.signs_in(), credential.is_second(), credential.recovers());
            let expected = match credential {
                Password | Provider { usable: true } => (true, false, false),
                Passkey => (true, true, false),
                Totp | BackupCodes { left: 1.. } => (false, true, false),
                MailedCode { trusted: true } => (false, false, true),
                Provider { usable: false } | BackupCodes { left: 0 } | MailedCode { trusted: false } => {
                    (false, false, false)
                }
            };
            assert_eq!(can, expected, "{credential:?}");
        }
    }
}
