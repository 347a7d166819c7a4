//! Looking after providers: keys ahead of time, probes while something is wrong, their own
//! word about their health, and an alarm when it is ours to mend.

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{Span, Timestamp, mail::MailKind, role::Permission, setup::SetupFault};
use kagiya_oidc::{Class, status::Word};
use kagiya_store as store;

use super::{
    Entry,
    health::{Reading, Sample, State},
    redirect_uri, seconds,
};
use crate::{
    App, Fault,
    check::setup,
    mail::{self, compose},
};

/// Seconds before a secret runs out in which that is said.
pub const SECRET_ENDS_SOON: i64 = 30 * 24 * 3_600;

/// Takes a sample and says so when the provider's state changes.
/// What somebody brought back is looked into at once: only what we see ourselves shuts a door.
pub(crate) fn note(app: &Arc<App>, entry: &Arc<Entry>, sample: Sample) {
    let now = app.now();
    let doubtful = matches!(sample, Sample::TheySay(_) | Sample::TheySayOurs(_));
    if doubtful && entry.health.wants_probe(now) {
        let (of, app, entry) = (app, Arc::clone(app), Arc::clone(entry));
        of.jobs.soon(async move { probe_one(&app, &entry).await });
    }
    let provider = entry.provider.id().to_owned();
    if let Some(reading) = entry.health.note(sample, now) {
        announce(app, entry, reading);
    }
    if entry.health.refuses_all_tickets(now) {
        setup::note(app, SetupFault::ProviderTickets, &format!("{provider} refuses nearly every ticket"));
    }
}

/// Says to operators that a provider's state changed.
pub(crate) fn announce(app: &Arc<App>, entry: &Entry, reading: Reading) {
    let provider = entry.provider.id();
    metrics::gauge!("kagiya_provider_state", "provider" => provider.to_owned()).set(match reading.state {
        State::Ok => 0.0,
        State::Degraded => 1.0,
        State::Down => 2.0,
    });
    let state = reading.state.as_str();
    match (reading.state, reading.ours) {
        (State::Ok, _) => tracing::info!(provider, state, "a provider works again"),
        (_, true) => tracing::error!(provider, state, "a provider refuses us: our set-up is wrong"),
        (_, false) => tracing::warn!(provider, state, "a provider is in trouble"),
    }
    if reading.state != State::Down {
        return;
    }
    if reading.ours {
        setup::note(app, SetupFault::ProviderRefuses, &format!("{provider} refuses this service"));
    }
    let (of, app, provider) = (app, Arc::clone(app), provider.to_owned());
    of.jobs.soon(async move {
        if let Err(error) = alarm(&app, &provider, reading).await {
            tracing::warn!(%error, "staff could not be alarmed");
        }
    });
}

/// A mail to every member of staff.
async fn alarm(app: &App, provider: &str, reading: Reading) -> Result<(), Fault> {
    let mut staff = store::account::staff(&mut app.store.reader().await?).await?;
    staff.retain(|account| account.roles.permit(Permission::Providers));
    let kind = if reading.ours { MailKind::ProviderRefuses } else { MailKind::ProviderDown };
    let mails: Vec<_> = staff
        .iter()
        .map(|account| {
            let data = compose::link_data(app, provider, "", reading.since);
            mail::to_account(app, kind, Some(account.id), data, &account.lang)
        })
        .collect();
    let now = app.now();
    app.store
        .write(move |conn| {
            async move {
                for mail in &mails {
                    store::outbox::enqueue(conn, mail, now).await?;
                }
                Ok(())
            }
            .boxed()
        })
        .await?;
    app.mail_bell.notify_one();
    Ok(())
}

/// Reads every provider's description and keys anew. What cannot be read stays as it was.
///
/// # Errors
/// Never: a provider that fails is its own matter.
pub async fn refresh(app: &Arc<App>) -> Result<(), Fault> {
    let now = seconds(app.now());
    for entry in app.providers.iter() {
        if let Some(ends) = entry.provider.secret_expires().filter(|ends| *ends < now + SECRET_ENDS_SOON) {
            let days = (ends - now).div_euclid(24 * 3_600);
            setup::note(app, SetupFault::ProviderSecret, &format!("{}: in {days} days", entry.provider.id()));
        }
    }
    let each = app.providers.iter().map(|entry| async move {
        if let Err(failure) = entry.provider.refresh(now).await {
            tracing::warn!(provider = entry.provider.id(), %failure, "description or keys could not be read");
        }
    });
    futures_util::future::join_all(each).await;
    Ok(())
}

/// Probes the providers that are in trouble: nobody may be trying them.
///
/// # Errors
/// Never.
pub async fn probe(app: &Arc<App>) -> Result<(), Fault> {
    let now = app.now();
    let troubled = app.providers.iter().filter(|entry| entry.health.read(now).state != State::Ok);
    futures_util::future::join_all(troubled.map(|entry| probe_one(app, entry))).await;
    Ok(())
}

/// Asks a provider's description, keys and token endpoint, and its status feed.
pub(crate) async fn probe_one(app: &Arc<App>, entry: &Arc<Entry>) {
    let (provider, now) = (&entry.provider, seconds(app.now()));
    let failure = match provider.refresh(now).await {
        Err(failure) => Some(failure),
        Ok(()) => provider.probe(&redirect_uri(app, provider.id()), now).await,
    };
    let sample = match failure.map(|failure| failure.class(provider.tongue())) {
        None => Some(Sample::Answers),
        Some(Class::Trouble) => Some(Sample::Theirs),
        Some(Class::Ours) => Some(Sample::Ours),
        Some(_) => None,
    };
    if let Some(sample) = sample {
        note(app, entry, sample);
    }
    ask_feed(app, entry).await;
}

/// Reads the providers' own status feeds.
///
/// # Errors
/// Never.
pub async fn feeds(app: &Arc<App>) -> Result<(), Fault> {
    futures_util::future::join_all(app.providers.iter().map(|entry| ask_feed(app, entry))).await;
    Ok(())
}

async fn ask_feed(app: &Arc<App>, entry: &Entry) {
    let word = match entry.provider.ask_status().await {
        None => return,
        Some(Ok(Word::Trouble(words))) => Some(words),
        Some(Ok(Word::Fine | Word::Unknown) | Err(_)) => None,
    };
    if let Some(reading) = entry.health.note_feed(word, app.now()) {
        announce(app, entry, reading);
    }
}

/// Deletes ways, removed links and pushed tokens that are kept no longer.
///
/// # Errors
/// When the database fails.
pub(crate) async fn clean_up(app: &App, now: Timestamp) -> Result<(), Fault> {
    app.store
        .write(move |conn| {
            async move {
                store::authorization_session::sweep(conn, now.minus(Span::days(1))).await?;
                store::pushed::sweep(conn, now.minus(Span::days(8))).await?;
                store::link::sweep(conn, now.minus(Span::days(90))).await.map(drop)
            }
            .boxed()
        })
        .await?;
    Ok(())
}
