//! The advice of each cause: what to do, most useful first, and what not to do.

use crate::{
    account::AccountState,
    cause::Cause,
    remedy::Remedy::{self, *},
};

/// What to do and what to leave alone. Safe for every audience: it depends on the cause only.
#[derive(Clone, Copy, Debug)]
pub struct Advice {
    /// The next steps, the first one first.
    pub steps: &'static [Remedy],
    /// What does not help here, or harms.
    pub avoid: &'static [Remedy],
}

/// The next steps for an account whose state is known to be this.
pub const fn state_steps(state: AccountState) -> &'static [Remedy] {
    match state {
        AccountState::Unverified => &[NewestCode, Resend, ContactSupport],
        AccountState::Dormant => &[Unlock, ContactSupport],
        AccountState::Active | AccountState::Locked | AccountState::Suspended | AccountState::Closed => {
            &[ContactSupport]
        }
    }
}

/// The next steps when what a provider gave is wrong in a way that starting again does not change.
pub const NOT_AGAIN: &[Remedy] = &[OtherMethod, NotifyMe, ContactSupport];

/// The next steps when the server of the mailbox puts mail off or refuses it: what was sent waits there, or never comes.
pub const HELD_BACK: &[Remedy] = &[OtherAddress, ContactSupport];

/// The next steps when a code was right once, or its tries are spent: only another one helps.
pub const CODE_OVER: &[Remedy] = &[Resend, NewestCode, ContactSupport];

/// The next steps when the code is of an earlier mail.
pub const CODE_SUPERSEDED: &[Remedy] = &[NewestCode, Resend, ContactSupport];

/// The next steps when it is known how the hand slipped: the password itself is right.
pub const RIGHT_BUT_FOR_A_SLIP: &[Remedy] = &[Retype];

/// The next steps when several passwords were tried: none that is remembered is this account's.
pub const NOT_THIS_PASSWORD: &[Remedy] = &[Recover, FindId];

/// The next steps when one kind of browser fails by a fault of ours.
pub const NOT_THIS_BROWSER: &[Remedy] = &[OtherBrowser, NotifyMe, ContactSupport];

/// The advice for a cause (`causes.md` 4.3).
#[rustfmt::skip]
pub const fn advice(cause: Cause) -> Advice {
    let (steps, avoid): (&'static [Remedy], &'static [Remedy]) = match cause {
        Cause::IdUnknown => (&[FindId, Retype, OtherMethod], &[Retry, SignUpAgain, ClearAllSites]),
        Cause::Password => (&[Retype, Recover], &[Retry, ClearAllSites, SignUpAgain]),
        Cause::InputForm => (&[Retype, Recover], &[Retry, ClearAllSites]),
        Cause::OldPassword => (&[UpdateManager, Recover], &[Retry, ClearAllSites]),
        Cause::NoPassword => (&[OtherMethod, Recover, ProveByMail], &[Retry, SignUpAgain]),
        Cause::Locked => (&[Wait, Unlock], &[Retry, SignUpAgain]),
        Cause::LockedByOthers => (&[Unlock, Wait], &[Retry, SignUpAgain]),
        Cause::RiskHold => (&[ProveByMail, OtherNetwork], &[Retry, ClearAllSites]),
        Cause::CodeWrong => (&[NewestCode, OtherAddress, ContactSupport], &[Retry, SignUpAgain]),
        Cause::CodeUndelivered => (&[OtherAddress, AllowMailDomain, ContactSupport], &[Resend, SignUpAgain]),
        Cause::ContactLost => (&[OtherMethod, ContactSupport], &[SignUpAgain, Resend]),
        Cause::SecondFactor => (&[OtherMethod, SetClock, ContactSupport], &[DisableSecondFactor, PasswordReset]),
        Cause::FactorLost => (&[OtherMethod, ProveByMail], &[DisableSecondFactor, SignUpAgain]),
        Cause::OtherAccount => (&[ChooseAccount, FindId], &[SignUpAgain]),
        Cause::AccountState => (&[ProveByMail, ContactSupport], &[SignUpAgain, PasswordReset]),
        Cause::BrowserCookieBlocked => (&[AllowCookies, OtherBrowser], &[PasswordReset, ClearAllSites]),
        Cause::BrowserSessionStale => (&[Repair, RestartFlow], &[PasswordReset, ClearAllSites]),
        Cause::BrowserCookieOverflow => (&[Repair], &[PasswordReset, ClearAllSites, Retry]),
        Cause::BrowserCache => (&[Repair, RestartFlow], &[PasswordReset, ClearAllSites]),
        Cause::BrowserInterference => (&[OtherBrowser, OtherNetwork], &[PasswordReset, ClearAllSites]),
        Cause::BrowserInApp => (&[OpenExternally], &[PasswordReset, Retry]),
        Cause::BrowserUnsupported => (&[UpdateBrowser, OtherBrowser], &[PasswordReset, ClearAllSites]),
        Cause::BrowserClock => (&[SetClock], &[PasswordReset, ClearAllSites]),
        Cause::BrowserFlowExpired => (&[RestartFlow], &[PasswordReset, ClearAllSites]),
        Cause::BrowserContextSwitch => (&[RestartFlow], &[PasswordReset]),
        Cause::BrowserNetwork => (&[OtherNetwork, Wait], &[PasswordReset, ClearAllSites]),
        Cause::ExternalCancelled => (&[ProviderSignIn, OtherMethod], &[PasswordReset, Unlink]),
        Cause::ExternalNoReturn => (&[OtherMethod, ProviderSignIn], &[PasswordReset, Retry]),
        Cause::ExternalWrongAccount => (&[ChooseAccount], &[SignUpAgain, PasswordReset]),
        Cause::ExternalWrongProvider => (&[OtherMethod, ProveByMail], &[SignUpAgain]),
        Cause::ExternalLinkGone => (&[ProveByMail, Relink], &[Unlink, SignUpAgain]),
        Cause::ExternalReauth => (&[ProviderSignIn], &[Unlink, Relink, DisableSecondFactor]),
        Cause::ExternalFrozen => (&[OtherMethod, ProveByMail], &[Unlink, Relink]),
        Cause::ExternalDeleted => (&[ProveByMail, Relink], &[SignUpAgain]),
        Cause::ExternalPolicy => (&[OtherMethod, ContactSupport], &[Unlink, PasswordReset]),
        Cause::ExternalEmailConflict => (&[ProveByMail, OtherMethod], &[SignUpAgain]),
        Cause::ExternalOutage => (&[OtherMethod, Wait, NotifyMe], &[Unlink, Relink, PasswordReset]),
        Cause::ExternalHandshake => (&[RestartFlow], &[Relink, PasswordReset]),
        Cause::ExternalConfig => (&[OtherMethod, NotifyMe], &[Unlink, Relink, PasswordReset]),
        Cause::PlatformOutage => (&[Wait, NotifyMe], &[PasswordReset, Retry, Relink]),
        Cause::PlatformMaintenance => (&[Wait, NotifyMe], &[PasswordReset, Retry]),
        Cause::PlatformRegression => (&[ContactSupport, OtherBrowser, NotifyMe], &[PasswordReset, ClearAllSites]),
        Cause::PlatformMailDelay => (&[Wait, OtherMethod, NotifyMe], &[Resend, SignUpAgain]),
        Cause::PlatformAccountData => (&[ContactSupport, NotifyMe], &[PasswordReset, SignUpAgain]),
        Cause::Undetermined => (&[ProveByMail, OtherBrowser, ContactSupport], &[ClearAllSites, SignUpAgain]),
    };
    Advice { steps, avoid }
}
