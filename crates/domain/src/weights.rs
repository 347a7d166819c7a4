//! Every weight of the diagnosis, in one table that a person can read and change.
//!
//! A weight is a log-odds step: +2.3 makes a cause ten times as likely against all
//! others, −2.3 a tenth. A cause without any positive weight is no candidate.

use crate::{
    account::AccountState,
    cause::Cause::{self, *},
    clocks::Whose,
    evidence::Evidence,
    handover::HandoverFault,
    screen::Screen,
    symptom::Symptom,
};

/// The score that `other.undetermined` always has: what a cause must beat.
pub const UNDETERMINED: f32 = 1.0;

/// Whether `fact` needs no other cause where `by` is known: an engine that cannot run the page's script sends neither its
/// word nor the headers of today, and its buttons look dead. Two shadows of one thing are not two things.
#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
pub(crate) const fn is_explained(fact: &Evidence, by: &Evidence) -> bool {
    match by {
        Evidence::OldBrowser => matches!(
            fact,
            Evidence::HeartbeatMissing
                | Evidence::ScriptOff
                | Evidence::HeadersStripped
                | Evidence::StorageBlocked
                | Evidence::Says { symptom: Symptom::ButtonDead | Symptom::Blank }
        ),
        // A jar that is full loses what is put in last.
        Evidence::CookieHeaderLarge { .. } | Evidence::CookieHeaderTooLarge { .. } => {
            matches!(fact, Evidence::BouncedAfterSuccess)
        }
        // Whoever types an old password with a slip would be refused without it, too.
        Evidence::OldPassword { .. } => matches!(fact, Evidence::TypingSlip { .. }),
        // Who was told one thing, of which another is known.
        Evidence::KnownBefore { .. } => matches!(fact, Evidence::RefusedBefore { .. }),
        // Its clock makes every page and every cookie look old.
        Evidence::ClockSkew { .. } => matches!(fact, Evidence::CookiesCleared),
        Evidence::HandedOn { .. } => matches!(fact, Evidence::OldBuild | Evidence::OldBuildAgain | Evidence::OldAsset),
        // Cookies that are not kept take every session with them.
        Evidence::BouncedAfterSuccess => matches!(
            fact,
            Evidence::RedirectLoop { .. } | Evidence::Says { symptom: Symptom::Loop | Symptom::SuddenLogout }
        ),
        _ => false,
    }
}

/// A cause that was found a moment ago, alone. What staff knows is told where it differs from what was told.
const fn each(weight: f32) -> [[(Cause, f32); 1]; Cause::ALL.len()] {
    let mut all = [[(Cause::Undetermined, weight)]; Cause::ALL.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = [(Cause::ALL[at], weight)];
        at += 1;
    }
    all
}

/// What a browser was told before it was checked, and what staff knows beside it.
static TOLD_BEFORE: [[(Cause, f32); 1]; Cause::ALL.len()] = each(2.6);
static KNOWN_BEFORE: [[(Cause, f32); 1]; Cause::ALL.len()] = each(4.0);

/// What a fact says for and against causes.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a table: one line for each fact")]
pub(crate) fn weights(evidence: &Evidence) -> &'static [(Cause, f32)] {
    match evidence {
        // What anyone hears. The order of these four is the order in which a stranger is advised.
        Evidence::CredentialsRefused => &[
            (Password, 2.6), (IdUnknown, 2.0), (InputForm, 1.6), (OldPassword, 1.2), (NoPassword, 0.8),
            // A password that was looked at has passed whatever the browser has in its way.
            (BrowserSessionStale, -4.0), (BrowserInApp, -3.0), (BrowserClock, -3.5), (BrowserUnsupported, -3.0),
            (BrowserInterference, -3.0), (BrowserCache, -3.0), (BrowserCookieOverflow, -3.0), (BrowserNetwork, -3.0),
            (BrowserCookieBlocked, -3.0),
        ],
        Evidence::TriesSpent { .. } => &[(Locked, 4.5), (LockedByOthers, 2.0), (Password, -1.0)],
        Evidence::CodeRefused => &[(CodeWrong, 4.0), (CodeUndelivered, 0.6)],
        Evidence::CodeTriesSpent { .. } => &[(CodeWrong, 3.0)],
        Evidence::FieldInvalid { .. } => &[(InputForm, 5.0)],
        Evidence::LoginIdTaken => &[(OtherAccount, 3.5), (InputForm, 1.0)],
        Evidence::SaysNoMail => &[(CodeUndelivered, 4.0), (PlatformMailDelay, 1.5), (IdUnknown, 1.5)],
        Evidence::SaysContactLost => &[(ContactLost, 5.5)],

        // Ours first: these outweigh whatever else a request shows.
        Evidence::HashQueueFull => &[(PlatformOutage, 9.0)],
        Evidence::StoreFailed => &[(PlatformOutage, 9.0)],
        Evidence::MailQueueSlow { .. } => &[(PlatformMailDelay, 6.5), (CodeUndelivered, -1.0)],
        Evidence::MailDown { .. } => &[(PlatformMailDelay, 9.0), (CodeUndelivered, -1.0)],
        Evidence::Maintenance { .. } => &[(PlatformMaintenance, 12.0), (PlatformOutage, -3.0)],
        Evidence::IncidentOpen { .. } | Evidence::ComponentDown { .. } => &[(PlatformOutage, 13.0)],
        Evidence::ServiceDegraded { .. } => &[(PlatformOutage, 1.8)],
        Evidence::SliceFails { .. } => &[(PlatformRegression, 10.0), (PlatformOutage, -3.0)],
        Evidence::AfterSignInFailed => &[(PlatformAccountData, 13.0), (PlatformOutage, -4.0)],
        Evidence::ManyHaveThis { .. } => &[(PlatformOutage, 2.0), (PlatformRegression, 1.5)],
        Evidence::NoMailNow => &[],
        Evidence::OthersFine => &[(PlatformOutage, -1.0)],

        // The request itself.
        Evidence::ProbeCookieMissing => &[(BrowserCookieBlocked, 7.0), (BrowserInterference, 2.0), (BrowserContextSwitch, 1.5)],
        Evidence::FormMissing => &[(BrowserFlowExpired, 5.0), (BrowserInterference, 1.5)],
        Evidence::FormUnreadable => &[(BrowserFlowExpired, 5.0), (BrowserCache, 2.0)],
        Evidence::FormTooOld { .. } => &[(BrowserFlowExpired, 6.0)],
        Evidence::FlowEnded => &[(BrowserFlowExpired, 6.0), (BrowserContextSwitch, 1.5)],
        // A look-alike site, an add-on, a proxy: nothing here can tell them apart.
        Evidence::CrossSitePost => &[(BrowserInterference, 2.5), (Undetermined, 4.0)],
        Evidence::FullWidthTyped => &[(InputForm, 2.0)],
        Evidence::JapaneseTyped => &[(InputForm, 6.5)],
        Evidence::EdgeSpaceTyped | Evidence::PunctuationTyped => &[(InputForm, 3.0)],
        Evidence::CapsLockOn => &[(InputForm, 3.5)],
        Evidence::LoginImpossible => &[(IdUnknown, 4.0)],
        // Whoever is sure of a password may have changed it; most who are have not.
        Evidence::SameValueAgain => &[(OldPassword, 0.6)],
        Evidence::DifferentValues { .. } => &[(Password, 0.6), (OldPassword, -0.4)],
        Evidence::InAppBrowser { .. } => &[(BrowserInApp, 3.0)],
        Evidence::OldBrowser => &[(BrowserUnsupported, 3.2)],
        Evidence::NetworkSpent { .. } => &[(BrowserNetwork, 6.0)],

        Evidence::CookiesCleared => &[(BrowserFlowExpired, 5.0), (BrowserCookieBlocked, 1.0)],
        Evidence::DuplicateCookie { .. } => &[(BrowserSessionStale, 4.2)],
        Evidence::MalformedSession => &[(BrowserSessionStale, 4.0)],
        Evidence::UnknownSession => &[(BrowserSessionStale, 3.6)],
        Evidence::EndedSession { .. } => &[(BrowserSessionStale, 3.6)],
        Evidence::LegacyCookie { .. } => &[(BrowserSessionStale, 2.0)],
        Evidence::CookieHeaderLarge { .. } => &[(BrowserCookieOverflow, 3.4)],
        Evidence::CookieHeaderTooLarge { .. } => &[(BrowserCookieOverflow, 8.5), (BrowserSessionStale, -3.0)],
        Evidence::OldBuild => &[(BrowserCache, 3.2), (BrowserFlowExpired, 1.0)],
        Evidence::OldBuildAgain => &[(BrowserCache, 6.0)],
        Evidence::OldAsset => &[(BrowserCache, 3.2)],
        Evidence::ServiceWorker => &[(BrowserCache, 4.0)],
        Evidence::HeartbeatMissing => &[(BrowserInterference, 3.0)],
        Evidence::HeadersStripped => &[(BrowserInterference, 2.4)],
        Evidence::HeaderChanged => &[(BrowserInterference, 2.0)],
        Evidence::OriginHidden => &[(BrowserInterference, 2.6), (BrowserInApp, 0.6)],
        Evidence::BodyChanged => &[(BrowserInterference, 6.0)],
        Evidence::ScriptOff => &[],
        Evidence::ScriptRan => &[(BrowserInterference, -1.0), (BrowserUnsupported, -1.0)],
        Evidence::StorageBlocked => &[(BrowserCookieBlocked, 0.8), (BrowserInterference, 0.5)],
        Evidence::ClockSkew { .. } => &[(BrowserClock, 4.6)],
        Evidence::FlowElsewhere => &[(BrowserContextSwitch, 7.0)],
        Evidence::NetworkFlaps { .. } => &[(BrowserNetwork, 3.4)],
        Evidence::PartialRequest => &[(BrowserNetwork, 5.5), (BrowserInterference, 2.0)],
        Evidence::SameErrorAgain { .. } => &[],
        Evidence::RefusedBefore { cause } => TOLD_BEFORE.get(cause.index()).map_or(&[], |one| one),
        Evidence::KnownBefore { cause } => KNOWN_BEFORE.get(cause.index()).map_or(&[], |one| one),
        // A page that reaches somebody else than it was made for stood in a cache between.
        Evidence::HandedOn { .. } => &[(BrowserCache, 8.0), (BrowserInterference, 6.0), (BrowserCookieBlocked, -5.0)],
        // The browser is in order, then.
        Evidence::OtherAccountWorks => &[
            (BrowserSessionStale, -2.0), (BrowserCookieBlocked, -3.0), (BrowserCache, -2.0), (BrowserInterference, -2.0),
            (BrowserUnsupported, -3.0), (BrowserNetwork, -2.0), (PlatformOutage, -2.0),
        ],
        Evidence::NewForThem { .. } | Evidence::FailedAlike { .. } => &[],
        Evidence::RedirectLoop { .. } => &[(BrowserSessionStale, 4.2), (BrowserCookieBlocked, 2.4)],
        Evidence::BouncedAfterSuccess => &[(BrowserCookieBlocked, 4.4), (BrowserSessionStale, 2.4)],
        Evidence::WorksElsewhere => &[
            (BrowserSessionStale, 1.4), (BrowserCache, 1.3), (BrowserInterference, 1.3), (BrowserCookieBlocked, 1.0),
            (PlatformOutage, -3.0), (PlatformRegression, -1.0), (Password, -1.5), (IdUnknown, -1.5),
        ],
        Evidence::FailsElsewhere => &[
            (BrowserNetwork, 1.2), (PlatformRegression, 1.0), (Password, 0.6),
            (BrowserSessionStale, -2.0), (BrowserCache, -2.0), (BrowserInterference, -2.0), (BrowserCookieBlocked, -2.0),
        ],
        Evidence::Says { symptom } => match symptom {
            Symptom::SameError => &[(BrowserSessionStale, 1.3), (BrowserCache, 0.9), (OldPassword, 0.9)],
            Symptom::Loop => &[(BrowserSessionStale, 2.2), (BrowserCookieBlocked, 1.6)],
            Symptom::BouncedToSignUp => &[(BrowserSessionStale, 1.8), (ExternalWrongProvider, 1.2)],
            Symptom::SuddenLogout => &[(BrowserSessionStale, 2.2), (RiskHold, 0.4)],
            Symptom::Blank => &[(BrowserCache, 2.2), (BrowserInterference, 1.6), (BrowserUnsupported, 1.0)],
            Symptom::ButtonDead => &[(BrowserInterference, 2.4), (BrowserUnsupported, 1.2), (BrowserCache, 1.0)],
            Symptom::NoMail => &[(CodeUndelivered, 2.6), (PlatformMailDelay, 1.2), (IdUnknown, 1.0)],
            Symptom::PageDown => &[(PlatformOutage, 2.2), (BrowserNetwork, 1.7)],
            Symptom::WorksElsewhere => &[(BrowserSessionStale, 1.8), (BrowserCache, 1.5), (BrowserInterference, 1.5)],
            Symptom::ProviderPageError => &[(ExternalOutage, 1.6), (ExternalPolicy, 1.4), (ExternalFrozen, 1.3)],
            Symptom::NotReturned => &[(ExternalNoReturn, 2.8), (BrowserInApp, 1.0)],
            Symptom::RefusedAfterProvider => &[(ExternalWrongProvider, 1.8), (ExternalLinkGone, 1.5), (ExternalWrongAccount, 1.4)],
        },
        Evidence::OursAtFault => &[(PlatformRegression, 9.5)],
        Evidence::Setup { .. } => &[(PlatformRegression, 2.0)],

        // The external account. What the provider itself says outweighs what the browser shows.
        Evidence::AtProvider { .. } => &[],
        Evidence::ProviderDenied { .. } => &[(ExternalCancelled, 6.5), (ExternalNoReturn, -4.0), (BrowserSessionStale, -3.0)],
        Evidence::ProviderTrouble { .. } => &[(ExternalOutage, 6.5), (BrowserSessionStale, -3.0)],
        Evidence::ProviderDown { .. } => &[(ExternalOutage, 7.0), (ExternalHandshake, -3.0), (ExternalNoReturn, -3.0)],
        Evidence::ProviderRefusedUs { .. } => &[(ExternalConfig, 6.5), (BrowserSessionStale, -3.0)],
        Evidence::ProviderSetupWrong { .. } => &[(ExternalConfig, 7.5), (ExternalNoReturn, -3.0)],
        Evidence::ProviderWantsAct { .. } => &[(ExternalReauth, 6.0)],
        Evidence::ProviderWantsConsent { .. } => &[(ExternalLinkGone, 5.0), (ExternalReauth, 2.0)],
        Evidence::ProviderPolicy { .. } => &[(ExternalPolicy, 6.5)],
        Evidence::ProviderFroze { .. } => &[(ExternalFrozen, 6.5)],
        Evidence::ProviderForbidsBrowser { .. } => &[(BrowserInApp, 5.5), (ExternalPolicy, 1.0)],
        Evidence::ProviderForbidsInApp => &[(BrowserInApp, 4.0), (ExternalNoReturn, -4.0)],
        // Honest: the code is kept, what it means is not known.
        Evidence::ProviderCodeUnknown { .. } => &[
            (Undetermined, 2.5), (ExternalOutage, 1.8), (ExternalConfig, 1.5), (ExternalCancelled, 1.4), (ExternalPolicy, 0.8),
            (ExternalFrozen, 0.6),
        ],
        // It had been given a moment before: nobody took it back in between.
        Evidence::TokenDead { .. } => &[(ExternalOutage, 4.0), (ExternalLinkGone, 3.0)],
        Evidence::TicketRefused { fault, .. } => match fault {
            None => &[(ExternalHandshake, 6.0), (BrowserSessionStale, -3.0)],
            Some(HandoverFault::CodeUsed | HandoverFault::CodeLate) => &[(ExternalHandshake, 6.5), (BrowserSessionStale, -3.0)],
            Some(HandoverFault::OtherIssuer | HandoverFault::Nonce | HandoverFault::Time) => {
                &[(ExternalHandshake, 6.0), (BrowserSessionStale, -3.0)]
            }
            // Theirs to mend.
            Some(HandoverFault::KeysNotServed) => &[(ExternalOutage, 6.5), (ExternalConfig, 3.5), (BrowserSessionStale, -3.0)],
            Some(HandoverFault::NotYet) => &[(ExternalOutage, 5.2), (ExternalConfig, 4.2), (ExternalHandshake, 3.4), (BrowserSessionStale, -3.0)],
            // Wrong for everybody, or for this one ticket: by itself it does not say.
            Some(HandoverFault::Signature | HandoverFault::UnknownKey | HandoverFault::Missing | HandoverFault::Unreadable) => {
                &[(ExternalOutage, 5.2), (ExternalConfig, 4.2), (ExternalHandshake, 3.6), (BrowserSessionStale, -3.0)]
            }
            Some(HandoverFault::Algorithm | HandoverFault::Issuer | HandoverFault::Audience | HandoverFault::Subject) => {
                &[(ExternalConfig, 5.6), (ExternalOutage, 4.0), (ExternalHandshake, 3.4), (BrowserSessionStale, -3.0)]
            }
        },
        // Then it is a matter of this person there, or of this one ticket.
        Evidence::OthersReturn => &[
            (ExternalHandshake, 0.8), (ExternalOutage, -0.6), (ExternalConfig, -0.6), (ExternalCancelled, 1.6),
            (ExternalPolicy, 1.2), (ExternalFrozen, 1.2), (Undetermined, -1.5),
        ],
        Evidence::NobodyReturns { before: true } => &[
            (ExternalOutage, 1.6), (ExternalConfig, 1.6), (ExternalHandshake, -0.6), (Undetermined, -1.5),
        ],
        // A set-up that never worked.
        Evidence::NobodyReturns { before: false } => &[(ExternalConfig, 0.4)],
        // With a clock of ours that is off, starting again ends as it did.
        Evidence::ClocksDiffer { whose: Whose::Ours, .. } => &[(ExternalConfig, 8.5), (ExternalHandshake, -6.0)],
        Evidence::ClocksDiffer { whose: Whose::Theirs | Whose::Unknown, .. } => &[],
        Evidence::TicketUsed => &[(ExternalHandshake, 6.5), (BrowserSessionStale, -3.0)],
        Evidence::TicketsAllRefused => &[(ExternalConfig, 8.5), (ExternalHandshake, -1.0)],
        Evidence::AnswerIncomplete => &[(ExternalHandshake, 4.0), (ExternalConfig, 1.5)],
        Evidence::StateUnknown => &[(ExternalHandshake, 4.2), (BrowserFlowExpired, 3.2), (BrowserContextSwitch, 2.0)],
        Evidence::JourneyTooOld { .. } => &[(BrowserFlowExpired, 3.5), (ExternalHandshake, 5.0)],
        Evidence::NotReturned { .. } => &[(ExternalNoReturn, 4.0)],
        Evidence::StartedAgain => &[(ExternalNoReturn, 3.6)],
        Evidence::SawThere { screen } => match screen {
            Screen::Frozen => &[(ExternalFrozen, 8.0), (ExternalNoReturn, -1.5)],
            Screen::Verify => &[(ExternalReauth, 7.5), (ExternalNoReturn, -1.5)],
            Screen::PasswordThere => &[(ExternalReauth, 7.5), (ExternalNoReturn, -1.5)],
            Screen::NoSuchAccount => &[(ExternalDeleted, 7.5), (ExternalNoReturn, -1.5)],
            Screen::OtherAccount => &[(ExternalWrongAccount, 7.5), (ExternalNoReturn, -1.5)],
            Screen::BrowserRefused => &[(BrowserInApp, 7.5), (BrowserUnsupported, 4.0), (ExternalNoReturn, -1.5)],
            Screen::AdminBlocked => &[(ExternalPolicy, 8.0), (ExternalNoReturn, -1.5)],
            // X says the same for our fault and for the account's trouble.
            Screen::SomethingWrong => &[(ExternalNoReturn, 2.0), (ExternalConfig, 4.0), (ExternalFrozen, 3.4), (ExternalOutage, 3.2)],
            Screen::TheirTrouble => &[(ExternalOutage, 7.5), (ExternalNoReturn, -1.5)],
            Screen::OurFault => &[(ExternalConfig, 8.0), (ExternalNoReturn, -1.5)],
            Screen::Closed => &[(ExternalCancelled, 7.5), (ExternalNoReturn, -1.5)],
            Screen::TopPage => &[(ExternalCancelled, 6.5), (ExternalNoReturn, -0.5)],
            Screen::Blank => &[(BrowserInterference, 6.5), (BrowserNetwork, 5.0), (ExternalOutage, 4.0)],
            Screen::NoneOfThese => &[(ExternalNoReturn, 1.5)],
        },
        Evidence::IdentityNotLinked => &[(ExternalWrongProvider, 3.4), (ExternalWrongAccount, 1.8), (ExternalLinkGone, 0.6)],
        Evidence::SubjectChanged => &[
            (ExternalConfig, 8.0), (ExternalDeleted, 6.4), (ExternalWrongAccount, -3.0), (ExternalWrongProvider, -3.0),
        ],
        Evidence::OtherIdentityBefore => &[(ExternalWrongAccount, 5.5)],
        Evidence::LinkRemovedHere { .. } => &[(ExternalLinkGone, 7.5)],
        Evidence::IdentityOfOther => &[(OtherAccount, 7.0)],
        Evidence::AddressElsewhere => &[(ExternalWrongProvider, 3.0)],
        Evidence::AddressTaken => &[(ExternalEmailConflict, 8.0)],
        Evidence::LinkReauth { .. } => &[(ExternalReauth, 5.5), (ExternalNoReturn, -3.0)],
        Evidence::LinkSuspended { .. } => &[(ExternalFrozen, 6.5), (ExternalWrongProvider, -2.0), (ExternalNoReturn, -3.0)],
        Evidence::LinkGone { .. } => &[(ExternalLinkGone, 5.5), (ExternalWrongProvider, -1.0), (ExternalNoReturn, -3.0)],
        Evidence::LinkLapsed { .. } => &[(ExternalLinkGone, 2.6), (ExternalReauth, 1.2)],
        Evidence::LinkPurged { .. } => &[(ExternalDeleted, 7.0), (ExternalWrongProvider, -2.0), (ExternalNoReturn, -3.0)],
        Evidence::ProviderRetired => &[(ExternalLinkGone, 6.0)],
        Evidence::LinkedAt { .. } => &[(NoPassword, 0.5)],
        Evidence::LastWayIn => &[(NoPassword, 8.0)],
        Evidence::SignedInAsOther => &[(OtherAccount, 6.0)],

        // The account.
        Evidence::DeviceKnown => &[(IdUnknown, -3.0), (LockedByOthers, -1.0)],
        // Nobody is there who could be paused, or to whom a code could be mailed.
        Evidence::LoginUnknown => &[
            (IdUnknown, 7.0), (Password, -6.0), (InputForm, -3.0), (OldPassword, -6.0), (NoPassword, -6.0), (Locked, -9.0),
            (LockedByOthers, -9.0), (CodeWrong, -6.0), (CodeUndelivered, -4.0), (PlatformMailDelay, -1.0),
        ],
        Evidence::PasswordMismatch => &[(Password, 3.5), (IdUnknown, -6.0), (NoPassword, -6.0)],
        Evidence::PasswordNotSet => &[(NoPassword, 8.0), (Password, -6.0), (IdUnknown, -6.0), (OldPassword, -6.0)],
        Evidence::PasswordChangedAt { .. } => &[(OldPassword, 0.8)],
        Evidence::OldPassword { .. } => &[(OldPassword, 9.0), (InputForm, -2.0)],
        Evidence::TypingSlip { .. } => &[(InputForm, 9.0), (OldPassword, -2.0)],
        Evidence::DeviceLocked { .. } => &[(Locked, 8.0), (LockedByOthers, -3.0)],
        Evidence::StrangersLocked { .. } => &[(LockedByOthers, 6.0), (Locked, 6.0), (Password, -2.0), (IdUnknown, -6.0)],
        Evidence::OwnFailures { .. } => &[(Locked, 3.5), (LockedByOthers, -3.0)],
        Evidence::OthersFailures { .. } => &[(LockedByOthers, 4.0), (Locked, -4.0)],
        Evidence::State { state } => match state {
            AccountState::Active => &[],
            AccountState::Unverified | AccountState::Locked | AccountState::Suspended
            // What would still stand when the pause is over.
            | AccountState::Dormant | AccountState::Closed => &[
                (Cause::AccountState, 9.0), (Locked, -8.0), (LockedByOthers, -8.0), (InputForm, -8.0),
            ],
        },
        Evidence::CodeMismatch => &[(CodeWrong, 2.0)],
        Evidence::CodeSuperseded => &[(CodeWrong, 5.0)],
        Evidence::CodeExpired => &[(CodeWrong, 5.0)],
        Evidence::CodeUsed => &[(CodeWrong, 5.0)],
        Evidence::CodeCapReached => &[(CodeWrong, 2.0)],
        Evidence::MailRefused { .. } => &[(CodeUndelivered, 7.5), (CodeWrong, -3.0), (PlatformMailDelay, -2.0)],
        Evidence::MailDeferred { .. } => &[(CodeUndelivered, 7.0), (CodeWrong, -3.0), (PlatformMailDelay, -1.0)],
        Evidence::MailDelivered { .. } => &[(CodeUndelivered, -2.5), (PlatformMailDelay, -2.0)],
        Evidence::EveryAddressRefuses => &[(ContactLost, 8.5), (CodeUndelivered, -4.0)],
        Evidence::UnusualAddress => &[(CodeUndelivered, 1.0)],
    }
}
