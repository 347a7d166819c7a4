//! From what a provider answered to facts.

use std::sync::Arc;

use kagiya_domain::{Audience, Evidence, Timestamp, act::Act, clocks::Whose, link::LinkState, setup::SetupFault};
use kagiya_oidc::{Class, Endpoint, Failure};
use kagiya_store::{self as store, link::Link};

use super::{
    Entry, forbids_in_app,
    health::{Sample, State},
    provider_monitor,
};
use crate::{App, Fault, Visitor, attempt::Draft, check::setup};

/// What a code means, as a fact. The code itself is kept as it came.
pub(crate) fn of_class(class: Class, code: String) -> Evidence {
    match class {
        Class::Denied => Evidence::ProviderDenied { code },
        Class::Trouble => Evidence::ProviderTrouble { code },
        Class::Ours => Evidence::ProviderRefusedUs { code },
        Class::WantsAct => Evidence::ProviderWantsAct { code },
        Class::WantsConsent => Evidence::ProviderWantsConsent { code },
        Class::Ticket => Evidence::TicketRefused { code },
        Class::Policy => Evidence::ProviderPolicy { code },
        Class::Frozen => Evidence::ProviderFroze { code },
        Class::Dead => Evidence::TokenDead { code },
        Class::Browser => Evidence::ProviderForbidsBrowser { code },
        Class::Unknown => Evidence::ProviderCodeUnknown { code },
    }
}

/// The HTTP status of a refusal of that class, when it is what we heard ourselves.
const fn status_of(class: Class) -> u16 {
    match class {
        Class::Trouble | Class::Ours => 503,
        Class::Ticket => 400,
        Class::Denied
        | Class::WantsAct
        | Class::WantsConsent
        | Class::Policy
        | Class::Frozen
        | Class::Dead
        | Class::Browser
        | Class::Unknown => 403,
    }
}

/// What is known of a provider's health, as facts.
pub(crate) fn health(entry: &Entry, now: Timestamp) -> Vec<Evidence> {
    let reading = entry.health.read(now);
    match (reading.state, reading.ours) {
        (State::Ok | State::Degraded, _) => Vec::new(),
        (State::Down, true) => vec![Evidence::ProviderSetupWrong { since: reading.since }],
        (State::Down, false) => vec![Evidence::ProviderDown { since: reading.since }],
    }
}

/// A draft for a call that failed, with the failure counted.
pub(crate) async fn failed(
    app: &Arc<App>,
    visitor: &Visitor,
    entry: &Arc<Entry>,
    failure: &Failure,
) -> Result<Draft, Fault> {
    let class = failure.class(entry.provider.kind());
    tracing::warn!(provider = entry.provider.id(), %failure, "a provider's answer brought no identity");
    let clocks = match failure {
        Failure::IdToken(fault) => fault.clock_ahead().map(|by| clocks_differ(app, entry, by)),
        Failure::Unreachable { .. }
        | Failure::Answered { .. }
        | Failure::Unreadable { .. }
        | Failure::Setup { .. }
        | Failure::Blocked(_)
        | Failure::Secret(_)
        | Failure::Unknown(_) => None,
    };
    let network = visitor.network_kept();
    let sample = match (class, failure) {
        (Class::Trouble, _) => Some(Sample::TheySay(network)),
        // A dead token may be the person's, or an outage that answers 401.
        (Class::Dead, Failure::Answered { endpoint: Endpoint::Profile, .. }) => Some(Sample::TheySay(network)),
        (Class::Ours, _) => Some(Sample::TheySayOurs(network)),
        (Class::Ticket, _) => Some(Sample::Ticket(network)),
        _ => None,
    };
    if let Some(sample) = sample {
        provider_monitor::note(app, entry, sample);
    }
    let mut evidence = vec![of_class(class, failure.code())];
    let now = app.now();
    evidence.extend(health(entry, now));
    evidence.extend(clocks);
    if class == Class::Ticket && entry.health.refuses_all_tickets(now) {
        evidence.push(Evidence::TicketsAllRefused);
    }
    let mut draft = Draft::new(Act::External, status_of(class), visitor, evidence);
    known_links(app, visitor, entry.provider.id(), &mut draft).await?;
    Ok(draft)
}

/// What a provider had just written is `by` seconds ahead of our clock: whose it is, as other clocks say.
fn clocks_differ(app: &Arc<App>, entry: &Entry, by: i64) -> Evidence {
    let (id, now) = (entry.provider.id(), app.now().0.div_euclid(1_000));
    let mut others: Vec<i64> = app
        .providers
        .iter()
        .filter(|other| other.provider.id() != id)
        .filter_map(|other| other.provider.clock_ahead(now))
        .collect();
    others.extend(setup::browsers_ahead(app));
    let whose = Whose::find(by, &others, entry.provider.clock_ahead(now));
    let what = match whose {
        Whose::Ours => "other clocks say that ours is wrong",
        Whose::Theirs => "other clocks agree with ours",
        Whose::Unknown => "no other clock says whose is wrong",
    };
    if whose != Whose::Theirs {
        setup::note(app, SetupFault::ClockOff, &format!("{id}: a fresh ID token is {by} s ahead of our clock; {what}"));
    }
    tracing::warn!(provider = id, seconds = by, "a fresh ID token and our clock differ: {what}");
    Evidence::ClocksDiffer { seconds: by, whose }
}

/// Adds the states of links of accounts that know this browser. Coarse, and for a browser that
/// one of these accounts has signed in from before.
pub(crate) async fn known_links(
    app: &App,
    visitor: &Visitor,
    provider: &str,
    draft: &mut Draft,
) -> Result<Vec<Link>, Fault> {
    let Some(device) = visitor.device_key else {
        return Ok(Vec::new());
    };
    let links = store::link::of_device(&mut app.store.reader().await?, &device, provider).await?;
    draft.evidence.extend(links.iter().filter_map(of_link));
    if !links.is_empty() && draft.audience == Audience::Browser {
        draft.audience = Audience::KnownDevice;
    }
    if let (None, [only]) = (draft.account, &links[..]) {
        draft.account = Some(only.account_id);
    }
    Ok(links)
}

/// A link's state as a fact; `None` when it works.
pub(crate) fn of_link(link: &Link) -> Option<Evidence> {
    let since = Timestamp(link.state_since);
    match link.state() {
        LinkState::Ok => None,
        LinkState::ReauthNeeded => Some(Evidence::LinkReauth { since }),
        LinkState::SuspendedThere => Some(Evidence::LinkSuspended { since }),
        LinkState::Gone if link.is_purged() => Some(Evidence::LinkPurged { since }),
        LinkState::Gone if link.has_lapsed() => Some(Evidence::LinkLapsed { since }),
        LinkState::Gone => Some(Evidence::LinkGone { since }),
    }
}

/// Whether this browser will not be let in there.
pub(crate) fn in_app(visitor: &Visitor, entry: Option<&Entry>) -> Option<Evidence> {
    let forbids = entry.is_some_and(|entry| forbids_in_app(entry.provider.kind()));
    (forbids && visitor.browser.in_app.is_some()).then_some(Evidence::ProviderForbidsInApp)
}
