//! What of a verdict fits where it is shown.

use kagiya_domain::{
    Audience, Evidence,
    cause::Family,
    diagnosis::{Verdict, diagnose},
    remedy::Remedy,
};

use super::Refusal;
use crate::App;

/// The verdict for an audience of this service: where there is one way of signing in only, no other is advised.
pub(crate) fn judge(app: &App, evidence: &[Evidence], audience: Audience) -> Verdict {
    let mut verdict = diagnose(evidence, audience);
    if app.providers.is_empty() && verdict.steps.len() > 1 {
        verdict.steps.retain(|step| *step != Remedy::OtherMethod);
    }
    verdict
}

impl Refusal {
    /// Whether a form with gaps is all there is: nothing to keep a number for.
    pub fn is_form(&self) -> bool {
        let named = |fact: &Evidence| matches!(fact, Evidence::FieldInvalid { .. });
        let ours = self.verdict.cause.family() == Family::Platform;
        !self.fields.is_empty() && self.evidence.iter().any(named) && !ours
    }
}
