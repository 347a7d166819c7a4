//! The sign-in that the server makes against itself, with an account that nobody sees.

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{destination::Destination, login_id::Skeleton, password::Password, session::EndReason};
use kagiya_store::{self as store, account::HIDDEN};

use crate::{
    App, Fault, Visitor,
    password::hashing::Lane,
    sign_in::{self, Entered, Typed, device_key},
};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// In, and out again.
    Well,
    /// Refused, or broken.
    Failed,
    /// Too busy to say.
    Busy,
}

/// Its passwords by every key, the one in use first.
fn passwords(app: &App) -> Vec<String> {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    app.keys.digests("self-check password", &[]).iter().map(|digest| URL_SAFE_NO_PAD.encode(digest)).collect()
}

fn password(app: &App) -> String {
    passwords(app).into_iter().next().unwrap_or_default()
}

/// After the keys were changed, an earlier one's password still proves that it is ours.
async fn renew(app: &App, skeleton: &Skeleton) -> Result<(), Fault> {
    let found = store::account::credential_by_skeleton(&mut app.store.reader().await?, skeleton.as_str()).await?;
    let Some((account, phc)) = found.and_then(|found| Some((found.account.id, found.phc?))) else {
        return Ok(());
    };
    for (place, candidate) in passwords(app).into_iter().enumerate() {
        let (Some(candidate), Some(current)) = (Password::typed(&candidate), Password::typed(&password(app))) else {
            continue;
        };
        let fits = app.hashing.verify(Some(phc.clone()), candidate, Lane::Known).await?;
        if !fits.is_ok_and(|check| check.fits) {
            continue;
        }
        if place > 0
            && let Ok(fresh) = app.hashing.hash(current, app.random(), Lane::Known).await?
        {
            let (device, now, old) = (device_key(app, &device(app)), app.now(), phc.clone());
            app.store
                .write(move |conn| {
                    async move {
                        store::device::remember(conn, account, &device, now).await?;
                        store::password::upgrade(conn, account, &old, &fresh).await
                    }
                    .boxed()
                })
                .await?;
        }
        return Ok(());
    }
    Ok(())
}

/// Makes the account when it is missing.
async fn ensure(app: &App) -> Result<bool, Fault> {
    let skeleton = Skeleton::of(HIDDEN);
    if store::account::find_by_skeleton(&mut app.store.reader().await?, skeleton.as_str()).await?.is_some() {
        if !app.monitor.with(|state| std::mem::replace(&mut state.self_known, true)) {
            renew(app, &skeleton).await?;
        }
        return Ok(true);
    }
    let Some(password) = Password::typed(&password(app)) else {
        return Ok(false);
    };
    let Ok(phc) = app.hashing.hash(password, app.random(), Lane::Known).await? else {
        return Ok(false);
    };
    let (id, now) = (app.new_id(), app.now());
    let device = device_key(app, &device(app));
    Ok(app
        .store
        .write(move |conn| {
            async move {
                if !store::account::insert(conn, id, HIDDEN, skeleton.as_str(), "ja", now).await? {
                    return Ok(false);
                }
                store::device::remember(conn, id, &device, now).await?;
                store::password::insert(conn, id, &phc, now).await?;
                Ok(true)
            }
            .boxed()
        })
        .await?)
}

fn device(app: &App) -> [u8; 16] {
    app.keys.digest16("self-check device", &[])
}

/// Signs in and out.
pub(super) async fn run(app: &Arc<App>) -> Outcome {
    match ensure(app).await {
        Ok(true) => {}
        Ok(false) => return Outcome::Busy,
        Err(_) => return Outcome::Failed,
    }
    // A known device: strangers who guess at this account keep nobody out.
    let own = device(app);
    let visitor = Visitor {
        device: Some(own),
        device_key: Some(device_key(app, &own)),
        ..Visitor::nobody(kagiya_text::Lang::Ja)
    };
    let typed = Typed {
        login: HIDDEN.to_owned(),
        password: password(app),
        remember: false,
        keep_device: false,
        to: Destination::Home,
    };
    let outcome = match sign_in::try_once(app, &visitor, typed, None).await {
        Ok(Ok(Entered::SignedIn(signed_in))) => {
            // Nobody holds the token: no memory of any server needs to forget it.
            let (account, now) = (signed_in.account.id, app.now());
            let tidied = app
                .store
                .write_forgettable(move |conn| {
                    async move {
                        let _ = store::session::end_all(conn, account, None, EndReason::SignedOut, now).await?;
                        store::attempt::forget_successes(conn, account).await
                    }
                    .boxed()
                })
                .await;
            if tidied.is_ok() { Outcome::Well } else { Outcome::Failed }
        }
        Ok(Ok(Entered::OfferReopen { .. })) => Outcome::Failed,
        Ok(Err(refusal)) if refusal.status == 503 => Outcome::Busy,
        Ok(Err(_)) | Err(_) => Outcome::Failed,
    };
    metrics::counter!("kagiya_self_checks_total", "outcome" => format!("{outcome:?}").to_lowercase()).increment(1);
    outcome
}
