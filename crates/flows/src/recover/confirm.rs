//! "Confirm by mail": lifts the verdict of an attempt to the owner's tier for one browser.

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{
    Span,
    act::{Act, FlowKind},
    code::LIFE,
    reference::Reference,
};
use kagiya_store::{self as store, flow::Flow};
use uuid::Uuid;

use crate::{
    App, Outcome, Visitor,
    code::{self, steps},
    recover,
    sign_in::starts,
};

/// How long the lifted verdict can be read.
const READING: Span = Span::hours(1);

/// Mails a code to the owner of an attempt. The answer is the same whether there is one.
///
/// # Errors
/// When the database fails.
pub async fn start(app: &App, visitor: &Visitor, reference: &str) -> Outcome<Option<Uuid>> {
    let Some(reference) = Reference::parse(reference) else {
        return Ok(Ok(None));
    };
    let start = match starts::take(app, visitor, Act::Confirm, "code").await {
        Ok(start) => start,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let row = store::attempt::find(&mut app.store.reader().await?, reference.as_str()).await?;
    let own = row.filter(|row| {
        visitor.cookie_came && row.browser_key.as_deref().zip(visitor.browser_key).is_some_and(|(a, b)| a == b)
    });
    let now = app.now();
    let flow = Flow {
        typed: reference.as_str().to_owned(),
        account_id: own.as_ref().and_then(|row| row.account_id),
        attempt_id: own.as_ref().map(|row| row.id),
        sent_at: Some(now.0),
        ..steps::begun(app, visitor, FlowKind::Confirm, Span(LIFE.0 * 2))
    };
    let id = steps::begin(app, visitor, FlowKind::Confirm, flow, start).await?;
    Ok(Ok(Some(id)))
}

/// A typed code. From then on [`attempt::tell`] answers this browser as the owner, `device` is a mark that the account
/// knows, and no lock of before stands: a proof lifts them all.
///
/// # Errors
/// When the database fails.
pub async fn type_code(
    app: &Arc<App>,
    visitor: &Visitor,
    id: Option<Uuid>,
    typed: &str,
    device: [u8; 16],
) -> Outcome<()> {
    let Some(flow) =
        steps::find_flow(app, visitor, FlowKind::Confirm, id).await?.filter(|f| f.expires_at > app.now().0)
    else {
        return Ok(Err(steps::refuse_ended(app, visitor, Act::Confirm, id).await));
    };
    if let Some(refusal) = steps::unreadable_code(app, visitor, typed).await {
        return Ok(Err(refusal));
    }
    let device_known = steps::is_known_device(app, visitor, flow.account_id).await?;
    let guess = code::guess(app, visitor, &flow, typed, device_known);
    let (now, id) = (app.now(), flow.id);
    let lock_keys = recover::lock_keys(app, flow.account_id.unwrap_or(Uuid::nil()), "").await?;
    let typed = app
        .store
        .write(move |conn| {
            async move {
                let typed = code::check(conn, &guess, now).await?;
                if let code::Typed::Right(proof) = &typed {
                    store::flow::prove(conn, id, now.plus(READING), now).await?;
                    store::throttle::clear(conn, &lock_keys).await?;
                    if let Some(account) = proof.account {
                        store::device::remember(conn, account, &device, now).await?;
                    }
                }
                Ok(typed)
            }
            .boxed()
        })
        .await?;
    match typed {
        code::Typed::Right(_) => Ok(Ok(())),
        code::Typed::Wrong { evidence, account, .. } => {
            Ok(Err(steps::refuse_code(app, visitor, evidence, account, Some(id)).await?))
        }
    }
}
