//! Links that follow an app to another of Apple's developer teams.

use futures_util::FutureExt;
use kagiya_domain::audit::{Actor, Event, Line};
use kagiya_oidc::Identity;
use kagiya_store::{self as store, link::Link};
use uuid::Uuid;

use super::{Entry, seconds};
use crate::{App, Fault};

/// Links in one go.
const BATCH: i64 = 100;

/// So many failures in a row are the provider's, not a person's.
const GIVE_UP: u32 = 20;

/// How it went so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Identifiers that were kept.
    pub kept: u64,
    /// Links for which none was given.
    pub failed: u64,
}

/// Asks for the transfer identifier of every link that has none for `team`, and keeps it. `tell` hears of every
/// hundred, and of every failure. What was kept stays kept: it may be begun again.
///
/// # Errors
/// When the provider gives no leave at all, or fails again and again, in words, or when the database fails.
pub async fn run(
    app: &App,
    entry: &Entry,
    team: &str,
    mut tell: impl FnMut(Progress, Option<String>),
) -> Result<Result<Progress, String>, Fault> {
    let provider = &entry.provider;
    let mut leave = match provider.begin_transfer(seconds(app.now())).await {
        Ok(leave) => leave,
        Err(failure) => return Ok(Err(failure.to_string())),
    };
    let (mut done, mut after, mut in_a_row) = (Progress::default(), Uuid::nil(), 0);
    loop {
        let links = store::link::to_transfer(&mut app.store.reader().await?, provider.id(), team, after, BATCH).await?;
        let Some(last) = links.last() else {
            return Ok(Ok(done));
        };
        after = last.id;
        for link in links {
            match provider.transfer(&leave, &link.subject, team, seconds(app.now())).await {
                Ok(transfer) => {
                    let (id, team) = (link.id, team.to_owned());
                    app.store
                        .write(move |conn| {
                            async move { store::link::set_transfer(conn, id, &team, &transfer).await }.boxed()
                        })
                        .await?;
                    done.kept += 1;
                    in_a_row = 0;
                }
                Err(failure) => {
                    done.failed += 1;
                    in_a_row += 1;
                    if in_a_row >= GIVE_UP {
                        return Ok(Err(format!("{GIVE_UP} failed in a row, the last with: {failure}")));
                    }
                    tell(done, Some(format!("{}: {failure}", link.shown)));
                }
            }
        }
        tell(done, None);
        // Leave is given for an hour; a hundred calls take minutes at worst.
        if let Ok(fresh) = provider.begin_transfer(seconds(app.now())).await {
            leave = fresh;
        }
    }
}

/// The link of a person who is called otherwise since the app has moved.
pub(super) async fn take_over(app: &App, identity: &Identity, transfer: &str) -> Result<Option<Link>, Fault> {
    let (issuer, subject, transfer) = (identity.issuer.clone(), identity.subject.clone(), transfer.to_owned());
    let (audit_id, now) = (app.new_id(), app.now());
    Ok(app
        .store
        .write(move |conn| {
            async move {
                let link = store::link::take_over(conn, &issuer, &transfer, &subject).await?;
                if let Some(link) = &link {
                    let line = Line::new(Actor::Provider, Event::LinkTransferred, now);
                    store::audit::note(conn, audit_id, Some(link.account_id), &line).await?;
                }
                Ok(link)
            }
            .boxed()
        })
        .await?)
}
