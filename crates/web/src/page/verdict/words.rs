//! The words of a verdict: its heading, its facts, its steps.

use kagiya_domain::{
    Audience, Evidence,
    cause::Cause,
    component::{DATABASE, MAIL, PASSWORD},
    diagnosis::STOP,
    remedy::Remedy,
};
use kagiya_flows::{Refusal, attempt::spoken, status::platform::board::Operation};
use kagiya_text::Arg;

use crate::page::View;

/// That mail does not leave, where a step begins with one.
pub(super) fn no_mail(view: &View<'_>, refusal: &Refusal) -> Option<String> {
    let is_so = refusal.evidence.contains(&Evidence::NoMailNow) && refusal.verdict.steps.iter().any(|s| s.needs_mail());
    is_so.then(|| because(view, &Evidence::NoMailNow))
}

pub(super) fn wait(view: &View<'_>, refusal: &Refusal) -> Option<String> {
    let until = refusal.verdict.wait_until?;
    let minutes = until.since(refusal.at).as_minutes_up().max(1);
    let time = view.time(&until.0);
    // What stands behind a pause stands when it is over.
    let in_vain = refusal.verdict.cause == Cause::AccountState;
    let key = if in_vain { "verdict-wait-in-vain" } else { "verdict-wait" };
    Some(view.f(key, &[("time", Arg::from(time)), ("minutes", Arg::from(minutes))]))
}

pub(super) fn step_words(view: &View<'_>, step: Remedy, refusal: &Refusal) -> String {
    if step == Remedy::Wait {
        // Without a time there is none to point at.
        return wait(view, refusal).unwrap_or_else(|| view.t("step-wait-open").into_owned());
    }
    // Nobody may stand behind it: then no mail comes, and it is said what that means.
    if step == Remedy::ProveByMail && refusal.verdict.cause == Cause::Undetermined {
        return view.t("step-prove-by-mail-open").into_owned();
    }
    if step == Remedy::OtherMethod
        && let Some(names) = linked_at(view, refusal)
    {
        return view.f1("step-linked-at", "provider", names);
    }
    step_text(view, step)
}

/// The providers that lead into an account without a password, for its owner.
#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
pub(super) fn linked_at(view: &View<'_>, refusal: &Refusal) -> Option<String> {
    let providers = &view.context.web.app.providers;
    let names: Vec<&str> = refusal
        .evidence
        .iter()
        .filter_map(|fact| match fact {
            Evidence::LinkedAt { provider } => Some(providers.name(provider)),
            _ => None,
        })
        .collect();
    (!names.is_empty()).then(|| names.join(" / "))
}

/// Nothing speaks for this person having been here before.
pub(super) fn is_new(refusal: &Refusal) -> bool {
    refusal.evidence.contains(&Evidence::IdentityNotLinked) && refusal.verdict.cause == Cause::ExternalWrongProvider
}

pub(super) fn is_last_way_in(refusal: &Refusal) -> bool {
    refusal.evidence.contains(&Evidence::LastWayIn)
}

/// The heading and the first sentence. Fields that cannot be taken are no riddle.
#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
pub(super) fn headline(view: &View<'_>, refusal: &Refusal) -> (String, String) {
    if !refusal.fields.is_empty() {
        return (view.t("verdict-fields-title").into_owned(), view.t("verdict-fields-lead").into_owned());
    }
    if refusal.verdict.repeated >= STOP && refusal.verdict.wait_until.is_none() {
        return (view.t("verdict-stop-title").into_owned(), view.t("verdict-stop-lead").into_owned());
    }
    let open = view.context.web.app.board.get().shut(Operation::SignIn, view.context.now).is_none();
    if refusal.verdict.cause == Cause::PlatformMaintenance && open {
        return (view.t("read-only-title").into_owned(), view.t("read-only-lead").into_owned());
    }
    let key = refusal.verdict.cause.key();
    let many = refusal.evidence.iter().any(|fact| matches!(fact, Evidence::DifferentValues { .. }));
    // A stranger is told both halves of "ID or password", never which one it was.
    if refusal.evidence.contains(&Evidence::CredentialsRefused)
        && !refusal.evidence.contains(&Evidence::PasswordMismatch)
        && refusal.verdict.cause == Cause::Password
    {
        let lead = if many { "verdict-other-site-lead" } else { "verdict-credentials-lead" };
        return (view.t("verdict-credentials-title").into_owned(), view.t(lead).into_owned());
    }
    // It may be somebody new as well: nothing is claimed that is not known.
    if is_last_way_in(refusal) {
        return (view.t("verdict-last-way-title").into_owned(), view.t("verdict-last-way-lead").into_owned());
    }
    if is_new(refusal) {
        return (view.t("verdict-unlinked-title").into_owned(), view.t("verdict-unlinked-lead").into_owned());
    }
    // Who may hear the state is told which it is.
    let state = refusal.evidence.iter().find_map(|fact| match fact {
        Evidence::State { state } if refusal.verdict.cause == Cause::AccountState => Some(state.as_str()),
        _ => None,
    });
    if let Some(state) = state {
        return (
            view.t(format!("state-{state}-title")).into_owned(),
            view.t(format!("state-{state}-lead")).into_owned(),
        );
    }
    let title = view.t(format!("cause-{key}-title")).into_owned();
    if many && refusal.verdict.cause == Cause::Password {
        return (title, view.t("verdict-other-site-lead").into_owned());
    }
    (title, view.t(format!("cause-{key}-lead")).into_owned())
}

/// The short title of a cause.
pub(crate) fn cause_title(view: &View<'_>, cause: Cause) -> String {
    view.t(format!("cause-{}-title", cause.key())).into_owned()
}

/// The sentence that says what a fact is.
pub(crate) fn because(view: &View<'_>, fact: &Evidence) -> String {
    spoken::because(&view.context.web.app, view.lang, view.there(), fact)
}

/// The component whose return is waited for.
#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
fn waits_for(refusal: &Refusal) -> &str {
    refusal
        .evidence
        .iter()
        .find_map(|fact| match fact {
            Evidence::AtProvider { provider } => Some(provider.as_str()),
            Evidence::ComponentDown { component, .. } => Some(component.as_str()),
            Evidence::MailDown { .. } | Evidence::MailQueueSlow { .. } => Some(MAIL),
            Evidence::StoreFailed => Some(DATABASE),
            _ => None,
        })
        .unwrap_or(PASSWORD)
}

pub(crate) fn step_text(view: &View<'_>, step: Remedy) -> String {
    view.t(format!("step-{}", step.id().replace('_', "-"))).into_owned()
}

pub(crate) fn avoid_text(view: &View<'_>, remedy: Remedy) -> String {
    view.t(format!("avoid-{}", remedy.id().replace('_', "-"))).into_owned()
}

/// Where a step is done, when it is done on a page of ours.
#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
pub(crate) fn step_url(view: &View<'_>, step: Remedy, refusal: &Refusal) -> Option<String> {
    match step {
        Remedy::ProveByMail if refusal.confirmable => Some(format!("/why/{}/confirm", refusal.reference)),
        // Where there is nobody to ask yet, the mailbox is asked for.
        Remedy::ProveByMail if !refusal.verdict.audience.may_hear(Audience::Owner) => Some("/recover".to_owned()),
        Remedy::ContactSupport => view.support(),
        Remedy::OtherMethod if linked_at(view, refusal).is_some() => Some("/sign-in".to_owned()),
        Remedy::NotifyMe => Some(format!("/notify?component={}", waits_for(refusal))),
        step => step.page().map(str::to_owned),
    }
}
