//! From what a provider answered to facts.

use std::sync::Arc;

use kagiya_domain::{
    Audience, Evidence, Span, Timestamp, act::Act, clocks::Whose, handover::HandoverFault, link::LinkState,
    setup::SetupFault,
};
use kagiya_oidc::{Class, Endpoint, Failure, TokenFault};
use kagiya_store::{self as store, link::Link};

use super::{
    Entry, forbids_in_app,
    health::{Sample, State},
    provider_monitor,
};
use crate::{App, Fault, Visitor, attempt::Draft, check::setup};

/// Somebody who came back so lately says that the provider works now.
const NOW: Span = Span::minutes(10);

/// What a code means, as a fact. The code itself is kept as it came.
pub(crate) fn of_class(class: Class, code: String) -> Evidence {
    match class {
        Class::Denied => Evidence::ProviderDenied { code },
        Class::Trouble => Evidence::ProviderTrouble { code },
        Class::Ours => Evidence::ProviderRefusedUs { code },
        Class::WantsAct => Evidence::ProviderWantsAct { code },
        Class::WantsConsent => Evidence::ProviderWantsConsent { code },
        Class::Ticket => Evidence::TicketRefused { code, fault: None },
        Class::TicketUsed => Evidence::TicketRefused { code, fault: Some(HandoverFault::CodeUsed) },
        Class::TicketLate => Evidence::TicketRefused { code, fault: Some(HandoverFault::CodeLate) },
        Class::Policy => Evidence::ProviderPolicy { code },
        Class::Frozen => Evidence::ProviderFroze { code },
        Class::Dead => Evidence::TokenDead { code },
        Class::Browser => Evidence::ProviderForbidsBrowser { code },
        Class::Unknown => Evidence::ProviderCodeUnknown { code },
    }
}

/// What a call that failed shows; what is wrong with an identity token is a fact each.
fn of_failure(class: Class, failure: &Failure) -> Evidence {
    let code = failure.code();
    match failure.token_fault() {
        Some(fault) => Evidence::TicketRefused { code, fault: Some(of_token(fault)) },
        None => of_class(class, code),
    }
}

const fn of_token(fault: TokenFault) -> HandoverFault {
    match fault {
        TokenFault::Missing => HandoverFault::Missing,
        TokenFault::TooLong | TokenFault::Malformed | TokenFault::Type => HandoverFault::Unreadable,
        TokenFault::Algorithm => HandoverFault::Algorithm,
        TokenFault::UnknownKey => HandoverFault::UnknownKey,
        TokenFault::KeysUnreachable => HandoverFault::KeysNotServed,
        TokenFault::Signature => HandoverFault::Signature,
        TokenFault::Issuer => HandoverFault::Issuer,
        TokenFault::Audience | TokenFault::AuthorizedParty => HandoverFault::Audience,
        TokenFault::Nonce => HandoverFault::Nonce,
        TokenFault::Expired { .. } | TokenFault::TooOld => HandoverFault::Time,
        TokenFault::NotYetValid { .. } | TokenFault::FromTheFuture { .. } => HandoverFault::NotYet,
        TokenFault::Subject => HandoverFault::Subject,
    }
}

/// Whether others come back from there, where that decides between one person's ticket and everybody's trouble.
pub(crate) async fn others(app: &App, entry: &Entry, class: Class, now: Timestamp) -> Result<Option<Evidence>, Fault> {
    if !class.is_of_ticket() && class != Class::Unknown {
        return Ok(None);
    }
    let last = entry.health.last_good();
    if last.is_some_and(|at| now.since(at) < NOW) {
        return Ok(Some(Evidence::OthersReturn));
    }
    let before = match last {
        Some(_) => true,
        None => store::link::is_used(&mut app.store.reader().await?, entry.provider.id()).await?,
    };
    // That nobody came is silence, not trouble, unless several tried.
    Ok((!before || entry.health.fails_several(now)).then_some(Evidence::NobodyReturns { before }))
}

/// Tells the operator of a code that no dialect knows, each once: it is ready to be added there.
pub(crate) fn note_unknown(entry: &Entry, code: &str) {
    // Whoever comes back may have written it: nothing that a code does not need goes into the log.
    let code: String = code.chars().filter(|c| c.is_ascii_alphanumeric() || "_-.:/ ".contains(*c)).collect();
    if entry.is_new(&code) {
        let provider = entry.provider.id();
        metrics::counter!("kagiya_provider_unknown_codes_total", "provider" => provider.to_owned()).increment(1);
        let dialect = entry.provider.tongue().describe();
        tracing::warn!(
            provider,
            code,
            dialect,
            "a code that is not known here; what it means can be added to the dialect"
        );
    }
}

/// The HTTP status of a refusal of that class, when it is what we heard ourselves.
const fn status_of(class: Class) -> u16 {
    match class {
        Class::Trouble | Class::Ours => 503,
        Class::Ticket | Class::TicketUsed | Class::TicketLate => 400,
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
    let class = failure.class(entry.provider.tongue());
    tracing::warn!(provider = entry.provider.id(), %failure, "a provider's answer brought no identity");
    let ahead = failure.token_fault().and_then(TokenFault::clock_ahead);
    let clocks = ahead.map(|by| clocks_differ(app, entry, by));
    let network = visitor.network_kept();
    let sample = match (class, failure) {
        (Class::Trouble, _) => Some(Sample::TheySay(network)),
        // A dead token may be the person's, or an outage that answers 401.
        (Class::Dead, Failure::Answered { endpoint: Endpoint::Profile, .. }) => Some(Sample::TheySay(network)),
        (Class::Ours, _) => Some(Sample::TheySayOurs(network)),
        (class, _) if class.is_of_ticket() => Some(Sample::Ticket(network)),
        _ => None,
    };
    if let Some(sample) = sample {
        provider_monitor::note(app, entry, sample);
    }
    if class == Class::Unknown {
        note_unknown(entry, &failure.code());
    }
    let mut evidence = vec![of_failure(class, failure)];
    let now = app.now();
    evidence.extend(others(app, entry, class, now).await?);
    evidence.extend(health(entry, now));
    evidence.extend(clocks);
    if class.is_of_ticket() && entry.health.refuses_all_tickets(now) {
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
