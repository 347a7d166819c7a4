//! What is known of mail: our own queue, and what servers answered for an account's addresses.

use std::{sync::Arc, time::Duration};

use kagiya_domain::{Evidence, Span, Timestamp, act::FlowKind, code::LIFE, component::MAIL, email::EmailAddress};
use kagiya_store as store;
use uuid::Uuid;

use crate::{
    App, Fault, Visitor,
    attempt::{self, Draft, Refusal},
    check::lookup,
    sign_in::starts,
};

/// A mail that waits longer than this is slow, and everyone may know.
const SLOW_MAIL: Span = Span::minutes(2);

/// How long a mail with a code is tried: as long as the code is worth, and through an outage of
/// our own mail. The code is made when the mail leaves, and lives from then on.
pub(crate) fn code_patience(app: &App) -> Span {
    let out = app.board.get().measured(MAIL).is_some_and(|mail| mail.level.is_out());
    if out { Span::hours(1) } else { LIFE }
}

/// What was put off longer ago says nothing of a mail of now.
const FRESH: Span = Span::hours(1);

/// For so long what is known of mail to an account may come after the answer.
const PENDING: Span = Span::minutes(1);

/// What is known of our own queue.
///
/// # Errors
/// When the database fails.
pub async fn queue(app: &App) -> Result<Option<Evidence>, Fault> {
    // One receiver's server that puts everything off makes nobody else's mail late.
    let (oldest, _) = store::outbox::oldest(&mut app.store.reader().await?).await?;
    let late = oldest.map(|at| app.now().since(at)).filter(|late| *late > SLOW_MAIL);
    Ok(late.map(|late| Evidence::MailQueueSlow { minutes: late.as_minutes_up() }))
}

/// Refuses an act that waits for a mail. What is known of mail to the account is found out after the answer, a drawn
/// time later: neither the answer nor what follows it tells whether there is one.
///
/// # Errors
/// When the database fails.
pub(crate) async fn refuse(
    app: &Arc<App>,
    visitor: &Visitor,
    mut draft: Draft,
    flow: Option<Uuid>,
) -> Result<Box<Refusal>, Fault> {
    draft.evidence.extend(queue(app).await?);
    let place = Arc::clone(&app.background).try_acquire_owned().ok();
    let account = draft.account;
    draft.pending_until = place.is_some().then(|| app.now().plus(PENDING));
    let (refusal, kept) = attempt::keep(app, visitor, draft).await;
    if let (Some(place), Some(id)) = (place, kept) {
        let (of, app) = (app, Arc::clone(app));
        of.jobs.soon(async move {
            let _place = place;
            tokio::time::sleep(Duration::from_millis(starts::wait(&app).0.unsigned_abs())).await;
            let found = match of_whom(&app, flow, account).await {
                Ok(found) => attempt::add_evidence(&app, id, found).await,
                Err(error) => Err(error),
            };
            if let Err(error) = found {
                tracing::warn!(%error, "what is known of mail could not be kept");
            }
        });
    }
    Ok(refusal)
}

/// What is known of mail to whom a flow means; or that it means nobody.
async fn of_whom(app: &App, flow: Option<Uuid>, account: Option<Uuid>) -> Result<Vec<Evidence>, Fault> {
    let flow = store::flow::find(&mut app.store.reader().await?, flow.unwrap_or(Uuid::nil())).await?;
    let mut account = account.or(flow.as_ref().and_then(|flow| flow.account_id));
    let since = flow.as_ref().map_or_else(|| app.now().minus(FRESH), |flow| Timestamp(flow.created_at));
    // Whoever signs up has no account yet. The mail job may not have looked for the others.
    let typed = flow.filter(|flow| matches!(flow.kind, FlowKind::Recover | FlowKind::Unlock)).map(|flow| flow.typed);
    let mut unknown = false;
    if let (None, Some(typed)) = (account, typed) {
        account = lookup::find_account(app, &typed).await?.map(|account| account.id);
        unknown = account.is_none();
    }
    let mut evidence = of_account(app, account, since).await?;
    if unknown {
        evidence.push(Evidence::LoginUnknown);
    }
    Ok(evidence)
}

/// What is known of mail to an account; what was put off only since then, and only when no address has taken any.
async fn of_account(app: &App, account: Option<Uuid>, since: Timestamp) -> Result<Vec<Evidence>, Fault> {
    let mut conn = app.store.reader().await?;
    let mut evidence = Vec::new();
    let addresses = store::email::of_account(&mut conn, account.unwrap_or(Uuid::nil())).await?;
    let (mut refusing, mut taken) = (0, false);
    for address in &addresses {
        if EmailAddress::parse(&address.address).is_ok_and(|a| a.is_unusual()) {
            evidence.push(Evidence::UnusualAddress);
        }
        let Some(last) = store::delivery::last_of(&mut conn, &address.address_key).await? else {
            continue;
        };
        match last.outcome.as_str() {
            "refused" => {
                refusing += 1;
                evidence.push(Evidence::MailRefused { status: last.status });
            }
            // Without an answer it is our way out that does not work.
            "deferred" if last.status > 0 && last.at >= since.0 => {
                evidence.push(Evidence::MailDeferred { status: last.status })
            }
            "deferred" => {}
            _ => {
                taken |= last.at >= since.0;
                evidence.push(Evidence::MailDelivered { at: Timestamp(last.at) });
            }
        }
    }
    if taken {
        // Another address of theirs has it.
        evidence.retain(|fact| !matches!(fact, Evidence::MailDeferred { .. }));
    }
    // One refusal may be a passing fault of theirs; several addresses, or one that has
    // refused for a long time, cannot be read any more.
    if refusing > 0 && refusing == addresses.len() {
        let mut lost = true;
        for address in &addresses {
            let past = store::delivery::of_address(&mut conn, &address.address_key, 3).await?;
            lost &= past.len() >= 3 && past.iter().all(|d| d.outcome == "refused");
        }
        if lost || addresses.len() > 1 {
            evidence.push(Evidence::EveryAddressRefuses);
        }
    }
    Ok(evidence)
}
