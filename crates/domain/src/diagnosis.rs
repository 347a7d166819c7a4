//! From evidence to a verdict. Pure: no clock, no I/O, no chance.

use serde::{Deserialize, Serialize};

use crate::{
    account::AccountState,
    advice::{HELD_BACK, NOT_AGAIN, advice, state_steps},
    audience::Audience,
    cause::{Cause, Family},
    evidence::Evidence,
    remedy::{Effect, Remedy},
    time::Timestamp,
    weights::{UNDETERMINED, is_explained, weights},
};

/// One cause that the evidence speaks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The cause.
    pub cause: Cause,
    /// How sure, from 0 to 1; all candidates and the undetermined rest sum to 1.
    pub confidence: f32,
    /// The facts that speak for it, as places in the evidence it was diagnosed from.
    pub because: Vec<usize>,
    /// The facts that speak against it.
    pub against: Vec<usize>,
}

/// Ranked causes with what speaks for them, next steps and things to avoid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// For whom it is.
    pub audience: Audience,
    /// The leading cause for this audience; [`Cause::Undetermined`] rather than a guess.
    pub cause: Cause,
    /// At most three, the likeliest first.
    pub candidates: Vec<Candidate>,
    /// What to do, the first thing first.
    pub steps: Vec<Remedy>,
    /// What not to do.
    pub avoid: Vec<Remedy>,
    /// Nothing helps before this time.
    pub wait_until: Option<Timestamp>,
    /// How often this browser was told the same before, within minutes.
    pub repeated: i64,
}

/// After so many repeats of one error the advice is to stop.
pub const STOP: i64 = 4;

/// Diagnoses what `audience` may hear of `evidence`.
///
/// Facts above the audience's tier are left out *before* anything is weighed, so that
/// neither order nor confidence nor length can tell what they say.
pub fn diagnose(evidence: &[Evidence], audience: Audience) -> Verdict {
    let mut scores = [0.0_f32; Cause::ALL.len()];
    let mut spoken_for = [false; Cause::ALL.len()];
    let mut beside = Beside::default();
    for fact in evidence.iter().filter(|fact| audience.may_hear(fact.tier())) {
        for (cause, weight) in counted(evidence, audience, fact) {
            scores[cause.index()] += weight;
            spoken_for[cause.index()] |= weight > 0.0;
        }
        beside.take(fact);
    }
    scores[Cause::Undetermined.index()] += UNDETERMINED;

    let mut ranked: [(f32, Cause); 3] = [(f32::NEG_INFINITY, Cause::Undetermined); 3];
    let mut total = scores[Cause::Undetermined.index()].exp();
    for cause in Cause::ALL {
        if !spoken_for[cause.index()] || cause == Cause::Undetermined {
            continue;
        }
        let score = scores[cause.index()];
        total += score.exp();
        if let Some(place) = ranked.iter().position(|(other, _)| score > *other) {
            ranked[place..].rotate_right(1);
            ranked[place] = (score, cause);
        }
    }
    let candidates: Vec<Candidate> = ranked
        .iter()
        .filter(|(score, _)| score.is_finite())
        .map(|(score, cause)| {
            let side = |sign: f32| places(evidence, audience, *cause, sign);
            Candidate { cause: *cause, confidence: score.exp() / total, because: side(1.0), against: side(-1.0) }
        })
        .collect();
    let cause = match ranked[0] {
        (score, cause) if score > scores[Cause::Undetermined.index()] => cause,
        _ => Cause::Undetermined,
    };
    let (wait_until, repeated) = (beside.wait_until, beside.repeated);
    let (mut steps, avoid) = advise(cause, beside.steps(cause), &candidates, wait_until, repeated);
    // What cannot work is no step: starting again ends as it did, and no newer code comes where no mail is taken.
    let by_mail = |step: &Remedy| matches!(step, Remedy::NewestCode | Remedy::Resend | Remedy::ProveByMail);
    steps.retain(|step| !(beside.in_vain && *step == Remedy::RestartFlow || beside.held_back && by_mail(step)));
    let repeated = if cause.family() == Family::Platform { 0 } else { repeated };
    Verdict { audience, cause, candidates, steps, avoid, wait_until, repeated }
}

/// What the facts say beside their weight: it bears on the advice alone.
#[derive(Default)]
struct Beside {
    wait_until: Option<Timestamp>,
    repeated: i64,
    state: Option<AccountState>,
    /// The server of the mailbox takes no mail now.
    held_back: bool,
    /// Starting again ends as it did.
    in_vain: bool,
}

impl Beside {
    #[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
    fn take(&mut self, fact: &Evidence) {
        self.wait_until = self.wait_until.max(fact.wait_until());
        match fact {
            Evidence::SameErrorAgain { count } => self.repeated = self.repeated.max(*count),
            Evidence::State { state } => self.state = Some(*state),
            Evidence::MailDeferred { .. } | Evidence::MailRefused { .. } => self.held_back = true,
            Evidence::TicketRefused { fault: Some(fault), .. } => self.in_vain |= !fault.restart_may_cure(),
            _ => {}
        }
    }

    /// The steps of the leading cause.
    fn steps(&self, cause: Cause) -> &'static [Remedy] {
        match (cause, self.state) {
            (Cause::AccountState, Some(state)) => state_steps(state),
            (Cause::CodeUndelivered, _) if self.held_back => HELD_BACK,
            (Cause::ExternalHandshake, _) if self.in_vain => NOT_AGAIN,
            _ => advice(cause).steps,
        }
    }
}

/// What a fact weighs beside the others. One that another explains speaks for what that one speaks for most, and for
/// nothing else.
fn counted<'e>(
    evidence: &'e [Evidence],
    audience: Audience,
    fact: &'e Evidence,
) -> impl Iterator<Item = (Cause, f32)> + 'e {
    let by = evidence.iter().find(|by| is_explained(fact, by) && audience.may_hear(by.tier()));
    let most = by.and_then(|by| weights(by).iter().max_by(|(_, a), (_, b)| a.total_cmp(b))).map(|(cause, _)| *cause);
    let stands = move |cause: Cause, weight: f32| by.is_none() || weight <= 0.0 || most == Some(cause);
    weights(fact).iter().copied().filter(move |(cause, weight)| stands(*cause, *weight))
}

fn places(evidence: &[Evidence], audience: Audience, cause: Cause, sign: f32) -> Vec<usize> {
    let speaks = |fact: &Evidence| {
        audience.may_hear(fact.tier()) && counted(evidence, audience, fact).any(|(c, w)| c == cause && w * sign > 0.0)
    };
    evidence.iter().enumerate().filter(|(_, fact)| speaks(fact)).map(|(place, _)| place).collect()
}

/// The leading cause's advice, then the first step of every other candidate, unless the
/// leading cause makes that step useless or warns of it. What did not help once is not
/// advised first again, and after [`STOP`] repeats not at all.
fn advise(
    cause: Cause,
    leading_steps: &[Remedy],
    candidates: &[Candidate],
    wait_until: Option<Timestamp>,
    repeated: i64,
) -> (Vec<Remedy>, Vec<Remedy>) {
    let leading = advice(cause);
    let mut steps: Vec<Remedy> = Vec::with_capacity(6);
    let mut avoid = leading.avoid.to_vec();
    steps.extend_from_slice(leading_steps);
    // What is ours to mend asks nothing of the person's browser.
    let others = if cause.family() == Family::Platform { &[] } else { candidates };
    for candidate in others {
        if let Some(step) = advice(candidate.cause).steps.first()
            && !steps.contains(step)
            && !leading.avoid.contains(step)
            && step.effect(cause) != Effect::Useless
            && !(wait_until.is_some() && *step == Remedy::Retype)
        {
            steps.push(*step);
        }
    }
    // A fault of ours does not change by trying something else.
    let repeated = if cause.family() == Family::Platform { 0 } else { repeated };
    if repeated > 0 && wait_until.is_none() {
        if cause.family() == Family::Browser && leading_steps.len() == 1 {
            steps.insert(1, Remedy::OtherBrowser);
            steps.dedup();
        }
        if steps.len() == 1 {
            steps.push(Remedy::ContactSupport);
        }
        steps.rotate_left(1);
    }
    // Whoever has tried it twice in vain is not left alone with the rest.
    if repeated >= 2 && wait_until.is_none() && !steps.contains(&Remedy::ContactSupport) {
        steps.push(Remedy::ContactSupport);
    }
    if repeated >= STOP {
        steps.retain(|step| !matches!(step, Remedy::Retype | Remedy::RestartFlow));
        if !steps.contains(&Remedy::ContactSupport) {
            steps.push(Remedy::ContactSupport);
        }
        if !avoid.contains(&Remedy::Retry) {
            avoid.insert(0, Remedy::Retry);
        }
    }
    (steps, avoid)
}

#[cfg(test)]
mod tests {
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
        let told = |count| {
            diagnose(&[Evidence::CredentialsRefused, Evidence::SameErrorAgain { count }], Audience::Anyone).steps
        };
        let once = diagnose(&[Evidence::CredentialsRefused], Audience::Anyone).steps;
        assert_eq!((once[0], told(1)[0]), (Remedy::Retype, Remedy::Recover));
        assert!(!told(STOP).contains(&Remedy::Retype) && told(STOP).contains(&Remedy::ContactSupport));
        for cause in Cause::ALL {
            let (steps, avoid) = advise(cause, advice(cause).steps, &[], None, STOP);
            assert!(
                !steps.is_empty() && steps.iter().all(|step| !avoid.contains(step)),
                "{cause:?}: {steps:?} {avoid:?}"
            );
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
        assert!(steps(&code).contains(&Remedy::Resend));
        let full = steps(&[&code[..], &[Evidence::MailDeferred { status: 452 }]].concat());
        assert_eq!(full.first(), Some(&Remedy::OtherAddress));
        assert!(
            !full.iter().any(|s| matches!(s, Remedy::Resend | Remedy::NewestCode | Remedy::ProveByMail)),
            "{full:?}"
        );
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
    fn confidences_are_shares() {
        let verdict = diagnose(&[Evidence::CredentialsRefused], Audience::Anyone);
        let sum: f32 = verdict.candidates.iter().map(|c| c.confidence).sum();
        assert!(sum < 1.0 && sum > 0.5, "{sum}");
        assert_eq!(verdict.candidates.len(), 3);
    }

    #[test]
    fn no_step_is_one_that_the_leading_cause_warns_of() {
        let verdict =
            diagnose(&[Evidence::TriesSpent { until: LATER }, Evidence::CredentialsRefused], Audience::Anyone);
        assert_eq!(verdict.steps.first(), Some(&Remedy::Wait));
        assert!(!verdict.steps.contains(&Remedy::Retype));
        assert!(verdict.steps.iter().all(|step| !verdict.avoid.contains(step)));
    }
}
