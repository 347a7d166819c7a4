//! What each audience hears, and laws that hold for whatever is known.

use super::*;
use crate::{handover::HandoverFault, password::Slip, symptom::Symptom};

const LATER: Timestamp = Timestamp(1_000);

#[test]
#[expect(clippy::too_many_lines, reason = "a table of cases with its check")]
fn the_cause_each_audience_hears() {
    use Audience::{Anyone, KnownDevice, Owner, Staff};
    use Evidence as E;
    for (name, evidence, audience, expected) in [
        (
            "a stranger hears one thing for an unknown login",
            vec![E::CredentialsRefused, E::LoginUnknown],
            Anyone,
            Cause::Password,
        ),
        (
            "and the same for a wrong password",
            vec![E::CredentialsRefused, E::PasswordMismatch],
            Anyone,
            Cause::Password,
        ),
        (
            "staff hears that there is no such login",
            vec![E::CredentialsRefused, E::LoginUnknown],
            Staff,
            Cause::IdUnknown,
        ),
        (
            "staff hears that the password does not fit",
            vec![E::CredentialsRefused, E::PasswordMismatch],
            Staff,
            Cause::Password,
        ),
        (
            "an old password",
            vec![E::CredentialsRefused, E::PasswordMismatch, E::OldPassword { replaced_at: LATER }],
            Owner,
            Cause::OldPassword,
        ),
        (
            "an old password is not for the known device",
            vec![E::CredentialsRefused, E::PasswordMismatch, E::OldPassword { replaced_at: LATER }],
            KnownDevice,
            Cause::Password,
        ),
        (
            "Caps Lock",
            vec![E::CredentialsRefused, E::PasswordMismatch, E::TypingSlip { slip: Slip::AllCase }],
            Staff,
            Cause::InputForm,
        ),
        (
            "a visible blank at the edge",
            vec![E::CredentialsRefused, E::EdgeSpaceTyped, E::LoginUnknown],
            Anyone,
            Cause::InputForm,
        ),
        (
            "locked by own tries",
            vec![E::TriesSpent { until: LATER }, E::StrangersLocked { until: LATER }, E::OwnFailures { count: 9 }],
            Staff,
            Cause::Locked,
        ),
        (
            "locked by others",
            vec![
                E::CredentialsRefused,
                E::StrangersLocked { until: LATER },
                E::OthersFailures { count: 9, networks: 9 },
            ],
            Staff,
            Cause::LockedByOthers,
        ),
        (
            "a locked known device",
            vec![E::CredentialsRefused, E::DeviceKnown, E::DeviceLocked { until: LATER }],
            KnownDevice,
            Cause::Locked,
        ),
        ("the suspended owner", vec![E::State { state: AccountState::Suspended }], Owner, Cause::AccountState),
        ("cookies blocked", vec![E::ProbeCookieMissing], Anyone, Cause::BrowserCookieBlocked),
        ("an old form", vec![E::FormTooOld { minutes: 90 }], Anyone, Cause::BrowserFlowExpired),
        ("ours outweighs all", vec![E::HashQueueFull, E::ProbeCookieMissing], Anyone, Cause::PlatformOutage),
        (
            "slow mail",
            vec![E::CodeRefused, E::SaysNoMail, E::MailQueueSlow { minutes: 12 }],
            Anyone,
            Cause::PlatformMailDelay,
        ),
        ("refused mail", vec![E::CodeRefused, E::MailRefused { status: 550 }], Owner, Cause::CodeUndelivered),
        (
            "every address refuses",
            vec![E::SaysNoMail, E::MailRefused { status: 550 }, E::EveryAddressRefuses],
            Owner,
            Cause::ContactLost,
        ),
        ("another site sent it, for whatever reason", vec![E::CrossSitePost], Anyone, Cause::Undetermined),
        ("nothing known", vec![], Anyone, Cause::Undetermined),
    ] {
        assert_eq!(diagnose(&evidence, audience).cause, expected, "{name}");
    }
}

#[test]
fn what_did_not_help_is_not_advised_first_again() {
    let told =
        |count| diagnose(&[Evidence::CredentialsRefused, Evidence::SameErrorAgain { count }], Audience::Anyone).steps;
    let once = diagnose(&[Evidence::CredentialsRefused], Audience::Anyone).steps;
    assert_eq!((once[0], told(1)[0]), (Remedy::Retype, Remedy::Recover));
    assert!(!told(STOP).contains(&Remedy::Retype) && told(STOP).contains(&Remedy::ContactSupport));
    for cause in Cause::ALL {
        let (steps, avoid) = advise(cause, &Beside::default(), &[], STOP);
        assert!(!steps.is_empty() && steps.iter().all(|step| !avoid.contains(step)), "{cause:?}: {steps:?} {avoid:?}");
    }
}

/// Facts of every family, with and without weight.
fn some_facts() -> Vec<Evidence> {
    use Evidence as E;
    vec![
        E::CredentialsRefused,
        E::PasswordMismatch,
        E::LoginUnknown,
        E::SameValueAgain,
        E::TypingSlip { slip: Slip::YenSign },
        E::OldPassword { replaced_at: LATER },
        E::TriesSpent { until: LATER },
        E::StrangersLocked { until: LATER },
        E::State { state: AccountState::Closed },
        E::CodeRefused,
        E::CodeMismatch,
        E::SaysNoMail,
        E::MailDeferred { status: 452 },
        E::MailQueueSlow { minutes: 9 },
        E::ProbeCookieMissing,
        E::HandedOn { minutes: 90 },
        E::OldBrowser,
        E::HeartbeatMissing,
        E::HeadersStripped,
        E::ClockSkew { minutes: 9 },
        E::BouncedAfterSuccess,
        E::RedirectLoop { count: 3 },
        E::RefusedBefore { cause: Cause::Password },
        E::CookieHeaderLarge { kib: 12, names: String::new() },
        E::TicketRefused { code: String::new(), fault: Some(HandoverFault::Signature) },
        E::TicketRefused { code: String::new(), fault: None },
        E::OthersReturn,
        E::NobodyReturns { before: true },
        E::ProviderCodeUnknown { code: String::new() },
        E::IncidentOpen { since: LATER },
    ]
}

/// Facts that speak for no candidate, and against none.
fn silent_facts() -> Vec<Evidence> {
    vec![
        Evidence::ScriptOff,
        Evidence::AtProvider { provider: "google".into() },
        Evidence::NewForThem { browser: true, network: false },
        Evidence::FailedAlike { count: 3 },
        Evidence::ClocksDiffer { seconds: 3, whose: crate::clocks::Whose::Theirs },
    ]
}

proptest::proptest! {
    #[test]
    fn what_speaks_for_nobody_moves_nobody(
        facts in proptest::sample::subsequence(some_facts(), 0..9),
        silent in proptest::sample::subsequence(silent_facts(), 1..5),
        at in 0_usize..9,
    ) {
        let plain = diagnose(&facts, Audience::Staff);
        let mut more = facts.clone();
        let place = at.min(more.len());
        more.splice(place..place, silent);
        let told = |verdict: &Verdict| -> Vec<(Cause, f32)> {
            verdict.candidates.iter().map(|c| (c.cause, c.confidence)).collect()
        };
        let with = diagnose(&more, Audience::Staff);
        proptest::prop_assert_eq!(plain.cause, with.cause);
        proptest::prop_assert_eq!(told(&plain), told(&with));
    }

    #[test]
    fn without_its_strongest_fact_a_cause_is_less_sure(facts in proptest::sample::subsequence(some_facts(), 1..9)) {
        let verdict = diagnose(&facts, Audience::Staff);
        let Some(first) = verdict.candidates.first() else { return Ok(()) };
        let weight = |fact: &Evidence, cause: Cause| -> f32 {
            weights(fact).iter().filter(|(c, _)| *c == cause).map(|(_, w)| *w).sum()
        };
        let strongest = first.because.iter().copied().max_by(|a, b| {
            weight(&facts[*a], first.cause).total_cmp(&weight(&facts[*b], first.cause))
        });
        let Some(place) = strongest else { return Ok(()) };
        // What speaks more for another, or explains something away, is another matter.
        let fact = &facts[place];
        let own = weight(fact, first.cause);
        let divided = Cause::ALL.iter().any(|c| *c != first.cause && weight(fact, *c) >= own);
        let explains = facts.iter().any(|other| is_explained(other, fact));
        if divided || explains { return Ok(()) }
        let mut fewer = facts.clone();
        fewer.remove(place);
        let less = diagnose(&fewer, Audience::Staff);
        let sure = less.candidates.iter().find(|c| c.cause == first.cause).map_or(0.0, |c| c.confidence);
        proptest::prop_assert!(sure <= first.confidence, "{sure} {} {:?}", first.confidence, facts);
    }
}

#[test]
fn what_one_fact_explains_is_no_second_cause() {
    use Evidence as E;
    let leads = |facts: &[Evidence]| diagnose(facts, Audience::Staff).cause;
    let says = |symptom| E::Says { symptom };
    // By itself each means something else.
    assert_eq!(leads(&[E::HeartbeatMissing, says(Symptom::ButtonDead)]), Cause::BrowserInterference);
    assert_eq!(leads(&[E::RedirectLoop { count: 3 }, says(Symptom::Loop)]), Cause::BrowserSessionStale);
    for (name, facts, cause) in [
        (
            "an old engine runs no script",
            vec![E::OldBrowser, E::HeartbeatMissing, E::HeadersStripped, says(Symptom::ButtonDead)],
            Cause::BrowserUnsupported,
        ),
        (
            "cookies that are not kept take the session with them",
            vec![E::BouncedAfterSuccess, E::RedirectLoop { count: 3 }, says(Symptom::Loop)],
            Cause::BrowserCookieBlocked,
        ),
        (
            "a full jar loses the newest",
            vec![E::CookieHeaderLarge { kib: 40, names: String::new() }, E::BouncedAfterSuccess],
            Cause::BrowserCookieOverflow,
        ),
        (
            "somebody else's page is an old one",
            vec![E::ProbeCookieMissing, E::HandedOn { minutes: 540 }, E::OldBuild],
            Cause::BrowserCache,
        ),
    ] {
        assert_eq!(leads(&facts), cause, "{name}");
    }
    // Who may not hear what explains hears the rest as it is.
    let mut facts = vec![E::BouncedAfterSuccess, E::RedirectLoop { count: 3 }, says(Symptom::Loop)];
    let all = diagnose(&facts, Audience::Anyone).cause;
    assert_eq!(all, diagnose(&facts.split_off(1), Audience::Anyone).cause);
}

#[test]
fn a_step_that_cannot_work_is_none() {
    let steps = |facts: &[Evidence]| diagnose(facts, Audience::Staff).steps;
    let code = [Evidence::CodeRefused, Evidence::CodeMismatch];
    // Who gets no mail is not helped by more of it; whose code is over is by nothing else.
    assert_eq!(steps(&code).first(), Some(&Remedy::NewestCode));
    assert!(!steps(&code).contains(&Remedy::Resend));
    assert_eq!(steps(&[Evidence::CodeRefused, Evidence::CodeExpired]).first(), Some(&Remedy::Resend));
    let full = steps(&[&code[..], &[Evidence::MailDeferred { status: 452 }]].concat());
    assert_eq!(full.first(), Some(&Remedy::OtherAddress));
    assert!(!full.iter().any(|s| matches!(s, Remedy::Resend | Remedy::NewestCode | Remedy::ProveByMail)), "{full:?}");
    let refused = |fault| steps(&[Evidence::TicketRefused { code: String::new(), fault }]);
    assert_eq!(refused(Some(HandoverFault::CodeLate)).first(), Some(&Remedy::RestartFlow));
    for fault in HandoverFault::ALL {
        let told = refused(Some(*fault));
        assert!(!told.is_empty());
        assert!(fault.restart_may_cure() || !told.contains(&Remedy::RestartFlow), "{fault:?} {told:?}");
    }
    let again = |count| steps(&[Evidence::CredentialsRefused, Evidence::SameErrorAgain { count }]);
    assert!(!again(1).contains(&Remedy::ContactSupport) && again(2).contains(&Remedy::ContactSupport));
}

#[test]
fn of_two_that_are_as_good_what_is_right_under_either_comes_first() {
    let facts = [Evidence::DuplicateCookie { name: "s".to_owned(), count: 2 }, Evidence::CodeRefused];
    let verdict = diagnose(&facts, Audience::Anyone);
    assert!(verdict.is_open());
    assert_eq!(verdict.candidates.get(1).map(|second| second.cause), Some(Cause::CodeWrong));
    // A repair cures the first, and is useless for the second.
    assert_eq!((verdict.steps.first(), verdict.steps.last()), (Some(&Remedy::RestartFlow), Some(&Remedy::Repair)));
    // Where the first is sure, its own step is the first.
    let sure = diagnose(&facts[..1], Audience::Anyone);
    assert_eq!((sure.is_open(), sure.steps.first()), (false, Some(&Remedy::Repair)));
}

#[test]
fn what_would_still_stand_leads_and_what_is_known_outdoes_what_was_told() {
    use Evidence as E;
    let slip = || E::TypingSlip { slip: Slip::FirstCase };
    let state = E::State { state: crate::account::AccountState::Dormant };
    let not_yet = E::TicketRefused { code: String::new(), fault: Some(HandoverFault::NotYet) };
    for (facts, cause) in [
        // Without its slip it would be an old password, and a dormant account's.
        (
            vec![E::CredentialsRefused, E::PasswordMismatch, E::OldPassword { replaced_at: LATER }, slip()],
            Cause::OldPassword,
        ),
        (vec![E::CredentialsRefused, E::PasswordMismatch, E::CapsLockOn, slip(), state], Cause::AccountState),
        (
            vec![
                E::RefusedBefore { cause: Cause::Password },
                E::KnownBefore { cause: Cause::IdUnknown },
                E::WorksElsewhere,
            ],
            Cause::IdUnknown,
        ),
        (vec![E::IdentityNotLinked, E::OtherIdentityBefore, E::SubjectChanged], Cause::ExternalConfig),
        (vec![not_yet.clone()], Cause::ExternalOutage),
        (vec![E::TokenDead { code: String::new() }], Cause::ExternalOutage),
        (vec![E::OriginHidden], Cause::BrowserInterference),
    ] {
        assert_eq!(diagnose(&facts, Audience::Staff).cause, cause, "{facts:?}");
    }
    assert!(!diagnose(&[not_yet], Audience::Anyone).steps.contains(&Remedy::RestartFlow));
    let known = [E::RefusedBefore { cause: Cause::Password }, E::KnownBefore { cause: Cause::IdUnknown }];
    let told = diagnose(&known, Audience::Staff).candidates;
    assert!(told.iter().all(|candidate| candidate.cause != Cause::Password), "{told:?}");
}

#[test]
fn steps_follow_what_is_known_of_having_been_tried() {
    let again = Evidence::SameErrorAgain { count: 2 };
    let steps =
        |facts: &[Evidence], audience| diagnose(&[facts, std::slice::from_ref(&again)].concat(), audience).steps;
    let first = |facts: &[Evidence], audience| steps(facts, audience).first().copied();
    // What only arises by going on is not turned round by it, and nobody is told to go on guessing.
    let many = [Evidence::CredentialsRefused, Evidence::DifferentValues { count: 3 }];
    assert_eq!(first(&many, Audience::Browser), Some(Remedy::Recover));
    assert!(!steps(&many, Audience::Browser).contains(&Remedy::Retype));
    let spent = [Evidence::CodeRefused, Evidence::CodeTriesSpent { here: true }];
    assert_eq!(first(&spent, Audience::Anyone), Some(Remedy::Resend));
    assert_eq!(first(&[Evidence::CodeRefused, Evidence::CodeSuperseded], Audience::Anyone), Some(Remedy::NewestCode));
    // What staff hears for the first time was not tried in vain.
    let unknown = [Evidence::CredentialsRefused, Evidence::LoginUnknown];
    assert_eq!(first(&unknown, Audience::Staff), Some(Remedy::FindId));
}

#[test]
fn a_step_has_a_cause_that_is_likely_enough_and_a_mail_that_leaves() {
    let slip = Evidence::TypingSlip { slip: Slip::FirstCase };
    let known = [Evidence::CredentialsRefused, Evidence::PasswordMismatch, slip];
    assert_eq!(diagnose(&known, Audience::Staff).steps, [Remedy::Retype]);
    let many = [Evidence::CredentialsRefused, Evidence::DifferentValues { count: 3 }, Evidence::NoMailNow];
    let steps = diagnose(&many, Audience::Browser).steps;
    let waits = steps.iter().position(|step| step.needs_mail());
    assert!(waits.is_some_and(|at| steps.iter().skip(at).all(|step| step.needs_mail())), "{steps:?}");
    // One kind of browser fails, whatever else does.
    let slice = |name: &str| Evidence::SliceFails { slice: name.to_owned(), since: LATER };
    let steps = diagnose(&[slice("browser:Firefox"), slice("network:203.0.113.0")], Audience::Anyone).steps;
    assert_eq!(steps.first(), Some(&Remedy::OtherBrowser));
}

#[test]
fn confidences_are_shares() {
    let verdict = diagnose(&[Evidence::CredentialsRefused], Audience::Anyone);
    let sum: f32 = verdict.candidates.iter().map(|c| c.confidence).sum();
    assert!(sum < 1.0 && sum > 0.5, "{sum}");
    assert_eq!(verdict.candidates.len(), 3);
}

#[test]
fn no_step_is_one_that_the_leading_cause_warns_of() {
    let verdict = diagnose(&[Evidence::TriesSpent { until: LATER }, Evidence::CredentialsRefused], Audience::Anyone);
    assert_eq!(verdict.steps.first(), Some(&Remedy::Wait));
    assert!(!verdict.steps.contains(&Remedy::Retype));
    assert!(verdict.steps.iter().all(|step| !verdict.avoid.contains(step)));
}
