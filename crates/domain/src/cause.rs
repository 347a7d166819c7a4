//! The catalogue: 45 reasons why a person cannot get in. A slug never changes its meaning.

use serde::{Deserialize, Serialize};

/// The five families of causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// What the person proves.
    Credential,
    /// The browser, the device, the line.
    Browser,
    /// An external account.
    External,
    /// This service.
    Platform,
    /// None of them.
    Other,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 5] = [Self::Credential, Self::Browser, Self::External, Self::Platform, Self::Other];

    /// The first part of a cause's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Browser => "browser",
            Self::External => "external",
            Self::Platform => "platform",
            Self::Other => "other",
        }
    }
}

macro_rules! causes {
    ($($variant:ident $family:ident $slug:literal $doc:literal,)*) => {
        /// Why a person cannot get in.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Cause {
            $(#[doc = $doc] #[serde(rename = $slug)] $variant,)*
        }

        impl Cause {
            /// Every cause, in catalogue order.
            pub const ALL: [Self; 45] = [$(Self::$variant,)*];

            /// The name on the wire and of the help page.
            pub const fn slug(self) -> &'static str {
                match self { $(Self::$variant => $slug,)* }
            }

            /// Its family.
            pub const fn family(self) -> Family {
                match self { $(Self::$variant => Family::$family,)* }
            }
        }
    };
}

causes! {
    IdUnknown Credential "credential.id_unknown" "No account with the typed ID or address.",
    Password Credential "credential.password" "The password does not fit the account.",
    InputForm Credential "credential.input_form" "Full-width, case, blanks or look-alike characters.",
    OldPassword Credential "credential.old_password" "The password of before a change.",
    NoPassword Credential "credential.no_password" "The account signs in by an external service only.",
    Locked Credential "credential.locked" "Paused after too many tries of the person's own.",
    LockedByOthers Credential "credential.locked_by_others" "Paused after tries of somebody else.",
    RiskHold Credential "credential.risk_hold" "Held back because the circumstances are unusual.",
    CodeWrong Credential "credential.code_wrong" "A mailed or shown code that is wrong, old or used.",
    CodeUndelivered Credential "credential.code_undelivered" "The mail with the code did not arrive.",
    ContactLost Credential "credential.contact_lost" "The registered mailbox can no longer be read.",
    SecondFactor Credential "credential.second_factor" "The second step was not completed.",
    FactorLost Credential "credential.factor_lost" "The authenticator or passkey is not on this device.",
    OtherAccount Credential "credential.other_account" "Another account of the same person.",
    AccountState Credential "credential.account_state" "Unverified, dormant, suspended, locked by staff or closed.",
    BrowserCookieBlocked Browser "browser.cookie_blocked" "The browser does not keep this site's cookies.",
    BrowserSessionStale Browser "browser.session_stale" "An old session stands in the way.",
    BrowserCookieOverflow Browser "browser.cookie_overflow" "More cookies than a request may carry.",
    BrowserCache Browser "browser.cache" "An old page or part from a cache or service worker.",
    BrowserInterference Browser "browser.interference" "An add-on, security software or proxy changes requests.",
    BrowserInApp Browser "browser.in_app" "A browser inside another app.",
    BrowserUnsupported Browser "browser.unsupported" "Too old a browser, or scripts off where needed.",
    BrowserClock Browser "browser.clock" "The device's clock is off.",
    BrowserFlowExpired Browser "browser.flow_expired" "The page was too old or already used.",
    BrowserContextSwitch Browser "browser.context_switch" "Begun in one browser, ended in another.",
    BrowserNetwork Browser "browser.network" "The line, DNS, VPN or region.",
    ExternalCancelled External "external.cancelled" "Cancelled at the provider.",
    ExternalNoReturn External "external.no_return" "Did not come back from the provider.",
    ExternalWrongAccount External "external.wrong_account" "Another account of that provider.",
    ExternalWrongProvider External "external.wrong_provider" "Registered by another method.",
    ExternalLinkGone External "external.link_gone" "The link was removed.",
    ExternalReauth External "external.reauth" "The provider wants a new sign-in there.",
    ExternalFrozen External "external.frozen" "Suspended at the provider.",
    ExternalDeleted External "external.deleted" "Deleted at the provider.",
    ExternalPolicy External "external.policy" "Forbidden by an organisation or guardian.",
    ExternalEmailConflict External "external.email_conflict" "The address belongs to another account here.",
    ExternalOutage External "external.outage" "The provider is in trouble.",
    ExternalHandshake External "external.handshake" "The hand-over expired or was used twice.",
    ExternalConfig External "external.config" "Our own set-up of the provider is wrong.",
    PlatformOutage Platform "platform.outage" "We are down or overloaded.",
    PlatformMaintenance Platform "platform.maintenance" "Planned work.",
    PlatformRegression Platform "platform.regression" "A fault of ours that hits some.",
    PlatformMailDelay Platform "platform.mail_delay" "Our mail is late.",
    PlatformAccountData Platform "platform.account_data" "Signed in, but the data cannot be read.",
    Undetermined Other "other.undetermined" "No cause stands out.",
}

impl Cause {
    /// The cause of that slug.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.slug() == slug)
    }

    /// The slug in the form of a message key: `credential-old-password`.
    pub fn key(self) -> String {
        self.slug().replace(['.', '_'], "-")
    }

    /// The place in [`Cause::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}
