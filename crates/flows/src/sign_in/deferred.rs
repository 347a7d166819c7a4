//! Evidence that costs a hash: gathered after the answer, at low priority, within a budget.
//!
//! The same number of hashes is spent on accounts that do not exist, so that neither the
//! answer nor what follows it tells them apart.

use std::sync::{Arc, atomic::Ordering};

use futures_util::FutureExt;
use kagiya_domain::{
    Evidence, Timestamp,
    password::{Password, Slip},
};
use kagiya_store as store;
use uuid::Uuid;

use crate::{App, Fault, attempt};

/// Attempts that may be looked into at once; beyond it the evidence is left out.
const BUDGET: usize = 4;
/// Former passwords that are compared.
const OLD_PASSWORDS: usize = 3;

/// A place in the budget, given back when dropped.
pub(crate) struct Place(Arc<App>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.deferred.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A place, unless the budget is spent or people wait to sign in.
pub(crate) fn take_place(app: &Arc<App>) -> Option<Place> {
    if app.hashing.waiting() > 0 {
        return None;
    }
    let running = app.deferred.fetch_add(1, Ordering::AcqRel);
    let place = Place(Arc::clone(app));
    (running < BUDGET).then_some(place)
}

/// The digests of a wrong value. Whether it was looked into follows from what was typed alone, so the hashes that it
/// costs again tell nothing; what was found is the account's, and of this password of it.
pub(crate) struct Value {
    /// Of the login as typed.
    pub(crate) typed: Vec<u8>,
    /// Of the account, or of the login where there is none; `None` while it is not looked at.
    pub(crate) subject: Option<Vec<u8>>,
}

/// Looks into a wrong password in the background. The same value is not looked into twice, but inherits what was found.
pub(crate) fn look_into(
    place: Place,
    attempt: Uuid,
    account: Option<(Uuid, String)>,
    password: Password,
    value: Value,
) {
    let app = Arc::clone(&place.0);
    app.jobs.soon(async move {
        let found = found(&place.0, account, &password, value).await;
        let more = found.unwrap_or_else(|error| {
            tracing::warn!(%error, "evidence could not be gathered");
            Vec::new()
        });
        if let Err(error) = attempt::add_evidence(&place.0, attempt, more).await {
            tracing::warn!(%error, "evidence could not be kept");
        }
    });
}

/// What was found of this value before, or is found now.
async fn found(
    app: &App,
    account: Option<(Uuid, String)>,
    password: &Password,
    value: Value,
) -> Result<Vec<Evidence>, Fault> {
    let subject = value.subject.unwrap_or_default();
    let mut conn = app.store.reader().await?;
    let looked = store::throttle::found(&mut conn, &value.typed).await?.is_some();
    let before = store::throttle::found(&mut conn, &subject).await?;
    drop(conn);
    if looked {
        return Ok(before.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default());
    }
    let (found, whole) = slips(app, account, password).await?;
    if whole {
        let text = serde_json::to_string(&found).unwrap_or_default();
        let kept = app.store.write_forgettable(move |conn| {
            async move {
                store::throttle::keep_found(conn, &value.typed, "[]").await?;
                store::throttle::keep_found(conn, &subject, &text).await
            }
            .boxed()
        });
        kept.await?;
    }
    Ok(found)
}

/// What is found, and whether everything was looked at: a queue that is full leaves something out.
async fn slips(
    app: &App,
    account: Option<(Uuid, String)>,
    password: &Password,
) -> Result<(Vec<Evidence>, bool), Fault> {
    let (current, mut old) = match account {
        Some((id, phc)) => {
            let old = store::password::old(&mut app.store.reader().await?, id).await?;
            (Some(phc), old.into_iter().map(|row| (Some(row.phc), Timestamp(row.replaced_at))).collect::<Vec<_>>())
        }
        None => (None, Vec::new()),
    };
    old.resize(OLD_PASSWORDS, (None, Timestamp::default()));
    let fits = |phc: Option<String>, candidate: Password| async move {
        let check = app.hashing.verify_later(phc, candidate).await?;
        Ok::<_, Fault>(check.ok().map(|check| check.fits))
    };
    let (mut found, mut whole) = (Vec::new(), true);
    let newest = old.first().and_then(|(phc, at)| Some((phc.clone()?, *at)));
    for (phc, replaced_at) in old {
        let check = fits(phc, password.clone()).await?;
        whole &= check.is_some();
        if check == Some(true) && found.is_empty() {
            found.push(Evidence::OldPassword { replaced_at });
        }
    }
    let candidates = password.slip_candidates();
    // The last one with the likeliest slip: whoever types it from memory on a phone does both at once.
    for (slips, candidate) in candidates.iter().filter(|(slips, _)| slips.as_slice() == [Slip::FirstCase]) {
        let check = fits(newest.as_ref().map(|(phc, _)| phc.clone()), candidate.clone()).await?;
        whole &= check.is_some();
        if let (Some(true), true, Some((_, replaced_at))) = (check, found.is_empty(), &newest) {
            found.push(Evidence::OldPassword { replaced_at: *replaced_at });
            found.extend(slips.iter().map(|slip| Evidence::TypingSlip { slip: *slip }));
        }
    }
    for (slips, candidate) in candidates {
        let check = fits(current.clone(), candidate).await?;
        whole &= check.is_some();
        if check == Some(true) && found.is_empty() {
            found.extend(slips.into_iter().map(|slip| Evidence::TypingSlip { slip }));
        }
    }
    Ok((found, whole))
}
