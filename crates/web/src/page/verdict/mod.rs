//! A refusal as a person reads it.

mod words;

use std::collections::BTreeSet;

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
    /// What speaks for it, and whether that was said of one before.
    pub(crate) because: Vec<(&'static str, String, bool)>,
}

/// Something to leave alone: its name and its words.
type AvoidView = (&'static str, String);

/// What does a step.
pub(crate) enum Control {
    /// The person, away from this page.
    Text,
    /// A field or a button further down this page.
    Here(String),
    /// Another page.
    Page(String),
    /// A form: the confirmation by mail.
    Confirm,
    /// A form: the repair of what this browser holds of us.
    Repair,
}

/// One step.
pub(crate) struct StepView {
    pub(crate) id: &'static str,
    pub(crate) text: String,
    pub(crate) control: Control,
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
    pub(crate) avoid: Vec<AvoidView>,
    pub(crate) confirmable: bool,
    /// What begins with a mail has to wait.
    pub(crate) no_mail: Option<String>,
    pub(crate) help: String,
    pub(crate) return_to: String,
    pub(crate) login: String,
    /// Nothing was refused.
    pub(crate) calm: bool,
    /// Fields have to be mended, and nothing else is the matter.
    pub(crate) is_form: bool,
    /// How many of the steps stand in view.
    pub(crate) now: usize,
    /// How many of the things to leave alone stand in view: where they would do harm.
    pub(crate) harm: usize,
    /// Whether all the rest is in view, too.
    pub(crate) open: bool,
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
        let steps = if refusal.fields.is_empty() { steps(view, refusal) } else { field_steps(view, refusal) };
        let mut shown = Self {
            reference: refusal.reference.as_str().to_owned(),
            cause: verdict.cause.slug(),
            audience: verdict.audience.as_str(),
            title,
            lead,
            wait: wait(view, refusal),
            candidates: candidates(view, refusal),
            now: in_view(&steps, refusal),
            steps,
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
            is_form: refusal.is_form(),
            harm: 0,
            open: true,
            others: refusal.evidence.iter().find_map(|fact| match fact {
                Evidence::OthersFine => Some(("fine", because(view, fact))),
                Evidence::ManyHaveThis { .. } => Some(("many", because(view, fact))),
                _ => None,
            }),
            ask: ask(view, refusal),
            me_too: verdict.cause != Cause::PlatformMaintenance
                && matches!(verdict.cause.family(), Family::Platform | Family::External | Family::Other),
        };
        // Resetting, unlinking or trying on while it is not their matter costs people their way in.
        let ours = matches!(verdict.cause.family(), Family::Platform);
        let harms = ours || matches!(verdict.cause, Cause::ExternalOutage | Cause::ExternalConfig);
        shown.harm = shown.avoid.len().min(usize::from(harms));
        // It stands there as a step.
        shown.wait = shown.wait.filter(|_| !shown.steps.iter().take(shown.now).any(|s| s.id == Remedy::Wait.id()));
        shown.carrying(&return_to.carried())
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
            if let Control::Page(url) = &mut step.control
                && (matches!(url.as_str(), "/recover" | "/unlock" | "/sign-in" | "/check")
                    || url.starts_with("/help/how/"))
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
    /// Above a form that does these steps: what stands in view is short, so that the form does, too.
    pub(crate) fn above(mut self, form: &[(Remedy, &'static str)]) -> Self {
        self.open = false;
        // Those lead to their own fields already.
        let steps = if self.is_form { &mut [] } else { self.steps.as_mut_slice() };
        for step in steps {
            if let Some((_, place)) = form.iter().find(|(remedy, _)| remedy.id() == step.id) {
                step.control = Control::Here((*place).to_owned());
            }
        }
        self
    }

    /// What stands in view of the steps, and the rest.
    pub(crate) fn split_steps(&self) -> (&[StepView], &[StepView]) {
        self.steps.split_at_checked(self.now).unwrap_or((&self.steps, &[]))
    }

    /// What stands in view of what to leave alone, and the rest.
    pub(crate) fn split_avoid(&self) -> (&[AvoidView], &[AvoidView]) {
        self.avoid.split_at_checked(self.harm).unwrap_or((&[], &self.avoid))
    }

    /// Whether there is more to tell than what to do now.
    pub(crate) fn has_more(&self) -> bool {
        !self.is_form || self.avoid.len() > self.harm
    }

    /// Whether a step of these can be pressed.
    pub(crate) fn has_control(&self) -> bool {
        self.split_steps().0.iter().any(|step| !matches!(step.control, Control::Text))
    }

    /// Whether the confirmation by mail stands among the steps.
    pub(crate) fn confirms_as_step(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.control, Control::Confirm))
    }

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

fn candidates(view: &View<'_>, refusal: &Refusal) -> Vec<CandidateView> {
    let mut said = BTreeSet::new();
    let mut all = Vec::with_capacity(refusal.verdict.candidates.len());
    for candidate in &refusal.verdict.candidates {
        let facts = candidate.because.iter().filter_map(|place| Some((*place, refusal.evidence.get(*place)?)));
        all.push(CandidateView {
            slug: candidate.cause.slug(),
            title: cause_title(view, candidate.cause),
            confidence: format!("{:.2}", candidate.confidence),
            because: facts.map(|(place, fact)| (fact.key(), because(view, fact), !said.insert(place))).collect(),
        });
    }
    all
}

fn steps(view: &View<'_>, refusal: &Refusal) -> Vec<StepView> {
    let all = refusal.verdict.steps.iter().copied();
    // What is in the way of removing the last way in is that there is no other.
    let all = all.filter(|step| !is_last_way_in(refusal) || *step == Remedy::Recover);
    all.map(|step| StepView {
        id: step.id(),
        text: step_words(view, step, refusal),
        control: if step == Remedy::Repair {
            Control::Repair
        } else if step == Remedy::ProveByMail && is_confirmable(refusal) {
            Control::Confirm
        } else {
            step_url(view, step, refusal).map_or(Control::Text, Control::Page)
        },
    })
    .collect()
}

/// How many steps are shown at once: the first; with a wait, what may be done instead of it; of a form all.
fn in_view(steps: &[StepView], refusal: &Refusal) -> usize {
    let wait = Remedy::Wait.id();
    let waits = steps.first().is_some_and(|step| step.id == wait)
        || refusal.verdict.wait_until.is_some() && steps.get(1).is_some_and(|step| step.id == wait);
    let count = if !refusal.fields.is_empty() { steps.len() } else { 1 + usize::from(waits) };
    count.min(steps.len())
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
        control: Control::Here(format!("#{}", f.field)),
    };
    refusal.fields.iter().map(line).collect()
}
