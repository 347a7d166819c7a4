//! What is known of mail: our own queue, and what servers answered for an account's addresses.

use kagiya_domain::{Evidence, Span, Timestamp, code::LIFE, component::MAIL};
use kagiya_store as store;
use uuid::Uuid;

use crate::{App, Fault};

/// A mail that waits longer than this is slow, and everyone may know.
const SLOW_MAIL: Span = Span::minutes(2);

/// How long a mail with a code is tried: as long as the code is worth, and through an outage of
/// our own mail. The code is made when the mail leaves, and lives from then on.
pub(crate) fn code_patience(app: &App) -> Span {
    let out = app.board.get().measured(MAIL).is_some_and(|mail| mail.level.is_out());
    if out { Span::hours(1) } else { LIFE }
}

/// What is known of mail to an account, and of our own queue.
///
/// # Errors
/// When the database fails.
pub async fn evidence(app: &App, account: Option<Uuid>) -> Result<Vec<Evidence>, Fault> {
    let mut conn = app.store.reader().await?;
    let mut evidence = Vec::new();
    // One receiver's server that puts everything off makes nobody else's mail late.
    let (oldest, _) = store::outbox::oldest(&mut conn).await?;
    if let Some(late) = oldest.map(|at| app.now().since(at)).filter(|late| *late > SLOW_MAIL) {
        evidence.push(Evidence::MailQueueSlow { minutes: late.as_minutes_up() });
    }
    let addresses = store::email::of_account(&mut conn, account.unwrap_or(Uuid::nil())).await?;
    let mut refusing = 0;
    for address in &addresses {
        if kagiya_domain::email::EmailAddress::parse(&address.address).is_ok_and(|a| a.is_unusual()) {
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
            "deferred" => evidence.push(Evidence::MailDeferred { status: last.status }),
            _ => evidence.push(Evidence::MailDelivered { at: Timestamp(last.at) }),
        }
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
