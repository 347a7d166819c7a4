//! What one browser went through, as far as it bears on what happens now.

use kagiya_domain::{Cause, Evidence, Span, Timestamp, act::Act, diagnosis::diagnose};
use kagiya_store::{self as store, attempt::Recent};

use super::Draft;
use crate::{App, Fault, Visitor};

/// Within this time repeats belong together.
const EPISODE: Span = Span::minutes(15);
/// Whoever has tried as many different passwords may mean another site's.
const MANY_VALUES: i64 = 2;
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
    let mut different = 0;
    if let (true, Some(key)) = (visitor.cookie_came, visitor.browser_key) {
        let rows = recent(app, &key).await.unwrap_or_default();
        let told = if rows.is_empty() { Cause::Undetermined } else { diagnose(&draft.evidence, draft.audience).cause };
        count = count.max(told_before(draft.kind, told, &rows));
        different = episode(&rows).filter(|row| is_wrong_value(row) && row.again == 0).count();
        draft.evidence.extend(what_the_rows_show(visitor, &rows));
        if draft.kind == Act::Check {
            draft.evidence.extend(refused_before(&rows));
            if !draft.evidence.contains(&Evidence::BouncedAfterSuccess) && is_stuck(app, visitor, &rows).await {
                draft.evidence.push(Evidence::BouncedAfterSuccess);
            }
        }
    }
    let different = i64::try_from(different).unwrap_or(i64::MAX);
    let is_of_passwords = draft.kind == Act::Check || draft.evidence.contains(&Evidence::CredentialsRefused);
    if different >= MANY_VALUES && is_of_passwords {
        draft.evidence.push(Evidence::DifferentValues { count: different });
    }
    if count > 0 {
        draft.evidence.push(Evidence::SameErrorAgain { count });
    }
}

/// The attempts since this browser last came in, the newest first.
fn episode(rows: &[Recent]) -> impl Iterator<Item = &Recent> {
    rows.iter().take_while(|row| row.outcome != "signed_in")
}

/// How often the same was told before. Whoever goes round and round comes in each time, and is thrown back: what is only
/// noted counts then, and a success in between ends nothing.
fn told_before(kind: Act, told: Cause, rows: &[Recent]) -> i64 {
    let same = |row: &&Recent| row.kind == kind && row.told == told.slug();
    let count = if kind == Act::Session {
        rows.iter().filter(same).filter(|row| matches!(row.outcome.as_str(), "refused" | "noted")).count()
    } else {
        episode(rows).filter(same).filter(|row| row.outcome == "refused").count()
    };
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Of whatever login: so it tells nothing of which ID and which address are one account's.
fn is_wrong_value(row: &Recent) -> bool {
    row.kind == Act::SignIn && row.outcome == "refused" && row.told == Cause::Password.slug()
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
    refused.map_or_else(Vec::new, |row| before(&row.told, &row.cause))
}

/// A refusal of before as facts: what was told then, and what staff knows beyond it.
pub(crate) fn before(told: &str, known: &str) -> Vec<Evidence> {
    let cause = |slug: &str| Cause::parse(slug).filter(|cause| *cause != Cause::Undetermined);
    // What only the owner may hear is told where the owner is proven, and not once more here.
    let anyones = |cause: &Cause| {
        !matches!(
            cause,
            Cause::AccountState | Cause::NoPassword | Cause::OldPassword | Cause::OtherAccount | Cause::LockedByOthers
        )
    };
    let told = cause(told).filter(anyones);
    let known = cause(known).filter(|known| Some(*known) != told).map(|cause| Evidence::KnownBefore { cause });
    told.map(|cause| Evidence::RefusedBefore { cause }).into_iter().chain(known).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn row(kind: Act, outcome: &str, told: Cause, cause: Cause) -> Recent {
        Recent {
            kind,
            outcome: outcome.to_owned(),
            told: told.slug().to_owned(),
            cause: cause.slug().to_owned(),
            account_id: None,
            network: String::new(),
            repairs: String::new(),
            again: 0,
            created_at: 0,
        }
    }

    #[test]
    fn a_check_hears_of_the_last_refusal_only_what_anyone_may() {
        let in_vain = |told, cause| refused_before(&[row(Act::SignIn, "refused", told, cause)]);
        let (told, known) = (Cause::Password, Cause::InputForm);
        let both = vec![Evidence::RefusedBefore { cause: told }, Evidence::KnownBefore { cause: known }];
        assert_eq!(in_vain(told, known), both);
        // What was told is not known twice.
        assert_eq!(in_vain(told, told), [Evidence::RefusedBefore { cause: told }]);
        // What the owner heard is staff's here.
        let state = Cause::AccountState;
        assert_eq!(in_vain(state, state), [Evidence::KnownBefore { cause: state }]);
        assert_eq!(in_vain(Cause::Undetermined, Cause::Undetermined), []);
        // Whoever came in since has another story.
        let came_in = row(Act::SignIn, "signed_in", told, known);
        assert_eq!(refused_before(&[came_in, row(Act::SignIn, "refused", told, known)]), []);
        // A check before is no refusal.
        assert_eq!(refused_before(&[row(Act::Check, "refused", told, known)]), []);
    }

    #[test]
    fn going_round_is_counted_over_what_succeeds_in_between() {
        let stale = Cause::BrowserSessionStale;
        let thrown = || row(Act::Session, "noted", stale, stale);
        let came_in = || row(Act::SignIn, "signed_in", Cause::Undetermined, Cause::Undetermined);
        let rows = [thrown(), came_in(), thrown(), came_in(), thrown()];
        assert_eq!(told_before(Act::Session, stale, &rows), 3);
        assert_eq!(told_before(Act::Session, Cause::BrowserCookieBlocked, &rows), 0);
        let wrong = || row(Act::SignIn, "refused", Cause::Password, Cause::Password);
        assert_eq!(told_before(Act::SignIn, Cause::Password, &[wrong(), came_in(), wrong()]), 1);
    }
}
