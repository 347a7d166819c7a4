//! What a person can do, and which cause each thing cures. The negatives are data too:
//! a wrong remedy is named as such.

use serde::{Deserialize, Serialize};

use crate::cause::{Cause, Family};

macro_rules! remedies {
    ($($variant:ident $id:literal,)*) => {
        /// Something a person can do, or had better not do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[allow(missing_docs, reason = "the identifiers speak for themselves; the words are in locales/")]
        pub enum Remedy {
            $($variant,)*
        }

        impl Remedy {
            /// Every remedy.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The identifier on the wire.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }
        }
    };
}

remedies! {
    Retype "retype",
    Recover "recover",
    FindId "find_id",
    Unlock "unlock",
    Wait "wait",
    NotifyMe "notify_me",
    Repair "repair",
    RestartFlow "restart_flow",
    OtherBrowser "other_browser",
    OtherNetwork "other_network",
    AllowCookies "allow_cookies",
    OpenExternally "open_externally",
    UpdateBrowser "update_browser",
    SetClock "set_clock",
    ChooseAccount "choose_account",
    ProviderSignIn "provider_sign_in",
    OtherMethod "other_method",
    Relink "relink",
    ProveByMail "prove_by_mail",
    NewestCode "newest_code",
    Resend "resend",
    OtherAddress "other_address",
    AllowMailDomain "allow_mail_domain",
    UpdateManager "update_manager",
    PasswordReset "password_reset",
    Retry "retry",
    Unlink "unlink",
    ClearAllSites "clear_all_sites",
    SignUpAgain "sign_up_again",
    DisableSecondFactor "disable_second_factor",
    ContactSupport "contact_support",
}

/// What a remedy does for a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It ends the trouble.
    Cures,
    /// It does not help; doing it wastes effort or does harm.
    Useless,
    /// It may help or narrow things down.
    Unknown,
}

impl Remedy {
    /// Where it is done, when it is done on a page of ours.
    pub const fn page(self) -> Option<&'static str> {
        match self {
            Self::Recover | Self::FindId | Self::PasswordReset => Some("/recover"),
            Self::Unlock => Some("/unlock"),
            Self::RestartFlow | Self::OtherMethod => Some("/sign-in"),
            Self::Repair => Some("/repair"),
            Self::AllowCookies => Some("/help/how/cookies"),
            Self::SetClock => Some("/help/how/clock"),
            Self::UpdateBrowser => Some("/help/how/update"),
            Self::OpenExternally => Some("/help/how/open"),
            Self::AllowMailDomain => Some("/help/how/mail"),
            Self::Retype
            | Self::Wait
            | Self::NotifyMe
            | Self::OtherBrowser
            | Self::OtherNetwork
            | Self::ChooseAccount
            | Self::ProviderSignIn
            | Self::Relink
            | Self::ProveByMail
            | Self::NewestCode
            | Self::Resend
            | Self::OtherAddress
            | Self::UpdateManager
            | Self::Retry
            | Self::Unlink
            | Self::ClearAllSites
            | Self::SignUpAgain
            | Self::DisableSecondFactor
            | Self::ContactSupport => None,
        }
    }

    /// Whether it begins with a mail of ours.
    pub const fn needs_mail(self) -> bool {
        matches!(
            self,
            Self::Recover | Self::PasswordReset | Self::Unlock | Self::ProveByMail | Self::Resend | Self::OtherAddress
        )
    }

    /// The remedy × cause matrix (`causes.md` 4.4).
    #[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
    #[expect(clippy::too_many_lines, reason = "a table: one line for each remedy")]
    pub fn effect(self, cause: Cause) -> Effect {
        use Effect::{Cures, Unknown, Useless};
        use Family::{Browser, Credential, External, Platform};
        let family = cause.family();
        match self {
            Self::PasswordReset | Self::Recover => match cause {
                Cause::Password | Cause::OldPassword | Cause::Locked | Cause::LockedByOthers => Cures,
                Cause::IdUnknown if self == Self::Recover => Cures,
                Cause::NoPassword if self == Self::Recover => Cures,
                _ if matches!(family, Browser | External | Platform) => Useless,
                _ => Unknown,
            },
            Self::Repair => match cause {
                Cause::BrowserSessionStale
                | Cause::BrowserCookieOverflow
                | Cause::BrowserCache
                | Cause::BrowserFlowExpired => Cures,
                _ if family == Credential => Useless,
                _ => Unknown,
            },
            Self::Relink => match cause {
                Cause::ExternalLinkGone | Cause::ExternalDeleted => Cures,
                Cause::ExternalReauth
                | Cause::ExternalFrozen
                | Cause::ExternalOutage
                | Cause::ExternalHandshake
                | Cause::ExternalConfig => Useless,
                _ if matches!(family, Credential | Browser | Platform) => Useless,
                _ => Unknown,
            },
            Self::Wait => match cause {
                Cause::Locked
                | Cause::LockedByOthers
                | Cause::ExternalOutage
                | Cause::PlatformOutage
                | Cause::PlatformMaintenance
                | Cause::PlatformRegression
                | Cause::PlatformMailDelay => Cures,
                // A network that is asked to wait may also change; and mail may be slow.
                Cause::BrowserNetwork | Cause::CodeUndelivered => Unknown,
                _ => Useless,
            },
            Self::OtherBrowser => match cause {
                Cause::BrowserNetwork => Unknown,
                _ if family == Browser => Cures,
                _ => Unknown,
            },
            Self::ClearAllSites => Useless,
            Self::Unlink => match cause {
                Cause::ExternalLinkGone => Unknown,
                _ => Useless,
            },
            Self::SignUpAgain | Self::DisableSecondFactor => Useless,
            // A set-up of ours that is wrong is so the next time, too.
            Self::RestartFlow | Self::Retry if cause == Cause::ExternalConfig => Useless,
            Self::Retype
            | Self::FindId
            | Self::Unlock
            | Self::NotifyMe
            | Self::RestartFlow
            | Self::OtherNetwork
            | Self::AllowCookies
            | Self::OpenExternally
            | Self::UpdateBrowser
            | Self::SetClock
            | Self::ChooseAccount
            | Self::ProviderSignIn
            | Self::OtherMethod
            | Self::ProveByMail
            | Self::NewestCode
            | Self::Resend
            | Self::OtherAddress
            | Self::AllowMailDomain
            | Self::UpdateManager
            | Self::Retry
            | Self::ContactSupport => Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::advice::advice;

    #[test]
    fn advice_never_contradicts_the_matrix() {
        for cause in Cause::ALL {
            let advice = advice(cause);
            assert!(!advice.steps.is_empty() && !advice.avoid.is_empty(), "{cause:?} has advice");
            for step in advice.steps {
                assert_ne!(step.effect(cause), Effect::Useless, "{cause:?} advises {step:?}, which does not help");
                assert!(!advice.avoid.contains(step), "{cause:?} both advises and warns of {step:?}");
            }
            for avoid in advice.avoid {
                assert_ne!(avoid.effect(cause), Effect::Cures, "{cause:?} warns of {avoid:?}, which cures it");
            }
        }
    }

    #[test]
    fn a_reset_does_not_cure_what_is_not_the_password() {
        for cause in
            [Cause::BrowserSessionStale, Cause::BrowserCookieBlocked, Cause::ExternalOutage, Cause::PlatformOutage]
        {
            assert_eq!(Remedy::PasswordReset.effect(cause), Effect::Useless);
            assert!(advice(cause).avoid.contains(&Remedy::PasswordReset), "{cause:?}");
        }
    }
}
