//! Evidence: typed facts about one attempt, each with its source and who may hear it.

mod about;

use serde::{Deserialize, Serialize};

use crate::{
    account::AccountState, audience::Audience, browser::InApp, cause::Cause, clocks::Whose, handover::HandoverFault,
    password::Slip, screen::Screen, session::EndReason, setup::SetupFault, symptom::Symptom, time::Timestamp,
};

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
    /// A mailed code's tries are used up: in this flow, which anyone may hear, or by what was typed in others, which
    /// tells that there is a code.
    CodeTriesSpent {
        #[serde(default)]
        here: bool,
    },
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
    /// Mail has not been leaving since `since`.
    MailDown { since: Timestamp },
    /// Planned work is expected to end at `until`.
    Maintenance { until: Timestamp },
    /// Staff says that something that this needs has not worked since `since`.
    IncidentOpen { since: Timestamp },
    /// Something that this needs has been slow, or failing at times, since `since`.
    ServiceDegraded { since: Timestamp },
    /// By our own measure, something that this needs has not worked since `since`.
    ComponentDown { component: String, since: Timestamp },
    /// What this attempt shares with others that fail has been failing since `since`.
    SliceFails { slice: String, since: Timestamp },
    /// Signing in worked; what comes after it failed by our fault.
    AfterSignInFailed,
    /// Many others have had this since `since`.
    ManyHaveThis { since: Timestamp },
    /// No mail of ours leaves now: what begins with one waits.
    NoMailNow,
    /// Others are signing in as always.
    OthersFine,

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
    /// Dashes or quotation marks stand in the password that phones put in the place of those on the keys.
    PunctuationTyped,
    /// The page saw that Caps Lock was on.
    CapsLockOn,
    /// The login can be neither an ID nor an address of any account.
    LoginImpossible,
    /// The very same wrong value was sent again.
    SameValueAgain,
    /// `count` different passwords were refused to this browser before, within minutes.
    DifferentValues { count: i64 },
    /// A browser inside another app.
    InAppBrowser { app: InApp },
    /// The browser is older than what the pages need.
    OldBrowser,
    /// Too many wrong tries came from this network; it waits until `until`.
    NetworkSpent { until: Timestamp },
    /// The cookies that came with the page before are gone.
    CookiesCleared,
    /// `count` cookies of ours have one name.
    DuplicateCookie { name: String, count: i64 },
    /// A session cookie of ours holds what none of ours ever holds.
    MalformedSession,
    /// A session cookie is of no session that is known.
    UnknownSession,
    /// The session of the cookie ended, and `why`.
    EndedSession { why: EndReason },
    /// A cookie of an earlier version of the service.
    LegacyCookie { name: String },
    /// The cookies weigh `kib`; the heaviest that are not ours are `names`.
    CookieHeaderLarge { kib: i64, names: String },
    /// The cookies weigh more than a request may carry.
    CookieHeaderTooLarge { kib: i64, names: String },
    /// The form is of an earlier version of the pages.
    OldBuild,
    /// And it is not the first such form of this browser within minutes.
    OldBuildAgain,
    /// The page asked for a style or script of an earlier version.
    OldAsset,
    /// A service worker, which this service has none of, stands before the pages.
    ServiceWorker,
    /// Scripts are on, but the page's own did not run.
    HeartbeatMissing,
    /// Headers that this browser always sends did not arrive.
    HeadersStripped,
    /// The page is this browser's own, but `Origin` names another site.
    HeaderChanged,
    /// `Origin` hides where the form was sent from: a closed frame, or something that blots it out.
    OriginHidden,
    /// What the page sent arrived changed.
    BodyChanged,
    /// Scripts are off.
    ScriptOff,
    /// The page's script ran, and could look.
    ScriptRan,
    /// The browser gives the page no storage.
    StorageBlocked,
    /// The device's clock is `minutes` ahead of ours, or behind when negative.
    ClockSkew { minutes: i64 },
    /// The act was begun in another browser.
    FlowElsewhere,
    /// The browser came from `count` networks within minutes.
    NetworkFlaps { count: i64 },
    /// The request broke off before its end.
    PartialRequest,
    /// This browser was told the same `count` times before, within minutes.
    SameErrorAgain { count: i64 },
    /// This browser was refused a moment ago, and told that it was for `cause`.
    RefusedBefore { cause: Cause },
    /// What staff knows to have been the cause then.
    KnownBefore { cause: Cause },
    /// The page was made `minutes` ago for another browser, and something on the way handed it to this one.
    HandedOn { minutes: i64 },
    /// Another account was signed in to with this browser afterwards: what stops this one is bound to the account.
    OtherAccountWorks,
    /// The account was signed in to before, never with such a browser, or never from this network.
    NewForThem { browser: bool, network: bool },
    /// The account failed `count` times before in the same way.
    FailedAlike { count: i64 },
    /// The browser was sent to and fro `count` times within seconds.
    RedirectLoop { count: i64 },
    /// This browser signed in a moment ago, and its session cookie did not come back.
    BouncedAfterSuccess,
    /// The same works in another browser.
    WorksElsewhere,
    /// The same fails in another browser, too.
    FailsElsewhere,
    /// What the person sees.
    Says { symptom: Symptom },
    /// The service's own set-up is at fault, not the browser.
    OursAtFault,
    /// What is wrong with the set-up.
    Setup { fault: SetupFault },

    /// It was by way of this provider.
    AtProvider { provider: String },
    /// The person did not agree at the provider; its raw code is `code`.
    ProviderDenied { code: String },
    /// The provider answered that it is in trouble, or did not answer.
    ProviderTrouble { code: String },
    /// The provider has been failing since `since`, by our own measure.
    ProviderDown { since: Timestamp },
    /// The provider refused us, not the person.
    ProviderRefusedUs { code: String },
    /// We cannot reach the provider rightly, and it is ours to mend, since `since`.
    ProviderSetupWrong { since: Timestamp },
    /// The provider wants the person to act on its pages first.
    ProviderWantsAct { code: String },
    /// The provider has no consent of the person any more.
    ProviderWantsConsent { code: String },
    /// The provider says that its policy forbids it.
    ProviderPolicy { code: String },
    /// The provider says that the account there is suspended.
    ProviderFroze { code: String },
    /// The provider says that this browser is not let in.
    ProviderForbidsBrowser { code: String },
    /// This provider lets no browsers inside apps in.
    ProviderForbidsInApp,
    /// The provider gave a code that is not known here.
    ProviderCodeUnknown { code: String },
    /// A token that the provider had just given did not work there.
    TokenDead { code: String },
    /// The ticket that came back was refused; for which `fault`, where that is known.
    TicketRefused {
        code: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fault: Option<HandoverFault>,
    },
    /// Others come back from this provider now.
    OthersReturn,
    /// Nobody has come back from this provider of late; whether anybody did `before`.
    NobodyReturns { before: bool },
    /// What the provider had just written is `seconds` ahead of our clock, or behind it.
    ClocksDiffer { seconds: i64, whose: Whose },
    /// The ticket that came back was used already.
    TicketUsed,
    /// Nearly every ticket is refused: it is no matter of one person.
    TicketsAllRefused,
    /// What came back has neither a ticket nor an error.
    AnswerIncomplete,
    /// What came back belongs to no start that is known.
    StateUnknown,
    /// The start was `minutes` ago.
    JourneyTooOld { minutes: i64 },
    /// The person went to the provider `minutes` ago and has not come back.
    NotReturned { minutes: i64 },
    /// The person begins anew without having come back.
    StartedAgain,
    /// What the person says that the provider's page showed.
    SawThere { screen: Screen },
    /// The identity that came back is linked to no account here.
    IdentityNotLinked,
    /// The provider calls somebody who is linked here by another name than it did: the app there is another one now, or
    /// the account there was made anew.
    SubjectChanged,
    /// This browser has used another account of this provider before.
    OtherIdentityBefore,
    /// The identity was linked here, and its owner removed it at `at`.
    LinkRemovedHere { at: Timestamp },
    /// The identity is linked to another account here.
    IdentityOfOther,
    /// An account here has the address that came with the identity.
    AddressElsewhere,
    /// A new account was asked for with an address that an account here has.
    AddressTaken,
    /// The provider wants its account's owner to sign in there anew, since `since`.
    LinkReauth { since: Timestamp },
    /// The provider has suspended the account since `since`.
    LinkSuspended { since: Timestamp },
    /// The permission was taken back there at `since`.
    LinkGone { since: Timestamp },
    /// At `since` we were told that our permission there holds no longer: taken back, or run out.
    LinkLapsed { since: Timestamp },
    /// The account there was deleted at `since`.
    LinkPurged { since: Timestamp },
    /// The service no longer offers this provider.
    ProviderRetired,
    /// The account is linked to this provider.
    LinkedAt { provider: String },
    /// Without this link nobody could sign in to the account.
    LastWayIn,
    /// Signed in as somebody else than who began it.
    SignedInAsOther,

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
        self.about().0
    }

    /// The least audience that may hear the fact. Facts of one's own request are for anyone:
    /// whoever sent it knows them already. What is counted per account is the owner's: shown
    /// to strangers it would tie an ID to an address.
    pub const fn tier(&self) -> Audience {
        self.about().1
    }

    /// Where the fact comes from.
    pub const fn source(&self) -> Source {
        self.about().2
    }

    /// The time that the fact asks to wait for, if it asks.
    #[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
    pub const fn wait_until(&self) -> Option<Timestamp> {
        match self {
            Self::TriesSpent { until }
            | Self::NetworkSpent { until }
            | Self::DeviceLocked { until }
            | Self::StrangersLocked { until }
            | Self::Maintenance { until } => Some(*until),
            _ => None,
        }
    }
}
