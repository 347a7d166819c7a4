//! What of a verdict fits where it is shown.

use kagiya_domain::{Evidence, cause::Family, diagnosis::Verdict, remedy::Remedy};

use super::Refusal;
use crate::{App, FieldError};

/// Whether a form with gaps is all there is.
fn is_form(fields: &[FieldError], evidence: &[Evidence], verdict: &Verdict) -> bool {
    let named = |fact: &Evidence| matches!(fact, Evidence::FieldInvalid { .. });
    !fields.is_empty() && evidence.iter().any(named) && verdict.cause.family() != Family::Platform
}

/// Where there is one way of signing in only, no other is advised.
pub(crate) fn drop_what_cannot_be_done(app: &App, verdict: &mut Verdict) {
    if app.providers.is_empty() && verdict.steps.len() > 1 {
        verdict.steps.retain(|step| *step != Remedy::OtherMethod);
    }
}

impl Refusal {
    /// Whether a form with gaps is all there is: nothing to keep a number for.
    pub fn is_form(&self) -> bool {
        is_form(&self.fields, &self.evidence, &self.verdict)
    }
}
