//! The sign-in that the server makes against itself, with an account that nobody sees.

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{login_id::Skeleton, password::Password, session::EndReason};
use kagiya_store::{self as store, account::HIDDEN};

use crate::{
    App, Fault, Visitor,
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

fn password(app: &App) -> String {
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
    URL_SAFE_NO_PAD.encode(app.keys.digest("self-check password", &[]))
}

/// Makes the account when it is missing.
async fn ensure(app: &App) -> Result<bool, Fault> {
    let skeleton = Skeleton::of(HIDDEN);
    if store::account::find_by_skeleton(&mut app.store.reader().await?, skeleton.as_str()).await?.is_some() {
        return Ok(true);
    }
    let Some(password) = Password::typed(&password(app)) else {
        return Ok(false);
    };
    let Ok(phc) = app.hashing.hash(password, app.random()).await? else {
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
    let visitor = Visitor { device_key: Some(device_key(app, &own)), ..Visitor::nobody(kagiya_text::Lang::Ja) };
    let typed = Typed { login: HIDDEN.to_owned(), password: password(app), remember: false, keep_device: false };
    let outcome = match sign_in::try_once(app, &visitor, Some(own), typed).await {
        Ok(Ok(Entered::SignedIn(signed_in))) => {
            // Nobody holds the token: no memory of any server needs to forget it.
            let (account, now) = (signed_in.account.id, app.now());
            let tidied = app
                .store
                .write_forgettable(move |conn| {
                    async move {
                        store::session::end_all(conn, account, None, EndReason::SignedOut, now).await?;
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
