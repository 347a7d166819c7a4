//! Amends: locks that our own fault caused are undone when the incident is over, and the person told.

use futures_util::FutureExt;
use kagiya_domain::{
    Timestamp,
    component::{DATABASE, PASSWORD, SESSIONS},
    mail::MailKind,
    notice::{Impact, Kind, Notice},
};
use kagiya_store as store;
use uuid::Uuid;

use crate::{
    App, Fault,
    mail::{self, compose},
    sign_in::throttle,
};

/// Accounts that are looked at after one incident.
const MOST: i64 = 20_000;

/// Whether failures to sign in during an incident were ours.
pub(crate) fn is_ours(notice: &Notice) -> bool {
    notice.kind == Kind::Incident
        && notice.stage.is_public()
        && notice.impact >= Impact::Major
        && [PASSWORD, DATABASE, SESSIONS].iter().any(|id| notice.concerns(id))
}

/// Ends the locks that began since `since`; returns how many accounts were freed.
///
/// # Errors
/// When the database fails.
pub(crate) async fn make(app: &App, since: Timestamp) -> Result<usize, Fault> {
    let accounts = store::attempt::refused_accounts(&mut app.store.reader().await?, since, app.now(), MOST).await?;
    let mut freed = 0;
    for account in accounts {
        if free(app, account, since).await? {
            freed += 1;
        }
    }
    if freed > 0 {
        tracing::info!(freed, "locks that came of our own fault were ended");
        app.mail_bell.notify_one();
    }
    Ok(freed)
}

async fn free(app: &App, id: Uuid, since: Timestamp) -> Result<bool, Fault> {
    let Some(account) = store::account::find(&mut app.store.reader().await?, id).await? else {
        return Ok(false);
    };
    let keys = throttle::of_account(app, account.id, &account.login_id).await?;
    let now = app.now();
    let notice = mail::to_account(app, MailKind::UnlockedByUs, Some(id), compose::at_data(now), &account.lang);
    Ok(app
        .store
        .write(move |conn| {
            async move {
                let ended = store::throttle::clear_locked(conn, &keys, since, now).await?;
                if ended {
                    store::outbox::enqueue(conn, &notice, now).await?;
                }
                Ok(ended)
            }
            .boxed()
        })
        .await?)
}
