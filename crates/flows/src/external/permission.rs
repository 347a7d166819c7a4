//! Whether permissions still hold: asked once a day with the refresh tokens, where the operator has them kept.
//! Whoever took theirs back learns it here, and not on the day they need to get in.

use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, stream};
use kagiya_domain::{
    Span, Timestamp,
    audit::{Actor, Event, Line},
    link::{self, LinkEvent, LinkSource},
    setup::SetupFault,
};
use kagiya_oidc::{Class, Failure, Identity, Permission, RefreshToken};
use kagiya_store::{self as store, permission::Kept};

use super::{
    Entry,
    health::{Sample, State},
    provider_monitor, seconds,
};
use crate::{App, Fault, check::setup};

/// Apple wants to be asked about somebody once a day at most.
const EVERY: Span = Span::days(1);
/// Tokens in one go, and calls at once.
const BATCH: i64 = 20;
const AT_ONCE: usize = 4;
/// How often it is tried to keep a token that came, a second apart.
const TRIES: u32 = 10;
/// When so many of a batch and of those that were asked about before it, and more than half of these, hold no longer,
/// it is our registration rather than the people.
const TOO_MANY: usize = 5;

/// How it went so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Permissions that hold.
    pub hold: u64,
    /// Those that hold no longer.
    pub ended: u64,
    /// Those of which nothing was learnt.
    pub failed: u64,
}

/// Why no more were asked.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// The provider is in trouble, or refuses us.
    #[error("{0}")]
    Provider(Failure),
    /// Too many are said to have ended at once.
    #[error(
        "{ended} of {asked} are said to hold no longer: more likely this client's registration changed; nobody's link was touched"
    )]
    TooMany {
        /// So many.
        ended: usize,
        /// Of so many.
        asked: usize,
    },
}

/// The refresh token that came with an identity, sealed.
pub(crate) fn seal(app: &App, identity: &Identity) -> Option<String> {
    identity.refresh_token.as_ref().map(|token| seal_token(app, token))
}

fn seal_token(app: &App, token: &RefreshToken) -> String {
    app.keys.seal("refresh", token.as_str().as_bytes(), app.random())
}

fn open(app: &App, kept: &Kept) -> Option<RefreshToken> {
    RefreshToken::parse(std::str::from_utf8(&app.keys.open("refresh", &kept.refresh_token)?).ok()?)
}

/// Asks about everybody who was not asked about for a day.
///
/// # Errors
/// When the database fails.
pub async fn look(app: &Arc<App>) -> Result<(), Fault> {
    for entry in app.providers.iter().filter(|entry| entry.provider.keeps_refresh_tokens()) {
        let now = app.now();
        if entry.health.read(now).state == State::Down {
            continue;
        }
        let Err(stopped) = run(app, entry, now.minus(EVERY), |_| ()).await? else {
            continue;
        };
        let provider = entry.provider.id();
        tracing::warn!(provider, %stopped, "permissions were not all asked about");
        match stopped {
            Stopped::Provider(failure) if failure.class(entry.provider.tongue()) == Class::Ours => {
                provider_monitor::note(app, entry, Sample::Ours);
            }
            // That we ask too fast is no outage.
            Stopped::Provider(Failure::Answered { status: 429, .. }) => {}
            Stopped::Provider(_) => provider_monitor::note(app, entry, Sample::Theirs),
            Stopped::TooMany { .. } => {
                setup::note(app, SetupFault::ProviderTickets, &format!("{provider}: {stopped}"));
            }
        }
    }
    Ok(())
}

/// Asks about everybody who was not asked about since `before`. `tell` hears of every batch.
///
/// # Errors
/// Why no more were asked; a fault when the database fails.
pub async fn run(
    app: &Arc<App>,
    entry: &Arc<Entry>,
    before: Timestamp,
    mut tell: impl FnMut(Tally),
) -> Result<Result<Tally, Stopped>, Fault> {
    let mut tally = Tally::default();
    loop {
        let batch = {
            let mut conn = app.store.reader().await?;
            store::permission::to_ask(&mut conn, entry.provider.id(), before, app.now(), BATCH).await?
        };
        if batch.is_empty() {
            return Ok(Ok(tally));
        }
        let more = batch.len() as i64 == BATCH;
        let before_it =
            store::permission::last_ended(&mut app.store.reader().await?, entry.provider.id(), TOO_MANY as i64).await?;
        let answers: Vec<_> =
            stream::iter(batch).map(|kept| ask(app, entry, kept)).buffer_unordered(AT_ONCE).collect().await;
        let (mut ended, mut asked, mut stopped) = (Vec::new(), before_it.len(), None);
        for answer in answers {
            match answer? {
                Told::Nothing => {}
                Told::Sealed => tally.failed += 1,
                Told::Holds => {
                    asked += 1;
                    tally.hold += 1;
                }
                Told::Ended(kept, event) => {
                    asked += 1;
                    ended.push((kept, event));
                }
                Told::Failed(failure) => {
                    tally.failed += 1;
                    if matches!(failure.class(entry.provider.tongue()), Class::Trouble | Class::Ours) {
                        stopped = Some(failure);
                    }
                }
            }
        }
        let all_ended = ended.len() + before_it.iter().filter(|ended| **ended).count();
        if !ended.is_empty() && all_ended >= TOO_MANY && all_ended * 2 > asked {
            for (kept, _) in ended {
                // Asked about again when it is mended; before that nobody else is.
                app.store
                    .write(move |conn| async move { store::permission::put_back(conn, &kept).await }.boxed())
                    .await?;
            }
            return Ok(Err(Stopped::TooMany { ended: all_ended, asked }));
        }
        tally.ended += ended.len() as u64;
        for (kept, event) in ended {
            settle(app, kept, Some(event)).await?;
        }
        if let Some(failure) = stopped {
            return Ok(Err(Stopped::Provider(failure)));
        }
        if more {
            tell(tally);
        }
    }
}

enum Told {
    /// Another server asks, or the token says nothing any more.
    Nothing,
    /// It was sealed with other keys.
    Sealed,
    Holds,
    Ended(Kept, LinkEvent),
    Failed(Failure),
}

/// To be held while the server stops: no token is asked with any more, and those that were have been kept.
pub async fn pause(app: &App) -> tokio::sync::RwLockWriteGuard<'_, ()> {
    app.asking.write().await
}

/// Asks with one token. A token that was asked with may be worth nothing afterwards: only one server does it, and the
/// new one is kept at once.
async fn ask(app: &App, entry: &Entry, kept: Kept) -> Result<Told, Fault> {
    let (now, provider) = (app.now(), &entry.provider);
    let too_old = provider.refresh_token_days().is_some_and(|days| {
        let end = Timestamp(kept.refresh_given_at).plus(Span::days(days));
        now.plus(EVERY) >= end
    });
    if too_old {
        settle(app, kept, None).await?;
        return Ok(Told::Nothing);
    }
    let _asking = app.asking.read().await;
    let claimed = kept.clone();
    let mine =
        app.store.write(move |conn| async move { store::permission::claim(conn, &claimed, now).await }.boxed()).await?;
    if !mine {
        return Ok(Told::Nothing);
    }
    let Some(token) = open(app, &kept) else {
        // Kept: it is the keys file that is wrong, or gone.
        tracing::error!(provider = provider.id(), "a refresh token was sealed with keys that this server has not");
        release(app, kept, None).await?;
        return Ok(Told::Sealed);
    };
    Ok(match provider.renew(&token, seconds(now)).await {
        Ok(Permission::Holds(new)) => {
            release(app, kept, new).await?;
            Told::Holds
        }
        Ok(Permission::Ended(class)) => Told::Ended(kept, meaning(class)),
        Err(failure) => {
            tracing::warn!(provider = provider.id(), %failure, "a permission could not be asked about");
            release(app, kept, None).await?;
            Told::Failed(failure)
        }
    })
}

/// Ends the use of a token, and keeps the one that came in its place. A database that fails is given some time: the
/// token before may be worth nothing by now.
async fn release(app: &App, kept: Kept, new: Option<RefreshToken>) -> Result<(), Fault> {
    let (sealed, now) = (new.map(|token| seal_token(app, &token)), app.now());
    let mut tries = 0;
    loop {
        let (kept, sealed) = (kept.clone(), sealed.clone());
        let done = app
            .store
            .write(move |conn| {
                async move { store::permission::release(conn, &kept, sealed.as_deref(), now).await }.boxed()
            })
            .await;
        tries += 1;
        match done {
            Err(error) if tries < TRIES && !matches!(error, store::Error::Closing) => {
                tracing::warn!(%error, "a refresh token waits to be kept");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
            other => return Ok(other?),
        }
    }
}

/// What it means for the link that the provider takes the token no longer.
const fn meaning(class: Class) -> LinkEvent {
    match class {
        Class::WantsAct => LinkEvent::Reauth,
        Class::Frozen => LinkEvent::Disabled,
        Class::Denied
        | Class::Trouble
        | Class::Ours
        | Class::WantsConsent
        | Class::Ticket
        | Class::TicketUsed
        | Class::TicketLate
        | Class::Policy
        | Class::Dead
        | Class::Browser
        | Class::Unknown => LinkEvent::Lapsed,
    }
}

/// Drops a token, and moves its link where there is something to tell. Sessions go on: nobody asked to end them.
async fn settle(app: &App, kept: Kept, event: Option<LinkEvent>) -> Result<(), Fault> {
    let (now, audit_id) = (app.now(), app.new_id());
    app.store
        .write(move |conn| {
            async move {
                let (Some(link), Some(event)) = (store::permission::drop_token(conn, &kept).await?, event) else {
                    return Ok(());
                };
                let Some(state) = link::next(link.state(), &link.state_why, event) else {
                    return Ok(());
                };
                store::link::set_state(conn, link.id, state, event, LinkSource::Check, now).await?;
                let line = Line::new(Actor::Provider, Event::LinkChecked, now).about(event.as_str());
                store::audit::note(conn, audit_id, Some(link.account_id), &line).await
            }
            .boxed()
        })
        .await?;
    Ok(())
}
