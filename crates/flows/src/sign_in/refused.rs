//! How a sign-in is refused: the same for everyone, whatever the truth is, with the truth kept.

use std::sync::Arc;

use futures_util::FutureExt;
use kagiya_domain::{
    Audience, Evidence, Span, Timestamp, account::AccountState, act::Act, mail::MailKind, password::Password,
    sign_in::PasswordCheck, throttle::Scope,
};
use kagiya_store as store;

use super::Gathered;
use crate::{
    App, Fault, Visitor,
    attempt::{self, Draft, Refusal},
    mail::{self, compose},
    sign_in::{
        deferred::{self, Value},
        starts,
        throttle::{self, ReservedTry, Settlement},
    },
};

/// How far back failures count as part of one lock's story.
const STORY: Span = Span::hours(24);
/// How long `kagiya why` waits for evidence.
const PENDING: Span = Span::seconds(5);

/// Told at once and kept when there is time: a flood must not cost more than it is worth.
pub(super) fn refuse_overload(app: &Arc<App>, visitor: &Visitor) -> Box<Refusal> {
    let mut draft = Draft::new(Act::SignIn, 503, visitor, vec![Evidence::HashQueueFull]);
    draft.audience = visitor.audience();
    let (refusal, row) = attempt::prepare(app, visitor, draft, app.now());
    if app.notes.take_network("noted", visitor.address, attempt::NOTES, app.now()).is_some() {
        attempt::keep_later(app, row);
    }
    Box::new(refusal)
}

/// Refused before hashing. The same for everyone who is not on a device that the account knows.
#[expect(clippy::too_many_arguments, reason = "the facts of one refusal")]
pub(super) async fn refuse_locked(
    app: &App,
    visitor: &Visitor,
    gathered: &Gathered,
    shown: Vec<Evidence>,
    scope: Scope,
    until: Timestamp,
) -> Result<Box<Refusal>, Fault> {
    let mut evidence = match scope {
        Scope::Network => vec![Evidence::NetworkSpent { until }],
        Scope::KnownDevice => vec![Evidence::TriesSpent { until }, Evidence::DeviceLocked { until }],
        Scope::TypedLogin | Scope::Strangers => vec![Evidence::TriesSpent { until }],
    };
    evidence.extend(shown);
    // Nothing is looked at; that nobody is there is known all the same, to staff.
    evidence.extend(account_evidence(gathered, gathered.credential.is_none().then_some(PasswordCheck::NoAccount)));
    if scope == Scope::TypedLogin && gathered.credential.is_some() {
        evidence.push(Evidence::StrangersLocked { until });
    }
    evidence.extend(origins(app, visitor, gathered).await?);
    let mut draft = Draft::new(Act::SignIn, 429, visitor, evidence);
    draft.account = gathered.account_id();
    draft.subject_key = Some(gathered.subject_key);
    if gathered.device_known {
        draft.audience = Audience::KnownDevice;
    }
    Ok(attempt::refuse(app, visitor, draft).await)
}

/// Whose failures led to the lock: this browser's or network's, or others'.
pub(super) async fn origins(app: &App, visitor: &Visitor, gathered: &Gathered) -> Result<Vec<Evidence>, Fault> {
    let since = app.now().minus(STORY);
    let rows = store::attempt::failures_by_origin(&mut app.store.reader().await?, &gathered.subject_key, since).await?;
    let network = visitor.network_kept();
    let (mut own, mut others, mut networks) = (0, 0, std::collections::BTreeSet::new());
    for (browser, row_network, count) in rows {
        let same_browser = browser.as_deref().zip(visitor.browser_key).is_some_and(|(a, b)| a == b);
        let unmarked = browser.is_none() || !visitor.cookie_came;
        if same_browser || (unmarked && row_network == network) {
            own += count;
        } else {
            others += count;
            networks.insert(row_network);
        }
    }
    let mut evidence = Vec::new();
    // One or two own tries on top of a stranger's flood are not what caused the lock.
    if own > 0 && own * 3 >= others {
        evidence.push(Evidence::OwnFailures { count: own });
    } else if others > 0 {
        evidence.push(Evidence::OthersFailures { count: others, networks: i64::try_from(networks.len()).unwrap_or(0) });
    }
    Ok(evidence)
}

fn account_evidence(gathered: &Gathered, check: Option<PasswordCheck>) -> Vec<Evidence> {
    let mut evidence = Vec::new();
    match check {
        Some(PasswordCheck::NoAccount) => evidence.push(Evidence::LoginUnknown),
        Some(PasswordCheck::Mismatch) => evidence.push(Evidence::PasswordMismatch),
        Some(PasswordCheck::NotSet) => evidence.push(Evidence::PasswordNotSet),
        Some(PasswordCheck::Match) | None => {}
    }
    if gathered.device_known {
        evidence.push(Evidence::DeviceKnown);
    }
    if let Some(credential) = &gathered.credential {
        if credential.account.state != AccountState::Active {
            evidence.push(Evidence::State { state: credential.account.state });
        }
        if let Some(at) = credential.set_at
            && at > credential.account.created_at.plus(Span::minutes(1))
        {
            evidence.push(Evidence::PasswordChangedAt { at });
        }
    }
    evidence
}

#[allow(clippy::too_many_arguments, reason = "the facts of one refusal, used once")]
#[expect(clippy::too_many_lines, reason = "the same work for everyone, in one transaction")]
pub(super) async fn refuse_credentials(
    app: &Arc<App>,
    visitor: &Visitor,
    gathered: &Gathered,
    reserved: ReservedTry,
    hidden_until: Option<Timestamp>,
    check: PasswordCheck,
    shown: Vec<Evidence>,
    password: Password,
) -> Result<Box<Refusal>, Fault> {
    let now = app.now();
    let mut evidence = vec![Evidence::CredentialsRefused];
    evidence.extend(shown);
    match hidden_until {
        Some(until) => {
            evidence
                .extend(account_evidence(gathered, gathered.credential.is_none().then_some(PasswordCheck::NoAccount)));
            evidence.push(Evidence::StrangersLocked { until });
        }
        None => evidence.extend(account_evidence(gathered, Some(check))),
    }
    // Asked in either case, told in one.
    let origins = origins(app, visitor, gathered).await?;
    if hidden_until.is_some() {
        evidence.extend(origins);
    }
    let version = gathered.credential.as_ref().map_or(0, |c| c.account.credential_version).to_le_bytes();
    let digest = |purpose: &str, id: &[u8]| {
        app.keys.digest("wrong value", &[purpose.as_bytes(), id, &version, password.as_bytes()])[..8].to_vec()
    };
    let of_subject = digest("subject", &gathered.subject_key);
    // Strangers' counters know nothing of accounts, so neither do their digests.
    let unversioned = |purpose: &str, id: &[u8]| {
        app.keys.digest("wrong value", &[purpose.as_bytes(), id, password.as_bytes()])[..8].to_vec()
    };
    // The same whether it is looked at or not: what a stranger is answered follows what was typed alone. A value that was
    // not looked at counts on the account's own counter when it is.
    let of_typed = unversioned("typed", &gathered.typed_key);
    let browser = visitor.browser_key.unwrap_or_else(|| app.random());
    // Of whatever login it was typed with: whoever is unsure of the ID tries one password with several.
    let of_browser = unversioned("browser", &browser);

    let place = deferred::take_place(app);
    let mut draft = Draft::new(Act::SignIn, 401, visitor, evidence);
    draft.account = gathered.account_id();
    draft.subject_key = Some(gathered.subject_key);
    draft.pending_until = place.is_some().then(|| now.plus(PENDING));
    if gathered.device_known {
        draft.audience = Audience::KnownDevice;
    }
    attempt::recall(app, visitor, &mut draft).await;
    let (account, lang, hidden, budgets) = (
        gathered.credential.as_ref().map(|c| c.account.id),
        gathered.credential.as_ref().map_or_else(|| visitor.lang.as_str().to_owned(), |c| c.account.lang.clone()),
        hidden_until.is_some(),
        app.settings.budgets,
    );
    let mut notice = mail::to_account(app, MailKind::Locked, account, String::new(), &lang);
    (notice.network, notice.wait) = (Some(starts::network_key(app, visitor)), starts::wait(app));
    let wrong = matches!(check, PasswordCheck::Mismatch | PasswordCheck::NoAccount | PasswordCheck::NotSet);
    let (app2, visitor2) = (Arc::clone(app), visitor.clone());
    let value = Value { typed: of_typed.clone(), subject: (!hidden).then(|| of_subject.clone()) };
    let (refusal, id, locked) = app
        .store
        .write(move |conn| {
            async move {
                let repeat_for_subject = !hidden && !store::throttle::note_wrong_value(conn, &of_subject, now).await?;
                let repeat_for_typed = !store::throttle::note_wrong_value(conn, &of_typed, now).await?;
                if !store::throttle::note_wrong_value(conn, &of_browser, now).await? {
                    draft.evidence.push(Evidence::SameValueAgain);
                }
                // A right password of a long closed account is refused, but is no guess.
                let settlement = if wrong || hidden {
                    Settlement::Failed { repeat_for_subject, repeat_for_typed }
                } else {
                    Settlement::Returned
                };
                let locked = throttle::settle(conn, &reserved, settlement, hidden, &budgets, now).await?;
                let (refusal, row) = attempt::prepare(&app2, &visitor2, draft, now);
                store::attempt::insert(conn, &row).await?;
                if let Some(until) = locked {
                    // Written for unknown logins too; the mail job finds nobody to send it to.
                    notice.data = compose::locked_data(until);
                    store::outbox::enqueue(conn, &notice, now).await?;
                }
                Ok((refusal, row.id, locked))
            }
            .boxed()
        })
        .await?;
    if locked.is_some() {
        app.mail_bell.notify_one();
    }
    if let Some(place) = place {
        let known = gathered.credential.as_ref().and_then(|c| Some((c.account.id, c.phc.clone()?)));
        // A locked account is not looked at, not even afterwards.
        deferred::look_into(place, id, known.filter(|_| !hidden), password, value);
    }
    Ok(Box::new(refusal))
}
