//! A refusal as a person reads it.

mod words;

use askama::Template;
use kagiya_domain::{
    Evidence,
    cause::{Cause, Family},
    inquiry::{Inquiry, inquire},
    remedy::Remedy,
    symptom::Symptom,
};
use kagiya_flows::Refusal;

pub(crate) use words::{avoid_text, because, cause_title, step_text, step_url};
use words::{headline, is_last_way_in, is_new, no_mail, step_words, wait};

use crate::page::{View, encode_query};

/// One candidate with what speaks for it.
pub(crate) struct CandidateView {
    pub(crate) slug: &'static str,
    pub(crate) title: String,
    pub(crate) confidence: String,
    pub(crate) because: Vec<(&'static str, String)>,
}

/// One step.
pub(crate) struct StepView {
    pub(crate) id: &'static str,
    pub(crate) text: String,
    pub(crate) url: Option<String>,
}

/// The one question or test that tells more.
pub(crate) struct AskView {
    pub(crate) id: &'static str,
    pub(crate) text: String,
    /// The page that it is done on; without one it is answered here.
    pub(crate) url: Option<String>,
    /// The field, and each of its values with the words for it.
    pub(crate) field: &'static str,
    pub(crate) answers: Vec<(&'static str, String)>,
}

/// A verdict, ready for the template.
pub(crate) struct VerdictView {
    pub(crate) reference: String,
    pub(crate) cause: &'static str,
    pub(crate) audience: &'static str,
    pub(crate) title: String,
    pub(crate) lead: String,
    pub(crate) wait: Option<String>,
    pub(crate) candidates: Vec<CandidateView>,
    pub(crate) steps: Vec<StepView>,
    pub(crate) avoid: Vec<(&'static str, String)>,
    pub(crate) confirmable: bool,
    /// What begins with a mail has to wait.
    pub(crate) no_mail: Option<String>,
    pub(crate) help: String,
    pub(crate) return_to: String,
    pub(crate) login: String,
    /// Nothing was refused.
    pub(crate) calm: bool,
    /// How others fare: a word, and the sentence.
    pub(crate) others: Option<(&'static str, String)>,
    /// What to ask next.
    pub(crate) ask: Option<AskView>,
    /// Whether a press on "me too" says something.
    pub(crate) me_too: bool,
}

impl VerdictView {
    #[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
    pub(crate) fn new(view: &View<'_>, refusal: &Refusal) -> Self {
        let verdict = &refusal.verdict;
        let (title, lead) = headline(view, refusal);
        let return_to = view.context.return_to();
        let verdict = Self {
            reference: refusal.reference.as_str().to_owned(),
            cause: verdict.cause.slug(),
            audience: verdict.audience.as_str(),
            title,
            lead,
            wait: wait(view, refusal),
            candidates: verdict
                .candidates
                .iter()
                .map(|candidate| CandidateView {
                    slug: candidate.cause.slug(),
                    title: cause_title(view, candidate.cause),
                    confidence: format!("{:.2}", candidate.confidence),
                    because: candidate
                        .because
                        .iter()
                        .filter_map(|place| refusal.evidence.get(*place))
                        .map(|fact| (fact.key(), because(view, fact)))
                        .collect(),
                })
                .collect(),
            steps: if refusal.fields.is_empty() { steps(view, refusal) } else { field_steps(view, refusal) },
            // A form to mend has nothing to be warned of, nor has somebody who may be new.
            avoid: if (refusal.fields.is_empty() || verdict.cause.family() == Family::Platform)
                && !is_new(refusal)
                && !is_last_way_in(refusal)
            {
                verdict
                    .avoid
                    .iter()
                    .map(|remedy| match (remedy, verdict.cause.family()) {
                        (Remedy::Retry, Family::Platform) => (remedy.id(), view.t("avoid-retry-ours").into_owned()),
                        _ => (remedy.id(), avoid_text(view, *remedy)),
                    })
                    .collect()
            } else {
                Vec::new()
            },
            confirmable: is_confirmable(refusal),
            no_mail: no_mail(view, refusal),
            help: format!("/help/{}", verdict.cause.slug()),
            return_to: String::new(),
            login: view.context.query("login").unwrap_or_default().chars().take(254).collect(),
            calm: refusal.status < 400,
            others: refusal.evidence.iter().find_map(|fact| match fact {
                Evidence::OthersFine => Some(("fine", because(view, fact))),
                Evidence::ManyHaveThis { .. } => Some(("many", because(view, fact))),
                _ => None,
            }),
            ask: ask(view, refusal),
            me_too: verdict.cause != Cause::PlatformMaintenance
                && matches!(verdict.cause.family(), Family::Platform | Family::External | Family::Other),
        };
        verdict.carrying(&return_to.carried())
    }
}

impl VerdictView {
    /// The steps that lead to another form of ours take the destination along.
    pub(crate) fn carrying(mut self, return_to: &str) -> Self {
        if return_to.is_empty() || !self.return_to.is_empty() {
            return self;
        }
        self.return_to = return_to.to_owned();
        let query = encode_query(&[("return_to", return_to)]);
        for step in &mut self.steps {
            if let Some(url) = step
                .url
                .as_mut()
                .filter(|url| matches!(url.as_str(), "/recover" | "/unlock" | "/repair" | "/sign-in" | "/check"))
                && !query.is_empty()
            {
                url.push('?');
                url.push_str(&query);
            }
        }
        self
    }
}

impl VerdictView {
    /// Whether nothing tells more than the registered mailbox.
    pub(crate) fn asks_mail(&self) -> bool {
        self.ask.as_ref().is_some_and(|ask| ask.id == Inquiry::Mail.id())
    }

    /// The verdict by itself, for an answer without a page around it.
    pub(crate) fn plain(&self, view: &View<'_>) -> String {
        let whole = Alone { v: view, r: self };
        whole.render().unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "verdict.html")]
struct Alone<'a> {
    v: &'a View<'a>,
    r: &'a VerdictView,
}

fn steps(view: &View<'_>, refusal: &Refusal) -> Vec<StepView> {
    let all = refusal.verdict.steps.iter();
    // What is in the way of removing the last way in is that there is no other.
    let all = all.filter(|step| !is_last_way_in(refusal) || **step == Remedy::Recover);
    all.map(|step| StepView {
        id: step.id(),
        text: step_words(view, *step, refusal),
        url: step_url(view, *step, refusal),
    })
    .collect()
}

/// Whether "confirm by mail" stands there: everybody hears the whole of what is ours, and no mail comes while none leaves.
fn is_confirmable(refusal: &Refusal) -> bool {
    refusal.confirmable
        && refusal.verdict.cause.family() != Family::Platform
        && !refusal.evidence.contains(&Evidence::NoMailNow)
}

/// What to ask of this person next: the confirmation by mail has a form of its own.
fn inquiry(view: &View<'_>, refusal: &Refusal) -> Option<Inquiry> {
    let answerable = refusal.is_answerable(view.context.now);
    if !refusal.fields.is_empty() || refusal.verdict.wait_until.is_some() || !answerable {
        return None;
    }
    inquire(&refusal.verdict, &refusal.evidence, is_confirmable(refusal))
}

#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
fn ask(view: &View<'_>, refusal: &Refusal) -> Option<AskView> {
    let inquiry = inquiry(view, refusal)?;
    let reference = &refusal.reference;
    let provider = refusal.evidence.iter().find_map(|fact| match fact {
        Evidence::AtProvider { provider } => Some(provider.as_str()),
        _ => None,
    });
    let url = match inquiry {
        Inquiry::Mail => Some(format!("/why/{reference}/confirm")),
        Inquiry::Check => Some("/check".to_owned()),
        Inquiry::Elsewhere | Inquiry::Symptom => None,
    };
    let (field, answers) = if inquiry == Inquiry::Elsewhere {
        let word = |id: &'static str| (id, view.tk("ask", id).into_owned());
        ("elsewhere", vec![word("works"), word("fails")])
    } else {
        let fits = |symptom: &&Symptom| !symptom.is_of_provider() || provider.is_some();
        let words = |id: &str| view.tk("symptom", &id.replace('_', "-")).into_owned();
        ("symptom", Symptom::ALL.iter().filter(fits).map(|symptom| (symptom.id(), words(symptom.id()))).collect())
    };
    Some(AskView { id: inquiry.id(), text: view.tk("ask", inquiry.id()).into_owned(), url, field, answers })
}

/// An error summary whose lines lead to their fields.
fn field_steps(view: &View<'_>, refusal: &Refusal) -> Vec<StepView> {
    let line = |f: &kagiya_flows::FieldError| StepView {
        id: Remedy::Retype.id(),
        text: view.error(&refusal.fields, f.field).unwrap_or_default(),
        url: Some(format!("#{}", f.field)),
    };
    refusal.fields.iter().map(line).collect()
}
