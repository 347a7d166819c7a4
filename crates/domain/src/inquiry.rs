//! The one question or test that tells more than every other about what is still unknown.
//!
//! Which it is, is computed from the weights alone: the mutual information (Shannon, 1948) of the cause and the answer,
//! in nats. How likely an answer is under a cause follows from what the answer weighs for that cause.

use crate::{
    account::AccountState, cause::Cause, diagnosis::Verdict, evidence::Evidence, password::Slip, symptom::Symptom,
    time::Timestamp, weights::weights,
};

/// Something that can be asked of a person, or looked at. The cheaper stand first: of two that tell as much, these are
/// asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inquiry {
    /// Does it work in another browser, or on another device?
    Elsewhere,
    /// What does the person see?
    Symptom,
    /// A look at this browser by the page itself.
    Check,
    /// The registered mailbox: who reads it may hear what is known of the account.
    Mail,
}

/// Below this an answer would tell next to nothing.
const WORTH_ASKING: f32 = 0.05;

impl Inquiry {
    /// Every inquiry.
    pub const ALL: [Self; 4] = [Self::Elsewhere, Self::Symptom, Self::Check, Self::Mail];

    /// The name on the wire: `ask` in JSON, `data-ask` in pages.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Elsewhere => "elsewhere",
            Self::Symptom => "symptom",
            Self::Check => "check",
            Self::Mail => "mail",
        }
    }

    /// The answers that there are, each as the fact that it would be. None of them is an answer, too.
    fn answers(self) -> Vec<Evidence> {
        let then = Timestamp(0);
        match self {
            Self::Elsewhere => vec![Evidence::WorksElsewhere, Evidence::FailsElsewhere],
            Self::Symptom => Symptom::ALL.iter().map(|symptom| Evidence::Says { symptom: *symptom }).collect(),
            Self::Check => vec![
                Evidence::ProbeCookieMissing,
                Evidence::UnknownSession,
                Evidence::CookieHeaderLarge { kib: 0, names: String::new() },
                Evidence::OldAsset,
                Evidence::ServiceWorker,
                Evidence::HeartbeatMissing,
                Evidence::BodyChanged,
                Evidence::ClockSkew { minutes: 0 },
                Evidence::OldBrowser,
            ],
            Self::Mail => vec![
                Evidence::LoginUnknown,
                Evidence::PasswordMismatch,
                Evidence::PasswordNotSet,
                Evidence::OldPassword { replaced_at: then },
                Evidence::TypingSlip { slip: Slip::AllCase },
                Evidence::State { state: AccountState::Suspended },
                Evidence::StrangersLocked { until: then },
            ],
        }
    }

    /// Whether one of its answers is known already.
    fn is_answered(self, evidence: &[Evidence]) -> bool {
        let answers = self.answers();
        evidence.iter().any(|fact| match (self, fact) {
            // Without its script the page cannot look.
            (Self::Check, Evidence::ScriptRan | Evidence::ScriptOff) | (Self::Symptom, Evidence::Says { .. }) => true,
            _ => answers.iter().any(|answer| std::mem::discriminant(answer) == std::mem::discriminant(fact)),
        })
    }

    /// What its answer tells of the cause, in nats: 0 when every cause answers alike.
    fn information(self, causes: &[(Cause, f32)]) -> f32 {
        let answers = self.answers();
        // "None of these" is as likely as all others together, where nothing speaks for any.
        #[allow(clippy::cast_precision_loss, reason = "at most fifteen answers")]
        let none = answers.len() as f32;
        let given: Vec<Vec<f32>> = causes
            .iter()
            .map(|(cause, _)| {
                let raw: Vec<f32> = answers.iter().map(|answer| weight(answer, *cause).exp()).chain([none]).collect();
                let total: f32 = raw.iter().sum();
                raw.into_iter().map(|odds| odds / total).collect()
            })
            .collect();
        let mut information = 0.0;
        for answer in 0..=answers.len() {
            let told = |row: &Vec<f32>| row.get(answer).copied().unwrap_or_default();
            let overall: f32 = causes.iter().zip(&given).map(|((_, prior), row)| prior * told(row)).sum();
            for ((_, prior), row) in causes.iter().zip(&given) {
                if told(row) > 0.0 && *prior > 0.0 {
                    information += prior * told(row) * (told(row) / overall).ln();
                }
            }
        }
        information
    }
}

fn weight(fact: &Evidence, cause: Cause) -> f32 {
    weights(fact).iter().filter(|(of, _)| *of == cause).map(|(_, weight)| weight).sum()
}

/// The inquiry that tells most beyond the evidence; `None` when the verdict needs none, or none tells anything. `mailbox`:
/// whether the registered mailbox can be asked. What a provider's page showed has a question of its own, wherever somebody
/// has not come back.
pub fn inquire(verdict: &Verdict, evidence: &[Evidence], mailbox: bool) -> Option<Inquiry> {
    if !verdict.is_open() {
        return None;
    }
    let is_open = |inquiry: &Inquiry| !inquiry.is_answered(evidence) && (mailbox || *inquiry != Inquiry::Mail);
    let causes = believed(verdict);
    let told = |inquiry: Inquiry| (inquiry.information(&causes), inquiry);
    let mut best: Option<(f32, Inquiry)> = None;
    for (information, inquiry) in Inquiry::ALL.into_iter().filter(is_open).map(told) {
        if information > best.map_or(WORTH_ASKING, |(most, _)| most + 0.01) {
            best = Some((information, inquiry));
        }
    }
    best.map(|(_, inquiry)| inquiry)
}

/// What is believed of every cause: of the candidates their confidence, of all others an equal share of what is left.
fn believed(verdict: &Verdict) -> Vec<(Cause, f32)> {
    let told: f32 = verdict.candidates.iter().map(|candidate| candidate.confidence).sum();
    #[allow(clippy::cast_precision_loss, reason = "45 causes")]
    let others = (Cause::ALL.len() - verdict.candidates.len()) as f32;
    let confidence = |cause: Cause| verdict.candidates.iter().find(|c| c.cause == cause).map(|c| c.confidence);
    Cause::ALL
        .into_iter()
        .map(|cause| (cause, confidence(cause).unwrap_or_else(|| (1.0 - told).max(0.0) / others)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{audience::Audience, diagnosis::diagnose};

    fn asked(evidence: &[Evidence]) -> Option<Inquiry> {
        inquire(&diagnose(evidence, Audience::Staff), evidence, true)
    }

    #[test]
    fn a_stranger_who_is_refused_is_asked_for_the_mailbox_and_an_owner_for_nothing() {
        assert_eq!(asked(&[Evidence::CredentialsRefused]), Some(Inquiry::Mail));
        assert_eq!(asked(&[Evidence::CredentialsRefused, Evidence::OldPassword { replaced_at: Timestamp(0) }]), None);
    }

    #[test]
    fn what_is_sure_asks_nothing() {
        assert_eq!(asked(&[Evidence::MailDown { since: Timestamp(0) }]), None);
    }

    #[test]
    fn who_shows_nothing_is_looked_at_and_then_asked() {
        let known = |seen: &[Evidence]| inquire(&diagnose(seen, Audience::Anyone), seen, false);
        assert_eq!(known(&[]), Some(Inquiry::Check));
        assert_eq!(known(&[Evidence::ScriptRan]), Some(Inquiry::Symptom));
    }

    #[test]
    fn what_was_answered_is_not_asked_again() {
        let evidence = [Evidence::Says { symptom: Symptom::Blank }];
        let next = asked(&evidence);
        assert!(next.is_some_and(|inquiry| inquiry != Inquiry::Symptom), "{next:?}");
        let all = [evidence[0].clone(), Evidence::WorksElsewhere, Evidence::ScriptRan];
        assert!(!matches!(asked(&all), Some(Inquiry::Symptom | Inquiry::Elsewhere | Inquiry::Check)));
    }

    /// Information is never negative and never more than what is unknown (Cover and Thomas, 2.6).
    #[test]
    fn information_is_bounded_by_what_is_unknown() {
        let facts = [
            Evidence::CredentialsRefused,
            Evidence::CodeRefused,
            Evidence::StateUnknown,
            Evidence::OldBuild,
            Evidence::Says { symptom: Symptom::Loop },
            Evidence::RedirectLoop { count: 6 },
        ];
        for fact in facts {
            let causes = believed(&diagnose(&[fact], Audience::Staff));
            let entropy: f32 = causes.iter().map(|(_, p)| if *p > 0.0 { -p * p.ln() } else { 0.0 }).sum();
            for inquiry in Inquiry::ALL {
                let information = inquiry.information(&causes);
                assert!((-1e-4..=entropy + 1e-4).contains(&information), "{inquiry:?}: {information} of {entropy}");
            }
        }
    }
}
