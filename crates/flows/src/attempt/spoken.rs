//! Facts as sentences, for pages, staff and the command line.

use kagiya_domain::{Evidence, Timestamp};
use kagiya_text::{Arg, Lang};

use crate::{App, mail::compose, status::anomaly};

/// The sentence that says what a fact is, to whoever hears it in a language. `there`: the provider it is about.
#[allow(clippy::wildcard_enum_match_arm, reason = "of so many this is about a few")]
#[expect(clippy::too_many_lines, reason = "a table: one arm for each fact that has values")]
pub fn because(app: &App, lang: Lang, there: Option<&str>, fact: &Evidence) -> String {
    let time = |at: &Timestamp| Arg::from(compose::local_time(app, *at, lang));
    let key = format!("because-{}", fact.key().replace('_', "-"));
    let mut args: Vec<(&str, Arg<'_>)> = app.settings.in_every_message(lang).into();
    if let Some(there) = there {
        args.extend([("there", Arg::from(there)), ("There", Arg::from(there))]);
    }
    match fact {
        Evidence::TriesSpent { until }
        | Evidence::NetworkSpent { until }
        | Evidence::DeviceLocked { until }
        | Evidence::StrangersLocked { until } => args.push(("time", time(until))),
        Evidence::PasswordChangedAt { at } | Evidence::MailDelivered { at } => {
            args.push(("time", time(at)));
        }
        Evidence::OldPassword { replaced_at } => args.push(("time", time(replaced_at))),
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
        | Evidence::ManyHaveThis { since: at } => args.push(("time", time(at))),
        Evidence::ComponentDown { component, since } => {
            args.push(("component", Arg::from(compose::component_name(app, component, lang))));
            args.push(("time", time(since)));
        }
        Evidence::SliceFails { slice, since } => {
            args.push(("slice", Arg::from(anomaly::slice_words(app, lang, slice))));
            args.push(("time", time(since)));
        }
        Evidence::EndedSession { why } => {
            args.push(("why", Arg::from(app.words.get(lang, &format!("ended-{}", why.as_str().replace('_', "-"))))));
        }
        Evidence::AtProvider { provider } | Evidence::LinkedAt { provider } => {
            args.push(("provider", Arg::from(app.providers.name(provider).to_owned())));
        }
        Evidence::FieldInvalid { field } => args.push(("field", Arg::from(field.clone()))),
        _ => {}
    }
    app.words.format(lang, &key, &args)
}
