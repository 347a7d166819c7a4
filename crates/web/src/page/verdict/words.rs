//! The words of a verdict: its heading, its facts, its steps.

use kagiya_domain::{
    Audience, Evidence,
    cause::Cause,
    component::{DATABASE, MAIL, PASSWORD},
    diagnosis::STOP,
    remedy::Remedy,
};
use kagiya_flows::{Refusal, status::platform::board::Operation};
use kagiya_text::Arg;

use crate::{page::View, status::banner::component_name};

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
#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
#[expect(clippy::too_many_lines, reason = "a table: one arm for each fact that has values")]
pub(crate) fn because(view: &View<'_>, fact: &Evidence) -> String {
    let key = format!("because-{}", fact.key().replace('_', "-"));
    let mut args: Vec<(&str, Arg<'_>)> = Vec::new();
    match fact {
        Evidence::TriesSpent { until }
        | Evidence::NetworkSpent { until }
        | Evidence::DeviceLocked { until }
        | Evidence::StrangersLocked { until } => args.push(("time", Arg::from(view.time(&until.0)))),
        Evidence::PasswordChangedAt { at } | Evidence::MailDelivered { at } => {
            args.push(("time", Arg::from(view.time(&at.0))));
        }
        Evidence::OldPassword { replaced_at } => args.push(("time", Arg::from(view.time(&replaced_at.0)))),
        Evidence::ClockSkew { minutes } => {
            args.push(("minutes", Arg::from(minutes.abs())));
            args.push(("ahead", Arg::from(if *minutes > 0 { "yes" } else { "no" })));
        }
        Evidence::ClocksDiffer { seconds, whose } => {
            args.push(("seconds", Arg::from(seconds.saturating_abs())));
            args.push(("ahead", Arg::from(if *seconds > 0 { "yes" } else { "no" })));
            args.push(("whose", Arg::from(whose.as_str())));
        }
        Evidence::MailQueueSlow { minutes }
        | Evidence::FormTooOld { minutes }
        | Evidence::HandedOn { minutes }
        | Evidence::JourneyTooOld { minutes }
        | Evidence::NotReturned { minutes } => args.push(("minutes", Arg::from(*minutes))),
        Evidence::DifferentValues { count }
        | Evidence::OwnFailures { count }
        | Evidence::FailedAlike { count }
        | Evidence::NetworkFlaps { count }
        | Evidence::SameErrorAgain { count }
        | Evidence::RedirectLoop { count } => args.push(("count", Arg::from(*count))),
        Evidence::OthersFailures { count, networks } => {
            args.push(("count", Arg::from(*count)));
            args.push(("networks", Arg::from(*networks)));
        }
        Evidence::MailRefused { status } | Evidence::MailDeferred { status } => {
            args.push(("status", Arg::from(*status)))
        }
        Evidence::DuplicateCookie { name, count } => {
            args.push(("name", Arg::from(name.clone())));
            args.push(("count", Arg::from(*count)));
        }
        Evidence::LegacyCookie { name } => args.push(("name", Arg::from(name.clone()))),
        Evidence::CookieHeaderLarge { kib, names } | Evidence::CookieHeaderTooLarge { kib, names } => {
            args.push(("kib", Arg::from(*kib)));
            args.push(("names", Arg::from(names.clone())));
        }
        Evidence::ProviderDenied { code }
        | Evidence::ProviderTrouble { code }
        | Evidence::ProviderRefusedUs { code }
        | Evidence::ProviderWantsAct { code }
        | Evidence::ProviderWantsConsent { code }
        | Evidence::ProviderPolicy { code }
        | Evidence::ProviderFroze { code }
        | Evidence::ProviderForbidsBrowser { code }
        | Evidence::ProviderCodeUnknown { code }
        | Evidence::TokenDead { code }
        | Evidence::TicketRefused { code, .. } => args.push(("code", Arg::from(code.clone()))),
        Evidence::ProviderDown { since: at }
        | Evidence::ProviderSetupWrong { since: at }
        | Evidence::LinkRemovedHere { at }
        | Evidence::LinkReauth { since: at }
        | Evidence::LinkSuspended { since: at }
        | Evidence::LinkGone { since: at }
        | Evidence::LinkLapsed { since: at }
        | Evidence::LinkPurged { since: at }
        | Evidence::MailDown { since: at }
        | Evidence::Maintenance { until: at }
        | Evidence::IncidentOpen { since: at }
        | Evidence::ServiceDegraded { since: at }
        | Evidence::ManyHaveThis { since: at } => args.push(("time", Arg::from(view.time(&at.0)))),
        Evidence::ComponentDown { component, since } => {
            args.push(("component", Arg::from(component_name(view, component))));
            args.push(("time", Arg::from(view.time(&since.0))));
        }
        Evidence::SliceFails { slice, since } => {
            args.push((
                "slice",
                Arg::from(kagiya_flows::status::anomaly::slice_words(
                    &view.context.web.app,
                    view.context.lang(),
                    slice,
                )),
            ));
            args.push(("time", Arg::from(view.time(&since.0))));
        }
        Evidence::EndedSession { why } => {
            args.push(("why", Arg::from(view.tk("ended", &why.as_str().replace('_', "-")).into_owned())));
        }
        Evidence::AtProvider { provider } | Evidence::LinkedAt { provider } => {
            args.push(("provider", Arg::from(view.context.web.app.providers.name(provider).to_owned())));
        }
        Evidence::FieldInvalid { field } => args.push(("field", Arg::from(field.clone()))),
        _ => {}
    }
    view.f(&key, &args)
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
