//! What one browser went through, as far as it bears on what happens now.

use kagiya_domain::{Cause, Evidence, Span, Timestamp, act::Act, diagnosis::diagnose};
use kagiya_store::{self as store, attempt::Recent};

use super::Draft;
use crate::{App, Fault, Visitor};

/// Within this time repeats belong together.
const EPISODE: Span = Span::minutes(15);
/// As many networks within an episode are no coincidence.
const FLAPS: usize = 3;

/// The repair that is noted when a form of an earlier build is taken over.
pub const OLD_BUILD: &str = "old_build_renewed";

/// So soon after a sign-in whoever stands at the door without a session was not kept in.
const STUCK: Span = Span::minutes(2);

/// Adds what only earlier attempts of the same browser show: the same error again, networks that change, a success that
/// did not stick, and, for a check, what it was refused for before. Depends on the browser alone, never on an account.
pub(crate) async fn recall(app: &App, visitor: &Visitor, draft: &mut Draft) {
    // Without a cookie only the page itself can say what came before.
    let mut count = if visitor.cookie_came { 0 } else { visitor.refused_before };
    if let (true, Some(key)) = (visitor.cookie_came, visitor.browser_key) {
        let rows = recent(app, &key).await.unwrap_or_default();
        let told = if rows.is_empty() { Cause::Undetermined } else { diagnose(&draft.evidence, draft.audience).cause };
        // Whoever goes round and round comes in each time, and is thrown back.
        let round = draft.kind == Act::Session;
        let again = |row: &&Recent| {
            row.kind == draft.kind
                && row.told == told.slug()
                && (row.outcome == "refused" || round && row.outcome == "noted")
        };
        let same = if round { rows.iter().filter(again).count() } else { episode(&rows).filter(again).count() };
        count = count.max(i64::try_from(same).unwrap_or(i64::MAX));
        draft.evidence.extend(what_the_rows_show(visitor, &rows));
        if draft.kind == Act::Check {
            draft.evidence.extend(refused_before(&rows));
            if !draft.evidence.contains(&Evidence::BouncedAfterSuccess) && is_stuck(app, visitor, &rows).await {
                draft.evidence.push(Evidence::BouncedAfterSuccess);
            }
        }
    }
    if count > 0 {
        draft.evidence.push(Evidence::SameErrorAgain { count });
    }
}

/// The attempts since this browser last came in, the newest first.
fn episode(rows: &[Recent]) -> impl Iterator<Item = &Recent> {
    rows.iter().take_while(|row| row.outcome != "signed_in")
}

fn what_the_rows_show(visitor: &Visitor, rows: &[Recent]) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    // Once is an open page while we were updated; twice is a cache that serves old pages.
    let renewed = |row: &Recent| row.repairs.split(' ').any(|name| name == OLD_BUILD);
    if visitor.repairs.contains(&OLD_BUILD) && rows.iter().any(renewed) {
        evidence.push(Evidence::OldBuildAgain);
    }
    let mut networks: Vec<&str> = rows.iter().map(|row| row.network.as_str()).collect();
    let here = visitor.network_kept();
    networks.push(&here);
    networks.sort_unstable();
    networks.dedup();
    if networks.len() >= FLAPS {
        evidence.push(Evidence::NetworkFlaps { count: i64::try_from(networks.len()).unwrap_or(i64::MAX) });
    }
    evidence
}

/// What a browser that is checked now was refused for last: what it was told, and what staff knows.
fn refused_before(rows: &[Recent]) -> Vec<Evidence> {
    let refused = episode(rows).find(|row| row.outcome == "refused" && row.kind != Act::Check);
    let cause = |slug: &str| Cause::parse(slug).filter(|cause| *cause != Cause::Undetermined);
    // What only the owner may hear is told where the owner is proven, and not once more here.
    let anyones = |cause: &Cause| {
        !matches!(
            cause,
            Cause::AccountState | Cause::NoPassword | Cause::OldPassword | Cause::OtherAccount | Cause::LockedByOthers
        )
    };
    let told = refused.and_then(|row| cause(&row.told)).filter(anyones).map(|cause| Evidence::RefusedBefore { cause });
    let known = refused.and_then(|row| cause(&row.cause)).map(|cause| Evidence::KnownBefore { cause });
    told.into_iter().chain(known).collect()
}

/// Whether this browser signed in a moment ago, brings no session, and the session was not ended: it was not kept.
///
/// # Errors
/// When the database fails.
pub async fn bounced(app: &App, visitor: &Visitor) -> Result<bool, Fault> {
    let (true, Some(key)) = (visitor.cookie_came, visitor.browser_key) else {
        return Ok(false);
    };
    let rows = recent(app, &key).await?;
    Ok(is_stuck(app, visitor, &rows).await)
}

async fn is_stuck(app: &App, visitor: &Visitor, rows: &[Recent]) -> bool {
    let since = app.now().minus(STUCK).0;
    let last = rows.iter().find(|row| row.outcome == "signed_in").filter(|row| row.created_at > since);
    let (true, Some((account, at))) =
        (visitor.old_sessions.is_empty(), last.and_then(|row| Some((row.account_id?, row.created_at))))
    else {
        return false;
    };
    let Ok(mut conn) = app.store.reader().await else {
        return false;
    };
    store::session::lives_since(&mut conn, account, Timestamp(at)).await.unwrap_or(false)
}

async fn recent(app: &App, browser_key: &[u8; 16]) -> Result<Vec<Recent>, Fault> {
    let since = app.now().minus(EPISODE);
    Ok(store::attempt::recent_of_browser(&mut app.store.reader().await?, browser_key, since).await?)
}

/// How this browser's last attempt ended, if it was made within that time.
///
/// # Errors
/// When the database fails.
pub async fn last_outcome(app: &App, visitor: &Visitor, within: Span) -> Result<Option<String>, Fault> {
    let (true, Some(key)) = (visitor.cookie_came, visitor.browser_key) else {
        return Ok(None);
    };
    let rows = recent(app, &key).await?;
    let since = app.now().minus(within).0;
    Ok(rows.into_iter().find(|row| row.kind == Act::SignIn).filter(|row| row.created_at > since).map(|row| row.outcome))
}
