//! Evidence: typed facts about one attempt, each with its source and who may hear it.

use serde::{Deserialize, Serialize};

use crate::{account::AccountState, audience::Audience, browser::InApp, password::Slip, time::Timestamp};

/// Where a fact comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Our own records.
    Server,
    /// What the request or the page showed.
    Browser,
    /// An external provider.
    Provider,
    /// The health of this service.
    Platform,
    /// What the member told us.
    Member,
}

/// A fact about an attempt. Values are coarse; no password, code, cookie value or full address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
#[allow(missing_docs, reason = "fields are named in the documentation of their variant")]
pub enum Evidence {
    /// The ID or the password was not accepted: what anyone hears, whatever the truth is.
    CredentialsRefused,
    /// This login, as typed, was tried too often; nothing is looked at before `until`.
    TriesSpent { until: Timestamp },
    /// No code was accepted: what anyone hears.
    CodeRefused,
    /// Anyone may hear that a mailed code's tries are used up in this flow.
    CodeTriesSpent,
    /// A field was left empty or holds what it cannot hold.
    FieldInvalid { field: String },
    /// The login ID that was asked for, or one that looks like it, is taken.
    LoginIdTaken,
    /// The person says that no mail came.
    SaysNoMail,
    /// The person says that the registered mailbox can no longer be read.
    SaysContactLost,

    /// The queue for password checks is full.
    HashQueueFull,
    /// Our database did not answer.
    StoreFailed,
    /// Mail leaves `minutes` late.
    MailQueueSlow { minutes: i64 },

    /// The cookie set with the form did not come back.
    ProbeCookieMissing,
    /// The form came without the hidden part that every page of ours carries.
    FormMissing,
    /// The form's hidden part is not of our making, or of a key no longer used.
    FormUnreadable,
    /// The form is `minutes` old.
    FormTooOld { minutes: i64 },
    /// The act this page belongs to has run out, or is over.
    FlowEnded,
    /// The browser says that another site sent this form.
    CrossSitePost,
    /// Full-width characters were typed.
    FullWidthTyped,
    /// The input method was on: kana or kanji stand in the password.
    JapaneseTyped,
    /// White space stands before or after the password.
    EdgeSpaceTyped,
    /// The page saw that Caps Lock was on.
    CapsLockOn,
    /// The login can be neither an ID nor an address of any account.
    LoginImpossible,
    /// The very same wrong value was sent again.
    SameValueAgain,
    /// `count` different values were tried from this browser for this login.
    DifferentValues { count: i64 },
    /// A browser inside another app.
    InAppBrowser { app: InApp },
    /// The browser is older than what the pages need.
    OldBrowser,
    /// Too many wrong tries came from this network; it waits until `until`.
    NetworkSpent { until: Timestamp },

    /// The account knows this browser.
    DeviceKnown,
    /// No account has the typed ID or address.
    LoginUnknown,
    /// The account exists and the password does not fit.
    PasswordMismatch,
    /// The account has no password.
    PasswordNotSet,
    /// The password was changed at `at`.
    PasswordChangedAt { at: Timestamp },
    /// What was typed is the password of before the change at `replaced_at`.
    OldPassword { replaced_at: Timestamp },
    /// What was typed is one slip of the hand away.
    TypingSlip { slip: Slip },
    /// Password checks are paused for this browser until `until`.
    DeviceLocked { until: Timestamp },
    /// Password checks are paused for all unknown browsers until `until`.
    StrangersLocked { until: Timestamp },
    /// `count` of the failures behind the pause came from this browser or network.
    OwnFailures { count: i64 },
    /// `count` came from elsewhere, over `networks` networks.
    OthersFailures { count: i64, networks: i64 },
    /// The account's state forbids signing in.
    State { state: AccountState },
    /// The typed code is none that was sent.
    CodeMismatch,
    /// The typed code is one of an earlier mail.
    CodeSuperseded,
    /// The typed code has run out.
    CodeExpired,
    /// The typed code was used already.
    CodeUsed,
    /// Too many wrong codes for this account over all flows.
    CodeCapReached,
    /// The mail server for this address refused with `status`.
    MailRefused { status: i64 },
    /// The mail server for this address put the mail off with `status`.
    MailDeferred { status: i64 },
    /// The mail was accepted at `at`.
    MailDelivered { at: Timestamp },
    /// Every address of the account has been refusing mail.
    EveryAddressRefuses,
    /// The address breaks the rules of RFC 5321, as old carrier addresses do.
    UnusualAddress,
}

impl Evidence {
    /// The name of the fact: `data-because`, `because` in JSON, and the message `because-…`.
    pub const fn key(&self) -> &'static str {
        match self {
            Self::CredentialsRefused => "credentials_refused",
            Self::TriesSpent { .. } => "tries_spent",
            Self::CodeRefused => "code_refused",
            Self::CodeTriesSpent => "code_tries_spent",
            Self::FieldInvalid { .. } => "field_invalid",
            Self::LoginIdTaken => "login_id_taken",
            Self::SaysNoMail => "says_no_mail",
            Self::SaysContactLost => "says_contact_lost",
            Self::HashQueueFull => "hash_queue_full",
            Self::StoreFailed => "store_failed",
            Self::MailQueueSlow { .. } => "mail_queue_slow",
            Self::ProbeCookieMissing => "probe_cookie_missing",
            Self::FormMissing => "form_missing",
            Self::FormUnreadable => "form_unreadable",
            Self::FormTooOld { .. } => "form_too_old",
            Self::FlowEnded => "flow_ended",
            Self::CrossSitePost => "cross_site_post",
            Self::FullWidthTyped => "full_width_typed",
            Self::JapaneseTyped => "japanese_typed",
            Self::EdgeSpaceTyped => "edge_space_typed",
            Self::CapsLockOn => "caps_lock_on",
            Self::LoginImpossible => "login_impossible",
            Self::SameValueAgain => "same_value_again",
            Self::DifferentValues { .. } => "different_values",
            Self::InAppBrowser { .. } => "in_app_browser",
            Self::OldBrowser => "old_browser",
            Self::NetworkSpent { .. } => "network_spent",
            Self::DeviceKnown => "device_known",
            Self::LoginUnknown => "login_unknown",
            Self::PasswordMismatch => "password_mismatch",
            Self::PasswordNotSet => "password_not_set",
            Self::PasswordChangedAt { .. } => "password_changed_at",
            Self::OldPassword { .. } => "old_password",
            Self::TypingSlip { slip } => match slip {
                Slip::AllCase => "slip_all_case",
                Slip::FirstCase => "slip_first_case",
                Slip::EdgeSpace => "slip_edge_space",
                Slip::ExtraCharacter => "slip_extra_character",
                Slip::LookAlike => "slip_look_alike",
            },
            Self::DeviceLocked { .. } => "device_locked",
            Self::StrangersLocked { .. } => "strangers_locked",
            Self::OwnFailures { .. } => "own_failures",
            Self::OthersFailures { .. } => "others_failures",
            Self::State { state } => match state {
                AccountState::Unverified => "state_unverified",
                AccountState::Active => "state_active",
                AccountState::Locked => "state_locked",
                AccountState::Suspended => "state_suspended",
                AccountState::Dormant => "state_dormant",
                AccountState::Closed => "state_closed",
            },
            Self::CodeMismatch => "code_mismatch",
            Self::CodeSuperseded => "code_superseded",
            Self::CodeExpired => "code_expired",
            Self::CodeUsed => "code_used",
            Self::CodeCapReached => "code_cap_reached",
            Self::MailRefused { .. } => "mail_refused",
            Self::MailDeferred { .. } => "mail_deferred",
            Self::MailDelivered { .. } => "mail_delivered",
            Self::EveryAddressRefuses => "every_address_refuses",
            Self::UnusualAddress => "unusual_address",
        }
    }

    /// The least audience that may hear the fact.
    pub const fn tier(&self) -> Audience {
        match self {
            Self::CredentialsRefused
            | Self::TriesSpent { .. }
            | Self::CodeRefused
            | Self::CodeTriesSpent
            | Self::FieldInvalid { .. }
            | Self::LoginIdTaken
            | Self::SaysNoMail
            | Self::SaysContactLost
            | Self::HashQueueFull
            | Self::StoreFailed
            | Self::MailQueueSlow { .. } => Audience::Anyone,
            // Facts of one's own request: whoever sent it knows them already.
            Self::ProbeCookieMissing
            | Self::FormMissing
            | Self::FormUnreadable
            | Self::FormTooOld { .. }
            | Self::FlowEnded
            | Self::CrossSitePost
            | Self::FullWidthTyped
            | Self::JapaneseTyped
            | Self::EdgeSpaceTyped
            | Self::CapsLockOn
            | Self::LoginImpossible
            | Self::InAppBrowser { .. }
            | Self::OldBrowser
            | Self::NetworkSpent { .. } => Audience::Anyone,
            Self::SameValueAgain => Audience::Browser,
            Self::DeviceKnown | Self::PasswordMismatch | Self::DeviceLocked { .. } => Audience::KnownDevice,
            // Counted per account: shown to strangers it would tie an ID to an address.
            Self::DifferentValues { .. }
            | Self::PasswordNotSet
            | Self::PasswordChangedAt { .. }
            | Self::OldPassword { .. }
            | Self::TypingSlip { .. }
            | Self::StrangersLocked { .. }
            | Self::OwnFailures { .. }
            | Self::OthersFailures { .. }
            | Self::State { .. }
            | Self::CodeCapReached
            | Self::MailRefused { .. }
            | Self::MailDeferred { .. }
            | Self::MailDelivered { .. }
            | Self::EveryAddressRefuses
            | Self::UnusualAddress => Audience::Owner,
            // The state of a code is known to who holds a code of an earlier mail.
            Self::CodeSuperseded | Self::CodeExpired | Self::CodeUsed => Audience::Anyone,
            Self::CodeMismatch | Self::LoginUnknown => Audience::Staff,
        }
    }

    /// Where the fact comes from.
    pub const fn source(&self) -> Source {
        match self {
            Self::HashQueueFull | Self::StoreFailed | Self::MailQueueSlow { .. } => Source::Platform,
            Self::SaysNoMail | Self::SaysContactLost => Source::Member,
            Self::FieldInvalid { .. }
            | Self::ProbeCookieMissing
            | Self::FormMissing
            | Self::FormUnreadable
            | Self::FormTooOld { .. }
            | Self::CrossSitePost
            | Self::FullWidthTyped
            | Self::JapaneseTyped
            | Self::EdgeSpaceTyped
            | Self::CapsLockOn
            | Self::LoginImpossible
            | Self::InAppBrowser { .. }
            | Self::OldBrowser => Source::Browser,
            Self::CredentialsRefused
            | Self::TriesSpent { .. }
            | Self::CodeRefused
            | Self::CodeTriesSpent
            | Self::LoginIdTaken
            | Self::FlowEnded
            | Self::SameValueAgain
            | Self::DifferentValues { .. }
            | Self::NetworkSpent { .. }
            | Self::DeviceKnown
            | Self::LoginUnknown
            | Self::PasswordMismatch
            | Self::PasswordNotSet
            | Self::PasswordChangedAt { .. }
            | Self::OldPassword { .. }
            | Self::TypingSlip { .. }
            | Self::DeviceLocked { .. }
            | Self::StrangersLocked { .. }
            | Self::OwnFailures { .. }
            | Self::OthersFailures { .. }
            | Self::State { .. }
            | Self::CodeMismatch
            | Self::CodeSuperseded
            | Self::CodeExpired
            | Self::CodeUsed
            | Self::CodeCapReached
            | Self::MailRefused { .. }
            | Self::MailDeferred { .. }
            | Self::MailDelivered { .. }
            | Self::EveryAddressRefuses
            | Self::UnusualAddress => Source::Server,
        }
    }

    /// The time that the fact asks to wait for, if it asks.
    pub const fn wait_until(&self) -> Option<Timestamp> {
        match self {
            Self::TriesSpent { until }
            | Self::NetworkSpent { until }
            | Self::DeviceLocked { until }
            | Self::StrangersLocked { until } => Some(*until),
            _ => None,
        }
    }
}
