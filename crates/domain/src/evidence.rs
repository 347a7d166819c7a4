//! Evidence: typed facts about one attempt, each with its source and who may hear it.

use serde::{Deserialize, Serialize};

use crate::{
    account::AccountState, audience::Audience, browser::InApp, cause::Cause, clocks::Whose, password::Slip,
    screen::Screen, session::EndReason, setup::SetupFault, symptom::Symptom, time::Timestamp,
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
    /// `count` different values were tried from this browser for this login.
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
    /// The ticket that came back was refused.
    TicketRefused { code: String },
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
    /// What is to be known of a fact: its name, the least audience that may hear it, and its source.
    #[rustfmt::skip]
    #[expect(clippy::too_many_lines, reason = "a table: one line for each fact")]
    const fn about(&self) -> (&'static str, Audience, Source) {
        use Audience::{Anyone, Browser, KnownDevice, Owner, Provider, Staff};
        use Source as From;
        match self {
            Self::CredentialsRefused => ("credentials_refused", Anyone, From::Server),
            Self::TriesSpent { .. } => ("tries_spent", Anyone, From::Server),
            Self::CodeRefused => ("code_refused", Anyone, From::Server),
            Self::CodeTriesSpent { here: true } => ("code_tries_spent", Anyone, From::Server),
            Self::CodeTriesSpent { here: false } => ("code_tries_spent", Owner, From::Server),
            Self::FieldInvalid { .. } => ("field_invalid", Anyone, From::Browser),
            Self::LoginIdTaken => ("login_id_taken", Anyone, From::Server),
            Self::SaysNoMail => ("says_no_mail", Anyone, From::Member),
            Self::SaysContactLost => ("says_contact_lost", Anyone, From::Member),
            Self::HashQueueFull => ("hash_queue_full", Anyone, From::Platform),
            Self::StoreFailed => ("store_failed", Anyone, From::Platform),
            Self::MailQueueSlow { .. } => ("mail_queue_slow", Anyone, From::Platform),
            Self::MailDown { .. } => ("mail_down", Anyone, From::Platform),
            Self::Maintenance { .. } => ("maintenance", Anyone, From::Platform),
            Self::IncidentOpen { .. } => ("incident_open", Anyone, From::Platform),
            Self::ServiceDegraded { .. } => ("service_degraded", Anyone, From::Platform),
            Self::ComponentDown { .. } => ("component_down", Anyone, From::Platform),
            Self::SliceFails { .. } => ("slice_fails", Anyone, From::Platform),
            Self::AfterSignInFailed => ("after_sign_in_failed", Browser, From::Platform),
            Self::ManyHaveThis { .. } => ("many_have_this", Anyone, From::Platform),
            Self::OthersFine => ("others_fine", Anyone, From::Platform),
            Self::ProbeCookieMissing => ("probe_cookie_missing", Anyone, From::Browser),
            Self::FormMissing => ("form_missing", Anyone, From::Browser),
            Self::FormUnreadable => ("form_unreadable", Anyone, From::Browser),
            Self::FormTooOld { .. } => ("form_too_old", Anyone, From::Browser),
            Self::FlowEnded => ("flow_ended", Anyone, From::Server),
            Self::CrossSitePost => ("cross_site_post", Anyone, From::Browser),
            Self::FullWidthTyped => ("full_width_typed", Anyone, From::Browser),
            Self::JapaneseTyped => ("japanese_typed", Anyone, From::Browser),
            Self::EdgeSpaceTyped => ("edge_space_typed", Anyone, From::Browser),
            Self::PunctuationTyped => ("punctuation_typed", Anyone, From::Browser),
            Self::CapsLockOn => ("caps_lock_on", Anyone, From::Browser),
            Self::LoginImpossible => ("login_impossible", Anyone, From::Browser),
            Self::SameValueAgain => ("same_value_again", Browser, From::Server),
            Self::DifferentValues { .. } => ("different_values", Owner, From::Server),
            Self::InAppBrowser { .. } => ("in_app_browser", Anyone, From::Browser),
            Self::OldBrowser => ("old_browser", Anyone, From::Browser),
            Self::NetworkSpent { .. } => ("network_spent", Anyone, From::Server),
            Self::CookiesCleared => ("cookies_cleared", Anyone, From::Browser),
            Self::DuplicateCookie { .. } => ("duplicate_cookie", Anyone, From::Browser),
            Self::MalformedSession => ("malformed_session", Anyone, From::Browser),
            Self::UnknownSession => ("unknown_session", Anyone, From::Browser),
            Self::EndedSession { .. } => ("ended_session", Browser, From::Server),
            Self::LegacyCookie { .. } => ("legacy_cookie", Anyone, From::Browser),
            Self::CookieHeaderLarge { .. } => ("cookie_header_large", Anyone, From::Browser),
            Self::CookieHeaderTooLarge { .. } => ("cookie_header_too_large", Anyone, From::Browser),
            Self::OldBuild => ("old_build", Anyone, From::Browser),
            Self::OldBuildAgain => ("old_build_again", Anyone, From::Server),
            Self::OldAsset => ("old_asset", Anyone, From::Browser),
            Self::ServiceWorker => ("service_worker", Anyone, From::Browser),
            Self::HeartbeatMissing => ("heartbeat_missing", Anyone, From::Browser),
            Self::HeadersStripped => ("headers_stripped", Anyone, From::Browser),
            Self::HeaderChanged => ("header_changed", Anyone, From::Browser),
            Self::BodyChanged => ("body_changed", Anyone, From::Browser),
            Self::ScriptOff => ("script_off", Anyone, From::Browser),
            Self::ScriptRan => ("script_ran", Anyone, From::Browser),
            Self::StorageBlocked => ("storage_blocked", Anyone, From::Browser),
            Self::ClockSkew { .. } => ("clock_skew", Anyone, From::Browser),
            Self::FlowElsewhere => ("flow_elsewhere", Anyone, From::Browser),
            Self::NetworkFlaps { .. } => ("network_flaps", Browser, From::Server),
            Self::PartialRequest => ("partial_request", Anyone, From::Browser),
            Self::SameErrorAgain { .. } => ("same_error_again", Anyone, From::Server),
            Self::RefusedBefore { .. } => ("refused_before", Browser, From::Server),
            Self::KnownBefore { .. } => ("known_before", Staff, From::Server),
            Self::HandedOn { .. } => ("handed_on", Anyone, From::Browser),
            Self::RedirectLoop { .. } => ("redirect_loop", Anyone, From::Browser),
            Self::BouncedAfterSuccess => ("bounced_after_success", Browser, From::Server),
            Self::WorksElsewhere => ("works_elsewhere", Anyone, From::Member),
            Self::FailsElsewhere => ("fails_elsewhere", Anyone, From::Member),
            Self::Says { symptom } => (symptom.key(), Anyone, From::Member),
            Self::OursAtFault => ("ours_at_fault", Anyone, From::Platform),
            Self::Setup { fault } => (fault.key(), Staff, From::Platform),
            Self::AtProvider { .. } => ("at_provider", Anyone, From::Server),
            Self::ProviderDenied { .. } => ("provider_denied", Anyone, From::Provider),
            Self::ProviderTrouble { .. } => ("provider_trouble", Anyone, From::Provider),
            Self::ProviderDown { .. } => ("provider_down", Anyone, From::Provider),
            Self::ProviderRefusedUs { .. } => ("provider_refused_us", Anyone, From::Provider),
            Self::ProviderSetupWrong { .. } => ("provider_setup_wrong", Anyone, From::Platform),
            Self::ProviderWantsAct { .. } => ("provider_wants_act", Anyone, From::Provider),
            Self::ProviderWantsConsent { .. } => ("provider_wants_consent", Anyone, From::Provider),
            Self::ProviderPolicy { .. } => ("provider_policy", Anyone, From::Provider),
            Self::ProviderFroze { .. } => ("provider_froze", Anyone, From::Provider),
            Self::ProviderForbidsBrowser { .. } => ("provider_forbids_browser", Anyone, From::Provider),
            Self::ProviderForbidsInApp => ("provider_forbids_in_app", Anyone, From::Browser),
            Self::ProviderCodeUnknown { .. } => ("provider_code_unknown", Anyone, From::Provider),
            Self::TokenDead { .. } => ("token_dead", Anyone, From::Provider),
            Self::TicketRefused { .. } => ("ticket_refused", Anyone, From::Provider),
            Self::ClocksDiffer { .. } => ("clocks_differ", Anyone, From::Provider),
            Self::TicketUsed => ("ticket_used", Anyone, From::Browser),
            Self::TicketsAllRefused => ("tickets_all_refused", Anyone, From::Platform),
            Self::AnswerIncomplete => ("answer_incomplete", Anyone, From::Browser),
            Self::StateUnknown => ("state_unknown", Anyone, From::Browser),
            Self::JourneyTooOld { .. } => ("journey_too_old", Anyone, From::Server),
            Self::NotReturned { .. } => ("not_returned", Anyone, From::Server),
            Self::StartedAgain => ("started_again", Anyone, From::Server),
            Self::SawThere { screen } => (screen.key(), Anyone, From::Member),
            Self::IdentityNotLinked => ("identity_not_linked", Provider, From::Server),
            Self::OtherIdentityBefore => ("other_identity_before", Browser, From::Server),
            Self::LinkRemovedHere { .. } => ("link_removed_here", Provider, From::Server),
            Self::IdentityOfOther => ("identity_of_other", Provider, From::Server),
            Self::AddressElsewhere => ("address_elsewhere", Owner, From::Server),
            Self::AddressTaken => ("address_taken", Owner, From::Server),
            Self::LinkReauth { .. } => ("link_reauth", KnownDevice, From::Provider),
            Self::LinkSuspended { .. } => ("link_suspended", KnownDevice, From::Provider),
            Self::LinkGone { .. } => ("link_gone", KnownDevice, From::Provider),
            Self::LinkLapsed { .. } => ("link_lapsed", KnownDevice, From::Provider),
            Self::LinkPurged { .. } => ("link_purged", KnownDevice, From::Provider),
            Self::ProviderRetired => ("provider_retired", Anyone, From::Platform),
            Self::LinkedAt { .. } => ("linked_at", Owner, From::Server),
            Self::LastWayIn => ("last_way_in", Owner, From::Server),
            Self::SignedInAsOther => ("signed_in_as_other", Browser, From::Server),
            Self::DeviceKnown => ("device_known", KnownDevice, From::Server),
            Self::LoginUnknown => ("login_unknown", Staff, From::Server),
            Self::PasswordMismatch => ("password_mismatch", KnownDevice, From::Server),
            Self::PasswordNotSet => ("password_not_set", Owner, From::Server),
            Self::PasswordChangedAt { .. } => ("password_changed_at", Owner, From::Server),
            Self::OldPassword { .. } => ("old_password", Owner, From::Server),
            Self::TypingSlip { slip: Slip::AllCase } => ("slip_all_case", Owner, From::Server),
            Self::TypingSlip { slip: Slip::FirstCase } => ("slip_first_case", Owner, From::Server),
            Self::TypingSlip { slip: Slip::EdgeSpace } => ("slip_edge_space", Owner, From::Server),
            Self::TypingSlip { slip: Slip::ExtraCharacter } => ("slip_extra_character", Owner, From::Server),
            Self::TypingSlip { slip: Slip::LookAlike } => ("slip_look_alike", Owner, From::Server),
            Self::TypingSlip { slip: Slip::Punctuation } => ("slip_punctuation", Owner, From::Server),
            Self::TypingSlip { slip: Slip::YenSign } => ("slip_yen_sign", Owner, From::Server),
            Self::TypingSlip { slip: Slip::KeyboardLayout } => ("slip_keyboard_layout", Owner, From::Server),
            Self::TypingSlip { slip: Slip::KanaInput } => ("slip_kana_input", Owner, From::Server),
            Self::TypingSlip { slip: Slip::PastedAlong } => ("slip_pasted_along", Owner, From::Server),
            Self::TypingSlip { slip: Slip::Doubled } => ("slip_doubled", Owner, From::Server),
            Self::DeviceLocked { .. } => ("device_locked", KnownDevice, From::Server),
            Self::StrangersLocked { .. } => ("strangers_locked", Owner, From::Server),
            Self::OwnFailures { .. } => ("own_failures", Owner, From::Server),
            Self::OthersFailures { .. } => ("others_failures", Owner, From::Server),
            Self::State { state: AccountState::Unverified } => ("state_unverified", Owner, From::Server),
            Self::State { state: AccountState::Active } => ("state_active", Owner, From::Server),
            Self::State { state: AccountState::Locked } => ("state_locked", Owner, From::Server),
            Self::State { state: AccountState::Suspended } => ("state_suspended", Owner, From::Server),
            Self::State { state: AccountState::Dormant } => ("state_dormant", Owner, From::Server),
            Self::State { state: AccountState::Closed } => ("state_closed", Owner, From::Server),
            Self::CodeMismatch => ("code_mismatch", Staff, From::Server),
            Self::CodeSuperseded => ("code_superseded", Anyone, From::Server),
            Self::CodeExpired => ("code_expired", Anyone, From::Server),
            Self::CodeUsed => ("code_used", Anyone, From::Server),
            Self::CodeCapReached => ("code_cap_reached", Owner, From::Server),
            Self::MailRefused { .. } => ("mail_refused", Owner, From::Server),
            Self::MailDeferred { .. } => ("mail_deferred", Owner, From::Server),
            Self::MailDelivered { .. } => ("mail_delivered", Owner, From::Server),
            Self::EveryAddressRefuses => ("every_address_refuses", Owner, From::Server),
            Self::UnusualAddress => ("unusual_address", Owner, From::Server),
        }
    }

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
