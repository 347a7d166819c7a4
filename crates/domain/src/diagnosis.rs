//! From evidence to a verdict. Pure: no clock, no I/O, no chance.

use serde::{Deserialize, Serialize};

use crate::{
    account::AccountState,
    advice::{
        CODE_OVER, CODE_SUPERSEDED, HELD_BACK, NOT_AGAIN, NOT_THIS_BROWSER, NOT_THIS_PASSWORD, RIGHT_BUT_FOR_A_SLIP,
        advice, state_steps,
    },
    audience::Audience,
    cause::{Cause, Family},
    evidence::Evidence,
    remedy::{Effect, Remedy},
    time::Timestamp,
    weights::{is_explained, weights},
};

pub use crate::weights::UNDETERMINED;

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

impl Verdict {
    /// Whether two causes are left that the evidence does not tell apart, or none stands out: then one question or test
    /// is worth more than more advice ([`crate::inquiry`]).
    pub fn is_open(&self) -> bool {
        match self.candidates.as_slice() {
            [] => true,
            [first, rest @ ..] => {
                self.cause == Cause::Undetermined
                    || first.confidence < SETTLED
                    || rest.first().is_some_and(|second| are_close(first, second))
            }
        }
    }
}

/// Whether two candidates cannot be told apart: the second is at least half as likely as the first.
fn are_close(first: &Candidate, second: &Candidate) -> bool {
    second.confidence * 2.0 >= first.confidence
}

/// A cause that is less likely is no matter that is settled.
const SETTLED: f32 = 0.75;
/// What is less likely brings no step of its own.
const WORTH_A_STEP: f32 = 0.1;

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
            scores[cause.index()] += *weight;
            spoken_for[cause.index()] |= *weight > 0.0;
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
    // What was told to the person before, over and over, bears on what they are told; where more is known, that is new.
    let is_new = || audience.may_hear(Audience::Owner) && diagnose(evidence, Audience::Browser).cause != cause;
    let repeated = if repeated > 0 && is_new() { 0 } else { repeated };
    let (mut steps, avoid) = advise(cause, &beside, &candidates, repeated);
    // What cannot work is no step: starting again ends as it did, and no newer code comes where no mail is taken.
    // Another address has another mailbox.
    let by_mail = |step: &Remedy| step.needs_mail() && *step != Remedy::OtherAddress || *step == Remedy::NewestCode;
    if beside.no_mail {
        // Later.
        steps.sort_by_key(|step| step.needs_mail());
    }
    let guesses = beside.many_values && cause == Cause::Password;
    steps.retain(|step| !(guesses && *step == Remedy::Retype));
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
    /// The code that was mailed opens nothing any more.
    code_over: bool,
    /// The code is one of an earlier mail.
    superseded: bool,
    /// Several different passwords were tried.
    many_values: bool,
    /// It is known how the hand slipped.
    slipped: bool,
    /// No mail leaves.
    no_mail: bool,
    /// What fails is bound to something that another browser has not.
    other_slice: bool,
}

impl Beside {
    #[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
    fn take(&mut self, fact: &Evidence) {
        self.wait_until = self.wait_until.max(fact.wait_until());
        match fact {
            Evidence::SameErrorAgain { count } => self.repeated = self.repeated.max(*count),
            Evidence::State { state } => self.state = Some(*state),
            Evidence::MailDeferred { .. } | Evidence::MailRefused { .. } => self.held_back = true,
            Evidence::CodeSuperseded => self.superseded = true,
            Evidence::DifferentValues { .. } => self.many_values = true,
            Evidence::TypingSlip { .. } => self.slipped = true,
            Evidence::NoMailNow => self.no_mail = true,
            Evidence::SliceFails { slice, .. } => self.other_slice |= slice.starts_with("browser:"),
            Evidence::CodeExpired | Evidence::CodeUsed | Evidence::CodeTriesSpent { here: true } => {
                self.code_over = true
            }
            Evidence::TicketRefused { fault: Some(fault), .. } => self.in_vain |= !fault.restart_may_cure(),
            _ => {}
        }
    }

    /// Whether what was advised cannot have been done, or is advised for the first time now.
    const fn is_untried(&self) -> bool {
        self.superseded || self.code_over || self.many_values
    }

    /// The steps of the leading cause.
    fn steps(&self, cause: Cause) -> &'static [Remedy] {
        match (cause, self.state) {
            (Cause::AccountState, Some(state)) => state_steps(state),
            (Cause::CodeUndelivered, _) if self.held_back => HELD_BACK,
            (Cause::CodeWrong, _) if self.code_over => CODE_OVER,
            (Cause::CodeWrong, _) if self.superseded => CODE_SUPERSEDED,
            (Cause::InputForm, _) if self.slipped => RIGHT_BUT_FOR_A_SLIP,
            (Cause::Password, _) if self.many_values => NOT_THIS_PASSWORD,
            (Cause::PlatformRegression, _) if self.other_slice => NOT_THIS_BROWSER,
            (Cause::ExternalHandshake, _) if self.in_vain => NOT_AGAIN,
            _ => advice(cause).steps,
        }
    }
}

/// A weight of the table: what a fact says for or against a cause.
pub type Weight = (Cause, f32);

/// Which facts speak, and with which weights of the table: what a fit of the weights looks at.
pub fn spoken(evidence: &[Evidence], audience: Audience) -> impl Iterator<Item = (&Evidence, &'static Weight)> {
    let heard = evidence.iter().filter(move |fact| audience.may_hear(fact.tier()));
    heard.flat_map(move |fact| counted(evidence, audience, fact).map(move |weight| (fact, weight)))
}

/// What a fact weighs beside the others. One that another explains speaks for what that one speaks for most, and for
/// nothing else.
fn counted(evidence: &[Evidence], audience: Audience, fact: &Evidence) -> impl Iterator<Item = &'static Weight> {
    let by = evidence.iter().find(|by| is_explained(fact, by) && audience.may_hear(by.tier()));
    let most = by.and_then(|by| weights(by).iter().max_by(|(_, a), (_, b)| a.total_cmp(b))).map(|(cause, _)| *cause);
    let is_explained = by.is_some();
    let stands = move |(cause, weight): &&Weight| !is_explained || *weight <= 0.0 || most == Some(*cause);
    weights(fact).iter().filter(stands)
}

fn places(evidence: &[Evidence], audience: Audience, cause: Cause, sign: f32) -> Vec<usize> {
    let speaks = |fact: &Evidence| {
        audience.may_hear(fact.tier()) && counted(evidence, audience, fact).any(|(c, w)| *c == cause && w * sign > 0.0)
    };
    evidence.iter().enumerate().filter(|(_, fact)| speaks(fact)).map(|(place, _)| place).collect()
}

/// The leading cause's advice, then the first step of every other candidate, unless the
/// leading cause makes that step useless or warns of it. Where two causes are as good as each
/// other, what would be wrong under the second waits. What did not help once is not
/// advised first again, and after [`STOP`] repeats not at all.
fn advise(cause: Cause, beside: &Beside, candidates: &[Candidate], repeated: i64) -> (Vec<Remedy>, Vec<Remedy>) {
    let (leading, leading_steps, wait_until) = (advice(cause), beside.steps(cause), beside.wait_until);
    let mut steps: Vec<Remedy> = Vec::with_capacity(6);
    let mut avoid = leading.avoid.to_vec();
    steps.extend_from_slice(leading_steps);
    // What is ours to mend asks nothing of the person's browser.
    let others = if cause.family() == Family::Platform { &[] } else { candidates };
    for candidate in others {
        if let Some(step) = advice(candidate.cause).steps.first()
            && candidate.confidence >= WORTH_A_STEP
            && !steps.contains(step)
            && !leading.avoid.contains(step)
            && step.effect(cause) != Effect::Useless
            && !(wait_until.is_some() && *step == Remedy::Retype)
        {
            steps.push(*step);
        }
    }
    // Of two that cannot be told apart, what is right under either comes first.
    if let [first, second, ..] = others
        && are_close(first, second)
    {
        let other = second.cause;
        let is_wrong = |step: &Remedy| step.effect(other) == Effect::Useless || advice(other).avoid.contains(step);
        steps.sort_by_key(is_wrong);
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
        if !beside.is_untried() {
            steps.rotate_left(1);
        }
    }
    // Whoever has tried it twice in vain is not left alone with the rest.
    if repeated >= 2 && wait_until.is_none() && !steps.contains(&Remedy::ContactSupport) {
        steps.push(Remedy::ContactSupport);
    }
    // Support is for whom nothing else has helped.
    if let Some(at) = steps.iter().skip(1).position(|step| *step == Remedy::ContactSupport) {
        let last = steps.remove(at + 1);
        steps.push(last);
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
mod tests;
